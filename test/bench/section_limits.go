// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

const (
	mostUntilEditActs = 2 // seconds
	editedRetention   = 60
	// sweepGoesOn is when people begin to edit, after the operator's start.
	sweepGoesOn = 10 * time.Second
)

// limits has AWS refuse what is asked too often, while all profiles are read and people edit some.
func limits(ctx context.Context, f *fleet) error {
	if err := f.setAccounts(ctx, f.size.limited, false); err != nil {
		return err
	}
	f.sim.ResetCalls()
	f.sim.SetRates(awssim.AWSRates())
	defer f.sim.SetRates(nil)
	began := usage{at: time.Now(), calls: f.calls()}
	o, err := f.startOperator(ctx)
	if err != nil {
		return err
	}
	defer o.End()
	if err := f.edit(ctx); err != nil {
		return err
	}
	edits := fmt.Sprintf("while the first sweep was under way: %t", f.underWay(o))
	first, err := o.during(ctx, f.profiles, began)
	if err != nil {
		return err
	}
	from, err := o.usage()
	if err != nil {
		return err
	}
	second, err := o.during(ctx, f.profiles, from)
	if err != nil {
		return err
	}
	_, most, err := memory(o.Cmd.Process.Pid)
	if err != nil {
		return err
	}
	took, note := f.repairs.finish()
	r := f.report
	r.atMost("limits", "first read of all profiles", first.took.Seconds(), f.size.limited.Seconds(), "s", fmt.Sprintf("%d profiles; target: the interval", f.profiles))
	r.atMost("limits", "next read of all profiles", second.took.Seconds(), 1.1*f.size.limited.Seconds(), "s", "target: the interval, give or take 10 percent")
	r.atMost("limits", "edit to first AWS write, p50", percentile(took, 50), mostUntilEditActs, "s", edits)
	r.atMost("limits", "edit to first AWS write, longest", percentile(took, 100), mostUntilEditActs, "s", note)
	r.shown("limits", "throttled", float64(f.throttled()), "calls", "")
	r.shown("limits", "CPU of the next read", second.cpu.Seconds(), "s", fmt.Sprintf("%d passes", second.passes))
	r.shown("limits", "resident memory, highest", most, "MiB", "VmHWM")
	return nil
}

// edit changes some profiles, one a second.
func (f *fleet) edit(ctx context.Context) error {
	if f.size.limited > time.Minute {
		time.Sleep(sweepGoesOn)
	}
	for i := range f.size.edits {
		p := profileOf(i * f.profiles / f.size.edits)
		arn, err := f.seen.arn(p.Name, "LogGroup")
		if err != nil {
			return err
		}
		before := p.DeepCopy()
		p.Spec.Logging.LogGroup.RetentionDays = aws.Int32(editedRetention)
		f.repairs.begin(arn)
		if err := f.client.Patch(ctx, p, client.MergeFrom(before)); err != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	return nil
}

// underWay tells that the operator has not looked at every profile yet.
func (f *fleet) underWay(o *operator) bool {
	passes, err := o.passes()
	return err == nil && passes < f.profiles
}

// isThrottle knows the words of the services for "too often" (internal/awssim, throttled).
func isThrottle(code string) bool {
	return strings.HasPrefix(code, "Throttl") || code == "RequestLimitExceeded" || code == "TooManyRequestsException"
}

// throttled counts the calls that the simulator refused as too many.
func (f *fleet) throttled() (n int) {
	for _, c := range f.sim.Calls() {
		if isOperator(c.Caller) && isThrottle(c.Code) {
			n++
		}
	}
	return n
}
