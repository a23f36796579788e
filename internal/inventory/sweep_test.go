// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
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
