// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"sync"
	"time"
)

// use chooses between a sweep over everything and single reads of what is managed: an account may hold thousands of
// roles or log groups of which only a few are ours.
type use struct {
	mu     sync.Mutex
	asked  map[string]time.Time // names, and when they were last asked for
	sorted time.Time            // when those were last dropped that nobody asks for any more
	pages  int                  // of the last sweep, 0 before the first
	at     time.Time            // of the last sweep
	spent  int                  // calls since then of those who could not wait
}

const (
	// relearn is how long a finding that a sweep is too dear stands.
	relearn = time.Hour
	// unknown stands for the calls of a first sweep that is under way: nobody knows yet what it takes.
	unknown = 10
	// sortEvery is how often all names are gone through: with ten thousand of them, not each time that one is asked for.
	sortEvery = 5 * time.Minute
)

// sweepIsCheaper notes that a name is asked for, and tells whether a sweep costs fewer calls than each single read of
// what was asked for within about the last hour. Before the first sweep nobody knows, and a sweep is tried.
func (u *use) sweepIsCheaper(name string, callsEach int, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.asked == nil {
		u.asked = map[string]time.Time{}
	}
	u.asked[name] = now
	if now.Sub(u.sorted) > sortEvery {
		u.dropOld(now)
	}
	if u.pages == 0 || now.Sub(u.at) > relearn {
		return true
	}
	if u.pages <= callsEach {
		return true
	}
	return u.pages <= callsEach*len(u.asked)
}

func (u *use) dropOld(now time.Time) {
	for name, at := range u.asked {
		if now.Sub(at) > relearn {
			delete(u.asked, name)
		}
	}
	u.sorted = now
}

// afford tells whether who cannot wait for a sweep may put a question to AWS by itself, one of so many that it takes to read the
// object, and notes that it does. A sweep that costs no more than that is read. When as much was spent in this way since the
// last sweep as one costs, the next one waits: so those who are in a hurry at the same time, a hundred or a thousand, cost at
// most twice what a sweep alone would (the ski rental problem). Where nothing was swept before, a sweep is tried, and who comes
// while it is under way (underWay) does not wait for it.
func (u *use) afford(calls int, underWay bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	pages := u.pages
	if pages == 0 && underWay {
		pages = unknown
	}
	if pages <= calls || u.spent >= pages {
		return false
	}
	u.spent++
	return true
}

// swept notes what a sweep cost.
func (u *use) swept(pages int, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pages, u.at, u.spent = max(pages, 1), now, 0
}
