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

// TestSinceWhenAndByWhom: a difference is there since its field first was not as declared, also when its value changes
// meanwhile; who made it is who made the value that is there now.
func TestSinceWhenAndByWhom(t *testing.T) {
	then := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	known := []drift.Entry{{
		Resource: "A/a", Difference: drift.Difference{Path: "x", Desired: "1", Observed: "2"}, FirstObserved: then, ChangedBy: "eve",
	}}
	for name, c := range map[string]struct {
		resource, path, desired, observed string
		since                             time.Time
		by                                string
	}{
		"the same":            {"A/a", "x", "1", "2", then, "eve"},
		"another value":       {"A/a", "x", "1", "3", then, ""},
		"another declaration": {"A/a", "x", "4", "2", then, "eve"},
		"another field":       {"A/a", "y", "1", "2", then.Add(time.Hour), ""},
		"another object":      {"A/b", "x", "1", "2", then.Add(time.Hour), ""},
	} {
		got := drift.Merge(known, []drift.Entry{{
			Resource: c.resource, Difference: drift.Difference{Path: c.path, Desired: c.desired, Observed: c.observed},
		}}, then.Add(time.Hour))
		if e := got[0]; !e.FirstObserved.Equal(c.since) || e.ChangedBy != c.by {
			t.Errorf("%s: since %v, by %q; want %v, by %q", name, e.FirstObserved, e.ChangedBy, c.since, c.by)
		}
	}
}

// TestTheOrderOfDrift: worst first, then by object, then by field: what is cut off at the end is the least.
func TestTheOrderOfDrift(t *testing.T) {
	want := []drift.Entry{
		entry("Z/z", "z", drift.Critical, time.Time{}), entry("Z/z", "z", drift.High, time.Time{}), entry("Z/z", "z", drift.Medium, time.Time{}),
		entry("A/a", "z", drift.Low, time.Time{}), entry("B/b", "a", drift.Low, time.Time{}), entry("B/b", "b", drift.Low, time.Time{}),
	}
	current := slices.Clone(want)
	slices.Reverse(current)
	for i, e := range drift.Merge(nil, current, time.Time{}) {
		if e.Resource != want[i].Resource || e.Path != want[i].Path || e.Severity != want[i].Severity {
			t.Errorf("%d is %s %s %s, want %s %s %s", i, e.Severity, e.Resource, e.Path, want[i].Severity, want[i].Resource, want[i].Path)
		}
	}
}
