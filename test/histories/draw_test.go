// SPDX-License-Identifier: Apache-2.0

package histories_test

import "pgregory.net/rapid"

// evenly draws from 0 to 127, each as often as the others: rapid's own ranges prefer small numbers and bounds, which is
// good for finding the edge of a number, and bad for choosing among things. It shrinks to 0.
var evenly = rapid.Custom(func(t *rapid.T) int {
	n := 0
	for range 7 {
		n <<= 1
		if rapid.Bool().Draw(t, "bit") {
			n |= 1
		}
	}
	return n
})

// pick draws a number below n, which is far below 128.
func pick(t *rapid.T, label string, n int) int { return evenly.Draw(t, label) % n }

// from draws one of a list.
func from[T any](t *rapid.T, label string, list []T) T { return list[pick(t, label, len(list))] }

// mostly draws the usual value four times out of five.
func mostly[T any](t *rapid.T, label string, usual T, others ...T) T {
	if n := pick(t, label, 5*len(others)) - 4*len(others); n >= 0 {
		return others[n]
	}
	return usual
}

func coin(t *rapid.T, label string) bool { return pick(t, label, 2) == 1 }
