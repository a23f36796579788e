// SPDX-License-Identifier: Apache-2.0

package events

// reader makes an object of how a record spells it. false: it is none that we look at.
type reader func(value string) (Object, bool)

// maxName is longer than any name or ARN of these objects.
const maxName = 1024

// usable tells that a text can be a name: printable ASCII, which is all that AWS allows in the names of these objects.
func usable(name string) bool {
	for _, r := range name {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return name != "" && len(name) <= maxName && name != Any
}

func named(kind Kind) reader {
	return func(value string) (Object, bool) { return Object{kind, value}, usable(value) }
}
