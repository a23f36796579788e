// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"
)

const (
	mostCallsPerRead   = 4.5
	mostCallsPerHeard  = 1.5
	leastRatioOfReads  = 4
	intervalsInAnHour  = 12 // of the five minutes that are the default
	queueName          = "fargate-drift"
	sharedReads        = "shared"
	readsObjectByThing = "objects"
)

// reads counts what the steady state costs: shared, object by object, and while events tell of changes.
func reads(ctx context.Context, f *fleet) error {
	note := fmt.Sprintf("%d profiles in %d clusters, interval %s", f.profiles, (f.profiles+perCluster-1)/perCluster, f.size.interval)
	shared, err := f.steady(ctx, sharedReads, false)
	if err != nil {
		return err
	}
	objects, err := f.steady(ctx, readsObjectByThing, false)
	if err != nil {
		return err
	}
	if err := f.hear(); err != nil {
		return err
	}
	defer f.heard.Store(false)
	heard, err := f.steady(ctx, sharedReads, true)
	if err != nil {
		return err
	}
	r, calls := f.report, shared.callsPerPass()
	r.atMost("reads", "calls per profile and read, shared", calls, mostCallsPerRead, "calls", note)
	r.shown("reads", "calls per profile and read, object by object", objects.callsPerPass(), "calls", "")
	r.atLeast("reads", "object by object by shared", objects.callsPerPass()/calls, leastRatioOfReads, "times", "")
	r.atLeast("reads", "ACK's calls by ours", ackCallsPerRead/calls, float64(ackCallsPerRead)/mostCallsPerRead, "times", "ACK: 22")
	r.atMost("reads", "CPU per profile and read, shared", cpuMilliseconds(shared), ackCPUPerRead, "ms", "target: ACK's 33")
	r.shown("reads", "CPU per profile and read, object by object", cpuMilliseconds(objects), "ms", "")
	r.atMost("reads", "Kubernetes writes, shared", float64(shared.writes), 0, "writes", shared.wrote)
	r.atMost("reads", "Kubernetes writes, with events", float64(heard.writes), 0, "writes", fmt.Sprintf("ACK: %d per profile and read", ackWritesPerRead))
	// What is asked for one by one is believed for an hour while events are heard (internal/inventory): one interval of
	// the hour's reads it all again.
	hour := (heard.callsPerPass()*(intervalsInAnHour-1) + calls) / intervalsInAnHour
	r.shown("reads", "calls per profile and read, with events", heard.callsPerPass(), "calls", "")
	r.atMost("reads", "calls per profile and interval, over an hour with events", hour, mostCallsPerHeard, "calls",
		fmt.Sprintf("%d intervals with events and one full read, by %d", intervalsInAnHour-1, intervalsInAnHour))
	return nil
}

func cpuMilliseconds(s spent) float64 { return float64(s.cpuPerPass().Microseconds()) / 1000 }

// steady measures some intervals after the first two reads of a new operator.
func (f *fleet) steady(ctx context.Context, mode string, listens bool) (spent, error) {
	if err := f.setAccounts(ctx, f.size.interval, listens); err != nil {
		return spent{}, err
	}
	o, err := f.startOperator(ctx, "--read-mode="+mode)
	if err != nil {
		return spent{}, err
	}
	defer o.End()
	if listens { // events are believed once some of the service have come
		if err := f.person().speak(ctx); err != nil {
			return spent{}, err
		}
	}
	if _, err := o.during(ctx, 2*f.profiles, usage{}); err != nil {
		return spent{}, err
	}
	s, err := o.window(ctx, time.Duration(f.size.intervals)*f.size.interval)
	progress("  %s reads: %d calls, %d passes, %s CPU, in %s", mode, s.calls, s.passes, s.cpu, s.took.Round(time.Second))
	return s, err
}
