// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Entry is a difference with the object that it is about and since when it is known.
type Entry struct {
	// Resource is Kind/name.
	Resource string
	Difference
	FirstObserved time.Time
	// ChangedBy is the ARN of who made the change, "" where nobody is known.
	ChangedBy string
}

// Merge carries over, from the entries known before, since when each current one has been there and who made it; a new
// one is there since now. The result is sorted worst first, then by resource and path, so that the same state gives the same list.
func Merge(known, current []Entry, now time.Time) []Entry {
	merged := slices.Clone(current)
	for i := range merged {
		carryOver(known, &merged[i], now)
	}
	slices.SortStableFunc(merged, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
			strings.Compare(a.Resource, b.Resource),
			strings.Compare(a.Path, b.Path),
		)
	})
	return merged
}

func carryOver(known []Entry, e *Entry, now time.Time) {
	e.FirstObserved = now
	for _, k := range known {
		if k.Resource != e.Resource || k.Path != e.Path {
			continue
		}
		e.FirstObserved = k.FirstObserved
		if k.Observed == e.Observed { // another value is another change
			e.ChangedBy = k.ChangedBy
		}
		return
	}
}
