// SPDX-License-Identifier: Apache-2.0

package memo

import "time"

// Refusals remembers since when AWS has refused what it may take in a while: a role that was just made is one that other
// services do not see yet. It is safe for concurrent use. Losing it costs some patience.
type Refusals struct {
	now      func() time.Time
	patience time.Duration
	known    *Expiring[string, refusal]
}

type refusal struct{ first, last time.Time }

// NewRefusals returns Refusals that know of none. Patience is how long one may still pass; one that is not met again for
// longer than life is forgotten.
func NewRefusals(now func() time.Time, patience, life time.Duration) *Refusals {
	return &Refusals{now: now, patience: patience, known: NewExpiring[string, refusal](now, life)}
}

// Refused notes a refusal, and tells whether it may still pass. One long after the last begins anew.
func (r *Refusals) Refused(key string) (mayPass bool) {
	now := r.now()
	one := r.known.Update(key, func(one refusal, seen bool) refusal {
		if !seen {
			one.first = now
		}
		one.last = now
		return one
	})
	return now.Sub(one.first) < r.patience
}

// Accepted forgets a refusal.
func (r *Refusals) Accepted(key string) { r.known.Delete(key) }

// Last is when there was last a refusal, zero where none is known.
func (r *Refusals) Last(key string) time.Time {
	one, _ := r.known.Get(key)
	return one.last
}
