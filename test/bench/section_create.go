// SPDX-License-Identifier: Apache-2.0

package main

import "context"

// What ACK needs for the objects of such a profile, measured elsewhere (docs/performance.md).
const (
	ackCallsPerCreation = 56
	ackCallsPerRead     = 22
	ackCPUPerRead       = 33 // ms
	ackWritesPerRead    = 6
)

const mostCallsPerCreation = 25

// create counts what it costs to make profiles out of nothing, where AWS takes no time over anything.
func create(ctx context.Context, f *fleet) error {
	if err := f.setAccount(ctx, f.size.limited, ""); err != nil {
		return err
	}
	o, err := f.startOperator(ctx)
	if err != nil {
		return err
	}
	defer o.End()
	before, err := o.usage()
	if err != nil {
		return err
	}
	profiles := f.size.created
	if err := f.declare(ctx, profiles); err != nil {
		return err
	}
	if err := f.allReady(ctx, o); err != nil {
		return err
	}
	after, err := o.usage()
	if err != nil {
		return err
	}
	s, n := after.since(before), float64(profiles)
	f.report.atMost("create", "AWS calls per profile", float64(s.calls)/n, mostCallsPerCreation, "calls", "from creation to Ready")
	f.report.atLeast("create", "ACK's calls by ours", ackCallsPerCreation/(float64(s.calls)/n), float64(ackCallsPerCreation)/mostCallsPerCreation, "times", "ACK: 56")
	f.report.shown("create", "Kubernetes writes per profile", float64(s.writes)/n, "writes", s.wrote)
	f.report.shown("create", "CPU per profile", float64(s.cpu.Milliseconds())/n, "ms", "")
	f.report.shown("create", "until all are Ready", s.took.Seconds(), "s", "")
	return nil
}
