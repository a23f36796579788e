// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

func untag(arn string) *eks.UntagResourceInput {
	return &eks.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"fargatesecurity.io/origin"}}
}

// firstStatus waits for the first status, whatever it says: a declaration that may not be carried out is refused there,
// and not some passes later.
func (r *rig) firstStatus(p *profile, reason string) {
	r.t.Helper()
	r.create(p)
	r.until(p, "waiting for the first status", func(*profile) error { return nil })
	if c := condition(p, v1alpha1.StalledCondition); c.Status != metav1.ConditionTrue || c.Reason != reason {
		r.t.Fatalf("want Stalled for %s:\n%s", reason, describe(p))
	}
}

func TestRefusedNamespaceReachesNoAWS(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(a *v1alpha1.AWSAccount) {
		a.Spec.AllowedNamespaces = &metav1.LabelSelector{MatchLabels: map[string]string{"use": "other"}}
	})
	r.firstStatus(r.small("payments"), v1alpha1.ReasonNamespaceNotAllowed)
	for _, c := range r.sim.Calls() {
		if c.Service != "sts" { // the account itself is verified
			t.Errorf("%s was called for a namespace that may not use the account", c.Action())
		}
	}
}

func TestDefaultGuardrailIsInTheFirstStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.firstStatus(r.full(func(p *profile) { p.Spec.SecurityGroups[0].Ingress[0].CIDR = "0.0.0.0/0" }), v1alpha1.ReasonGuardrailViolation)
	if w := r.writes(); len(w) > 0 {
		t.Errorf("wrote %q", w)
	}
}

// TestGuardrailHoldsForAnEdit: what was fine is edited into what is not. What is forbidden does not reach AWS; what is
// declared no more goes.
func TestGuardrailHoldsForAnEdit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.sim.ResetCalls()
	r.edit(p, func(p *profile) { p.Spec.SecurityGroups[0].Ingress[0].CIDR = "0.0.0.0/0" })
	r.stalled(p, v1alpha1.ReasonGuardrailViolation, "tcp/8443 0.0.0.0/0")
	for _, w := range r.writes() {
		if strings.Contains(w, "SecurityGroup") && w != "ec2:RevokeSecurityGroupIngress" {
			t.Errorf("wrote %s", w)
		}
	}
}

func TestDeletionInObserveWritesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	r.edit(p, mode(v1alpha1.ModeObserve))
	r.until(p, "Observe", func(*profile) error { return nil })
	before := r.snapshot()
	r.sim.ResetCalls()
	r.gone(p)
	if w := r.writes(); len(w) > 0 || r.snapshot() != before {
		t.Errorf("the deletion of a profile in mode Observe wrote %q", w)
	}
}

// TestFinalizerStaysUntilAWSSaysGone: while something of the profile is in AWS, the finalizer is there.
func TestFinalizerStaysUntilAWSSaysGone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	if !controllerutil.ContainsFinalizer(p, v1alpha1.Finalizer) {
		t.Fatal("there is something in AWS, and no finalizer")
	}
	r.gone(p)
	r.nothingLeft()
}

// TestOwnerTagsLeadBackAfterALostStatus: the custom resource is lost and made again, without one of its groups. The
// group is known by its owner tag only, and goes.
func TestOwnerTagsLeadBackAfterALostStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	withGroup := func(p *profile) { p.Spec.SecurityGroups = []v1alpha1.SecurityGroupSpec{{Name: "payments-extra"}} }
	p := r.small("payments", withGroup)
	r.create(p)
	r.ready(p)
	r.edit(p, func(p *profile) { p.Finalizers = nil; p.Spec.Mode = v1alpha1.ModeSuspend })
	r.gone(p)
	if !strings.Contains(r.snapshot(), "payments-extra") {
		t.Fatal("the group is gone already: the test proves nothing")
	}
	r.create(r.small("payments"))
	r.ready(p)
	if s := r.snapshot(); strings.Contains(s, "payments-extra") {
		t.Errorf("the group was not found by its owner tag:\n%s", s)
	}
}

// TestGuardrailHoldsForAnAdoption: what is taken over loses what a guardrail forbids, even where unlisted rules and
// policies are only reported.
func TestGuardrailHoldsForAnAdoption(t *testing.T) {
	t.Parallel()
	r := newRig(t, guard(func(g *v1alpha1.Guardrails) { g.AllowedManagedPolicyARNs = []string{execution} }))
	r.brownfield()
	group, err := r.aws.EC2.DescribeSecurityGroups(r.ctx, &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"payments-pods"}}}})
	r.did(group, err)
	r.did(r.aws.EC2.AuthorizeSecurityGroupIngress(r.ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: group.SecurityGroups[0].GroupId, IpPermissions: append(permission(22, "0.0.0.0/0"), permission(8080, "10.9.0.0/16")...)}))
	r.did(r.aws.IAM.AttachRolePolicy(r.ctx, &iam.AttachRolePolicyInput{
		RoleName: aws.String("payments-role"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}))
	p := r.small("payments", func(p *profile) {
		p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{Name: "payments-role", UnlistedPolicies: v1alpha1.UnlistedReport}
		p.Spec.SecurityGroups = []v1alpha1.SecurityGroupSpec{{Name: "payments-pods", Description: "payments pods", UnlistedRules: v1alpha1.UnlistedReport}}
	})
	r.create(p)
	r.until(p, "waiting for the adoption", func(p *profile) error {
		if s := r.snapshot(); strings.Contains(s, "AdministratorAccess") || strings.Contains(s, `"FromPort":22,`) {
			return errors.New("what the guardrails forbid is still there")
		}
		return nil
	})
	if s := r.snapshot(); !strings.Contains(s, `"FromPort":8080,`) {
		t.Errorf("the rule that is only reported is gone:\n%s", s)
	}
}

// TestDeclaredRuleIsInForceAfterEachWrite looks at all pages of the group's rules after each write of a repair and an edit.
func TestDeclaredRuleIsInForceAfterEachWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	group := *r.group(p, "payments-pods")
	inForce := func() bool {
		pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.aws.EC2, &ec2.DescribeSecurityGroupRulesInput{
			Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{group}}}})
		for pages.HasMorePages() {
			page, err := pages.NextPage(r.ctx)
			if err != nil {
				return false
			}
			for _, rule := range page.SecurityGroupRules {
				if aws.ToInt32(rule.FromPort) == 8443 && aws.ToString(rule.CidrIpv4) == "10.0.0.0/16" {
					return true
				}
			}
		}
		return false
	}
	if !inForce() {
		t.Fatal("the rule is not in force to begin with: the test proves nothing")
	}
	looked, broken := make(chan string, 100), make(chan string, 100)
	r.sim.AfterWrite(func(c awsCall) {
		looked <- c.Action()
		if !inForce() {
			broken <- c.Action()
		}
	})
	r.authorize(p, "payments-pods", 22, "0.0.0.0/0")
	r.edit(p, func(p *profile) {
		p.Spec.SecurityGroups[0].Ingress[0].Description = "another text"
		p.Spec.SecurityGroups[0].Ingress[1].FromPort, p.Spec.SecurityGroups[0].Ingress[1].ToPort = aws.Int32(9091), aws.Int32(9091)
	})
	r.ready(p)
	if len(looked) < 4 || len(broken) > 0 {
		t.Errorf("the declared rule was missing after %d of %d writes", len(broken), len(looked))
	}
}
