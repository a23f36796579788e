// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// taggedResource is a resource as the Resource Groups Tagging API sees it.
type taggedResource struct {
	ARN  string
	Type string // such as ec2:security-group
	Tags map[string]string
}

// epoch is a time as the JSON protocols write it: seconds, with a fraction.
type epoch time.Time

// MarshalJSON returns the seconds since 1970.
func (t epoch) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(t).UnixMilli()) / 1000)
}

// jsonField reads one string of a JSON object, "" if it is not there.
func jsonField(body []byte, name string) string {
	var fields map[string]json.RawMessage
	var value string
	if json.Unmarshal(body, &fields) != nil || json.Unmarshal(fields[name], &value) != nil {
		return ""
	}
	return value
}

// page returns the items from token on, at most size of them, and the token of
// the next page, "" if there is none. Items are in the order of their keys, and
// a token is the key of a page's first item, so that changes between two pages
// neither repeat nor skip what stayed. ok is false for a token that is no token.
func page[T any](items []T, key func(T) string, token string, size int) (out []T, next string, ok bool) {
	sorted := slices.Clone(items)
	slices.SortFunc(sorted, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	start := 0
	if token != "" {
		first, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return nil, "", false
		}
		start, _ = slices.BinarySearchFunc(sorted, string(first), func(item T, k string) int { return strings.Compare(key(item), k) })
	}
	end := min(start+max(size, 1), len(sorted))
	if end < len(sorted) {
		next = base64.RawURLEncoding.EncodeToString([]byte(key(sorted[end])))
	}
	return sorted[start:end], next, true
}

// self is the key of a list of names.
func self(name string) string { return name }
