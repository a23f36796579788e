// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// use chooses between a sweep over everything and single reads of what is managed: an account may hold thousands of
// roles or log groups of which only a few are ours.
type use struct {
	now   func() time.Time
	asked *memo.Expiring[string, struct{}] // names that were asked for of late

	mu    sync.Mutex
	pages int       // of the last sweep, 0 before the first
	at    time.Time // of the last sweep
	spent int       // calls since then of those who could not wait
}

func newUse(now func() time.Time) *use {
	return &use{now: now, asked: memo.NewExpiring[string, struct{}](now, relearn)}
}

const (
	// relearn is how long a finding that a sweep is too dear stands, and how long who asked counts for it.
	relearn = time.Hour
	// unknown stands for the calls of a first sweep that is under way: nobody knows yet what it takes.
	unknown = 10
)

// sweepIsCheaper notes that a name is asked for, and tells whether a sweep costs fewer calls than each single read of
// what was asked for within the last hour. Before the first sweep nobody knows, and a sweep is tried.
func (u *use) sweepIsCheaper(name string, callsEach int) bool {
	u.asked.Put(name, struct{}{})
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.pages == 0 || u.now().Sub(u.at) > relearn || u.pages <= callsEach*u.asked.Len()
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
func (u *use) swept(pages int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pages, u.at, u.spent = max(pages, 1), u.now(), 0
}
