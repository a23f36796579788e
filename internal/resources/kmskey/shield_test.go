// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

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
	r := f.key("") // as one who knows nothing of it
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
