// SPDX-License-Identifier: Apache-2.0

package canonical

import "strings"

// Match is the glob of IAM and of Fargate selectors: * stands for any characters, / and : included, ? for exactly
// one, and the whole text has to match, case included
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html). It only ever goes back
// to the last *, so no pattern makes it slow.
func Match(glob, s string) bool {
	g, t := []rune(glob), []rune(s)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(g) && g[i] == '*':
			star, mark = i, j
			i++
		case i < len(g) && (g[i] == '?' || g[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(g[i:]), "*") == ""
}

// GlobsMeet says whether some text matches both globs.
func GlobsMeet(a, b string) bool {
	g, h := []rune(a), []rune(b)
	// meets[j] says whether the rest of g behind row i and the rest of h behind j have a text in common.
	var meets []bool
	for i := len(g); i >= 0; i-- {
		below := meets
		meets = make([]bool, len(h)+1)
		for j := len(h); j >= 0; j-- {
			meets[j] = meetsAt(g[i:], h[j:], below, meets, j)
		}
	}
	return meets[0]
}

// meetsAt decides one cell from the cells for one character less of g (below), of h (meets[j+1]) and of both.
func meetsAt(g, h []rune, below, meets []bool, j int) bool {
	switch {
	case len(g) == 0 && len(h) == 0:
		return true
	case starts(g, '*'):
		return below[j] || (len(h) > 0 && meets[j+1])
	case starts(h, '*'):
		return meets[j+1] || (len(g) > 0 && below[j])
	case len(g) == 0 || len(h) == 0:
		return false
	default:
		return (g[0] == h[0] || g[0] == '?' || h[0] == '?') && below[j+1]
	}
}

func starts(g []rune, r rune) bool { return len(g) > 0 && g[0] == r }
