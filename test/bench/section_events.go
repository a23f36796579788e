// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// In seconds.
const (
	mostEventToStatusP50 = 0.3
	mostEventToStatusP99 = 1
	mostEventToRepairP99 = 2
)

// told has a person tamper with AWS, and measures until status shows it, and until it is repaired.
func told(ctx context.Context, f *fleet) error {
	if err := f.hear(); err != nil {
		return err
	}
	defer f.heard.Store(false)
	if err := f.setAccounts(ctx, time.Hour, true); err != nil {
		return err
	}
	if err := f.observed(ctx); err != nil {
		return fmt.Errorf("in Observe: %w", err)
	}
	if err := f.repaired(ctx); err != nil {
		return fmt.Errorf("in Enforce: %w", err)
	}
	return nil
}

// hear has events sent, until f.heard is unset.
func (f *fleet) hear() error {
	f.heard.Store(true)
	if f.queue != "" {
		return nil
	}
	f.queue = f.sim.CreateQueue(queueName)
	return f.sim.SendEvents(queueName, awssim.EventOptions{Fault: f.onlyWhileHeard})
}

// onlyWhileHeard drops the events of other sections, which nobody takes out of the queue.
func (f *fleet) onlyWhileHeard(awssim.Call) awssim.EventFault {
	return awssim.EventFault{Drop: !f.heard.Load()}
}

// observed measures in Observe, where nothing is repaired: changes are made and taken back, in turn.
func (f *fleet) observed(ctx context.Context) error {
	o, err := f.startOperator(ctx, "--observe-only")
	if err != nil {
		return err
	}
	defer o.End()
	if _, err := o.during(ctx, f.profiles, usage{}); err != nil {
		return err
	}
	before, err := o.usage()
	if err != nil {
		return err
	}
	if err := f.tamper(ctx, true, func(t tampering) { f.seen.statuses.begin(driftKey(t.profile, !t.back)) }); err != nil {
		return err
	}
	f.untilDone(ctx, &f.seen.statuses)
	after, err := o.usage()
	if err != nil {
		return err
	}
	took, note := f.seen.statuses.finish()
	note = fmt.Sprintf("%d profiles, %d changes a second: %s", f.profiles, f.size.tampersPerSecond, note)
	f.report.atMost("events", "event to status, p50", percentile(took, 50), mostEventToStatusP50, "s", note)
	f.report.atMost("events", "event to status, p99", percentile(took, 99), mostEventToStatusP99, "s", "")
	f.report.shown("events", "calls per event", float64(after.calls-before.calls)/float64(len(took)), "calls", "in Observe, SQS included")
	return nil
}

// repaired measures in Enforce, until the simulator is asked to write what was changed. Every change is undone by the operator.
func (f *fleet) repaired(ctx context.Context) error {
	o, err := f.startOperator(ctx)
	if err != nil {
		return err
	}
	defer o.End()
	if _, err := o.during(ctx, f.profiles, usage{}); err != nil {
		return err
	}
	if err := f.tamper(ctx, false, func(t tampering) { f.repairs.begin(t.arn) }); err != nil {
		return err
	}
	f.untilDone(ctx, &f.repairs)
	took, note := f.repairs.finish()
	f.report.shown("events", "event to repaired, p50", percentile(took, 50), "s", note)
	f.report.atMost("events", "event to repaired, p99", percentile(took, 99), mostEventToRepairP99, "s", "")
	return nil
}

// untilDone waits for the clocks that still run, within reason.
func (f *fleet) untilDone(ctx context.Context, t *timings) {
	_ = f.wait(ctx, 30*time.Second, "waiting for the last events", func() error {
		if n := t.running(); n > 0 {
			return fmt.Errorf("%d clocks run", n)
		}
		return nil
	})
}
