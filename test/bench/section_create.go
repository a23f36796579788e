// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
	if err := f.setAccounts(ctx, f.size.limited, false); err != nil {
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
	f.sim.ResetCalls()
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
	progress("  calls per profile: %s", f.byAction(profiles))
	f.report.atMost("create", "AWS calls per profile", float64(s.calls)/n, mostCallsPerCreation, "calls", "from creation to Ready")
	f.report.atLeast("create", "ACK's calls by ours", ackCallsPerCreation/(float64(s.calls)/n), float64(ackCallsPerCreation)/mostCallsPerCreation, "times", "ACK: 56")
	f.report.shown("create", "Kubernetes writes per profile", float64(s.writes)/n, "writes", s.wrote)
	f.report.shown("create", "CPU per profile", float64(s.cpu.Milliseconds())/n, "ms", "")
	f.report.shown("create", "until all are Ready", s.took.Seconds(), "s", "")
	return nil
}

// byAction is how often the operator has made each call since the simulator's log was emptied, per profile.
func (f *fleet) byAction(profiles int) string {
	counts := map[string]int{}
	for _, c := range f.sim.Calls() {
		if isOperator(c.Caller) {
			counts[c.Action()]++
		}
	}
	actions := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	texts := make([]string, 0, len(actions))
	for _, action := range actions {
		texts = append(texts, fmt.Sprintf("%s %.2f", action, float64(counts[action])/float64(profiles)))
	}
	return strings.Join(texts, ", ")
}
