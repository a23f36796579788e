// SPDX-License-Identifier: Apache-2.0

package events

import (
	"maps"
	"slices"
	"strings"
)

// record is what a record says of a call: "request", "response" and "resources", as they were decoded.
type record map[string]any

// find lists the objects that a record names, in any order, some perhaps twice.
type find func(record) []Object

// each reads every value at the paths.
func each(read reader, paths ...string) find {
	return func(r record) []Object {
		var objects []Object
		for _, path := range paths {
			for _, value := range r.at(path) {
				if object, ok := read(value); ok {
					objects = append(objects, object)
				}
			}
		}
		return objects
	}
}

// pair finds the one object of a kind that is named by two values. Of paths with | between them the first that has a
// value counts.
func pair(kind Kind, outer, inner string) find {
	return func(r record) []Object {
		a, b := r.one(outer), r.one(inner)
		if !usable(a) || !usable(b) || strings.Contains(a+b, "/") {
			return nil
		}
		return []Object{{kind, a + "/" + b}}
	}
}

// first is what the first of the finds to find anything finds.
func first(finds ...find) find {
	return func(r record) []Object {
		for _, f := range finds {
			if objects := f(r); len(objects) > 0 {
				return objects
			}
		}
		return nil
	}
}

// both is what all the finds find.
func both(finds ...find) find {
	return func(r record) []Object {
		var objects []Object
		for _, f := range finds {
			objects = append(objects, f(r)...)
		}
		return objects
	}
}

// unknown is an object of a kind that the record does not name.
func unknown(kind Kind) find {
	return func(record) []Object { return []Object{{kind, Any}} }
}

func (r record) one(paths string) string {
	for path := range strings.SplitSeq(paths, "|") {
		if values := r.at(path); len(values) == 1 {
			return values[0]
		}
	}
	return ""
}

// at lists the texts at a path of names with dots between them. Upper and lower case are the same: CloudTrail writes
// groupId in some records and GroupId in others. Lists are gone through, those that EC2 wraps into "items" too, and
// a single value stands for a list of one.
func (r record) at(path string) []string {
	first, rest, _ := strings.Cut(path, ".")
	var texts []string
	collect(r[first], strings.Split(rest, "."), &texts)
	return texts
}

// collect adds the texts at names, seen from value. Depth is bounded, since Parse bounds it.
func collect(value any, names []string, texts *[]string) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			collect(element, names, texts)
		}
	case string:
		if len(names) == 0 || names[0] == "" {
			*texts = append(*texts, value)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			switch {
			case len(names) > 0 && strings.EqualFold(key, names[0]):
				collect(value[key], names[1:], texts)
			case key == "items":
				collect(value[key], names, texts)
			}
		}
	}
}
