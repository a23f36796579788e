// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Two profiles that declare one alias: whose key it points to keeps it.
func TestAnAliasOfAnothersKeyIsNotMoved(t *testing.T) {
	for owner, moved := range map[string]bool{"": true, "op/ns/other": false} {
		f := newFixture(t)
		r := f.created()
		f.sim.ResetCalls()
		in := &kms.CreateKeyInput{}
		if owner != "" {
			in.Tags = []types.Tag{{TagKey: aws.String(resource.OwnerTag), TagValue: &owner}}
		}
		other, err := f.kms.CreateKey(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String(alias), TargetKeyId: other.KeyMetadata.KeyId}); err != nil {
			t.Fatal(err)
		}
		o := f.observe(r)
		held := slices.ContainsFunc(o.Problems, func(p resource.Problem) bool {
			return p.Reason == ReasonAliasOwned && p.Path == aliasPath && strings.Contains(p.Message, owner)
		})
		if held == moved {
			t.Errorf("owner %q: problems are %+v", owner, o.Problems)
		}
		if d := r.Diff(o, nil); len(d) != 1 || d[0].Path != aliasPath {
			t.Errorf("owner %q: differences are %+v", owner, d)
		}
	}
}

func TestAKeyThatMayNotBeDeletedKeepsItsAlias(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	f.sim.Fail("kms:ScheduleKeyDeletion", "AccessDeniedException", "not authorized", 400, 1)
	f.sim.ResetCalls()
	if err := r.Delete(ctx, f.observe(r)); err == nil {
		t.Fatal("the denial did not come through")
	}
	if got := f.writes(); !slices.Equal(got, []string{"kms:ScheduleKeyDeletion"}) {
		t.Errorf("wrote %v", got)
	}
}

func TestAReplicaIsNotToldToRotate(t *testing.T) {
	for _, change := range []func(*detail){
		func(o *detail) { o.key.RotationEnabled = false },
		func(o *detail) { o.key.RotationPeriodDays = 90 },
	} {
		o := asDeclared(t)
		o.key.Replica = true
		change(&o)
		if d := diff(declared(t), o); len(d) != 1 || d[0].Action != drift.ReportOnly || d[0].Reason != ReasonRotationOfPrimary {
			t.Errorf("differences are %+v", d)
		}
	}
	meta := &types.KeyMetadata{MultiRegionConfiguration: &types.MultiRegionConfiguration{MultiRegionKeyType: types.MultiRegionKeyTypeReplica}}
	if !facts(meta).Replica || facts(&types.KeyMetadata{}).Replica {
		t.Error("a replica is not known by its metadata")
	}
}

// That the key is on its way out by somebody's decision is said before its adoption is advised.
func TestAKeyPendingDeletionSaysSoBeforeItIsAdopted(t *testing.T) {
	f := newFixture(t)
	f.created()
	r := f.key("")
	arn := f.observe(r).ARN
	if _, err := f.kms.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &arn, TagKeys: []string{resource.OwnerTag}}); err != nil {
		t.Fatal(err)
	}
	r = f.key(arn) // status lists it, and not as ours
	o := f.observe(r)
	if o.Caution != "" {
		t.Fatalf("caution %q", o.Caution)
	}
	if _, err := f.aws.KMS.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &o.ARN}); err != nil {
		t.Fatal(err)
	}
	o = f.observe(r)
	warned := slices.ContainsFunc(o.Problems, func(p resource.Problem) bool { return p.Warning && p.Reason == ReasonPendingDeletion })
	if !strings.Contains(o.Caution, "scheduled its deletion") || !warned {
		t.Errorf("caution %q, problems %+v", o.Caution, o.Problems)
	}
}

// What KMS refuses to show is not judged, and the rest of the key is.
func TestWhatIsRefusedToShowIsNotJudged(t *testing.T) {
	for action, path := range map[string]string{"kms:GetKeyPolicy": policyPath, "kms:GetKeyRotationStatus": rotationPath} {
		f := newFixture(t)
		r := f.created()
		f.sim.Fail(action, "AccessDeniedException", "not authorized", 400, 9)
		if o := f.observe(r); !o.Exists || len(o.Unread) != 1 || o.Unread[0].Path != path {
			t.Errorf("%s: exists %v, unread %+v", action, o.Exists, o.Unread)
		}
	}
}

// A role that was just made is one that KMS does not see yet: its refusal is waited for, two minutes.
func TestAPrincipalThatKMSDoesNotSeeYetIsWaitedFor(t *testing.T) {
	f, now := newFixture(t), time.Unix(0, 0)
	r := f.key("")
	r.Patient(NewPrincipals(func() time.Time { return now }))
	refused := func() error {
		f.sim.Fail("kms:CreateKey", "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.", 400, 1)
		return r.Create(ctx, nil, owned)
	}
	var waiting *resource.Waiting
	for _, at := range []time.Duration{0, time.Minute, principalPatience - 1} {
		now = time.Unix(0, 0).Add(at)
		if err := refused(); !errors.As(err, &waiting) || waiting.Reason != ReasonWaitingForPrincipal {
			t.Fatalf("after %s: %v", at, err)
		}
	}
	now = now.Add(1)
	if err := refused(); errors.As(err, &waiting) || awsapi.Code(err) != "MalformedPolicyDocumentException" {
		t.Errorf("after two minutes: %v", err)
	}
	if err := r.Create(ctx, nil, owned); err != nil {
		t.Fatal(err)
	}
	if err := refused(); !errors.As(err, &waiting) {
		t.Errorf("a refusal long after is a new one: %v", err)
	}
	f.sim.Fail("kms:CreateKey", "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.", 400, 1)
	if err := r.Create(ctx, nil, owned); errors.As(err, &waiting) {
		t.Errorf("another fault of the policy is waited for: %v", err)
	}
}
