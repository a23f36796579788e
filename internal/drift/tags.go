// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"maps"
	"slices"
	"strings"
)

// Tags compares the tags that should be on an object with those that are. Tags that nobody declared are nobody's business;
// former are keys that were declared once and left the spec.
func Tags(desired, observed map[string]string, former []string) []Difference {
	var diffs []Difference
	for _, key := range slices.Sorted(maps.Keys(desired)) {
		if have, ok := observed[key]; !ok || have != desired[key] {
			diffs = append(diffs, tag(key, desired[key], have))
		}
	}
	for _, key := range slices.Sorted(slices.Values(former)) {
		_, declared := desired[key]
		if have, ok := observed[key]; ok && !declared {
			diffs = append(diffs, tag(key, "", have))
		}
	}
	return diffs
}

func tag(key, desired, observed string) Difference {
	return Difference{
		Path: TagPath(key), Desired: desired, Observed: observed,
		Severity: Low, Action: Repair, Reason: "TagChanged",
	}
}

// TagPath is the path of a tag, by its key.
func TagPath(key string) string { return "tags[" + key + "]" }

// TagKey is the inverse of TagPath.
func TagKey(d Difference) string {
	return strings.TrimSuffix(strings.TrimPrefix(d.Path, "tags["), "]")
}
