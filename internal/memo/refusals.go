// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"maps"
	"sync"
	"time"
)

// Refusals remembers since when AWS has refused what it may take in a while: a role that was just made is one that other
// services do not see yet. It is safe for concurrent use. Losing it costs some patience.
type Refusals struct {
	now            func() time.Time
	patience, life time.Duration
	mu             sync.Mutex
	known          map[string]refusal
}

type refusal struct{ first, last time.Time }

// NewRefusals returns Refusals that know of none. Patience is how long one may still pass; one that is not met again for as
// long as life is forgotten.
func NewRefusals(now func() time.Time, patience, life time.Duration) *Refusals {
	return &Refusals{now: now, patience: patience, life: life, known: map[string]refusal{}}
}

// Refused notes a refusal, and tells whether it may still pass. One long after the last begins anew.
func (r *Refusals) Refused(key string) (mayPass bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	maps.DeleteFunc(r.known, func(_ string, one refusal) bool { return now.Sub(one.last) > r.life })
	one, seen := r.known[key]
	if !seen {
		one.first = now
	}
	one.last = now
	r.known[key] = one
	return now.Sub(one.first) < r.patience
}

// Accepted forgets a refusal.
func (r *Refusals) Accepted(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, key)
}
