// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resource/resourcetest"
)

var (
	ctx   = context.Background()
	owned = map[string]string{resource.OwnerTag: "op/ns/payments", "team": "payments"}
)

type fixture struct {
	t   *testing.T
	sim *awssim.Sim
	aws awsapi.Clients
	kms *kms.Client
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	sim := awssim.New(awssim.Options{PageSize: 1})
	url, stop := sim.Start()
	t.Cleanup(stop)
	return &fixture{t, sim, awstest.Clients(t, url), kms.NewFromConfig(awstest.Config(url))}
}

// findOrphan is what the controller gives: a search by owner tag.
func (f *fixture) findOrphan(ctx context.Context) ([]string, error) {
	out, err := f.aws.Tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{
		ResourceTypeFilters: []string{"kms:key"},
		TagFilters:          []tagging.TagFilter{{Key: aws.String(resource.OwnerTag), Values: []string{owned[resource.OwnerTag]}}},
	})
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, r := range out.ResourceTagMappingList {
		arns = append(arns, aws.ToString(r.ResourceARN))
	}
	return arns, nil
}

func (f *fixture) key(priorARN string) *Resource {
	return New(f.aws.KMS, f.aws.Logs, declared(f.t), resource.Prior{ARN: priorARN}, f.findOrphan)
}

func (f *fixture) observe(r resource.Resource) *resource.Observation {
	f.t.Helper()
	o, err := r.Observe(ctx, nil)
	if err != nil {
		f.t.Fatalf("Observe: %v", err)
	}
	return o
}

func (f *fixture) apply(r resource.Resource, o *resource.Observation, tags map[string]string) {
	f.t.Helper()
	if err := resourcetest.Apply(ctx, r, o, nil, tags); err != nil {
		f.t.Fatalf("Apply: %v", err)
	}
}

// created returns a key that exists as declared, as the next pass knows it.
func (f *fixture) created() *Resource {
	f.t.Helper()
	r := f.key("")
	f.apply(r, f.observe(r), owned)
	return f.key(f.observe(r).ARN)
}

func (f *fixture) writes() []string {
	var out []string
	for _, call := range f.sim.Calls() {
		if call.Write {
			out = append(out, call.Action())
		}
	}
	return out
}

func (f *fixture) keys() int {
	f.t.Helper()
	out, err := f.kms.ListKeys(ctx, &kms.ListKeysInput{})
	if err != nil {
		f.t.Fatal(err)
	}
	n := len(out.Keys)
	if out.Truncated {
		n++ // pages of one: more than one key
	}
	return n
}

// another makes a key that has nothing to do with the profile.
func (f *fixture) another(spec types.KeySpec, usage types.KeyUsageType) *types.KeyMetadata {
	f.t.Helper()
	out, err := f.kms.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
	if err != nil {
		f.t.Fatal(err)
	}
	return out.KeyMetadata
}

func (f *fixture) plain() *types.KeyMetadata {
	return f.another(types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt)
}

func TestCreateThenNothingToDo(t *testing.T) {
	f := newFixture(t)
	r := f.key("")
	if o := f.observe(r); o.Exists {
		t.Fatalf("before: %+v", o)
	}
	f.apply(r, f.observe(r), owned)
	for _, prior := range []string{"", f.observe(r).ARN} { // by alias, and by what status remembers
		r = f.key(prior)
		f.sim.ResetCalls()
		o := f.observe(r)
		if got := r.Diff(o, nil); len(got) > 0 {
			t.Errorf("differences after creation: %+v", got)
		}
		if o.Tags["team"] != "payments" || o.Gives[resource.ARN] == "" || o.State != "Enabled" {
			t.Errorf("got %+v", o)
		}
		f.apply(r, o, nil)
		if got := f.writes(); len(got) > 0 {
			t.Errorf("a second pass wrote %v", got)
		}
		var state observed.State
		o.Record(&state)
		if state.Key == nil || !state.Key.RotationEnabled || state.Key.Alias != alias || !state.Key.Symmetric || !state.Key.CustomerManaged {
			t.Errorf("recorded %+v", state.Key)
		}
	}
}

func TestLogServiceAcceptsTheKey(t *testing.T) {
	f := newFixture(t)
	arn := f.observe(f.created()).ARN
	create := func(name string) error {
		_, err := f.aws.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, KmsKeyId: &arn})
		return err
	}
	if err := create(logGroup); err != nil {
		t.Errorf("the declared group: %v", err)
	}
	if err := create(logGroup + "-other"); err == nil {
		t.Error("the key serves a group that is not declared")
	}
}

func TestTamperAndRepair(t *testing.T) {
	cases := map[string]struct {
		path   string
		tamper func(f *fixture, arn string) error
		writes []string
	}{
		"policy": {"policy", func(f *fixture, arn string) error {
			doc, err := Policy(scope, nil, nil)
			if err == nil {
				_, err = f.kms.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &arn, Policy: &doc})
			}
			return err
		}, []string{"kms:PutKeyPolicy"}},
		"rotation": {"rotation", func(f *fixture, arn string) error {
			_, err := f.kms.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &arn})
			return err
		}, []string{"kms:EnableKeyRotation"}},
		"rotation period": {"rotationPeriodDays", func(f *fixture, arn string) error {
			_, err := f.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &arn, RotationPeriodInDays: aws.Int32(2000)})
			return err
		}, []string{"kms:EnableKeyRotation"}},
		"disabled": {"state", func(f *fixture, arn string) error {
			_, err := f.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &arn})
			return err
		}, []string{"kms:EnableKey"}},
		"scheduled for deletion": {"state", func(f *fixture, arn string) error {
			_, err := f.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &arn})
			return err
		}, []string{"kms:CancelKeyDeletion", "kms:EnableKey"}},
		"alias deleted": {"alias", func(f *fixture, _ string) error {
			_, err := f.kms.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String(alias)})
			return err
		}, []string{"kms:CreateAlias"}},
		"alias moved": {"alias", func(f *fixture, _ string) error {
			_, err := f.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String(alias), TargetKeyId: f.plain().KeyId})
			return err
		}, []string{"kms:UpdateAlias"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			r := f.created()
			before := f.observe(r)
			if err := c.tamper(f, before.ARN); err != nil {
				t.Fatal(err)
			}
			o := f.observe(r)
			if o.ARN != before.ARN {
				t.Fatalf("another key is observed: %s", o.ARN)
			}
			if got := r.Diff(o, nil); len(got) != 1 || got[0].Path != c.path {
				t.Fatalf("got %+v, want one difference at %s", got, c.path)
			}
			f.sim.ResetCalls()
			f.apply(r, o, nil)
			if got := f.writes(); !slices.Equal(got, c.writes) {
				t.Errorf("repaired with %v, want %v", got, c.writes)
			}
			o = f.observe(r)
			if got := r.Diff(o, nil); len(got) > 0 {
				t.Errorf("not repaired: %+v", got)
			}
		})
	}
}

func TestAKeyThatWasNotFinishedIsFoundAgain(t *testing.T) {
	for action, lost := range map[string]bool{"kms:CreateKey": true, "kms:CreateAlias": false, "kms:EnableKeyRotation": false} {
		t.Run(action, func(t *testing.T) {
			f := newFixture(t)
			if lost {
				f.sim.FailAfter(action, "KMSInternalException", "the answer was lost", 500, 1)
			} else {
				f.sim.Fail(action, "KMSInternalException", "down", 500, 1)
			}
			r := f.key("")
			if err := resourcetest.Apply(ctx, r, f.observe(r), nil, owned); err == nil {
				t.Fatal("no error")
			}
			r = f.key("") // the next pass, with a status that knows nothing
			o := f.observe(r)
			if !o.Exists {
				t.Fatal("the key is lost")
			}
			f.apply(r, o, nil)
			if got := r.Diff(f.observe(r), nil); len(got) > 0 {
				t.Errorf("not finished: %+v", got)
			}
			if n := f.keys(); n != 1 {
				t.Errorf("there are %d keys", n)
			}
		})
	}
}

// turns counts the attempts that wait for their turn, as those of the operator's clients do.
type turns struct {
	aws.RetryerV2
	taken *int
}

// GetAttemptToken implements aws.RetryerV2.
func (r turns) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	*r.taken++
	return r.RetryerV2.GetAttemptToken(ctx)
}

// TestCreateKeyIsNotRepeatedByTheSDK: and it keeps the pace, as every other call does.
func TestCreateKeyIsNotRepeatedByTheSDK(t *testing.T) {
	sim := awssim.New(awssim.Options{})
	url, stop := sim.Start()
	defer stop()
	cfg := awstest.Config(url)
	taken := 0
	cfg.Retryer = func() aws.Retryer { return turns{retry.NewStandard(), &taken} }
	client := kms.NewFromConfig(cfg)
	sim.FailAfter("kms:CreateKey", "KMSInternalException", "the answer was lost", 500, 1)
	r := New(client, nil, declared(t), resource.Prior{}, nil)
	if err := resourcetest.Apply(ctx, r, &resource.Observation{}, nil, owned); err == nil {
		t.Error("no error")
	}
	if n := len(slices.DeleteFunc(sim.Calls(), func(c awssim.Call) bool { return c.Operation != "CreateKey" })); n != 1 {
		t.Errorf("CreateKey was called %d times", n)
	}
	if calls := len(sim.Calls()); taken != calls {
		t.Errorf("%d of %d calls waited for their turn", taken, calls)
	}
}

func TestOrphansPendingDeletionAreIgnored(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	old := f.observe(r)
	if err := r.Delete(ctx, old); err != nil {
		t.Fatal(err)
	}
	r = f.key("")
	if o := f.observe(r); o.Exists {
		t.Fatalf("a key on its way out was taken for ours: %+v", o)
	}
	f.apply(r, &resource.Observation{}, owned)
	if o := f.observe(f.key("")); !o.Exists || o.ARN == old.ARN {
		t.Errorf("got %+v", o)
	}
}

func TestAKeyThatIsGoneForGoodIsMadeAgain(t *testing.T) {
	clock := &manual{now: time.Now()}
	sim := awssim.New(awssim.Options{Clock: clock})
	url, stop := sim.Start()
	defer stop()
	f := &fixture{t, sim, awstest.Clients(t, url), kms.NewFromConfig(awstest.Config(url))}
	old := f.observe(f.created())
	if _, err := f.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &old.ARN, PendingWindowInDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	clock.now = clock.now.Add(8 * 24 * time.Hour)
	r := f.key(old.ARN)
	o := f.observe(r)
	if o.Exists {
		t.Fatalf("still there: %+v", o)
	}
	f.apply(r, o, owned)
	if o = f.observe(r); !o.Exists || o.ARN == old.ARN || len(r.Diff(o, nil)) > 0 {
		t.Errorf("got %+v", o)
	}
}

type manual struct{ now time.Time }

func (m *manual) Now() time.Time { return m.now }

func TestForeignKeyBehindTheAlias(t *testing.T) {
	f := newFixture(t)
	foreign := f.plain()
	if _, err := f.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(alias), TargetKeyId: foreign.KeyId}); err != nil {
		t.Fatal(err)
	}
	o := f.observe(f.key(""))
	if o.ARN != aws.ToString(foreign.Arn) || o.Tags[resource.OwnerTag] != "" || len(o.Problems) > 0 {
		t.Errorf("got %+v", o)
	}
}

func TestUnusableKeyBehindTheAlias(t *testing.T) {
	f := newFixture(t)
	signing := f.another(types.KeySpecRsa2048, types.KeyUsageTypeSignVerify)
	if _, err := f.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(alias), TargetKeyId: signing.KeyId}); err != nil {
		t.Fatal(err)
	}
	if o := f.observe(f.key("")); len(o.Problems) != 1 || o.Problems[0].Reason != ReasonUnusable || !strings.Contains(o.Problems[0].Message, "symmetric") {
		t.Errorf("got %+v", o.Problems)
	}
}

func TestExisting(t *testing.T) {
	f := newFixture(t)
	good, disabled, dying := f.plain(), f.plain(), f.plain()
	signing := f.another(types.KeySpecRsa2048, types.KeyUsageTypeSignVerify)
	if _, err := f.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: disabled.KeyId}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: dying.KeyId}); err != nil {
		t.Fatal(err)
	}
	for arn, want := range map[string]string{
		*good.Arn: "", *disabled.Arn: "is disabled", *dying.Arn: "is pending deletion", *signing.Arn: "is not a symmetric",
		*good.Arn + "0": "does not exist",
		strings.Replace(*good.Arn, "eu-west-1", "eu-west-2", 1):       "is in Region eu-west-2 and not in eu-west-1",
		strings.Replace(*good.Arn, "111122223333", "444455556666", 1): "belongs to account 444455556666",
		"arn:aws:kms:eu-west-1:111122223333:alias/x":                  "is not the ARN of a KMS key",
	} {
		r := Existing(f.aws.KMS, scope, arn)
		o := f.observe(r)
		switch {
		case want == "" && (len(o.Problems) > 0 || !o.Exists || o.Gives[resource.ARN] != arn):
			t.Errorf("%s: %+v", arn, o)
		case want != "" && (len(o.Problems) != 1 || o.Problems[0].Reason != ReasonUnusable || !strings.Contains(o.Problems[0].Message, want)):
			t.Errorf("%s: got %+v, want %q", arn, o.Problems, want)
		}
	}
	if got := f.writes(); len(got) != 6 {
		t.Errorf("verifying wrote: %v", got)
	}
}

func TestExistingWithAClosedPolicy(t *testing.T) {
	f := newFixture(t)
	arn := *f.plain().Arn
	f.sim.Deny("kms:GetKeyPolicy")
	o := f.observe(Existing(f.aws.KMS, scope, arn))
	if !o.Exists || len(o.Problems) > 0 {
		t.Errorf("got %+v", o)
	}
}

func TestDeleteWaitsForUsers(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	o := f.observe(r)
	for _, name := range []string{"/aaa", logGroup, "/zzz"} {
		in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(name)}
		if name == logGroup {
			in.KmsKeyId = &o.ARN
		}
		if _, err := f.aws.Logs.CreateLogGroup(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	f.sim.ResetCalls()
	var waiting *resource.Waiting
	if err := r.Delete(ctx, o); !errors.As(err, &waiting) || waiting.Reason != ReasonInUse || !strings.Contains(waiting.Message, logGroup) {
		t.Fatalf("while in use: %v", err)
	}
	if got := f.writes(); len(got) > 0 {
		t.Errorf("a key in use was written: %v", got)
	}
	if _, err := f.aws.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(logGroup)}); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(ctx, o); err != nil {
		t.Fatal(err)
	}
	after := f.observe(r)
	if !after.Exists || !r.Gone(after) || after.State != "PendingDeletion" {
		t.Errorf("got %+v", after)
	}
	if d := r.Diff(after, nil); len(d) != 2 {
		t.Errorf("a declared key that is pending deletion shows %+v", d)
	}
	f.sim.ResetCalls()
	if err := r.Delete(ctx, after); err != nil || len(f.writes()) > 0 {
		t.Errorf("deleting again: %v, wrote %v", err, f.writes())
	}
}

func TestDeleteIsSafeToRepeat(t *testing.T) {
	for _, action := range []string{"kms:DeleteAlias", "kms:ScheduleKeyDeletion"} {
		t.Run(action, func(t *testing.T) {
			f := newFixture(t)
			r := f.created()
			f.sim.FailAfter(action, "KMSInternalException", "the answer was lost", 500, 1)
			o := f.observe(r)
			if err := r.Delete(ctx, o); err == nil {
				t.Fatal("no error")
			}
			if err := r.Delete(ctx, f.observe(r)); err != nil {
				t.Fatal(err)
			}
			if o = f.observe(r); !r.Gone(o) {
				t.Errorf("got %+v", o)
			}
		})
	}
}

func TestDeletionThatSomebodyElseScheduledIsFinished(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	arn := f.observe(r).ARN
	if _, err := f.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	o := f.observe(r)
	if r.Gone(o) {
		t.Error("gone while the alias is there")
	}
	if err := r.Delete(ctx, o); err != nil {
		t.Fatal(err)
	}
	if !r.Gone(f.observe(r)) {
		t.Error("not gone")
	}
}

func TestLeftoverLeavesAnAliasThatMovedOn(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	arn := f.observe(r).ARN
	next := f.plain()
	if _, err := f.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String(alias), TargetKeyId: next.KeyId}); err != nil {
		t.Fatal(err)
	}
	left := Leftover(f.aws.KMS, f.aws.Logs, arn, alias)
	if err := left.Delete(ctx, f.observe(left)); err != nil {
		t.Fatal(err)
	}
	if !left.Gone(f.observe(left)) {
		t.Error("not gone")
	}
	if out, err := f.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(alias)}); err != nil || *out.KeyMetadata.KeyId != *next.KeyId {
		t.Errorf("the alias is not where it was: %v", err)
	}
	if out, _ := f.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn}); time.Until(*out.KeyMetadata.DeletionDate) < 29*24*time.Hour {
		t.Errorf("a leftover goes on %s, sooner than it must", out.KeyMetadata.DeletionDate)
	}
}

func TestLeftoverWithoutAlias(t *testing.T) {
	f := newFixture(t)
	arn := f.observe(f.created()).ARN
	left := Leftover(f.aws.KMS, f.aws.Logs, arn, keyID(arn))
	if left.ID().Name != keyID(arn) || left.Hash() != "" {
		t.Errorf("got %v, hash %q", left.ID(), left.Hash())
	}
	if err := left.Delete(ctx, f.observe(left)); err != nil {
		t.Fatal(err)
	}
	if !left.Gone(f.observe(left)) {
		t.Error("not gone")
	}
	if _, err := f.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(alias)}); err == nil {
		t.Error("the alias is still there")
	}
}

func TestTag(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	if _, err := f.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(f.observe(r).ARN)}); err != nil {
		t.Fatal(err)
	}
	if err := r.Tag(ctx, f.observe(r), map[string]string{"team": "other"}, []string{resource.OwnerTag}); err != nil {
		t.Fatal(err)
	}
	o := f.observe(r)
	if len(o.Tags) != 1 || o.Tags["team"] != "other" || o.State != "Disabled" {
		t.Errorf("got %v in state %s", o.Tags, o.State)
	}
}

func TestAKeyIsMadeUsableBeforeAnythingElse(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	arn := f.observe(r).ARN
	open, err := Policy(scope, nil, nil)
	if err == nil {
		_, err = f.kms.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &arn, Policy: &open})
	}
	if err == nil {
		_, err = f.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &arn})
	}
	if err != nil {
		t.Fatal(err)
	}
	f.apply(r, f.observe(r), nil)
	if got := r.Diff(f.observe(r), nil); len(got) > 0 {
		t.Errorf("not repaired: %+v", got)
	}
}

func TestTheAliasLeadsOnWhenTheKnownKeyIsGone(t *testing.T) {
	f := newFixture(t)
	arn := f.observe(f.created()).ARN
	if o := f.observe(f.key(arn + "0")); !o.Exists || o.ARN != arn {
		t.Errorf("got %+v", o)
	}
}
