// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// usage is what an operator has used since it, or the counting, began.
type usage struct {
	at     time.Time
	passes int
	calls  int // to AWS
	cpu    time.Duration
	writes map[string]int // to Kubernetes
}

func (o *operator) usage() (usage, error) {
	passes, err := o.passes()
	cpu, err2 := cpuTime(o.Cmd.Process.Pid)
	writes, err3 := o.f.audit.writes()
	return usage{at: time.Now(), passes: passes, calls: o.f.calls(), cpu: cpu, writes: writes}, errors.Join(err, err2, err3)
}

// spent is the difference of two usages.
type spent struct {
	took   time.Duration
	passes int
	calls  int
	cpu    time.Duration
	writes int
	// wrote says what was written.
	wrote string
}

func (u usage) since(before usage) spent {
	n, words := more(before.writes, u.writes)
	return spent{u.at.Sub(before.at), u.passes - before.passes, u.calls - before.calls, u.cpu - before.cpu, n, words}
}

func (s spent) callsPerPass() float64 { return float64(s.calls) / float64(s.passes) }

func (s spent) cpuPerPass() time.Duration { return s.cpu / time.Duration(s.passes) }

// betweenScrapes keeps the cost of being measured out of what is measured: twenty scrapes a second took a third of the
// operator's CPU time.
const betweenScrapes = time.Second

// during measures until that many passes have ended.
func (o *operator) during(ctx context.Context, passes int, from usage) (spent, error) {
	err := o.f.wait(ctx, o.f.patience(passes), fmt.Sprintf("waiting for %d passes", passes), func() error {
		now, err := o.passes()
		if err == nil && now-from.passes < passes {
			err = fmt.Errorf("%d passes", now-from.passes)
			time.Sleep(betweenScrapes)
		}
		return err
	}, o.Process)
	if err != nil {
		return spent{}, err
	}
	now, err := o.usage()
	return now.since(from), err
}

// window measures for a time.
func (o *operator) window(ctx context.Context, d time.Duration) (spent, error) {
	from, err := o.usage()
	if err != nil {
		return spent{}, err
	}
	select {
	case <-ctx.Done():
		return spent{}, ctx.Err()
	case <-time.After(d):
	}
	now, err := o.usage()
	return now.since(from), err
}
