// SPDX-License-Identifier: Apache-2.0

package ekscluster

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resource/resourcetest"
)

func newSim(t *testing.T) (*awssim.Sim, awsapi.Clients) {
	t.Helper()
	sim := awssim.New(awssim.Options{})
	if err := sim.Seed(awssim.DefaultSeed()); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	return sim, awstest.Clients(t, url)
}

func observe(t *testing.T, r *Resource) *resource.Observation {
	t.Helper()
	o, err := r.Observe(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestObserveGivesWhatOthersNeed(t *testing.T) {
	_, aws := newSim(t)
	o := observe(t, New(aws.EKS, aws.EC2, "prod"))
	if !o.Exists || o.State != "Active" || o.Busy != nil || len(o.Problems) != 0 {
		t.Fatalf("observation is %+v", o)
	}
	for name, want := range map[string]string{
		resource.ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/prod", resource.VPCID: "vpc-0a", resource.ClusterGroupID: "sg-",
	} {
		if !strings.HasPrefix(o.Gives[name], want) {
			t.Errorf("gives %s = %q, want %q", name, o.Gives[name], want)
		}
	}
	var s observed.State
	o.Record(&s)
	if s.Cluster == nil || s.Cluster.Name != "prod" || s.Cluster.Status != "ACTIVE" || s.Cluster.VPCID != "vpc-0a" {
		t.Errorf("recorded %+v", s.Cluster)
	}
}

func TestUnknownClusterIsAProblemThatNamesIt(t *testing.T) {
	_, aws := newSim(t)
	o := observe(t, New(aws.EKS, aws.EC2, "nowhere"))
	if o.Exists || len(o.Problems) != 1 {
		t.Fatalf("observation is %+v", o)
	}
	p := o.Problems[0]
	if p.Reason != ReasonNotFound || p.Warning || !strings.Contains(p.Message, "EKSCluster/nowhere") || !strings.Contains(p.Message, "spec.clusterName") {
		t.Errorf("problem is %+v", p)
	}
}

func TestStatusDecides(t *testing.T) {
	for status, want := range map[string]struct {
		busy    bool
		problem bool
		state   string
	}{
		"ACTIVE":   {state: "Active"},
		"CREATING": {busy: true, state: "Creating"},
		"UPDATING": {busy: true, state: "Updating"},
		"PENDING":  {busy: true, state: "Pending"},
		"DELETING": {problem: true, state: "Deleting"},
		"FAILED":   {problem: true, state: "Failed"},
	} {
		busy, problems := Usable("prod", status)
		if (busy != nil) != want.busy || (len(problems) > 0) != want.problem || StateWord(status) != want.state {
			t.Errorf("%s: busy %v, problems %v, state %s; want %+v", status, busy, problems, StateWord(status), want)
		}
		if busy != nil && busy.Reason != ReasonWaiting || len(problems) > 0 && problems[0].Reason != ReasonNotUsable {
			t.Errorf("%s: busy %v, problems %v", status, busy, problems)
		}
	}
}

func TestFailedClusterThroughTheAPI(t *testing.T) {
	sim, aws := newSim(t)
	if err := sim.SetClusterStatus("prod", "FAILED"); err != nil {
		t.Fatal(err)
	}
	o := observe(t, New(aws.EKS, aws.EC2, "prod"))
	if !o.Exists || o.State != "Failed" || len(o.Problems) != 1 || o.Problems[0].Reason != ReasonNotUsable {
		t.Errorf("observation is %+v", o)
	}
}

func TestOtherErrorsAreReturned(t *testing.T) {
	sim, aws := newSim(t)
	sim.Deny("eks:DescribeCluster")
	_, err := New(aws.EKS, aws.EC2, "prod").Observe(context.Background(), nil)
	if awsapi.Code(err) != "AccessDeniedException" || !strings.Contains(err.Error(), "EKS cluster prod") {
		t.Errorf("error is %v", err)
	}
}

// noVPC is EKS as moto answers: without the VPC.
type noVPC struct{ awsapi.EKS }

func (e noVPC) DescribeCluster(ctx context.Context, in *eks.DescribeClusterInput, o ...func(*eks.Options)) (*eks.DescribeClusterOutput, error) {
	out, err := e.EKS.DescribeCluster(ctx, in, o...)
	if err == nil {
		out.Cluster.ResourcesVpcConfig.VpcId = nil
	}
	return out, err
}

func TestVPCComesFromTheSubnetsWhereEKSDoesNotNameIt(t *testing.T) {
	_, aws := newSim(t)
	o := observe(t, New(noVPC{aws.EKS}, aws.EC2, "prod"))
	if o.Gives[resource.VPCID] != "vpc-0a" || len(o.Problems) != 0 {
		t.Errorf("observation is %+v", o)
	}
}

func TestNothingIsWritten(t *testing.T) {
	sim, aws := newSim(t)
	r := New(aws.EKS, aws.EC2, "prod")
	o := observe(t, r)
	ctx := context.Background()
	for _, err := range []error{resourcetest.Apply(ctx, r, o, nil, nil), r.Tag(ctx, o, map[string]string{"a": "b"}, nil), r.Delete(ctx, o)} {
		if err != nil {
			t.Error(err)
		}
	}
	for _, call := range sim.Calls() {
		if call.Write {
			t.Errorf("wrote %s", call.Action())
		}
	}
	if !r.Referenced() || r.Hash() != "" || r.Diff(o, nil) != nil || r.Needs() != nil {
		t.Error("a cluster is only referenced")
	}
}
