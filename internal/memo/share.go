// SPDX-License-Identifier: Apache-2.0

package memo

import "unique"

// Share has texts that are equal be one in memory, whoever keeps them. Nil is left alone.
func Share(texts ...*string) {
	for _, text := range texts {
		if text != nil {
			*text = unique.Make(*text).Value()
		}
	}
}

// ShareAll is Share for the elements of a list.
func ShareAll(texts []string) {
	for i := range texts {
		Share(&texts[i])
	}
}

// Shared returns a map like m whose texts are shared.
func Shared(m map[string]string) map[string]string {
	if len(m) == 0 {
		return m
	}
	shared := make(map[string]string, len(m))
	for key, value := range m {
		Share(&key, &value)
		shared[key] = value
	}
	return shared
}
