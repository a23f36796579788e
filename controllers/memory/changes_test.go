// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// TestWhoMadeADifference: whoever changed the object last before it was seen, with a call of the kind that makes it.
func TestWhoMadeADifference(t *testing.T) {
	noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	group := []events.Object{{Kind: events.SecurityGroup, Name: "sg-1"}}
	a := NewChanges(func() time.Time { return at(30) })
	for _, c := range []events.Change{
		{Actor: "alice", Time: at(0), Objects: group},
		{Actor: "tagger", Time: at(1), Objects: group, Tags: true},
		{Actor: "bob", Time: at(20), Objects: group},
		{Actor: "", Time: at(2), Objects: group},
		{Actor: "stranger", Time: at(2), Objects: []events.Object{{Kind: events.SecurityGroup, Name: "sg-2"}}},
	} {
		a.Note(c)
	}
	entry := func(path, observed string, seen int) drift.Entry {
		return drift.Entry{Resource: "SecurityGroup/a", Difference: drift.Difference{Path: path, Observed: observed}, FirstObserved: at(seen)}
	}
	for _, c := range []struct {
		what  string
		entry drift.Entry
		known []drift.Entry
		want  string
	}{
		{"seen after alice's change", entry("ingress", "x", 5), nil, "alice"},
		{"a tag", entry("tags[team]", "x", 5), nil, "tagger"},
		{"seen after bob's change", entry("ingress", "x", 21), nil, "bob"},
		{"seen within the difference of two clocks", entry("ingress", "x", 19), nil, "bob"},
		{"seen before anybody's change", entry("ingress", "x", -5), nil, ""},
		{"known for long, and changed again", entry("ingress", "y", -5), []drift.Entry{entry("ingress", "x", -5)}, "bob"},
		{"known for long as it is", entry("ingress", "x", -5), []drift.Entry{entry("ingress", "x", -5)}, ""},
		{"seen long after all", entry("ingress", "x", 300), nil, ""},
	} {
		list := []drift.Entry{c.entry}
		a.Attribute(list, c.known, func(string) []events.Object { return group })
		if list[0].ChangedBy != c.want {
			t.Errorf("%s: changed by %q, want %q", c.what, list[0].ChangedBy, c.want)
		}
	}
	named := []drift.Entry{entry("ingress", "x", 21)}
	named[0].ChangedBy = "carol"
	a.Attribute(named, nil, func(string) []events.Object { return group })
	if named[0].ChangedBy != "carol" {
		t.Errorf("who is known is replaced by %q", named[0].ChangedBy)
	}
	a.Settle(group)
	again := []drift.Entry{entry("ingress", "x", 25)}
	if a.Attribute(again, nil, func(string) []events.Object { return group }); again[0].ChangedBy != "" {
		t.Errorf("what came after a repair was changed by %q, whose change was repaired", again[0].ChangedBy)
	}
	a.Note(events.Change{Actor: "dora", Time: at(24), Objects: group})
	if a.Attribute(again, nil, func(string) []events.Object { return group }); again[0].ChangedBy != "dora" {
		t.Errorf("what came after a repair was changed by %q, want dora", again[0].ChangedBy)
	}
}

// TestActorsAreForgotten: what is remembered does not grow with the time.
func TestActorsAreForgotten(t *testing.T) {
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	a := NewChanges(func() time.Time { return now })
	for n := range 5000 {
		now = now.Add(time.Minute)
		a.Note(events.Change{Actor: "x", Time: now, Objects: []events.Object{{Kind: events.Key, Name: string(rune(n))}}})
	}
	if a.changes.Len() > 300 {
		t.Errorf("%d objects are remembered, of which one an hour's worth is of use", a.changes.Len())
	}
}
