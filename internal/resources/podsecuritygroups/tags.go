// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"encoding/json"
	"maps"

	"k8s.io/apimachinery/pkg/util/validation"
)

// tagsAnnotation holds, as JSON, those tags whose keys AWS allows and Kubernetes does not allow as annotation keys
// (spaces, colons, more than one slash, ...): AWS General Reference, "Tagging your AWS resources".
const tagsAnnotation = "fargatesecurity.io/tags"

// tagsOf reads tags from annotations.
func tagsOf(annotations map[string]string) map[string]string {
	out := packed(annotations)
	for key, value := range annotations {
		if key != tagsAnnotation {
			out[key] = value
		}
	}
	return out
}

// withTags returns the annotations with tags set and others removed.
func withTags(annotations, set map[string]string, remove []string) map[string]string {
	plain, rest := maps.Clone(annotations), packed(annotations)
	if plain == nil {
		plain = map[string]string{}
	}
	for _, key := range remove {
		delete(plain, key)
		delete(rest, key)
	}
	for key, value := range set {
		if len(validation.IsQualifiedName(key)) == 0 {
			plain[key] = value
		} else {
			rest[key] = value
		}
	}
	delete(plain, tagsAnnotation)
	if len(rest) > 0 {
		if raw, err := json.Marshal(rest); err == nil {
			plain[tagsAnnotation] = string(raw)
		}
	}
	return plain
}

func packed(annotations map[string]string) map[string]string {
	out := map[string]string{}
	if raw := annotations[tagsAnnotation]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &out); err != nil {
			return map[string]string{}
		}
	}
	return out
}
