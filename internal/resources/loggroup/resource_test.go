// SPDX-License-Identifier: Apache-2.0

package loggroup

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resource/resourcetest"
)

var scope = awsapi.Scope{Partition: "aws", AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion}

const openPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},` +
	`{"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":"kms:*","Resource":"*"}]}`

var (
	ctx   = context.Background()
	owned = map[string]string{resource.OwnerTag: "op/ns/payments", "team": "payments"}
)

type fixture struct {
	t    *testing.T
	sim  *awssim.Sim
	aws  awsapi.Clients
	logs *cloudwatchlogs.Client
	key  string
}

// newFixture is a simulated account with small pages, neighbours with similar names, and a key for log groups.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	sim := awssim.New(awssim.Options{PageSize: 1})
	url, stop := sim.Start()
	t.Cleanup(stop)
	f := &fixture{t, sim, awstest.Clients(t, url), cloudwatchlogs.NewFromConfig(awstest.Config(url)), ""}
	f.key = f.newKey(openPolicy)
	for _, neighbour := range []string{name + "-archive", name[:len(name)-1]} {
		if _, err := f.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(neighbour)}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *fixture) newKey(policy string) string {
	f.t.Helper()
	out, err := f.aws.KMS.CreateKey(ctx, &kms.CreateKeyInput{Policy: &policy})
	if err != nil {
		f.t.Fatal(err)
	}
	return *out.KeyMetadata.Arn
}

func (f *fixture) values() resource.Values {
	return resource.Values{{From: keyID, Value: resource.ARN}: f.key}
}

func (f *fixture) group() *Resource {
	return New(f.aws.Logs, scope, Desired{Name: name, RetentionDays: 90, KeyFrom: &keyID})
}

func (f *fixture) observe(r resource.Resource) *resource.Observation {
	f.t.Helper()
	o, err := r.Observe(ctx, f.values())
	if err != nil {
		f.t.Fatalf("Observe: %v", err)
	}
	return o
}

func (f *fixture) apply(r resource.Resource, o *resource.Observation, tags map[string]string) {
	f.t.Helper()
	if err := resourcetest.Apply(ctx, r, o, f.values(), tags); err != nil {
		f.t.Fatalf("Apply: %v", err)
	}
}

func (f *fixture) created() *Resource {
	f.t.Helper()
	r := f.group()
	f.apply(r, f.observe(r), owned)
	return r
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

func TestCreateThenNothingToDo(t *testing.T) {
	f := newFixture(t)
	r := f.group()
	if o := f.observe(r); o.Exists {
		t.Fatalf("a neighbour was taken for the group: %+v", o)
	}
	if got := r.Needs(); len(got) != 1 || got[0] != (resource.Ref{From: keyID, Value: resource.ARN}) {
		t.Errorf("needs %v", got)
	}
	f.created()
	f.sim.ResetCalls()
	o := f.observe(r)
	if got := r.Diff(o, f.values()); len(got) > 0 {
		t.Errorf("differences after creation: %+v", got)
	}
	const arn = "arn:aws:logs:eu-west-1:111122223333:log-group:" + name
	if o.ARN != arn || o.Gives[resource.ARN] != arn || o.Tags["team"] != "payments" || !slices.Equal(o.Uses, []string{f.key}) {
		t.Errorf("got %+v", o)
	}
	f.apply(r, o, nil)
	if got := f.writes(); len(got) > 0 {
		t.Errorf("a second pass wrote %v", got)
	}
	var state observed.State
	o.Record(&state)
	if g := state.LogGroup; g == nil || g.RetentionDays != 90 || g.KeyARN != f.key || g.Name != name {
		t.Errorf("recorded %+v", g)
	}
}

func TestEncryptedFromItsFirstMoment(t *testing.T) {
	f := newFixture(t)
	f.sim.Fail("logs:PutRetentionPolicy", "ServiceUnavailableException", "down", 503, 1)
	r := f.group()
	if err := resourcetest.Apply(ctx, r, f.observe(r), f.values(), owned); err == nil {
		t.Fatal("no error")
	}
	o := f.observe(r)
	if groupOf(o).KeyARN != f.key || o.Tags[resource.OwnerTag] == "" {
		t.Errorf("after CreateLogGroup alone: %+v", o)
	}
	f.apply(r, o, nil)
	if got := r.Diff(f.observe(r), f.values()); len(got) > 0 {
		t.Errorf("not finished by the next pass: %+v", got)
	}
}

func TestTamperAndRepair(t *testing.T) {
	cases := map[string]struct {
		path   string
		tamper func(f *fixture) error
	}{
		"retention shorter": {"retentionDays", func(f *fixture) error {
			_, err := f.logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(name), RetentionInDays: aws.Int32(1)})
			return err
		}},
		"retention removed": {"retentionDays", func(f *fixture) error {
			_, err := f.logs.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: aws.String(name)})
			return err
		}},
		"key removed": {"kmsKey", func(f *fixture) error {
			_, err := f.logs.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String(name)})
			return err
		}},
		"key replaced": {"kmsKey", func(f *fixture) error {
			_, err := f.logs.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: aws.String(name), KmsKeyId: aws.String(f.newKey(openPolicy))})
			return err
		}},
	}
	for title, c := range cases {
		t.Run(title, func(t *testing.T) {
			f := newFixture(t)
			r := f.created()
			if err := c.tamper(f); err != nil {
				t.Fatal(err)
			}
			o := f.observe(r)
			if got := r.Diff(o, f.values()); len(got) != 1 || got[0].Path != c.path {
				t.Fatalf("got %+v, want one difference at %s", got, c.path)
			}
			f.sim.ResetCalls()
			f.apply(r, o, nil)
			if got := f.writes(); len(got) != 1 {
				t.Errorf("one field was repaired with %v", got)
			}
			f.apply(r, o, nil) // a crash after the call: the same step again
			if got := r.Diff(f.observe(r), f.values()); len(got) > 0 {
				t.Errorf("not repaired: %+v", got)
			}
		})
	}
}

func TestRetentionIsRemovedWhenNoneIsDeclared(t *testing.T) {
	f := newFixture(t)
	f.created()
	r := New(f.aws.Logs, scope, Desired{Name: name})
	f.apply(r, f.observe(r), nil)
	o := f.observe(r)
	if got := r.Diff(o, nil); len(got) > 0 || groupOf(o).RetentionDays != 0 {
		t.Errorf("got %+v, differences %+v", groupOf(o), got)
	}
	if groupOf(o).KeyARN != f.key {
		t.Error("a key that the profile says nothing about was taken away")
	}
}

func TestRetiredKeyIsLetGo(t *testing.T) {
	f := newFixture(t)
	f.created()
	r := New(f.aws.Logs, scope, Desired{Name: name, RetentionDays: 90, RetiredKeyARNs: []string{f.key}})
	f.apply(r, f.observe(r), nil)
	if o := f.observe(r); groupOf(o).KeyARN != "" || len(o.Uses) > 0 {
		t.Errorf("got %+v", o)
	}
}

func TestARefusedKeyIsWaitedFor(t *testing.T) {
	f := newFixture(t)
	good := f.key
	f.key = f.newKey(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`)
	r := f.group()
	var waiting *resource.Waiting
	if err := resourcetest.Apply(ctx, r, f.observe(r), f.values(), owned); !errors.As(err, &waiting) || waiting.Reason != ReasonWaitingKey {
		t.Errorf("at creation: %v", err)
	}
	bad := f.key
	f.key = good
	f.created()
	f.key = bad
	if err := resourcetest.Apply(ctx, r, f.observe(r), f.values(), nil); !errors.As(err, &waiting) || waiting.Reason != ReasonWaitingKey {
		t.Errorf("at association: %v", err)
	}
	f.sim.Deny("logs:AssociateKmsKey")
	if err := resourcetest.Apply(ctx, r, f.observe(r), f.values(), nil); errors.As(err, &waiting) || awsapi.Code(err) != "AccessDeniedException" {
		t.Errorf("a missing permission is no reason to wait: %v", err)
	}
	f.sim.Allow("logs:AssociateKmsKey")
	f.sim.Fail("logs:AssociateKmsKey", "InvalidParameterException", "The specified KMS key does not exist or is not allowed to be used with LogGroup 'x'", 400, 1)
	if err := resourcetest.Apply(ctx, r, f.observe(r), f.values(), nil); !errors.As(err, &waiting) {
		t.Errorf("in the other words that AWS has: %v", err)
	}
}

func TestTheKeyIsLeftOutWhileItIsUnknown(t *testing.T) {
	f := newFixture(t)
	f.created()
	if _, err := f.logs.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	r := f.group()
	f.sim.ResetCalls()
	if err := resourcetest.Apply(ctx, r, f.observe(r), resource.Values{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := f.writes(); len(got) > 0 {
		t.Errorf("wrote %v", got)
	}
}

func TestDelete(t *testing.T) {
	f := newFixture(t)
	f.created()
	left := Leftover(f.aws.Logs, name)
	o := f.observe(left)
	if left.Hash() != "" || left.Diff(o, nil) != nil || left.Needs() != nil {
		t.Error("a leftover declares something")
	}
	f.sim.FailAfter("logs:DeleteLogGroup", "ServiceUnavailableException", "the answer was lost", 503, 1)
	if err := left.Delete(ctx, o); err == nil {
		t.Fatal("no error")
	}
	if err := left.Delete(ctx, o); err != nil { // with what was seen before the crash
		t.Fatal(err)
	}
	if o := f.observe(left); o.Exists {
		t.Errorf("still there: %+v", o)
	}
	out, err := f.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(name + "-archive")})
	if err != nil || len(out.LogGroups) != 1 {
		t.Errorf("the neighbour is gone too: %v", err)
	}
}

func TestLostAnswerOfCreateLogGroup(t *testing.T) {
	f := newFixture(t)
	f.sim.FailAfter("logs:CreateLogGroup", "ServiceUnavailableException", "the answer was lost", 503, 1)
	r := f.group()
	absent := f.observe(r)
	for range 2 { // the second call meets the group that the first one made
		if err := resourcetest.Apply(ctx, r, absent, f.values(), owned); err == nil {
			t.Fatal("no error")
		}
	}
	f.apply(r, f.observe(r), nil)
	if got := r.Diff(f.observe(r), f.values()); len(got) > 0 {
		t.Errorf("not finished: %+v", got)
	}
}

func TestTag(t *testing.T) {
	f := newFixture(t)
	r := f.created()
	if err := r.Tag(ctx, f.observe(r), map[string]string{"team": "other"}, []string{resource.OwnerTag}); err != nil {
		t.Fatal(err)
	}
	if got := f.observe(r).Tags; len(got) != 1 || got["team"] != "other" {
		t.Errorf("got %v", got)
	}
}

// A group whose deletion protection is on is not asked to be deleted, and it is said what to do.
func TestAProtectedGroupIsNotDeleted(t *testing.T) {
	f := newFixture(t)
	if _, err := f.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(name), DeletionProtectionEnabled: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	left := Leftover(f.aws.Logs, name)
	f.sim.ResetCalls()
	var waiting *resource.Waiting
	if err := left.Delete(ctx, f.observe(left)); !errors.As(err, &waiting) || waiting.Reason != ReasonProtected {
		t.Errorf("error is %v", err)
	}
	for _, call := range f.sim.Calls() {
		if call.Write {
			t.Errorf("called %s", call.Action())
		}
	}
}
