// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"testing"
	"time"
)

// TestWhoAskedCountsForAnHour: a sweep of three calls is the cheaper way for three who ask, and those of long ago are none.
func TestWhoAskedCountsForAnHour(t *testing.T) {
	clock := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	u := newUse(func() time.Time { return clock })
	if !u.sweepIsCheaper("a", 1) {
		t.Error("before the first sweep nobody knows, and none is tried")
	}
	u.swept(3)
	for _, c := range []struct {
		wait  time.Duration
		name  string
		sweep bool
	}{
		{0, "b", false}, {0, "b", false}, {0, "c", true},
		{time.Hour, "c", true}, // a, b and c
		{1, "c", false},        // a and b are an hour ago
		{0, "a", false}, {0, "b", true},
	} {
		clock = clock.Add(c.wait)
		u.at = clock // or it would be tried again after an hour
		if got := u.sweepIsCheaper(c.name, 1); got != c.sweep {
			t.Errorf("%s, %s later: a sweep is cheaper: %t", c.name, c.wait, got)
		}
	}
	if u.sweepIsCheaper("b", 0) || !u.sweepIsCheaper("b", 3) {
		t.Error("calls that one who asks saves do not count")
	}
}
