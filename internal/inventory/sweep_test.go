// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

// TestUrgentReadsGoAlone: who cannot wait reads one log group, until as much was spent as the sweep of all costs; and
// nobody is told afterwards what was true before.
func TestUrgentReadsGoAlone(t *testing.T) {
	r := newRig(t)
	for n := range 120 { // the sweep has three pages
		must(r.aws.Logs.CreateLogGroup(context.Background(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(fmt.Sprintf("/filler/%03d", n))}))
	}
	get := func(ctx context.Context, name string) []string {
		r.sim.ResetCalls()
		out := must(r.view.Clients().Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}))
		var names []string
		for _, group := range out.LogGroups {
			names = append(names, aws.ToString(group.LogGroupName))
		}
		return names
	}
	start := r.clock.Now()
	for _, name := range []string{"/pods", "/filler/000", "/filler/001"} { // as many as the sweep has pages: it is the cheaper way
		get(r.within(start), name)
	}
	r.clock.Advance(time.Minute)
	must(r.aws.Logs.DeleteLogGroup(context.Background(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/pods")}))
	now := awsapi.Urgent(r.within(r.clock.Now()))
	for n, want := range []int{1, 1, 1, 3, 0} {
		got := get(now, fmt.Sprintf("/filler/%03d", n))
		if calls := len(r.sim.Calls()); calls != want || got[0] != fmt.Sprintf("/filler/%03d", n) {
			t.Errorf("urgent read %d: %v with %d calls, want %d", n, got, calls, want)
		}
	}

	r.clock.Advance(time.Minute)
	if got := get(awsapi.Urgent(r.within(r.clock.Now())), "/pods"); len(got) != 1 || got[0] != "/pods/other" {
		t.Errorf("an urgent read shows %v", got)
	}
	if got := get(r.within(start), "/pods"); len(got) != 1 || got[0] != "/pods/other" || len(r.sim.Calls()) != 1 {
		t.Errorf("after an urgent read, who takes older answers is shown %v, with %d calls", got, len(r.sim.Calls()))
	}
}

// TestNobodyInAHurryWaitsForAFirstSweep: while everything is read for the first time, which takes long in a large account,
// an urgent read goes alone, and a search by owner is put off; the one who reads, and whoever is in no hurry, gets all.
func TestNobodyInAHurryWaitsForAFirstSweep(t *testing.T) {
	r := newRig(t)
	now := r.within(r.clock.Now())
	sweeps := gate{make(chan struct{}), make(chan struct{})}
	slow := r.aws
	slow.Logs, slow.Tagging = slowLogs{slow.Logs, sweeps}, slowTags{slow.Tagging, sweeps}
	r.view.Renew(slow)
	found := make(chan int)
	go func() {
		out := must(r.view.Clients().Logs.DescribeLogGroups(now, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/pods")}))
		found <- len(out.LogGroups)
	}()
	go func() {
		for { // the roles, which come next, may be in somebody else's midst by then
			if arns, ok, err := r.view.Owned(awsapi.Urgent(now), owner); ok || err != nil {
				found <- len(arns)
				return
			}
			runtime.Gosched()
		}
	}()
	<-sweeps.held
	<-sweeps.held
	hurried, stop := context.WithTimeout(awsapi.Urgent(now), patience.Now()) // or a test that waits after all would never end
	defer stop()
	alone, err := r.view.Clients().Logs.DescribeLogGroups(hurried, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/pods/other")})
	if err != nil || len(alone.LogGroups) != 1 {
		t.Errorf("an urgent read shows %v, %v: want one log group", alone, err)
	}
	if arns, ok, err := r.view.Owned(hurried, owner); ok || err != nil {
		t.Errorf("an urgent search gives %v, %t, %v: want it put off", arns, ok, err)
	}
	go func() { found <- len(r.owned(now, owner)) }()
	close(sweeps.release)
	got := []int{<-found, <-found, <-found}
	if slices.Sort(got); !slices.Equal(got, []int{1, 5, 5}) {
		t.Errorf("found %v, want a log group and, twice, five objects of the owner", got)
	}
}

// gate holds up whoever passes it.
type gate struct{ held, release chan struct{} }

func (g gate) pass() {
	g.held <- struct{}{}
	<-g.release
}

// slowLogs and slowTags hold up sweeps over everything.
type slowLogs struct {
	awsapi.Logs
	gate
}

// DescribeLogGroups implements awsapi.Logs.
func (c slowLogs) DescribeLogGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix == nil {
		c.pass()
	}
	return c.Logs.DescribeLogGroups(ctx, in, opts...)
}

type slowTags struct {
	awsapi.Tagging
	gate
}

// GetResources implements awsapi.Tagging.
func (c slowTags) GetResources(ctx context.Context, in *resourcegroupstaggingapi.GetResourcesInput, opts ...func(*resourcegroupstaggingapi.Options)) (*resourcegroupstaggingapi.GetResourcesOutput, error) {
	c.pass()
	return c.Tagging.GetResources(ctx, in, opts...)
}
