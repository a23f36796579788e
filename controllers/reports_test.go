// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// Faults that people reported of tools of this kind, each played as it was met. Those that are about one AWS object alone
// are tested in its package.

// TestAFullRoleIsRepaired: a role with as many policies as IAM takes, of which somebody swaps one for AdministratorAccess.
func TestAFullRoleIsRepaired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	arns := []string{execution}
	for i := range 9 {
		out, err := r.iam().CreatePolicy(r.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(fmt.Sprint("team-", i)), PolicyDocument: aws.String(pullCache)})
		r.did(out, err)
		arns = append(arns, *out.Policy.Arn)
	}
	p := r.full(func(p *profile) { p.Spec.PodExecutionRole.ManagedPolicyARNs = &arns })
	r.create(p)
	r.ready(p)
	r.did(r.aws.IAM.DetachRolePolicy(r.ctx, &iam.DetachRolePolicyInput{RoleName: aws.String(roleName), PolicyArn: &arns[9]}))
	tamperNamed(t, "administrator policy attached")(r, p)
	r.read(p)
	r.ready(p)
	if paths := repairPaths(p); len(paths) != 2 {
		t.Errorf("repaired %q", paths)
	}
}

// TestAForeignInlinePolicyMakesRoom: what is declared does not fit beside what somebody put.
func TestAForeignInlinePolicyMakesRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full(func(p *profile) { p.Spec.PodExecutionRole.InlinePolicies[0].Document = padded(2000) })
	r.create(p)
	r.ready(p)
	r.did(r.aws.IAM.DeleteRolePolicy(r.ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String(roleName), PolicyName: aws.String("pull-cache")}))
	r.did(r.aws.IAM.PutRolePolicy(r.ctx, &iam.PutRolePolicyInput{RoleName: aws.String(roleName), PolicyName: aws.String("foreign"), PolicyDocument: aws.String(padded(9000))}))
	r.read(p)
	r.ready(p)
	if paths := repairPaths(p); len(paths) != 2 {
		t.Errorf("repaired %q", paths)
	}
}

// padded is a policy of about so many characters.
func padded(size int) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}]}`, strings.Repeat("b", size))
}

func repairPaths(p *profile) []string {
	var paths []string
	for _, repair := range p.Status.Repairs {
		paths = append(paths, repair.Path)
	}
	return paths
}

// TestAHeldRoleIsLeftWhole: an instance profile holds the role of a profile that is deleted. Status says so, and no longer
// that what is gone is as declared.
func TestAHeldRoleIsLeftWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.sim.HoldRole("workers", roleName)
	must(kube.Delete(r.ctx, p))
	r.until(p, "the holder's name", func(p *profile) error {
		if c := condition(p, v1alpha1.ReadyCondition); !strings.Contains(c.Message, "instance profile workers") {
			return errors.New("not named")
		}
		return nil
	})
	for _, c := range p.Status.Conditions {
		if strings.HasSuffix(c.Type, "Ready") && c.Status == metav1.ConditionTrue {
			t.Errorf("%s is True while the profile is being deleted:\n%s", c.Type, describe(p))
		}
	}
	out, err := r.aws.IAM.ListAttachedRolePolicies(r.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(roleName)})
	r.did(out, err)
	if len(out.AttachedPolicies) != 1 {
		t.Errorf("the role was stripped: %+v", out.AttachedPolicies)
	}
	r.edit(p, mode(v1alpha1.ModeSuspend)) // lets go
	r.eventually("waiting for the deletion", func() error { return r.isGone(p) })
}

// TestAGroupMadeByHandIsAdoptedAsItIs: nothing is declared of its description.
func TestAGroupMadeByHandIsAdoptedAsItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.did(r.aws.EC2.CreateSecurityGroup(r.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("payments-pods"), Description: aws.String("made by hand"), VpcId: aws.String("vpc-0a")}))
	p := r.full(func(p *profile) {
		p.Spec.AdoptionPolicy, p.Spec.SecurityGroups[0].Description = v1alpha1.AdoptionPolicyAdopt, ""
	})
	r.create(p)
	r.ready(p)
	r.silent(p)
}

// TestADeletionIsNotTakenBackInSilence: the key of the alias is on its way out by somebody's decision.
func TestADeletionIsNotTakenBackInSilence(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.otherKey(alias, "")
	r.did(r.aws.KMS.ScheduleKeyDeletion(r.ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(r.keyOfAlias()), PendingWindowInDays: aws.Int32(7)}))
	p := r.full()
	r.create(p)
	r.stalled(p, "NotOwned", "somebody has scheduled its deletion", "adoptionPolicy")
	r.edit(p, func(p *profile) {
		p.Spec.AdoptionPolicy, p.Spec.Mode = v1alpha1.AdoptionPolicyAdopt, v1alpha1.ModeObserve
	})
	r.read(p)
	if c := condition(p, "EncryptionReady"); !strings.Contains(c.Message, "takes back") || !slices.Contains(driftPaths(p), "KMSKey/"+alias+" state") {
		t.Errorf("Observe does not say it:\n%s", describe(p))
	}
	r.edit(p, mode(v1alpha1.ModeEnforce))
	r.ready(p)
	r.eventually("the Event", func() error {
		if !slices.ContainsFunc(r.eventNotes(p), func(note string) bool {
			return strings.Contains(note, "takes back") && strings.Contains(note, "KMSKey/"+alias)
		}) {
			return fmt.Errorf("events are %q", r.eventNotes(p))
		}
		return nil
	})
}

// keyOfAlias is the id of the key that the alias points to.
func (r *rig) keyOfAlias() string {
	r.t.Helper()
	out, err := r.aws.KMS.DescribeKey(r.ctx, &kms.DescribeKeyInput{KeyId: aws.String(alias)})
	r.did(out, err)
	return *out.KeyMetadata.KeyId
}

// TestActiveIsNotEnough: EKS says ACTIVE, and names a health issue.
func TestActiveIsNotEnough(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	must(r.sim.SetProfileHealth("prod", "payments", "ACTIVE", "PodExecutionRoleAlreadyInUse", "the role is used by nodes"))
	r.read(p)
	c := condition(p, v1alpha1.ReadyCondition)
	if c.Status != metav1.ConditionFalse || c.Reason != "FargateProfileUnhealthy" || !strings.Contains(c.Message, "PodExecutionRoleAlreadyInUse") || !strings.Contains(c.Message, "used by nodes") {
		t.Errorf("Ready is %+v", c)
	}
	must(r.sim.SetProfileHealth("prod", "payments", "ACTIVE", "", ""))
	r.read(p)
	r.ready(p)
}

// TestTwoProfilesDoNotFightOverAnAlias: the alias is deleted by hand, and a second profile takes it. It stays where it is.
func TestTwoProfilesDoNotFightOverAnAlias(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.full()
	r.create(first)
	r.ready(first)
	r.edit(first, mode(v1alpha1.ModeSuspend))
	r.until(first, "Suspend", func(*profile) error { return nil })
	tamperNamed(t, "alias deleted")(r, first)
	second := r.small("second", func(p *profile) {
		p.Spec.Encryption = &v1alpha1.EncryptionSpec{KMSKey: &v1alpha1.KMSKeySpec{Alias: alias}}
	})
	r.create(second)
	r.ready(second)
	holder := r.keyOfAlias()
	r.edit(first, mode(v1alpha1.ModeEnforce))
	r.stalled(first, v1alpha1.ReasonOwnedByOther, alias, r.ns+"/second")
	for range 3 {
		r.read(first)
		r.read(second)
	}
	if now := r.keyOfAlias(); now != holder {
		t.Errorf("the alias went from %s to %s", holder, now)
	}
	r.ready(second)
}

// TestPersistenceIsNamed: another controller puts its rule back each time. It is taken away each time, and it is said who
// does it; with ignoreRules it is left alone, and the profile is Ready.
func TestPersistenceIsNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	for i := range 5 {
		r.authorize(p, "payments-pods", 8080, "10.1.0.0/16")
		r.read(p)
		r.until(p, fmt.Sprint("repair ", i), func(p *profile) error {
			if len(p.Status.Repairs) != 1 || max(p.Status.Repairs[0].Times, 1) != int32(i+1) { //nolint:gosec // five at most
				return fmt.Errorf("repairs are %+v", p.Status.Repairs)
			}
			return nil
		})
	}
	r.stalled(p, v1alpha1.ReasonContested, "ingress[tcp/8080 10.1.0.0/16]", "5 times", "ignoreRules")
	if len(p.Status.Drift) != 0 {
		t.Errorf("it stays:\n%s", describe(p))
	}
}
