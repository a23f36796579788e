// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
)

// rig is a seeded simulator on a clock that the test moves, with the real
// clients of the SDK in front of it. Clients do not retry.
type rig struct {
	*clients
	sim   *Sim
	clock *ManualClock
	url   string
}

// clients are the SDK's clients of one caller.
type clients struct {
	eks     *eks.Client
	kms     *kms.Client
	logs    *cloudwatchlogs.Client
	sts     *sts.Client
	tagging *resourcegroupstaggingapi.Client
	iam     *iam.Client
	ec2     *ec2.Client
	sqs     *sqs.Client
}

var (
	ctx      = context.Background()
	testTime = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)
)

// podRole and nodeRole are seeded beside DefaultSeed.
const (
	podRole  = "arn:aws:iam::111122223333:role/pod-exec"
	nodeRole = "arn:aws:iam::111122223333:role/node"
	// eksRole is the role that the seed makes for the cluster prod.
	eksRole = "arn:aws:iam::111122223333:role/prod-cluster"
)

func newRig(t *testing.T, opts Options) *rig {
	t.Helper()
	clock := NewManualClock(testTime)
	opts.Clock = clock
	sim := New(opts)
	seed := DefaultSeed()
	seed.Roles = []SeedRole{
		{Name: "pod-exec", Trust: []byte(serviceTrust("eks-fargate-pods.amazonaws.com"))},
		{Name: "node", Trust: []byte(serviceTrust("ec2.amazonaws.com"))},
	}
	seed.VPCs = append(seed.VPCs, SeedVPC{ID: "vpc-0b", CIDR: "10.1.0.0/16", Subnets: []SeedSubnet{{ID: "subnet-0d", CIDR: "10.1.0.0/24", AZ: "eu-west-1a"}}})
	if err := sim.Seed(seed); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	return &rig{clients: newClients(url, "AKIAEXAMPLE", DefaultRegion), sim: sim, clock: clock, url: url}
}

func newClients(url, key, region string) *clients {
	cfg := awstest.ConfigAs(url, key, "secret")
	cfg.Region = region
	return &clients{
		eks: eks.NewFromConfig(cfg), kms: kms.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg), sts: sts.NewFromConfig(cfg),
		tagging: resourcegroupstaggingapi.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg), ec2: ec2.NewFromConfig(cfg), sqs: sqs.NewFromConfig(cfg),
	}
}

// ok fails the test if err is not nil.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns v or fails the test.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantError wants AWS's error code and HTTP status.
func wantError(t *testing.T, err error, code string, status int) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Fatalf("error is %v, want %s", err, code)
	}
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.HTTPStatusCode() != status {
		t.Fatalf("status is %v, want %d", err, status)
	}
	if api.ErrorMessage() == "" {
		t.Fatalf("error %s has no message", code)
	}
}

// wantEqual compares two values.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
}
