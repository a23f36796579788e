// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTags is how many tags a resource of EKS, KMS or Logs can have: each
// service's page on tagging.
const maxTags = 50

// tagProblem says in words what is wrong with tags that a resource shall get
// in addition to those it has, "" if nothing is. Lengths count characters: AWS
// General Reference, "Tagging your AWS resources".
func tagProblem(have, add map[string]string) string {
	all := maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(add)) {
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return fmt.Sprintf("Tag key %q must have a length between 1 and 128", key)
		case utf8.RuneCountInString(add[key]) > 256:
			return fmt.Sprintf("The value of tag %q must have a length of at most 256", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return fmt.Sprintf("Tag key %q is invalid: aws: prefixed tag key names are not allowed for external use", key)
		}
		all[key] = add[key]
	}
	if len(all) > maxTags {
		return fmt.Sprintf("The maximum number of tags is %d", maxTags)
	}
	return ""
}

// addTags puts tags on top of a resource's own.
func addTags(have, add map[string]string) map[string]string {
	if have == nil {
		have = map[string]string{}
	}
	maps.Copy(have, add)
	return have
}

// removeTags takes the named tags off a resource.
func removeTags(have map[string]string, keys []string) {
	for _, key := range keys {
		delete(have, key)
	}
}
