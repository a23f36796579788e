// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// TestEveryEventIsActedOn: each change in AWS is seen by its event alone, repaired, and status says who made it.
func TestEveryEventIsActedOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, listens(eventQueue))
	r.isPerson()
	// The operator's own come before the answers to its calls here, which CloudTrail's never do.
	must(r.sim.SendEvents(eventQueue, awssim.EventOptions{Fault: func(c awssim.Call) awssim.EventFault {
		return awssim.EventFault{Drop: c.Caller == operatorCaller}
	}}))
	p := r.full()
	r.create(p)
	r.ready(p)
	seen := 0
	for _, c := range tampers {
		if c.stays != "" || strings.HasPrefix(c.resource, "SecurityGroupPolicy/") { // an object of Kubernetes
			continue
		}
		before := newestRepair(p)
		path := r.expand(p, c.path)
		c.do(r, p)
		r.repairedBy(p, path, person, before)
		seen++
	}
	if seen < 25 {
		t.Errorf("only %d changes were made", seen)
	}
}

// TestWhoChangedItIsSaidEverywhere: in status, in the Event, in the log.
func TestWhoChangedItIsSaidEverywhere(t *testing.T) {
	t.Parallel()
	r := newEventRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.drop()
	_, mark := operatorLog.since(0)
	r.authorize(p, "payments-pods", 22, "0.0.0.0/0")
	r.deliver()
	r.repairedBy(p, "ingress[tcp/22 0.0.0.0/0]", person, v1alpha1.Repair{})
	says := "removed ingress[tcp/22 0.0.0.0/0] (changed by " + person + ")"
	if !strings.Contains(p.Status.LastRepair.Message, says) {
		t.Errorf("lastRepair says %q", p.Status.LastRepair.Message)
	}
	r.eventually("waiting for the log, which comes after status", func() error {
		if len(logged(mark, "repaired drift", r.ns, says)) != 1 {
			return fmt.Errorf("the log says %q", logged(mark, "repaired drift", r.ns))
		}
		return nil
	})
	r.eventually("waiting for the Event", func() error {
		if notes := r.eventNotes(p); !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, says) }) {
			return fmt.Errorf("the Events say %q", notes)
		}
		return nil
	})
}

// TestObserveSaysWhoChangedIt: what is only reported has its author too, in the Drifted condition as well; what somebody
// else changes in the same object is somebody else's.
func TestObserveSaysWhoChangedIt(t *testing.T) {
	t.Parallel()
	r := newEventRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.edit(p, mode(v1alpha1.ModeObserve))
	r.until(p, "Observe", func(*profile) error { return nil })
	r.drop()
	r.sim.ResetCalls()
	r.authorize(p, "payments-pods", 22, "0.0.0.0/0")
	r.deliver()
	r.until(p, "waiting for the drift", func(p *profile) error { return drifts(p, "ingress[tcp/22 0.0.0.0/0]", person) })
	if c := condition(p, v1alpha1.DriftedCondition); !strings.Contains(c.Message, "changed by "+person) {
		t.Errorf("Drifted says %q", c.Message)
	}
	tamperNamed(t, "group tag deleted")(r, p)
	r.deliver()
	r.until(p, "waiting for the other drift", func(p *profile) error { return drifts(p, "tags[team]", person) })
	if len(p.Status.Drift) != 2 {
		t.Errorf("drift %q", driftPaths(p))
	}
	if w := r.writes(); len(w) > 0 {
		t.Errorf("mode Observe wrote %q", w)
	}
}

// TestALateEventNamesTheAuthor: of what a read has found, and of what has been repaired, before the event came.
func TestALateEventNamesTheAuthor(t *testing.T) {
	t.Parallel()
	r := newEventRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.drop()
	tamperNamed(t, "retention shortened")(r, p)
	r.read(p)
	r.repairedBy(p, "retentionDays", "", v1alpha1.Repair{})
	r.deliver()
	r.repairedBy(p, "retentionDays", person, v1alpha1.Repair{})

	r.edit(p, mode(v1alpha1.ModeObserve))
	r.until(p, "Observe", func(*profile) error { return nil })
	tamperNamed(t, "inline policy added")(r, p)
	r.read(p)
	r.until(p, "waiting for the drift", func(p *profile) error { return drifts(p, "inlinePolicies[backdoor]", "") })
	r.deliver()
	r.until(p, "waiting for the author", func(p *profile) error { return drifts(p, "inlinePolicies[backdoor]", person) })
}

// TestWhatIsNoNewsWakesNobody: our own writes, calls that failed, objects of others, and copies. It runs alone.
func TestWhatIsNoNewsWakesNobody(t *testing.T) {
	r := newEventRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	own := slices.DeleteFunc(r.sim.Queue(records).Bodies, func(body string) bool { return strings.Contains(body, "errorCode") }) // it may have been too early
	if len(own) < 15 {
		t.Fatalf("only %d records were made by a creation", len(own))
	}
	r.quiet(p, "own", len(own), func() { r.send(own...) })
	r.drop()
	r.quiet(p, "unrelated", 1, func() { // a call that failed
		_, err := r.aws.Logs.PutRetentionPolicy(r.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(logGroupName), RetentionInDays: aws.Int32(13)})
		if err == nil {
			t.Fatal("AWS takes 13 days")
		}
		r.deliver()
	})
	r.quiet(p, "unrelated", 1, func() { // somebody else's object
		r.did(r.aws.Logs.CreateLogGroup(r.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(logGroupName + "-2")}))
		r.deliver()
	})
	tamperNamed(t, "retention shortened")(r, p)
	news := r.sim.Queue(records).Bodies[r.delivered]
	r.deliver()
	r.repairedBy(p, "retentionDays", person, v1alpha1.Repair{})
	r.quiet(p, "duplicate", 2, func() { r.send(news, news) })
}

// send puts messages into the queue that the operator reads.
func (r *rig) send(bodies ...string) {
	for _, body := range bodies {
		must(r.sim.SendToQueue(eventQueue, body))
	}
}

// drifts tells whether a path is reported, and as whose doing.
func drifts(p *profile, path, who string) error {
	for _, d := range p.Status.Drift {
		if d.Path == path && d.ChangedBy == who {
			return nil
		}
		if d.Path == path {
			return fmt.Errorf("%s was changed by %q", path, d.ChangedBy)
		}
	}
	return errors.New("no such drift")
}
