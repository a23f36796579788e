// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"strconv"
	"strings"
)

// ec2Filter is one filter of a describing operation.
type ec2Filter struct {
	Name   string   `q:"Name"`
	Values []string `q:"Value"`
}

// filterValues returns the values that an item has for a filter's name; ok is
// false when the operation has no such filter.
type filterValues[T any] func(item T, name string) (values []string, ok bool)

// applyFilters keeps the items that match all filters, each by any of its
// values: EC2 user guide "List and filter using the CLI and API".
func applyFilters[T any](filters []ec2Filter, items []T, tags func(T) map[string]string, values filterValues[T]) ([]T, error) {
	if err := checkFilters(filters); err != nil {
		return nil, err
	}
	var zero T
	for _, f := range filters {
		if _, tag := tagFilter(f.Name, nil); tag {
			continue
		}
		// All filterValues functions bear the zero item.
		if _, ok := values(zero, f.Name); !ok {
			return nil, badEC2("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
	}
	var out []T
	for _, item := range items {
		if matchesAll(filters, item, tags, values) {
			out = append(out, item)
		}
	}
	return out, nil
}

// narrow leaves out what filters by a plain field leave out anyway, before anything is sorted or made of it: an account
// may hold ten thousand groups, and one is asked for. plain knows such filters only.
func narrow[T any](items map[string]T, filters []ec2Filter, plain filterValues[T]) map[string]T {
	for _, f := range filters {
		var zero T
		if _, ok := plain(zero, f.Name); !ok {
			continue
		}
		kept := map[string]T{}
		for id, item := range items {
			if have, _ := plain(item, f.Name); matchesAny(f.Values, have) {
				kept[id] = item
			}
		}
		items = kept
	}
	return items
}

// checkFilters: at most 200 values in all (same page, "Filter limits").
func checkFilters(filters []ec2Filter) error {
	n := 0
	for _, f := range filters {
		n += len(f.Values)
		if len(f.Values) == 0 {
			return badEC2("InvalidParameterValue", "The filter '%s' must have at least one value", f.Name)
		}
	}
	if n > 200 {
		return badEC2("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
	}
	return nil
}

func matchesAll[T any](filters []ec2Filter, item T, tags func(T) map[string]string, values filterValues[T]) bool {
	for _, f := range filters {
		have, tag := tagFilter(f.Name, tags(item))
		if !tag {
			have, _ = values(item, f.Name)
		}
		if !matchesAny(f.Values, have) {
			return false
		}
	}
	return true
}

// tagFilter answers the filters by tag, which all resources have in common.
func tagFilter(name string, tags map[string]string) ([]string, bool) {
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, has := tags[key]; has {
			return []string{v}, true
		}
		return nil, true
	}
	if name != "tag-key" {
		return nil, false
	}
	var keys []string
	for k := range tags {
		keys = append(keys, k)
	}
	return keys, true
}

func matchesAny(patterns, values []string) bool {
	for _, p := range patterns {
		for _, v := range values {
			if wildcardMatch(p, v) {
				return true
			}
		}
	}
	return false
}

// wildcardMatch: * is any number of characters, ? is one, a backslash makes
// the next character plain; case counts (same page, "Filter using wildcards").
func wildcardMatch(pattern, value string) bool {
	if pattern == "" {
		return value == ""
	}
	switch pattern[0] {
	case '*':
		for i := 0; i <= len(value); i++ {
			if wildcardMatch(pattern[1:], value[i:]) {
				return true
			}
		}
		return false
	case '?':
		return value != "" && wildcardMatch(pattern[1:], value[1:])
	case '\\':
		if len(pattern) > 1 {
			pattern = pattern[1:]
		}
	}
	return value != "" && value[0] == pattern[0] && wildcardMatch(pattern[1:], value[1:])
}

func boolText(b bool) []string { return []string{strconv.FormatBool(b)} }
