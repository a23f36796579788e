// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
)

var ctx = context.Background()

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

const owner = "test/ns/name"

// minute is how long the simulator takes over a profile.
const minute = time.Minute

// rig runs declared profiles, each as a pass of its own, through the real engine against the simulator.
type rig struct {
	t      *testing.T
	sim    *awssim.Sim
	clock  *awssim.ManualClock
	aws    awsapi.Clients
	eks    *eks.Client
	ec2    *ec2.Client // beyond what the operator may call
	queue  *Queue
	prior  map[resource.ID]resource.Prior
	result resource.Result
}

func newRig(t *testing.T) *rig {
	t.Helper()
	clock := awssim.NewManualClock(start)
	sim := awssim.New(awssim.Options{Clock: clock, PageSize: 2, Delays: awssim.Delays{
		ProfileCreate: minute, ProfileDelete: minute, ClusterUpdate: minute, RolePropagation: minute,
	}})
	seed := awssim.DefaultSeed()
	seed.Roles = []awssim.SeedRole{
		{Name: "pod-exec", Trust: []byte(trust)}, {Name: "other", Trust: []byte(trust)},
	}
	seed.VPCs = append(seed.VPCs, awssim.SeedVPC{ID: "vpc-0b", CIDR: "10.1.0.0/16", Subnets: []awssim.SeedSubnet{
		{ID: "subnet-0d", CIDR: "10.1.0.0/24", AZ: "eu-west-1a"},
	}})
	if err := sim.Seed(seed); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	cfg := awstest.Config(url)
	return &rig{
		t: t, sim: sim, clock: clock, aws: awstest.Clients(t, url), eks: eks.NewFromConfig(cfg), ec2: ec2.NewFromConfig(cfg),
		queue: NewQueue(clock.Now), prior: map[resource.ID]resource.Prior{},
	}
}

// fixedRole is a role that exists.
type fixedRole struct{ resource.Resource }

func (fixedRole) ID() resource.ID       { return role }
func (fixedRole) Hash() string          { return "" }
func (fixedRole) Needs() []resource.Ref { return nil }
func (fixedRole) Referenced() bool      { return true }
func (fixedRole) Observe(context.Context, resource.Values) (*resource.Observation, error) {
	return &resource.Observation{Exists: true, ARN: roleARN, Gives: map[string]string{resource.ARN: roleARN}}, nil
}

func (r *rig) resources(d Desired) []resource.Resource {
	return []resource.Resource{
		ekscluster.New(r.aws.EKS, r.aws.EC2, "prod"), fixedRole{},
		New(r.aws.EKS, r.aws.EC2, r.queue, owner, d, r.prior[resource.ID{Kind: Kind, Name: d.Name}]),
	}
}

func (r *rig) options(enforce bool) resource.Options {
	return resource.Options{
		Enforce: enforce, Owner: owner, Tags: map[string]string{"team": "payments"}, Prior: r.prior,
		Order: []string{ekscluster.Kind, role.Kind, Kind},
		Classify: func(err error) failure.Failure {
			return failure.Failure{Kind: failure.Invalid, Message: err.Error()}
		},
	}
}

// run does one pass and returns what it says of the profile.
func (r *rig) run(d Desired, enforce bool) *resource.Object {
	r.t.Helper()
	r.result = resource.Run(ctx, r.resources(d), nil, r.options(enforce))
	for _, o := range r.result.Objects {
		r.prior[o.ID] = resource.Prior{ARN: o.ARN, Origin: o.Origin, Hash: o.Hash}
	}
	return r.result.Objects[2]
}

func (r *rig) delete(d Desired) *resource.Result {
	r.t.Helper()
	r.result = resource.Delete(ctx, r.resources(d), nil, r.options(true))
	return &r.result
}

// active makes a profile and waits for it.
func (r *rig) active(d Desired) *resource.Object {
	r.t.Helper()
	r.run(d, true)
	r.clock.Advance(minute)
	o := r.run(d, true)
	if o.State != "Active" || !o.Settled() || len(o.Drift) != 0 {
		r.t.Fatalf("%s is %+v, failure %+v, waiting %+v", d.Name, o, o.Failure, o.Waiting)
	}
	return o
}

func (r *rig) waits(o *resource.Object, reason string, parts ...string) {
	r.t.Helper()
	if o.Waiting == nil || o.Waiting.Reason != reason {
		r.t.Fatalf("%s waits for %+v, want %s; failure %+v, problems %+v", o.ID, o.Waiting, reason, o.Failure, o.Problems)
	}
	holds(r.t, o.Waiting.Message, parts...)
}

func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
}

// calls counts the calls of an operation.
func (r *rig) calls(operation string) (n int) {
	for _, call := range r.sim.Calls() {
		if call.Operation == operation {
			n++
		}
	}
	return n
}

func (r *rig) writes() (out []string) {
	for _, call := range r.sim.Calls() {
		if call.Write {
			out = append(out, call.Operation)
		}
	}
	return out
}

// refusals lists the error codes of writes: a planned operation is never refused.
func (r *rig) refusals() (out []string) {
	for _, call := range r.sim.Calls() {
		if call.Write && call.Code != "" {
			out = append(out, call.Operation+" "+call.Code)
		}
	}
	return out
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func paths(diffs []drift.Difference) (out []string) {
	for _, d := range diffs {
		out = append(out, d.Path)
	}
	return out
}

func asWaiting(err error, target **resource.Waiting) bool { return errors.As(err, target) }
