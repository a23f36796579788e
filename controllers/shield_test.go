// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
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
	// beyond is a tampering that cannot be made beside it.
	beyond string
	// account is a change of the guardrails, make one of the profile, in AWS or in the spec.
	account func(*v1alpha1.Guardrails)
	make    func(*rig, *profile)
}

// describing is a tampering with a rule that another one takes away.
const describing = "rule description changed"

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
	{name: "same rule twice", kind: "SecurityGroup", reason: v1alpha1.ReasonInvalidSpec, at: []string{"ingress[tcp/8443 10.0.0.0/16]"}, beyond: describing,
		make: spec(func(p *profile) {
			g := &p.Spec.SecurityGroups[0]
			g.Ingress = append(g.Ingress, g.Ingress[0])
		})},
	{name: "guardrail forbids a declared rule", kind: "SecurityGroup", reason: v1alpha1.ReasonGuardrailViolation, at: []string{"ingress[tcp/8443 10.0.0.0/16]"}, beyond: describing,
		account: func(g *v1alpha1.Guardrails) { g.ForbiddenIngressCIDRs = []string{"0.0.0.0/0", "10.0.0.0/16"} }},
	{name: "rule for the world", kind: "SecurityGroup", reason: v1alpha1.ReasonGuardrailViolation, at: []string{"ingress[tcp/443 0.0.0.0/0]"},
		make: anotherRule(func(rule *v1alpha1.SecurityGroupRule) { rule.CIDR = "0.0.0.0/0" })},
	{name: "unknown prefix list", kind: "SecurityGroup", reason: "PrefixListNotFound", at: []string{"ingress[tcp/443 pl-0a]"},
		make: anotherRule(func(rule *v1alpha1.SecurityGroupRule) { rule.PrefixListID = "pl-0a" })},
	{name: "unknown group", kind: "SecurityGroup", reason: "SecurityGroupNotFound", at: []string{"ingress[tcp/443 sg-0a]"},
		make: anotherRule(func(rule *v1alpha1.SecurityGroupRule) { rule.SecurityGroupID = "sg-0a" })},
	{name: "statement without effect", kind: "KMSKey", reason: v1alpha1.ReasonInvalidSpec, at: []string{"policy"},
		make: spec(func(p *profile) {
			p.Spec.Encryption.KMSKey.AdditionalStatements = []string{`{"Principal":"*","Action":"kms:Decrypt","Resource":"*"}`}
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
		if !still && added(before, tampered, factsOf(r.sim.Objects())) {
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

// added tells that something which a tampering has added to an object is still there.
func added[V any](before, tampered, now map[string]V) bool {
	for fact := range tampered {
		object, _, _ := strings.Cut(fact, ": ")
		_, known := before[object]
		_, was := before[fact]
		if _, is := now[fact]; known && !was && is {
			return true
		}
	}
	return false
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
					if c.name == one.beyond {
						continue
					}
					path := r.expand(p, c.path)
					s.hold(r, p, c, slices.ContainsFunc(one.at, func(at string) bool { return strings.HasPrefix(path, at) }))
				}
			})
		}
	})
	t.Run("refusals", func(t *testing.T) { s.refusals(t) })
	if s.repaired.Load() < 300 || s.shown.Load() == 0 {
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

// impossible are tamperings that cannot be made once others, which the lack of an action lets stand, were.
var impossible = map[string][]string{
	"ec2:AuthorizeSecurityGroupIngress": {describing}, "ec2:DescribeSecurityGroups": {describing}, "ec2:DescribeSecurityGroupRules": {describing},
	"kms:CreateAlias": {"alias moved"}, "kms:EnableKey": {"key rotation disabled", "key rotation period changed", "key scheduled for deletion"},
	"kms:DescribeKey": {"key disabled", "key scheduled for deletion", "alias moved"}, "kms:ListResourceTags": {"key disabled", "key scheduled for deletion", "alias moved"},
}

// refusals takes each action away that looks after the fields of an object, makes the tampering that needs it, and then
// every other one on the same object.
func (s *shield) refusals(t *testing.T) {
	probe := newRig(t)
	p := probe.full()
	probe.create(p)
	probe.ready(p)
	needs := map[string][]string{} // the writes that a repair takes, by tampering
	for kind, service := range map[string]string{"IAMRole": "iam", "SecurityGroup": "ec2", "KMSKey": "kms", "LogGroup": "logs"} {
		called := map[string]bool{"tag:GetResources": true}
		for _, c := range onFields(kind) {
			probe.sim.ResetCalls()
			c.do(probe, p)
			probe.read(p)
			probe.ready(p)
			needs[c.name] = probe.writes()
			for _, call := range probe.sim.Calls() {
				if call.Caller == operatorCaller && strings.HasPrefix(call.Action(), service+":") {
					called[call.Action()] = true
				}
			}
		}
		delete(called, "ec2:DescribeSubnets") // these are of other objects
		delete(called, "ec2:DescribeRouteTables")
		delete(called, "kms:CancelKeyDeletion") // nothing can be done to a key that is on its way out
		for _, action := range slices.Sorted(maps.Keys(called)) {
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
	if action == "tag:GetResources" { // only an edit makes a search due, which stays due while it is denied
		r.edit(p, func(p *profile) {
			if p.Spec.Tags == nil {
				p.Spec.Tags = map[string]v1alpha1.TagValue{}
			}
			p.Spec.Tags["edited"] = "yes"
		})
		r.read(p)
	}
	unseen, isBlind := blind[action]
	excused := func(c tamper) bool {
		return slices.Contains(needs[c.name], action) || isBlind && strings.HasPrefix(r.expand(p, c.path), unseen)
	}
	first := func(c tamper) int { // those that need the action
		if excused(c) {
			return 0
		}
		return 1
	}
	list := slices.DeleteFunc(onFields(kind), func(c tamper) bool {
		// Nothing is changed on an object that does not carry our owner tag: without the right to put it back, all stands.
		return slices.Contains(impossible[action], c.name) || strings.HasPrefix(c.path, "tags[fargatesecurity.io/") && excused(c)
	})
	slices.SortStableFunc(list, func(a, b tamper) int { return first(a) - first(b) })
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
	told := false
	r.until(p, c.name+" without "+action, func(p *profile) error {
		ready := condition(p, v1alpha1.ReadyCondition)
		told = ready.Status != metav1.ConditionTrue && strings.Contains(ready.Message, action)
		if !told && added(before, tampered, factsOf(r.sim.Objects())) { // else it is known in another way, such as a list of the account
			return errors.New("the missing action is not named")
		}
		return nil
	})
	if told {
		s.shown.Add(1)
	} else {
		s.repaired.Add(1)
	}
}
