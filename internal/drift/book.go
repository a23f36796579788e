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
}

// Merge carries over, from the entries known before, since when each current one has been there; a new one is there
// since now. The result is sorted worst first, then by resource and path, so that the same state gives the same list.
func Merge(known, current []Entry, now time.Time) []Entry {
	merged := slices.Clone(current)
	for i := range merged {
		merged[i].FirstObserved = firstObserved(known, merged[i], now)
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

func firstObserved(known []Entry, e Entry, now time.Time) time.Time {
	for _, k := range known {
		if k.Resource == e.Resource && k.Path == e.Path {
			return k.FirstObserved
		}
	}
	return now
}
