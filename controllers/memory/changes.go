// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

const (
	// changesFor is how long it is remembered who changed an object: a difference is found, and its event arrives, well
	// within it.
	changesFor = time.Hour
	// clocksDiffer is how far AWS's clock and ours may be apart.
	clocksDiffer = time.Minute
	// changesEach bounds the changes that are remembered of one object.
	changesEach = 8
)

// Changes remembers who changed which objects of one account and Region lately. Losing it costs names only.
type Changes struct {
	Now func() time.Time

	mu      sync.Mutex
	changes map[events.Object][]events.Change // newest last
	checkAt int
}

// Note remembers a change. One that names nobody is of no use.
func (a *Changes) Note(change events.Change) {
	if change.Actor == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changes == nil {
		a.changes = map[events.Object][]events.Change{}
	}
	if len(a.changes) >= a.checkAt {
		a.dropOld()
	}
	for _, o := range change.Objects {
		list := append(a.changes[o], change)
		a.changes[o] = list[max(0, len(list)-changesEach):]
	}
}

func (a *Changes) dropOld() {
	for o, list := range a.changes {
		if a.Now().Sub(list[len(list)-1].Time) > changesFor {
			delete(a.changes, o)
		}
	}
	a.checkAt = 2*len(a.changes) + 64
}

// Of names who made a difference in one of the objects (the same one, by its several names) that was seen at a time:
// whoever had last made a call of the kind that can have made it. "" where no event tells.
func (a *Changes) Of(objects []events.Object, path string, seen time.Time) string {
	if a == nil {
		return ""
	}
	before := seen.Add(clocksDiffer)
	a.mu.Lock()
	defer a.mu.Unlock()
	var last events.Change
	for _, o := range objects {
		for _, change := range a.changes[o] {
			fits := change.Tags == strings.HasPrefix(path, "tags[")
			if fits && !change.Time.After(before) && before.Sub(change.Time) <= changesFor && !change.Time.Before(last.Time) {
				last = change
			}
		}
	}
	return last.Actor
}

// Settle forgets who changed an object, when what they did is repaired and told: a later difference is somebody else's, whose
// event may not have come yet, or the same person's, whose next one will.
func (a *Changes) Settle(objects []events.Object) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, o := range objects {
		delete(a.changes, o)
	}
}

// Attribute fills in who made the differences that nobody is known for yet. objects are those of an entry's Resource. Who
// changed the object after a difference was first seen did not make it, unless it is another one now than was known.
func (a *Changes) Attribute(entries, known []drift.Entry, objects func(string) []events.Object) {
	for i := range entries {
		e := &entries[i]
		if a == nil || e.ChangedBy != "" {
			continue
		}
		seen := e.FirstObserved
		if slices.ContainsFunc(known, func(k drift.Entry) bool {
			return k.Resource == e.Resource && k.Path == e.Path && k.Observed != e.Observed
		}) {
			seen = a.Now()
		}
		e.ChangedBy = a.Of(objects(e.Resource), e.Path, seen)
	}
}
