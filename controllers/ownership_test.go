// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// brownfield makes, by hand, a role, a group, a log group, a key and a Fargate profile of the names that full declares.
func (r *rig) brownfield() {
	r.t.Helper()
	r.otherProfile("payments", "payments")
	r.role(roleName, fargateTrust)
	r.did(r.aws.EC2.CreateSecurityGroup(r.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("payments-pods"), Description: aws.String("payments pods"), VpcId: aws.String("vpc-0a")}))
	r.did(r.aws.Logs.CreateLogGroup(r.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(logGroupName)}))
	r.otherKey(alias, "")
}

func TestAdoptionTakesOverAndNeverDeletes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.brownfield()
	p := r.full(func(p *profile) {
		p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt
		p.Spec.FargateProfile.Selectors[0].Labels = nil
		p.Spec.FargateProfile.SubnetIDs = []string{"subnet-0a"}
		// A rule that an adopted group keeps would hold the group that it refers to.
		p.Spec.SecurityGroups[0].Ingress = p.Spec.SecurityGroups[0].Ingress[:1]
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{Name: "payments-role"} // the one that the profile uses
	})
	r.create(p)
	r.ready(p)
	adopted := map[string]bool{}
	for _, o := range p.Status.Resources {
		adopted[o.Kind+"/"+o.Name] = o.Origin == v1alpha1.Origin(resource.Adopted)
	}
	for _, name := range []string{"KMSKey/" + alias, "LogGroup/" + logGroupName, "IAMRole/payments-role", "SecurityGroup/payments-pods", "FargateProfile/payments"} {
		if !adopted[name] {
			t.Errorf("%s is not adopted\n%s", name, describe(p))
		}
	}
	if p.Status.LastRepair != nil {
		t.Errorf("taking over is no repair: %+v", p.Status.LastRepair)
	}
	before := r.snapshot()
	r.gone(p)
	r.nothingLeft()
	after := r.snapshot()
	for _, name := range []string{"payments-role", "payments-pods", logGroupName, alias, "profile payments"} {
		if !strings.Contains(after, name) {
			t.Errorf("%s was adopted, and is gone after the deletion", name)
		}
	}
	if !strings.Contains(before, "payments-extra") || strings.Contains(after, "payments-extra") {
		t.Error("the group that the operator created should be gone, and only that")
	}
}

func TestObserveShowsWhatAdoptionWouldChange(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.brownfield()
	p := r.full(mode(v1alpha1.ModeObserve))
	r.create(p)
	r.until(p, "waiting for the first read", func(p *profile) error {
		if condition(p, v1alpha1.StalledCondition).Status == metav1.ConditionTrue {
			return errors.New("Stalled, although nothing would be written")
		}
		return nil
	})
	paths := strings.Join(driftPaths(p), "\n")
	for _, want := range []string{"trustPolicy", "retentionDays", "ingress[tcp/8443 10.0.0.0/16]", "egress[all 0.0.0.0/0]", "rotation", "selectors", "tags[team]"} {
		if !strings.Contains(paths, want) {
			t.Errorf("Observe does not show %s:\n%s", want, paths)
		}
	}
	if w := r.writes(); len(w) > 0 {
		t.Errorf("Observe wrote %q", w)
	}
}

func TestTwoProfilesNeverFightOverOneObject(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.full()
	r.create(first)
	r.ready(first)
	second := r.small("second", func(p *profile) { p.Spec.PodExecutionRole.Name = roleName })
	r.create(second)
	r.stalled(second, v1alpha1.ReasonOwnedByOther, roleName, operatorID+"/"+r.ns+"/payments")
	r.silent(r.ready(first))
	r.gone(second)
	r.silent(r.ready(first))
}

func TestPruneWhatLeavesTheSpec(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	key := *r.key(p)
	r.edit(p, func(p *profile) {
		p.Spec.SecurityGroups = p.Spec.SecurityGroups[:1]
		p.Spec.SecurityGroups[0].Ingress = p.Spec.SecurityGroups[0].Ingress[:1]
		p.Spec.Encryption, p.Spec.PodSecurityGroups = nil, nil
		p.Spec.Tags = map[string]v1alpha1.TagValue{"env": "prod"}
	})
	r.ready(p)
	if len(p.Status.Repairs) != 0 || len(p.Status.Drift) != 0 {
		t.Errorf("an edit of the spec is no drift: repairs %+v", p.Status.Repairs)
	}
	if s := r.snapshot(); strings.Contains(s, "payments-extra") || strings.Contains(s, alias) || strings.Contains(s, `"team"`) {
		t.Errorf("not all that left the spec is gone:\n%s", s)
	}
	if state := r.keyState(key); state != "PendingDeletion" {
		t.Errorf("the key that left the spec is %s", state)
	}
	if n := len(p.Status.Resources); n != 5 {
		t.Errorf("%d resources, want cluster, log group, role, group and profile\n%s", n, describe(p))
	}
	r.silent(p)
}

func TestGroupInUseIsKeptAndSaysByWhom(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	eni, err := r.aws.EC2.(*ec2.Client).CreateNetworkInterface(r.ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: aws.String("subnet-0a"), Groups: []string{*r.group(p, "payments-pods")}})
	r.did(eni, err)
	if err := kube.Delete(r.ctx, p); err != nil {
		t.Fatal(err)
	}
	r.until(p, "waiting for the word", func(p *profile) error {
		c := condition(p, v1alpha1.ReconcilingCondition)
		if !strings.Contains(c.Message, *eni.NetworkInterface.NetworkInterfaceId) {
			return errors.New("Reconciling does not name the network interface")
		}
		return nil
	})
	r.did(r.aws.EC2.(*ec2.Client).DeleteNetworkInterface(r.ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: eni.NetworkInterface.NetworkInterfaceId}))
	r.eventually("waiting for the deletion", func() error { return r.isGone(p) })
	r.nothingLeft()
}

// TestRenamedRole: the profile in AWS cannot take the new role, so the old one, still in use, must stay.
func TestRenamedRoleIsAReplacementAndKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.edit(p, func(p *profile) { p.Spec.PodExecutionRole.Name = "renamed" })
	r.stalled(p, v1alpha1.ReasonRequiresReplacement, "podExecutionRole", "renamed")
	r.read(p)
	if s := r.snapshot(); !strings.Contains(s, roleName) {
		t.Error("the role that the profile in AWS uses was removed")
	}
	r.edit(p, func(p *profile) { p.Spec.PodExecutionRole.Name = "" })
	r.ready(p)
	if arns, _, err := r.view().Owned(r.ctx, operatorID+"/"+r.ns+"/payments"); err != nil || len(slices.DeleteFunc(arns, func(arn string) bool { return !strings.Contains(arn, ":iam:") })) != 1 {
		t.Errorf("roles of ours: %v, %v: want only the declared one", arns, err)
	}
}

func TestUnlistedReportKeepsWhatIsAllowed(t *testing.T) {
	t.Parallel()
	r := newRig(t, guard(func(g *v1alpha1.Guardrails) { g.AllowedManagedPolicyARNs = []string{execution, "*ReadOnlyAccess"} }))
	p := r.full(func(p *profile) {
		p.Spec.PodExecutionRole.UnlistedPolicies = v1alpha1.UnlistedReport
		p.Spec.SecurityGroups[0].UnlistedRules = v1alpha1.UnlistedReport
	})
	r.create(p)
	r.ready(p)
	attach := func(arn string) {
		r.did(r.aws.IAM.AttachRolePolicy(r.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(roleName), PolicyArn: &arn}))
	}
	r.authorize(p, "payments-pods", 8080, "10.9.0.0/16")
	r.authorize(p, "payments-pods", 22, "0.0.0.0/0")
	attach("arn:aws:iam::aws:policy/ReadOnlyAccess")
	attach("arn:aws:iam::aws:policy/AdministratorAccess")
	r.read(p)
	r.until(p, "waiting for the repair", func(p *profile) error {
		if len(p.Status.Repairs) != 2 {
			return errors.New("want the two repairs that the guardrails demand")
		}
		return nil
	})
	want := []string{"IAMRole/" + roleName + " managedPolicies[arn:aws:iam::aws:policy/ReadOnlyAccess]", "SecurityGroup/payments-pods ingress[tcp/8080 10.9.0.0/16]"}
	if got := driftPaths(p); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("drift %q, want %q", got, want)
	}
	for _, d := range p.Status.Drift {
		if d.Action != "ReportOnly" {
			t.Errorf("%s has action %s", d.Path, d.Action)
		}
	}
	if c := condition(p, v1alpha1.ReadyCondition); c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonDrifted {
		t.Errorf("Ready is %+v while something differs", c)
	}
	r.silent(p)
}

// TestTheGuardrailsBoundaryIsPutOnEveryRole: on creation, and again when somebody takes it off.
func TestTheGuardrailsBoundaryIsPutOnEveryRole(t *testing.T) {
	t.Parallel()
	const boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	r := newRig(t, guard(func(g *v1alpha1.Guardrails) { g.PermissionsBoundaryARN = boundary }))
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	has := func() bool {
		out, err := r.aws.IAM.GetRole(r.ctx, &iam.GetRoleInput{RoleName: aws.String(roleName)})
		r.did(out, err)
		return out.Role.PermissionsBoundary != nil && *out.Role.PermissionsBoundary.PermissionsBoundaryArn == boundary
	}
	if !has() {
		t.Fatal("the new role has no boundary")
	}
	r.did(r.aws.IAM.DeleteRolePermissionsBoundary(r.ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String(roleName)}))
	r.read(p)
	r.ready(p)
	if !has() || len(p.Status.Repairs) != 1 || p.Status.Repairs[0].Path != "permissionsBoundary" {
		t.Errorf("boundary is back: %v, repairs %+v", has(), p.Status.Repairs)
	}
}

// TestForEverIsARetentionToo: no retentionDays means for ever, on an edit and when somebody sets some.
func TestForEverIsARetentionToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.edit(p, func(p *profile) { p.Spec.Logging.LogGroup.RetentionDays = nil })
	r.ready(p)
	if len(p.Status.Repairs) > 0 {
		t.Errorf("an edit is no drift: %+v", p.Status.Repairs)
	}
	r.did(r.aws.Logs.PutRetentionPolicy(r.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(logGroupName), RetentionInDays: aws.Int32(7)}))
	r.read(p)
	r.ready(p)
	if len(p.Status.Repairs) != 1 || p.Status.Repairs[0].Path != "retentionDays" {
		t.Errorf("repairs %+v", p.Status.Repairs)
	}
}
