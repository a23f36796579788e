// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"
)

const (
	largest            = 10000 // profiles, for which the targets are
	mostMemory         = 400   // MiB
	mostCPUPerFullRead = 15    // seconds
)

// scale measures a start over profiles that exist, and a full read in the steady state.
func scale(ctx context.Context, f *fleet) error {
	if err := f.setAccounts(ctx, f.size.intervalFor(f.profiles), false); err != nil {
		return err
	}
	began := usage{at: time.Now(), calls: f.calls()}
	o, err := f.startOperator(ctx)
	if err != nil {
		return err
	}
	defer o.End()
	first, err := o.during(ctx, f.profiles, began)
	if err != nil {
		return err
	}
	from, err := o.usage()
	if err != nil {
		return err
	}
	profiled := o.profile(f.profiles, f.size.intervalFor(f.profiles))
	second, err := o.during(ctx, f.profiles, from)
	if err != nil {
		return err
	}
	if err := profiled(); err != nil {
		return err
	}
	return f.reportScale(o, first, second)
}

func (f *fleet) reportScale(o *operator, first, second spent) error {
	_, most, err := memory(o.Cmd.Process.Pid)
	if err != nil {
		return err
	}
	add := func(name string, measured, target float64, unit, note string) {
		name = fmt.Sprintf("%d profiles: %s", f.profiles, name)
		if target > 0 && f.profiles == largest {
			f.report.atMost("scale", name, measured, target, unit, note)
			return
		}
		f.report.shown("scale", name, measured, unit, note)
	}
	n := float64(f.profiles)
	add("start to all observed", first.took.Seconds(), 0, "s", "")
	add("CPU, start to all observed", first.cpu.Seconds(), 0, "s", "")
	add("calls per profile, first read", first.callsPerPass(), 0, "calls", "")
	add("CPU of a full read", second.cpuPerPass().Seconds()*n, mostCPUPerFullRead, "s", fmt.Sprintf("%d passes in %s", second.passes, second.took.Round(time.Second)))
	add("calls per profile and read", second.callsPerPass(), 0, "calls", "")
	add("resident memory, highest", most, mostMemory, "MiB", "VmHWM")
	add("Kubernetes writes, second read", float64(second.writes), 0, "writes", second.wrote)
	return nil
}
