// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
)

// touching are the names by which events call what the reads are about.
func (r *rig) touching() []events.Object {
	return []events.Object{
		{Kind: events.Role, Name: "pods"}, {Kind: events.SecurityGroup, Name: r.group}, {Kind: events.LogGroup, Name: "/pods"},
		{Kind: events.Key, Name: r.keyARN[len(r.keyARN)-36:]}, {Kind: events.FargateProfile, Name: "prod/one"}, {Kind: events.Cluster, Name: "prod"},
		{Kind: events.Subnet, Name: "subnet-0a"}, {Kind: events.RouteTable, Name: events.Any},
	}
}

// all makes every read, with answers that may be as old as since, and says how often each operation was called for it.
func (r *rig) all(since time.Time) map[string]int {
	r.sim.ResetCalls()
	for _, read := range reads {
		must(read.do(r.within(since), r, r.view.Clients()))
	}
	n := map[string]int{}
	for _, c := range r.sim.Calls() {
		n[c.Operation]++
	}
	return n
}

// TestWhatWasTouchedIsReadByItself: after an event, the object is read anew, and nobody else's.
func TestWhatWasTouchedIsReadByItself(t *testing.T) {
	want := map[events.Kind][]string{
		events.Role:           {"GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy"},
		events.SecurityGroup:  {"DescribeSecurityGroups", "DescribeSecurityGroupRules"},
		events.LogGroup:       {"DescribeLogGroups", "ListTagsForResource"},
		events.Key:            {"DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"},
		events.FargateProfile: {"DescribeFargateProfile"},
		events.Cluster:        {"DescribeCluster"},
		events.Subnet:         {"DescribeSubnets"},
		events.RouteTable:     {"DescribeRouteTables"},
	}
	r := newRig(t)
	start := r.clock.Now()
	r.all(start)
	for _, o := range r.touching() {
		r.clock.Advance(time.Second)
		if n := r.all(start); len(n) > 0 {
			t.Fatalf("before %v was touched: %v", o, n)
		}
		r.view.Touch(o)
		got := r.all(start)
		for _, operation := range want[o.Kind] {
			if got[operation] == 0 {
				t.Errorf("after %v was touched, %s was not called: %v", o, operation, got)
			}
			delete(got, operation)
		}
		if len(got) > 0 {
			t.Errorf("after %v was touched, also called: %v", o, got)
		}
		r.clock.Advance(time.Second)
		r.all(r.clock.Now()) // sweeps are made anew
		start = r.clock.Now()
	}
}

// TestNobodyIsToldWhatWasTrueBefore: once AWS itself has answered about an object, no older sweep does.
func TestNobodyIsToldWhatWasTrueBefore(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	start := r.clock.Now()
	r.all(start)
	r.clock.Advance(time.Second)
	must(r.aws.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("pods"), PolicyName: aws.String("bucket")}))
	names := func(ctx context.Context) int {
		return len(must(r.view.Clients().IAM.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String("pods")})).PolicyNames)
	}
	if n := names(r.within(start)); n != 1 {
		t.Fatalf("a View that may be older has %d policies: this proves nothing", n)
	}
	if n := names(inventory.Fresh(r.within(start))); n != 0 {
		t.Errorf("AWS itself has %d policies", n)
	}
	if n := names(r.within(start)); n != 0 {
		t.Errorf("afterwards a View has %d policies again", n)
	}
}

// TestWhatAWSIsAtWorkOnIsNotRemembered: no event tells of the end of an operation.
func TestWhatAWSIsAtWorkOnIsNotRemembered(t *testing.T) {
	r := newRig(t)
	r.sim.SetDelays(awssim.Delays{ProfileDelete: time.Minute})
	must(r.aws.EKS.DeleteFargateProfile(context.Background(), &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("one")}))
	r.sim.ResetCalls()
	for range 3 {
		must(r.view.Clients().EKS.DescribeFargateProfile(r.within(time.Time{}), &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("one")}))
		r.clock.Advance(time.Second)
	}
	if n := len(r.sim.Calls()); n != 3 {
		t.Errorf("a profile that is being deleted was read %d times in 3", n)
	}
}

// TestEventsSaveSingleReads: where events tell of changes, what can only be read one by one is read once an hour, but not
// right after a change, when AWS may still show what was before.
func TestEventsSaveSingleReads(t *testing.T) {
	r := newRig(t)
	heard := true
	r.view.Hear(func(source string) bool { return heard && source == "kms.amazonaws.com" })
	singles := func() int {
		n := r.all5m()
		return n["DescribeKey"] + n["GetKeyPolicy"] + n["GetKeyRotationStatus"]
	}
	if n := singles(); n == 0 {
		t.Fatal("nothing is known, and nothing was read")
	}
	r.clock.Advance(10 * time.Minute)
	if n := r.all5m(); n["DescribeKey"] != 0 || n["DescribeFargateProfile"] == 0 {
		t.Errorf("after ten minutes with events of KMS alone: %v", n)
	}
	r.clock.Advance(time.Hour)
	if singles() == 0 {
		t.Error("after an hour the key was not read")
	}
	r.view.Touch(r.touching()...)
	r.clock.Advance(time.Second)
	if singles() == 0 {
		t.Error("after a change the key was not read")
	}
	r.clock.Advance(10 * time.Minute)
	if singles() == 0 {
		t.Error("what was read right after a change is believed for an hour")
	}
	r.clock.Advance(10 * time.Minute)
	if n := singles(); n != 0 {
		t.Errorf("what was read well after a change was read again: %d", n)
	}
	heard = false
	if singles() == 0 {
		t.Error("without events the key was not read")
	}
}

// all5m makes every read as a pass of an account with an interval of five minutes does.
func (r *rig) all5m() map[string]int {
	r.sim.ResetCalls()
	ctx := inventory.With(context.Background(), inventory.Age{Unheard: r.clock.Now().Add(-150 * time.Second)})
	for _, read := range reads {
		must(read.do(ctx, r, r.view.Clients()))
	}
	n := map[string]int{}
	for _, c := range r.sim.Calls() {
		n[c.Operation]++
	}
	return n
}

// TestNoAnswerOutlivesTheMemoryOfTouches: whatever the interval, what was read so long ago that nobody knows whether it was
// touched since is read again.
func TestNoAnswerOutlivesTheMemoryOfTouches(t *testing.T) {
	r := newRig(t)
	all := r.all(time.Time{})
	r.clock.Advance(3 * time.Hour)
	if n := r.all(time.Time{}); len(n) > 0 {
		t.Errorf("read again while touches are remembered: %v", n)
	}
	r.clock.Advance(time.Second)
	if n := r.all(time.Time{}); !maps.Equal(n, all) {
		t.Errorf("of what was read when nobody knows any more whether it was touched since, this is read again: %v, and not all: %v", n, all)
	}
}
