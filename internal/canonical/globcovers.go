// SPDX-License-Identifier: Apache-2.0

package canonical

import "slices"

// maxFront bounds the work of GlobCovers. What people write needs one or two sets.
const maxFront = 64

// anyLetter is a letter that no glob names: what only a wildcard takes.
const anyLetter rune = -1

// GlobCovers says whether glob matches every text that pattern, a glob too, matches: payments-* covers payments-?, and does
// not cover *. A pattern that would take too long to judge counts as not covered.
//
// For ? and * of the pattern it is enough to think of letters that the glob does not name: a text in which these match is
// matched with any other letters in their place.
func GlobCovers(glob, pattern string) bool {
	g := []rune(glob)
	front := []places{start(g)}
	for _, r := range pattern {
		switch r {
		case '*':
			front = repeated(g, front)
		case '?':
			front = stepped(g, front, anyLetter)
		default:
			front = stepped(g, front, r)
		}
		front = worst(g, front)
		if len(front) > maxFront || slices.ContainsFunc(front, places.none) {
			return false
		}
	}
	return !slices.ContainsFunc(front, func(p places) bool { return !p[len(g)] })
}

// places are the places of a glob at which its match of a text may be: true at i when g[:i] matches.
type places []bool

func start(g []rune) places {
	p := make(places, len(g)+1)
	p[0] = true
	return p.throughStars(g)
}

// throughStars adds the places that are reached without another letter.
func (p places) throughStars(g []rune) places {
	for i, r := range g {
		p[i+1] = p[i+1] || p[i] && r == '*'
	}
	return p
}

// after are the places when one more letter was read.
func (p places) after(g []rune, letter rune) places {
	next := make(places, len(p))
	for i, r := range g {
		switch {
		case !p[i]:
		case r == '*':
			next[i] = true
		case r == '?' || r == letter:
			next[i+1] = true
		}
	}
	return next.throughStars(g)
}

func (p places) none() bool { return !slices.Contains(p, true) }

// within says whether everything that matches from here on matches from the other places too. Who stands before a * can do
// all that those before can.
func (p places) within(other places, g []rune) bool {
	star := -1
	for i, r := range g {
		if other[i] && r == '*' {
			star = i
		}
	}
	for i, here := range p {
		if here && !other[i] && i > star {
			return false
		}
	}
	return true
}

func stepped(g []rune, front []places, letter rune) []places {
	next := make([]places, 0, len(front))
	for _, p := range front {
		next = append(next, p.after(g, letter))
	}
	return next
}

// repeated adds to each set those after one, two, ... letters that the glob does not name. After twice the glob's length
// nothing new comes.
func repeated(g []rune, front []places) []places {
	var all []places
	for _, p := range front {
		all = append(all, p)
		for next := p.after(g, anyLetter); !slices.Equal(next, p); next = p.after(g, anyLetter) {
			p = next
			all = append(all, p)
		}
	}
	return all
}

// worst keeps the sets from which the least matches: where these lead to a match, the others do.
func worst(g []rune, front []places) []places {
	var kept []places
	for _, p := range front {
		if slices.ContainsFunc(kept, func(k places) bool { return k.within(p, g) }) {
			continue
		}
		kept = append(slices.DeleteFunc(kept, func(k places) bool { return p.within(k, g) }), p)
	}
	return kept
}
