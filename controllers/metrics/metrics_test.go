// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// shows compares the series whose names begin with one of prefixes with those that are to be scraped, one a line.
func shows(t *testing.T, registry *prometheus.Registry, want string, prefixes ...string) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(f.GetName(), p) }) {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			value := m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %v %s", strings.TrimPrefix(f.GetName(), "fargatesec_"), value, strings.Join(labels, " "))))
		}
	}
	if lines := strings.Join(got, "\n"); lines != strings.TrimSpace(want) {
		t.Errorf("scraped\n%s\nwant\n%s", lines, strings.TrimSpace(want))
	}
}

// TestReadAges: the oldest read, and the profiles that are overdue, by each one's own interval.
func TestReadAges(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := New(registry)
	now := time.Now()
	m.reads.now = func() time.Time { return now }
	name := func(n string) declaration.Key {
		return declaration.Key{Kind: "FargateSecurityProfile", NamespacedName: types.NamespacedName{Namespace: "platform", Name: n}}
	}
	m.SetRead(name("fresh"), now.Add(-time.Minute), 5*time.Minute)
	m.SetRead(name("in-time"), now.Add(-7*time.Minute), 5*time.Minute)
	m.SetRead(name("late"), now.Add(-8*time.Minute), 5*time.Minute)
	m.SetRead(name("slow"), now.Add(-20*time.Minute), time.Hour)
	m.SetRead(name("gone"), now.Add(-time.Hour), time.Minute)
	m.ForgetRead(name("gone"))
	shows(t, registry, `
oldest_read_age_seconds 1200
profiles 4
profiles_overdue 1
`, "fargatesec_oldest_read_age_seconds", "fargatesec_profiles", "fargatesec_profiles_overdue")
}

// TestLimitMetrics: accounts and Regions are added up; of the rates, the lowest is shown, and none where none is learnt.
func TestLimitMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := New(registry)
	groups, roles := awsapi.Family{Service: "EC2", Calls: "DescribeSecurityGroups"}, awsapi.Family{Service: "IAM", Calls: "reads"}
	m.WatchLimits(func() []awsapi.Limit {
		return []awsapi.Limit{{Family: groups, Rate: 14, Urgent: 1, Periodic: 3, Throttles: 2}, {Family: groups}, {Family: groups, Rate: 7, Periodic: 1, Throttles: 1}, {Family: roles}}
	})
	shows(t, registry, `
aws_calls_waiting 4 family=DescribeSecurityGroups priority=periodic service=EC2
aws_calls_waiting 1 family=DescribeSecurityGroups priority=urgent service=EC2
aws_calls_waiting 0 family=reads priority=periodic service=IAM
aws_calls_waiting 0 family=reads priority=urgent service=IAM
aws_rate_limit 7 family=DescribeSecurityGroups service=EC2
aws_throttles_total 3 family=DescribeSecurityGroups service=EC2
aws_throttles_total 0 family=reads service=IAM
`, "fargatesec_aws_calls_waiting", "fargatesec_aws_rate_limit", "fargatesec_aws_throttles_total")
	m.ObserveWait("EC2", true, time.Second)
	shows(t, registry, "aws_wait_seconds 1 priority=urgent service=EC2", "fargatesec_aws_wait_seconds")
}

// TestEventMetrics: a source that nobody knows makes no series of its own, and a queue that is gone leaves none.
func TestEventMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := New(registry)
	for _, outcome := range []EventOutcome{EventHandled, EventOwn, EventDuplicate, EventUnrelated} {
		m.Event("aws.ec2", outcome)
	}
	m.Event("made up", EventBroken)
	m.Event("made up as well", EventBroken)
	m.EventDelay(-time.Second)
	shows(t, registry, "event_delay_seconds 1", "fargatesec_event_delay_seconds")
	m.QueueUp("prod", true)
	m.QueueUp("stage", false)
	m.QueueUp("old", true)
	m.ForgetQueue("old")
	shows(t, registry, `
event_queue_up 1 account=prod
event_queue_up 0 account=stage
events_total 2 outcome=broken source=other
events_total 1 outcome=duplicate source=aws.ec2
events_total 1 outcome=handled source=aws.ec2
events_total 1 outcome=own source=aws.ec2
events_total 1 outcome=unrelated source=aws.ec2
`, "fargatesec_events_total", "fargatesec_event_queue_up")
}
