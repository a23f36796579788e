// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"slices"
	"strings"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
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
	now     func() time.Time
	changes *memo.Expiring[events.Object, []events.Change] // newest last
}

// NewChanges returns an empty Changes that takes the time from now.
func NewChanges(now func() time.Time) *Changes {
	return &Changes{now: now, changes: memo.NewExpiring[events.Object, []events.Change](now, changesFor)}
}

// Note remembers a change. One that names nobody is of no use.
func (a *Changes) Note(change events.Change) {
	if change.Actor == "" {
		return
	}
	for _, o := range change.Objects {
		a.changes.Update(o, func(list []events.Change, _ bool) []events.Change {
			list = append(list, change)
			return list[max(0, len(list)-changesEach):]
		})
	}
}

// Of names who made a difference in one of the objects (the same one, by its several names) that was seen at a time:
// whoever had last made a call of the kind that can have made it. "" where no event tells.
func (a *Changes) Of(objects []events.Object, path string, seen time.Time) string {
	if a == nil {
		return ""
	}
	before := seen.Add(clocksDiffer)
	var last events.Change
	for _, o := range objects {
		list, _ := a.changes.Get(o)
		for _, change := range list {
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
	for _, o := range objects {
		a.changes.Delete(o)
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
			seen = a.now()
		}
		e.ChangedBy = a.Of(objects(e.Resource), e.Path, seen)
	}
}
