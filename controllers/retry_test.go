// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"
	"time"
)

// TestTheFirstIntervalsAreSpread: what was read in one rush does not come again in one. Later ones are the interval, give or take
// a tenth; whoever is made anew has a first one again.
func TestTheFirstIntervalsAreSpread(t *testing.T) {
	r := newRetries(DefaultTiming, time.Now)
	const resync = 5 * time.Minute
	const profiles = 1000
	within := func(least, most float64) (early int) {
		t.Helper()
		for n := range profiles {
			after := r.after(numbered(n), "", 0, resync).RequeueAfter
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
		r.forget(numbered(n))
	}
	if early := within(0.6, 1.1); early < profiles/4 {
		t.Errorf("%d of %d that were made anew come within 0.8 of their first interval", early, profiles)
	}
}
