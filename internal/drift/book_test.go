// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

func entry(resource, path string, severity drift.Severity, since time.Time) drift.Entry {
	return drift.Entry{Resource: resource, Difference: drift.Difference{Path: path, Severity: severity}, FirstObserved: since}
}

func TestMergeKeepsSinceAndSortsWorstFirst(t *testing.T) {
	then := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := then.Add(time.Hour)
	known := []drift.Entry{entry("A/a", "x", drift.Low, then), entry("A/a", "gone", drift.High, then)}
	merged := drift.Merge(known, []drift.Entry{
		entry("B/b", "y", drift.Low, time.Time{}),
		entry("A/a", "z", drift.Critical, time.Time{}),
		entry("A/a", "x", drift.Low, time.Time{}),
	}, now)
	var got []string
	for _, e := range merged {
		got = append(got, e.Resource+" "+e.Path)
	}
	if want := []string{"A/a z", "A/a x", "B/b y"}; !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
	if !merged[1].FirstObserved.Equal(then) || !merged[0].FirstObserved.Equal(now) {
		t.Errorf("since %v and %v: what is known keeps its time, what is new is since now", merged[1].FirstObserved, merged[0].FirstObserved)
	}
	if again := drift.Merge(merged, merged, now.Add(time.Hour)); !slices.EqualFunc(again, merged, func(a, b drift.Entry) bool {
		return a.Path == b.Path && a.FirstObserved.Equal(b.FirstObserved)
	}) {
		t.Error("merging the same drift again changes it")
	}
}
