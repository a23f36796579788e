// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"maps"
	"sync"
	"time"
)

// ReasonHidden is the reason of an object that AWS says exists, and does not show.
const ReasonHidden = "NameTaken"

// hiddenAfter is how long an object that AWS says exists may not be shown before that is no delay any more: AWS names five
// minutes at most (EC2 developer guide, "Eventual consistency in the Amazon EC2 API").
const hiddenAfter = 5 * time.Minute

// taken remembers of which names AWS has said, when one was to be made, that they are taken: then a read that does not show
// the object is outdated, or the object cannot be seen.
type taken struct {
	mu    sync.Mutex
	names map[string]refusals
}

type refusals struct{ first, last time.Time }

// note notes the answer to a creation.
func (t *taken) note(name string, refused bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !refused {
		delete(t.names, name)
		return
	}
	if t.names == nil {
		t.names = map[string]refusals{}
	}
	maps.DeleteFunc(t.names, func(_ string, r refusals) bool { return now.Sub(r.last) > touchedFor })
	r := t.names[name]
	if r.first.IsZero() {
		r.first = now
	}
	r.last = now
	t.names[name] = r
}

// last is when AWS last said so, zero when the last answer was another one.
func (t *taken) last(name string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.names[name].last
}

// hidden tells that AWS has said so for longer than it takes to show what it has made.
func (t *taken) hidden(name string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.names[name]
	return ok && now.Sub(r.first) >= hiddenAfter
}
