// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// The shield: what is wrong with one field of an object, or with one call, keeps nothing else of the object from being
// kept as declared (decision 0023). Every problem, and every action of the published policy that a living profile needs,
// is put beside every tampering on the same object.

// trouble is a problem with one object of a Ready profile.
type trouble struct {
	name, kind string // the object's kind
	reason     string // of Stalled
	// at are the paths that it is about: beginnings of drift paths.
	at []string
	// account is a change of the guardrails, make one of the profile, in AWS or in the spec.
	account func(*v1alpha1.Guardrails)
	make    func(*rig, *profile)
}

const customer = "arn:aws:iam::111122223333:policy/team"

var troubles = []trouble{
	{name: "typo in an inline policy", kind: "IAMRole", reason: v1alpha1.ReasonInvalidSpec, at: []string{"inlinePolicies[pull-cache]"},
		make: spec(func(p *profile) {
			p.Spec.PodExecutionRole.InlinePolicies[0].Document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr","Resource":"*"}]}`
		})},
	{name: "policy that never was", kind: "IAMRole", reason: "PolicyNotFound", at: []string{"managedPolicies[" + customer + "]"},
		make: spec(func(p *profile) { p.Spec.PodExecutionRole.ManagedPolicyARNs = &[]string{execution, customer} })},
	{name: "policy that is no more", kind: "IAMRole", reason: "PolicyNotFound", at: []string{"managedPolicies[" + customer + "]"},
		make: func(r *rig, p *profile) {
			r.customerPolicy()
			r.edit(p, func(p *profile) { p.Spec.PodExecutionRole.ManagedPolicyARNs = &[]string{execution, customer} })
			r.ready(p)
			r.did(r.aws.IAM.DetachRolePolicy(r.ctx, &iam.DetachRolePolicyInput{RoleName: aws.String(roleName), PolicyArn: aws.String(customer)}))
			r.did(r.iam().DeletePolicy(r.ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(customer)}))
			r.read(p)
		}},
	{name: "boundary that does not exist", kind: "IAMRole", reason: "PolicyNotFound", at: []string{"permissionsBoundary"},
		make: spec(func(p *profile) { p.Spec.PodExecutionRole.PermissionsBoundaryARN = customer })},
	{name: "guardrail's boundary does not exist", kind: "IAMRole", reason: "PolicyNotFound", at: []string{"permissionsBoundary"},
		account: func(g *v1alpha1.Guardrails) { g.PermissionsBoundaryARN = customer }},
	{name: "another boundary than the guardrail's", kind: "IAMRole", reason: v1alpha1.ReasonGuardrailViolation, at: []string{"permissionsBoundary"},
		account: func(g *v1alpha1.Guardrails) { g.PermissionsBoundaryARN = execution },
		make:    spec(func(p *profile) { p.Spec.PodExecutionRole.PermissionsBoundaryARN = readOnly })},
	{name: "guardrail forbids a declared policy", kind: "IAMRole", reason: v1alpha1.ReasonGuardrailViolation, at: []string{"managedPolicies[" + execution + "]"},
		account: func(g *v1alpha1.Guardrails) { g.AllowedManagedPolicyARNs = []string{readOnly} }},
	{name: "same rule twice", kind: "SecurityGroup", reason: v1alpha1.ReasonInvalidSpec, at: []string{"ingress[tcp/8443 10.0.0.0/16]"},
		make: spec(func(p *profile) {
			g := &p.Spec.SecurityGroups[0]
			g.Ingress = append(g.Ingress, g.Ingress[0])
		})},
	{name: "guardrail forbids a declared rule", kind: "SecurityGroup", reason: v1alpha1.ReasonGuardrailViolation, at: []string{"ingress[tcp/8443 10.0.0.0/16]"},
		account: func(g *v1alpha1.Guardrails) { g.ForbiddenIngressCIDRs = []string{"0.0.0.0/0", "10.0.0.0/16"} }},
	{name: "rule for the world", kind: "SecurityGroup", reason: v1alpha1.ReasonGuardrailViolation, at: []string{"ingress[tcp/443 0.0.0.0/0]"},
		make: anotherRule(func(rule *v1alpha1.SecurityGroupRule) { rule.CIDR = "0.0.0.0/0" })},
	{name: "unknown prefix list", kind: "SecurityGroup", reason: "PrefixListNotFound", at: []string{"ingress[tcp/443 pl-0a]"},
		make: anotherRule(func(rule *v1alpha1.SecurityGroupRule) { rule.PrefixListID = "pl-0a" })},
	{name: "unknown group", kind: "SecurityGroup", reason: "SecurityGroupNotFound", at: []string{"ingress[tcp/443 sg-0a]"},
		make: anotherRule(func(rule *v1alpha1.SecurityGroupRule) { rule.SecurityGroupID = "sg-0a" })},
	{name: "group that is not declared", kind: "SecurityGroup", reason: "SecurityGroupNotDeclared", at: []string{"ingress[tcp/443 SecurityGroup/nobody"},
		make: anotherRule(func(rule *v1alpha1.SecurityGroupRule) { rule.SecurityGroupName = "nobody" })},
	{name: "statement without effect", kind: "KMSKey", reason: v1alpha1.ReasonInvalidSpec, at: []string{"policy"},
		make: spec(func(p *profile) {
			p.Spec.Encryption.KMSKey.AdditionalStatements = []string{`{"Principal":"*","Action":"kms:Decrypt","Resource":"*"}`}
		})},
	{name: "too many groups", kind: "SecurityGroupPolicy", reason: "TooManySecurityGroups", at: []string{"groupIDs"},
		make: spec(func(p *profile) {
			for i := range 4 {
				p.Spec.SecurityGroups = append(p.Spec.SecurityGroups, v1alpha1.SecurityGroupSpec{Name: fmt.Sprint("more-", i)})
			}
		})},
}

// spec is a trouble that an edit makes.
func spec(change func(*profile)) func(*rig, *profile) {
	return func(r *rig, p *profile) { r.edit(p, change) }
}

func anotherRule(peer func(*v1alpha1.SecurityGroupRule)) func(*rig, *profile) {
	return spec(func(p *profile) {
		rule := v1alpha1.SecurityGroupRule{Protocol: "tcp", FromPort: aws.Int32(443), ToPort: aws.Int32(443)}
		peer(&rule)
		p.Spec.SecurityGroups[0].Ingress = append(p.Spec.SecurityGroups[0].Ingress, rule)
	})
}

func (r *rig) iam() *iam.Client { return r.aws.IAM.(*iam.Client) }

// customerPolicy makes the policy that customer names.
func (r *rig) customerPolicy() {
	r.did(r.iam().CreatePolicy(r.ctx, &iam.CreatePolicyInput{PolicyName: aws.String("team"), PolicyDocument: aws.String(pullCache)}))
}

// onFields are the tamperings with fields of the objects of that kind; one with an object as a whole makes it anew.
func onFields(kind string) []tamper {
	return slices.DeleteFunc(slices.Clone(tampers), func(c tamper) bool {
		return !strings.HasPrefix(c.resource, kind+"/") || c.path == "(object)" || c.stays != ""
	})
}

// shield counts what TestNoTroubleShieldsATampering has tried.
type shield struct{ repaired, shown atomic.Int64 }

// hold tampers and reads: what is not repaired must be drift, and may be only where excused says so.
func (s *shield) hold(r *rig, p *profile, c tamper, excused bool) {
	r.t.Helper()
	name, path := r.expand(p, c.resource), r.expand(p, c.path)
	before := factsOf(r.sim.Objects())
	c.do(r, p)
	tampered := factsOf(r.sim.Objects())
	r.read(p)
	var still bool
	r.until(p, "waiting for "+c.name+" to be put right or shown", func(p *profile) error {
		still = slices.Contains(driftPaths(p), name+" "+path)
		if !still && !undone(before, tampered, factsOf(r.sim.Objects())) {
			return errors.New("neither repaired nor shown")
		}
		if still && !excused { // a second pass may be needed
			return errors.New("not repaired")
		}
		return nil
	})
	switch {
	case still:
		s.shown.Add(1)
		if ready := condition(p, v1alpha1.ReadyCondition); ready.Status == metav1.ConditionTrue {
			r.t.Errorf("%s is shown, and Ready is True:\n%s", c.name, describe(p))
		}
	default:
		s.repaired.Add(1)
	}
}

// undone tells that what a tampering changed is as before.
func undone[V any](before, tampered, now map[string]V) bool {
	for fact := range tampered {
		_, was := before[fact]
		if _, is := now[fact]; !was && is {
			return false
		}
	}
	for fact := range before {
		_, stayed := tampered[fact]
		if _, is := now[fact]; !stayed && !is {
			return false
		}
	}
	return true
}

func TestNoTroubleShieldsATampering(t *testing.T) {
	s := &shield{}
	t.Run("problems", func(t *testing.T) {
		for _, one := range troubles {
			t.Run(one.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				p := r.full()
				r.create(p)
				r.ready(p)
				if one.account != nil {
					r.editAccount(func(a *v1alpha1.AWSAccount) {
						a.Spec.Guardrails = &v1alpha1.Guardrails{}
						one.account(a.Spec.Guardrails)
					})
				}
				if one.make != nil {
					one.make(r, p)
				}
				r.stalled(p, one.reason)
				for _, c := range onFields(one.kind) {
					path := r.expand(p, c.path)
					s.hold(r, p, c, slices.ContainsFunc(one.at, func(at string) bool { return strings.HasPrefix(path, at) }))
				}
			})
		}
	})
	t.Run("refusals", func(t *testing.T) { s.refusals(t) })
	if s.repaired.Load() < 150 || s.shown.Load() == 0 {
		t.Errorf("only %d tamperings were repaired, %d shown", s.repaired.Load(), s.shown.Load())
	}
	t.Logf("%d tamperings were repaired beside a trouble, %d shown", s.repaired.Load(), s.shown.Load())
}

// blind are the fields that cannot be judged without an action, by what they begin with; "" is the object as a whole:
// without these nobody knows that it is there, or whose it is.
var blind = map[string]string{
	"iam:GetRole": "", "iam:ListAttachedRolePolicies": "managedPolicies", "iam:ListRolePolicies": "inlinePolicies", "iam:GetRolePolicy": "inlinePolicies",
	"ec2:DescribeSecurityGroups": "", "ec2:DescribeSecurityGroupRules": "",
	"kms:DescribeKey": "", "kms:ListResourceTags": "", "kms:GetKeyPolicy": "policy", "kms:GetKeyRotationStatus": "rotation",
	"logs:DescribeLogGroups": "", "logs:ListTagsForResource": "",
}

// refusals takes each action away that looks after the fields of an object, makes the tampering that needs it, and then
// every other one on the same object.
func (s *shield) refusals(t *testing.T) {
	probe := newRig(t)
	p := probe.full()
	probe.create(p)
	probe.ready(p)
	needs := map[string][]string{} // the writes that a repair takes, by tampering
	for _, kind := range []string{"IAMRole", "SecurityGroup", "KMSKey", "LogGroup"} {
		for _, c := range onFields(kind) {
			probe.sim.ResetCalls()
			c.do(probe, p)
			probe.read(p)
			probe.ready(p)
			needs[c.name] = probe.writes()
		}
	}
	for kind, service := range map[string]string{"IAMRole": "iam", "SecurityGroup": "ec2", "KMSKey": "kms", "LogGroup": "logs"} {
		writes := map[string]bool{}
		for _, c := range onFields(kind) {
			for _, action := range needs[c.name] {
				writes[action] = true
			}
		}
		actions := slices.Sorted(maps.Keys(writes))
		for _, action := range awsapi.Actions() {
			verb := strings.TrimPrefix(action, service+":")
			if verb != action && (strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "List") || strings.HasPrefix(verb, "Describe")) {
				actions = append(actions, action)
			}
		}
		actions = append(actions, "tag:GetResources")
		for _, action := range actions {
			t.Run(kind+"/"+action, func(t *testing.T) {
				t.Parallel()
				s.refusal(newRig(t), kind, action, needs)
			})
		}
	}
}

func (s *shield) refusal(r *rig, kind, action string, needs map[string][]string) {
	p := r.full()
	r.create(p)
	r.ready(p)
	r.take(action)
	unseen, isBlind := blind[action]
	excused := func(c tamper) bool {
		return slices.Contains(needs[c.name], action) || isBlind && strings.HasPrefix(r.expand(p, c.path), unseen)
	}
	list := onFields(kind)
	slices.SortStableFunc(list, func(a, b tamper) int { // those that need the action are there first
		switch {
		case excused(a) == excused(b):
			return 0
		case excused(a):
			return -1
		default:
			return 1
		}
	})
	for _, c := range list {
		if isBlind && excused(c) {
			s.unseen(r, p, c, action)
			continue
		}
		s.hold(r, p, c, excused(c))
	}
}

// unseen: what cannot be read is not said to be as declared, and the missing action is named.
func (s *shield) unseen(r *rig, p *profile, c tamper, action string) {
	r.t.Helper()
	before := factsOf(r.sim.Objects())
	c.do(r, p)
	tampered := factsOf(r.sim.Objects())
	r.read(p)
	r.until(p, c.name+" without "+action, func(p *profile) error {
		ready := condition(p, v1alpha1.ReadyCondition)
		switch {
		case undone(before, tampered, factsOf(r.sim.Objects())): // known in another way, such as a list of the account
			s.repaired.Add(1)
		case ready.Status == metav1.ConditionTrue:
			return errors.New("Ready is True")
		case !strings.Contains(ready.Message, action):
			return errors.New("the action is not named")
		default:
			s.shown.Add(1)
		}
		return nil
	})
}
