// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"sync"
	"time"
)

// use chooses between a sweep over everything and single reads of what is managed: an account may hold thousands of
// roles or log groups of which only a few are ours.
type use struct {
	mu    sync.Mutex
	asked map[string]time.Time // names, and when they were last asked for
	pages int                  // of the last sweep, 0 before the first
	at    time.Time            // of the last sweep
}

// relearn is how long a finding that a sweep is too dear stands.
const relearn = time.Hour

// sweepIsCheaper notes that a name is asked for, and tells whether a sweep costs fewer calls than each single read of
// what was asked for within the last hour. Before the first sweep nobody knows, and a sweep is tried.
func (u *use) sweepIsCheaper(name string, callsEach int, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.asked == nil {
		u.asked = map[string]time.Time{}
	}
	u.asked[name] = now
	if u.pages == 0 || now.Sub(u.at) > relearn {
		return true
	}
	if u.pages <= callsEach {
		return true
	}
	for other, at := range u.asked {
		if now.Sub(at) > relearn {
			delete(u.asked, other)
		}
	}
	return u.pages <= callsEach*len(u.asked)
}

// swept notes what a sweep cost.
func (u *use) swept(pages int, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pages, u.at = max(pages, 1), now
}
