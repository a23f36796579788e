// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// FuzzMerge: nothing is lost or invented, what is known keeps its time, the order is that of severity and then the same
// for any order of the input, and merging again changes nothing.
func FuzzMerge(f *testing.F) {
	f.Add("A/a x High\nA/a y Low", "A/a x Low\nB/b z Critical\nA/a w Unrated")
	f.Add("", "a b c\na b c")
	f.Add("a b High\na b Low", "a b High")
	f.Fuzz(func(t *testing.T, known, current string) {
		then, now := time.Unix(1, 0), time.Unix(2, 0)
		was, is := entries(known, then), entries(current, time.Time{})
		merged := drift.Merge(was, is, now)
		if len(merged) != len(is) {
			t.Fatalf("%d entries became %d", len(is), len(merged))
		}
		for i, e := range merged {
			seen := slices.ContainsFunc(was, func(k drift.Entry) bool { return k.Resource == e.Resource && k.Path == e.Path })
			if seen != e.FirstObserved.Equal(then) || seen == e.FirstObserved.Equal(now) {
				t.Fatalf("known: %v, first observed %v", seen, e.FirstObserved)
			}
			if i > 0 && merged[i-1].Severity.Rank() > e.Severity.Rank() {
				t.Fatalf("%s is worse than what comes before it", e.Severity)
			}
		}
		if again := drift.Merge(merged, merged, now.Add(1)); !reflect.DeepEqual(again, merged) {
			t.Fatalf("merging again makes %v of %v", again, merged)
		}
		slices.Reverse(is)
		if texts(drift.Merge(was, is, now)) != texts(merged) {
			t.Fatal("the order of the input shows")
		}
	})
}

func entries(text string, since time.Time) []drift.Entry {
	var list []drift.Entry
	for _, line := range strings.Split(text, "\n") {
		if f := strings.SplitN(line, " ", 3); len(f) == 3 {
			list = append(list, drift.Entry{Resource: f[0], Difference: drift.Difference{Path: f[1], Severity: drift.Severity(f[2])}, FirstObserved: since})
		}
	}
	return list
}

// texts are what must not depend on the order: where two entries are about the same field, only that.
func texts(list []drift.Entry) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString(e.Resource + " " + e.Path + " " + string(rune('0'+e.Severity.Rank())) + "\n")
	}
	return b.String()
}
