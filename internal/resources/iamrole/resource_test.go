// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resource/resourcetest"
)

const nodeTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","eks-fargate-pods.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`

var owned = map[string]string{resource.OwnerTag: "op/ns/payments", "team": "payments"}

// fixture is a simulated account with small pages, the cluster prod and a boundary policy.
type fixture struct {
	t   *testing.T
	sim *awssim.Sim
	aws awsapi.Clients
	iam *iam.Client
	eks *eks.Client
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	sim := awssim.New(awssim.Options{PageSize: 1})
	seed := awssim.DefaultSeed()
	seed.Policies = []awssim.SeedPolicy{{Name: "fargate-boundary", Document: json.RawMessage(pullCache)}}
	seed.Roles = []awssim.SeedRole{{Name: "node", Trust: json.RawMessage(nodeTrust)}}
	if err := sim.Seed(seed); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	cfg := awstest.Config(url)
	return &fixture{t, sim, awstest.Clients(t, url), iam.NewFromConfig(cfg), eks.NewFromConfig(cfg)}
}

func (f *fixture) role(d Desired) *Resource { return New(f.aws.IAM, f.aws.EKS, NewPolicyCache(), d) }

func (f *fixture) observe(r resource.Resource) *resource.Observation {
	f.t.Helper()
	o, err := r.Observe(context.Background(), nil)
	if err != nil {
		f.t.Fatalf("Observe: %v", err)
	}
	return o
}

func (f *fixture) apply(r resource.Resource, o *resource.Observation, tags map[string]string) {
	f.t.Helper()
	if err := resourcetest.Apply(context.Background(), r, o, nil, tags); err != nil {
		f.t.Fatalf("Apply: %v", err)
	}
}

// created returns a role that exists as declared.
func (f *fixture) created(d Desired) *Resource {
	f.t.Helper()
	r := f.role(d)
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

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestCreateThenNothingToDo(t *testing.T) {
	f := newFixture(t)
	r := f.role(declared())
	if o := f.observe(r); o.Exists || len(o.Problems) > 0 {
		t.Fatalf("before: %+v", o)
	}
	f.created(declared())
	f.sim.ResetCalls()
	o := f.observe(r)
	if got := r.Diff(o, nil); len(got) > 0 {
		t.Errorf("differences after creation: %+v", got)
	}
	if o.Tags["team"] != "payments" || o.Gives[resource.ARN] != "arn:aws:iam::111122223333:role/payments-fargate" {
		t.Errorf("got tags %v, gives %v", o.Tags, o.Gives)
	}
	f.apply(r, o, nil)
	if got := f.writes(); len(got) > 0 {
		t.Errorf("a second pass wrote %v", got)
	}
	var state observed.State
	o.Record(&state)
	if state.Role == nil || state.Role.ManagedPolicies[0].Document == "" || !json.Valid([]byte(state.Role.TrustPolicy)) {
		t.Errorf("recorded %+v", state.Role)
	}
}

func TestCreatedWithBoundaryAndTagsInOneCall(t *testing.T) {
	f := newFixture(t)
	f.sim.Fail("iam:AttachRolePolicy", "ServiceFailure", "down", 500, 1)
	r := f.role(declared())
	if err := resourcetest.Apply(context.Background(), r, f.observe(r), nil, owned); err == nil {
		t.Fatal("no error")
	}
	o := f.observe(r)
	if role := detailOf(o); role.PermissionsBoundary != boundary || o.Tags[resource.OwnerTag] == "" {
		t.Errorf("after CreateRole alone: boundary %q, tags %v", role.PermissionsBoundary, o.Tags)
	}
	f.apply(r, o, nil)
	if got := r.Diff(f.observe(r), nil); len(got) > 0 {
		t.Errorf("not finished by the next pass: %+v", got)
	}
}

func TestSteadyPassCosts(t *testing.T) {
	f := newFixture(t)
	f.sim.ResetCalls()
	r := f.created(declared())
	f.observe(r)
	f.sim.ResetCalls()
	f.observe(r)
	for _, call := range f.sim.Calls() {
		switch call.Operation {
		case "GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy":
		default:
			t.Errorf("a steady pass called %s", call.Action())
		}
	}
}

func TestTamperAndRepair(t *testing.T) {
	name := aws.String(declared().Name)
	ctx := context.Background()
	cases := map[string]func(f *fixture) error{
		"trustPolicy": func(f *fixture) error {
			_, err := f.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(nodeTrust)})
			return err
		},
		"permissionsBoundary": func(f *fixture) error {
			_, err := f.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: name})
			return err
		},
		"managedPolicies[" + podExecution + "]": func(f *fixture) error {
			_, err := f.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String(podExecution)})
			return err
		},
		"managedPolicies[" + admin + "]": func(f *fixture) error {
			_, err := f.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(admin)})
			return err
		},
		"inlinePolicies[pull-cache]": func(f *fixture) error {
			_, err := f.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("pull-cache"), PolicyDocument: aws.String(everything)})
			return err
		},
		"inlinePolicies[logging]": func(f *fixture) error {
			_, err := f.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("logging")})
			return err
		},
		"inlinePolicies[backdoor]": func(f *fixture) error {
			_, err := f.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("backdoor"), PolicyDocument: aws.String(everything)})
			return err
		},
	}
	for path, tamper := range cases {
		t.Run(path, func(t *testing.T) {
			f := newFixture(t)
			r := f.created(declared())
			if err := tamper(f); err != nil {
				t.Fatal(err)
			}
			o := f.observe(r)
			if got := r.Diff(o, nil); len(got) != 1 || got[0].Path != path {
				t.Fatalf("got %+v, want one difference at %s", got, path)
			}
			f.sim.ResetCalls()
			f.apply(r, o, nil)
			if got := f.writes(); len(got) != 1 {
				t.Errorf("one field was repaired with %v", got)
			}
			f.apply(r, o, nil) // a crash after the call: the same step again
			if got := r.Diff(f.observe(r), nil); len(got) > 0 {
				t.Errorf("not repaired: %+v", got)
			}
		})
	}
}

func TestGrantsComeBeforeRevocations(t *testing.T) {
	f := newFixture(t)
	before := declared()
	before.ManagedPolicyARNs, before.InlinePolicies, before.PermissionsBoundaryARN = []string{readOnly}, map[string]string{"old": pullCache}, ""
	f.created(before)
	r := f.role(declared())
	o := f.observe(r)
	f.sim.ResetCalls()
	f.apply(r, o, nil)
	want := []string{"iam:PutRolePermissionsBoundary", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PutRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRolePolicy"}
	if got := f.writes(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUnlistedIsKeptWhenOnlyReported(t *testing.T) {
	f := newFixture(t)
	d := declared()
	d.ManagedPolicyARNs, d.InlinePolicies = append(d.ManagedPolicyARNs, readOnly), map[string]string{"extra": pullCache}
	f.created(d)
	d = declared()
	d.RemoveUnlisted, d.InlinePolicies = false, nil
	r := f.role(d)
	f.sim.ResetCalls()
	f.apply(r, f.observe(r), nil)
	if got := f.writes(); len(got) > 0 {
		t.Errorf("wrote %v", got)
	}
	if got := r.Diff(f.observe(r), nil); len(got) != 2 {
		t.Errorf("got %+v, want two reported differences", got)
	}
}

func TestBoundaryIsDroppedLastAndOnlyWhenNobodyWantsIt(t *testing.T) {
	f := newFixture(t)
	d := declared()
	d.PermissionsBoundaryARN = ""
	r := f.created(d)
	if got := detailOf(f.observe(r)).PermissionsBoundary; got != "" {
		t.Errorf("without a boundary in spec and guardrail there is %q", got)
	}
	d.Guard.PermissionsBoundaryARN = boundary
	r = f.role(d)
	f.apply(r, f.observe(r), nil)
	if got := detailOf(f.observe(r)).PermissionsBoundary; got != boundary {
		t.Errorf("the guardrail's boundary became %q", got)
	}
	d.Guard.PermissionsBoundaryARN = ""
	r = f.role(d)
	f.apply(r, f.observe(r), nil)
	if got := detailOf(f.observe(r)).PermissionsBoundary; got != boundary {
		t.Errorf("a boundary that somebody else has set became %q: without it the role can do more", got)
	}
	d.FormerBoundaryARNs = []string{boundary}
	r = f.role(d)
	f.apply(r, f.observe(r), nil)
	if got := detailOf(f.observe(r)).PermissionsBoundary; got != "" {
		t.Errorf("the boundary is still %q", got)
	}
}

func TestProblems(t *testing.T) {
	cases := map[string]struct {
		change func(d *Desired)
		reason string
		names  string
	}{
		"unknown managed policy": {func(d *Desired) {
			d.ManagedPolicyARNs = []string{"arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicyTypo"}
		}, ReasonPolicyNotFound, "PolicyTypo"},
		"unknown boundary": {func(d *Desired) { d.PermissionsBoundaryARN = boundary + "-typo" }, ReasonPolicyNotFound, "boundary-typo"},
		"policy against the guardrail": {func(d *Desired) {
			d.Guard.AllowedManagedPolicyARNs = []string{"arn:aws:iam::aws:policy/ReadOnly*"}
		}, ReasonGuardrail, podExecution},
		"boundary against the guardrail": {func(d *Desired) { d.Guard.PermissionsBoundaryARN = readOnly }, ReasonGuardrail, readOnly},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			d := declared()
			c.change(&d)
			o := f.observe(f.role(d))
			if len(o.Problems) != 1 || o.Problems[0].Reason != c.reason || !strings.Contains(o.Problems[0].Message, c.names) {
				t.Errorf("got %+v", o.Problems)
			}
			if got := f.writes(); len(got) > 0 {
				t.Errorf("observing wrote %v", got)
			}
		})
	}
}

func (f *fixture) nodeGroup(role string) {
	f.t.Helper()
	must[*eks.CreateNodegroupOutput](f.t)(f.eks.CreateNodegroup(context.Background(), &eks.CreateNodegroupInput{
		ClusterName: aws.String("prod"), NodegroupName: aws.String("workers"), NodeRole: aws.String("arn:aws:iam::111122223333:role/" + role), Subnets: []string{"subnet-0a"},
	}))
}

func TestNodeGroupRoleIsNotAdopted(t *testing.T) {
	f := newFixture(t)
	f.nodeGroup("node")
	d := declared()
	d.Name = "node"
	o := f.observe(f.role(d))
	if len(o.Problems) != 1 || o.Problems[0].Reason != ReasonUsedByNodeGroup || !strings.Contains(o.Problems[0].Message, "workers") {
		t.Errorf("got %+v", o.Problems)
	}
	if detailOf(o).NodeGroup != "workers" {
		t.Errorf("recorded node group %q", detailOf(o).NodeGroup)
	}
}

func TestExisting(t *testing.T) {
	f := newFixture(t)
	f.created(declared())
	arn := "arn:aws:iam::111122223333:role/payments-fargate"
	reasons := func(arn string, guard guardrails.Guardrails) []string {
		var out []string
		for _, p := range f.observe(Existing(f.aws.IAM, f.aws.EKS, nil, arn, "prod", guard)).Problems {
			out = append(out, p.Reason)
		}
		return out
	}
	if got := reasons(arn, guardrails.Guardrails{PermissionsBoundaryARN: boundary, AllowedManagedPolicyARNs: []string{podExecution}}); got != nil {
		t.Errorf("a suitable role has problems %v", got)
	}
	if got := reasons(arn, guardrails.Guardrails{PermissionsBoundaryARN: readOnly, AllowedManagedPolicyARNs: []string{readOnly}}); !slices.Equal(got, []string{ReasonGuardrail, ReasonGuardrail}) {
		t.Errorf("against the guardrails: %v", got)
	}
	for _, missing := range []string{arn + "x", "arn:aws:iam::111122223333:role/path/payments-fargate", "arn:aws:iam::444455556666:role/payments-fargate"} {
		if got := reasons(missing, guardrails.Guardrails{}); !slices.Equal(got, []string{ReasonRoleNotFound}) {
			t.Errorf("%s: %v", missing, got)
		}
	}
	f.nodeGroup("node")
	if got := reasons("arn:aws:iam::111122223333:role/node", guardrails.Guardrails{}); !slices.Equal(got, []string{ReasonUsedByNodeGroup}) {
		t.Errorf("node role: %v", got)
	}
	other := declared()
	other.Name, other.TrustPolicy = "other", TrustPolicy(scope, "test")
	f.created(other)
	if got := reasons("arn:aws:iam::111122223333:role/other", guardrails.Guardrails{}); !slices.Equal(got, []string{ReasonTrustUnsuitable}) {
		t.Errorf("role of another cluster: %v", got)
	}
}

func TestDelete(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	r := f.created(declared())
	must[*eks.CreateFargateProfileOutput](t)(f.eks.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{
		ClusterName: aws.String("prod"), FargateProfileName: aws.String("payments"), PodExecutionRoleArn: aws.String(f.observe(r).ARN), Subnets: []string{"subnet-0a"},
		Selectors: []types.FargateProfileSelector{{Namespace: aws.String("payments")}},
	}))
	f.sim.ResetCalls()
	left := Leftover(f.aws.IAM, f.aws.EKS, "prod", declared().Name)
	var waiting *resource.Waiting
	if err := left.Delete(ctx, f.observe(left)); !errors.As(err, &waiting) || waiting.Reason != ReasonInUse || !strings.Contains(waiting.Message, "payments") {
		t.Fatalf("while in use: %v", err)
	}
	if got := f.writes(); len(got) > 0 {
		t.Errorf("a role in use was written: %v", got)
	}
	must[*eks.DeleteFargateProfileOutput](t)(f.eks.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("payments")}))
	must[*eks.ListFargateProfilesOutput](t)(f.eks.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: aws.String("prod")}))
	f.sim.FailAfter("iam:DeleteRolePolicy", "ServiceFailure", "the answer was lost", 500, 1)
	o := f.observe(left)
	if err := left.Delete(ctx, o); err == nil {
		t.Fatal("the injected error did not come through")
	}
	if err := left.Delete(ctx, o); err != nil { // with what was seen before the crash
		t.Fatalf("again: %v", err)
	}
	if o := f.observe(left); o.Exists {
		t.Errorf("still there: %+v", o)
	}
	if err := left.Delete(ctx, o); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	if left.Hash() != "" || left.Diff(o, nil) != nil {
		t.Error("a leftover declares something")
	}
}

func TestLostAnswerOfCreateRole(t *testing.T) {
	f := newFixture(t)
	f.sim.FailAfter("iam:CreateRole", "ServiceFailure", "the answer was lost", 500, 1)
	r := f.role(declared())
	absent := f.observe(r)
	for range 2 { // the second call meets the role that the first one made
		if err := resourcetest.Apply(context.Background(), r, absent, nil, owned); err == nil {
			t.Fatal("no error")
		}
	}
	f.apply(r, f.observe(r), nil)
	if got := r.Diff(f.observe(r), nil); len(got) > 0 {
		t.Errorf("not finished: %+v", got)
	}
}

func TestTag(t *testing.T) {
	f := newFixture(t)
	r := f.created(declared())
	if err := r.Tag(context.Background(), f.observe(r), map[string]string{"team": "other", "new": "1"}, []string{resource.OwnerTag}); err != nil {
		t.Fatal(err)
	}
	if got := f.observe(r).Tags; len(got) != 2 || got["team"] != "other" || got["new"] != "1" {
		t.Errorf("got %v", got)
	}
}

func TestPolicyCacheReadsANewVersionAfterItsTime(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	now := time.Now()
	cache := newPolicyCache(func() time.Time { return now })
	read := func() string { return must[string](t)(cache.Document(ctx, f.aws.IAM, boundary)) }
	if read() != pullCache {
		t.Fatalf("got %s", read())
	}
	must[*iam.CreatePolicyVersionOutput](t)(f.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: aws.String(boundary), PolicyDocument: aws.String(everything), SetAsDefault: true}))
	f.sim.ResetCalls()
	if read() != pullCache || len(f.sim.Calls()) > 0 {
		t.Error("a fresh entry was read again")
	}
	now = now.Add(customerPolicyTTL)
	if got := read(); got != everything {
		t.Errorf("got %s", got)
	}
	f.sim.ResetCalls()
	now = now.Add(customerPolicyTTL)
	if read(); len(f.sim.Calls()) != 1 {
		t.Errorf("an unchanged version cost %d calls, want 1", len(f.sim.Calls()))
	}
	if got := must[string](t)(cache.Document(ctx, f.aws.IAM, boundary+"-gone")); got != "" {
		t.Errorf("a policy that does not exist reads %q", got)
	}
}

// TestPolicyCacheForgetsWhatNobodyAsksFor: who is asked for stays, however long it is known.
func TestPolicyCacheForgetsWhatNobodyAsksFor(t *testing.T) {
	f := newFixture(t)
	now := time.Now()
	cache := newPolicyCache(func() time.Time { return now })
	calls := func(arn string) int {
		f.sim.ResetCalls()
		must[string](t)(cache.Document(context.Background(), f.aws.IAM, arn))
		return len(f.sim.Calls())
	}
	if n := calls(boundary); n != 2 {
		t.Errorf("at first sight a policy costs %d calls, want 2", n)
	}
	for range 3 {
		now = now.Add(unusedTTL)
		if n := calls(boundary); n != 1 {
			t.Errorf("a policy that is asked for costs %d calls, want its version's alone", n)
		}
	}
	now = now.Add(unusedTTL + 1)
	if n := calls(boundary); n != 2 {
		t.Errorf("a policy that nobody has asked for costs %d calls, want 2: it is kept", n)
	}
	cache.Forget(boundary)
	if n := calls(boundary); n != 2 {
		t.Errorf("a policy that has changed costs %d calls, want 2", n)
	}
	calls(podExecution)
	for _, c := range []struct {
		wait  time.Duration
		calls int
	}{{awsPolicyTTL - 1, 0}, {unusedTTL, 1}} { // the first answer is believed still, and keeps it for the second
		now = now.Add(c.wait)
		if n := calls(podExecution); n != c.calls {
			t.Errorf("%s later a policy of AWS's costs %d calls, want %d", c.wait, n, c.calls)
		}
	}
}
