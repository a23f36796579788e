// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"maps"
	"strings"
	"testing"
)

// FuzzTags: tags as they should be have no difference; tags on which every difference was carried out have none, and
// keep what neither was declared nor ever had been.
func FuzzTags(f *testing.F) {
	f.Add("team=a\nenv=b", "team=c\nold=d\nother=e", "old")
	f.Add("", "a=b", "a\na")
	f.Add("a=", "", "")
	f.Add("\xff=\x00", "fargatesecurity.io/owner=x", "fargatesecurity.io/owner")
	f.Fuzz(func(t *testing.T, declared, observed, former string) {
		want := allTags(parse(declared), "op/ns/name", Created)
		keys := strings.Split(former, "\n")
		if left := diffTags(want, want, keys); len(left) > 0 {
			t.Fatalf("tags differ from themselves: %+v", left)
		}
		have := parse(observed)
		before := maps.Clone(have)
		for _, d := range diffTags(want, have, keys) {
			key := strings.TrimSuffix(strings.TrimPrefix(d.Path, "tags["), "]")
			if d.Desired == "" && want[key] == "" {
				delete(have, key)
			}
			if value, ok := want[key]; ok {
				have[key] = value
			}
		}
		if left := diffTags(want, have, keys); len(left) > 0 {
			t.Fatalf("left after all was carried out: %+v", left)
		}
		for key, value := range before {
			if _, ok := want[key]; !ok && !strings.Contains("\n"+former+"\n", "\n"+key+"\n") && have[key] != value {
				t.Fatalf("the tag %q of somebody else is gone", key)
			}
		}
	})
}

func parse(text string) map[string]string {
	tags := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		if key, value, ok := strings.Cut(line, "="); ok {
			tags[key] = value
		}
	}
	return tags
}
