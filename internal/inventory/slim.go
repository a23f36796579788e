// SPDX-License-Identifier: Apache-2.0

package inventory

// What a View keeps of tens of thousands of objects is most of the operator's memory. So it keeps what the operator reads
// of them, and texts that many objects have in common once. A field that is left out here and read by a Resource after all
// looks like drift, and costs the single read that every drift is confirmed by: histories.TestCallsPerProfile counts those.

// shelf keeps each text of one sweep once. It goes with the sweep.
type shelf map[string]*string

// pointer leads to the shelf's copy.
func (s shelf) pointer(text *string) *string {
	if text == nil {
		return nil
	}
	if known := s[*text]; known != nil {
		return known
	}
	s[*text] = text
	return text
}

// share has the pointers lead to the shelf's copies.
func (s shelf) share(texts ...**string) {
	for _, text := range texts {
		*text = s.pointer(*text)
	}
}
