// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// TestTheFirstIntervalsAreSpread: what was read in one rush does not come again in one. Later ones are the interval, give or take
// a tenth; whoever is made anew has a first one again.
func TestTheFirstIntervalsAreSpread(t *testing.T) {
	r := NewRetries(DefaultTiming, time.Now)
	const resync = 5 * time.Minute
	const profiles = 1000
	within := func(least, most float64) (early int) {
		t.Helper()
		for n := range profiles {
			after := r.After(numbered(n), "", 0, resync).RequeueAfter
			if share := after.Seconds() / resync.Seconds(); share < least || share > most+0.001 {
				t.Fatalf("profile %d is read again after %v of the interval, want %v to %v", n, share, least, most)
			}
			if after < resync*8/10 {
				early++
			}
		}
		return early
	}
	if early := within(0.6, 1.1); early < profiles/4 {
		t.Errorf("%d of %d come within 0.8 of the first interval, want two fifths", early, profiles)
	}
	within(0.9, 1.1)
	for n := range profiles {
		r.Forget(numbered(n))
	}
	if early := within(0.6, 1.1); early < profiles/4 {
		t.Errorf("%d of %d that were made anew come within 0.8 of their first interval", early, profiles)
	}
}

// TestWhenToComeBack: at the interval of what is met, and never later than the reads that people asked for.
func TestWhenToComeBack(t *testing.T) {
	timing := Timing{Wait: time.Second, BackoffBase: time.Second, BackoffMax: time.Hour, Denied: 10 * time.Second, DeniedGrace: time.Minute}
	r := NewRetries(timing, func() time.Time { return noon })
	if got := r.After(numbered(1), failure.AccessDenied, 0, time.Minute); got.RequeueAfter != timing.Denied {
		t.Errorf("without a permission: %v", got)
	}
	if got := r.After(numbered(1), failure.AccessDenied, 0, time.Second); got.RequeueAfter != time.Second {
		t.Errorf("without a permission, and read each second: %v", got)
	}
	if got := r.After(numbered(1), "", 7*time.Second, time.Minute); got.RequeueAfter != 7*time.Second || got.Priority == nil || *got.Priority != 0 {
		t.Errorf("while something is waited for: %v", got)
	}
	if got := r.After(numbered(1), "", 0, time.Minute); got.Priority == nil || *got.Priority != handler.LowPriority {
		t.Errorf("at rest: %v", got)
	}
	for range 5 {
		r.After(numbered(2), failure.Throttled, 0, time.Hour)
	}
	if got := r.After(numbered(2), failure.Throttled, 0, time.Hour); got.RequeueAfter < 20*time.Second {
		t.Errorf("throttled again and again: %v", got)
	}
	for what, reset := range map[string]func(){
		"a pass that failed in nothing": func() { r.After(numbered(2), "", 0, time.Hour) },
		"one that is made anew":         func() { r.Forget(numbered(2)) },
	} {
		r.After(numbered(2), failure.Throttled, 0, time.Hour)
		reset()
		if got := r.After(numbered(2), failure.Throttled, 0, time.Hour); r.Failing(numbered(3)) || got.RequeueAfter > 2*time.Second {
			t.Errorf("after %s: %v", what, got)
		}
	}
}

// TestTheSoonestWaitCounts: one for another object of the profile needs no look of its own.
func TestTheSoonestWaitCounts(t *testing.T) {
	r := NewRetries(DefaultTiming, time.Now)
	wait := func(waits ...*resource.Waiting) time.Duration {
		result := &resource.Result{}
		for n, w := range waits {
			result.Objects = append(result.Objects, &resource.Object{ID: resource.ID{Kind: "Thing", Name: fmt.Sprint(n)}, Waiting: w})
		}
		return r.Wait(result)
	}
	minute, hour := &resource.Waiting{After: time.Minute}, &resource.Waiting{After: time.Hour}
	idle := &resource.Waiting{Idle: true, After: time.Millisecond}
	usual := func(d time.Duration) bool { return d >= DefaultTiming.Wait*9/10 && d <= DefaultTiming.Wait*11/10 }
	if got := wait(hour, minute, nil); got != time.Minute {
		t.Errorf("an hour or a minute: %v", got)
	}
	if got := wait(hour, idle); got != time.Hour {
		t.Errorf("an hour, and for another object: %v", got)
	}
	if got := wait(idle); !usual(got) {
		t.Errorf("for another object only: %v", got)
	}
	if got := wait(&resource.Waiting{}, hour); !usual(got) {
		t.Errorf("nobody knows how long: %v", got)
	}
	if got := wait(nil); got != 0 {
		t.Errorf("nothing is waited for: %v", got)
	}
}

// TestAPermissionThatIsBackIsForgotten: the grace begins anew with the next refusal.
func TestAPermissionThatIsBackIsForgotten(t *testing.T) {
	now := noon
	r := NewRetries(DefaultTiming, func() time.Time { return now })
	for _, step := range []struct {
		after        time.Duration
		denied, want bool
	}{{0, true, false}, {time.Minute, true, false}, {time.Minute, true, true}, {0, false, false}, {0, true, false}, {2 * time.Minute, true, true}} {
		now = now.Add(step.after)
		if got := r.DeniedForLong(numbered(1), step.denied); got != step.want {
			t.Errorf("%v: denied for long is %t, want %t", step, got, step.want)
		}
	}
	r.Forget(numbered(1))
	if r.DeniedForLong(numbered(1), true) {
		t.Error("one that is made anew is denied for long")
	}
}
