// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func uidOf(letter byte) string {
	return strings.Repeat(string(letter), 8) + "-0000-4000-8000-000000000000"
}

// letters writes a tag with the first letter of each UID.
func letters(tag string) string {
	words := strings.Fields(tag)
	for i, w := range words {
		if w != "from" && w != "not" {
			words[i] = w[:1]
		}
	}
	return strings.Join(words, " ")
}

func tagOf(text string) map[string]string {
	words := strings.Fields(text)
	for i, w := range words {
		if len(w) == 1 {
			words[i] = uidOf(w[0])[:8]
		}
	}
	return map[string]string{Tag: strings.Join(words, " ")}
}

// TestClaims says what an installation writes when it finds a tag, and whether it may delete.
func TestClaims(t *testing.T) {
	for _, c := range []struct {
		me, former, found string
		writes            string // "" for nothing
		holds, turnedAway bool
	}{
		{"a", "", "", "", true, false},
		{"a", "", "a", "", true, false},
		{"", "", "b", "", true, false},
		{"b", "", "a", "b from a", false, false},
		{"c", "", "b from a", "c from b a", false, false},
		{"a", "", "b from a", "a not b", false, false},
		{"b", "", "b from a", "", true, false},
		{"a", "", "a not b", "", true, false},
		{"b", "", "a not b", "", false, true},
		{"c", "", "a not b", "c from a not b", false, false},
		{"a", "", "c from a not b", "a not c b", false, false},
		{"a", "", "c from b a", "a not c b", false, false},
		{"b", "", "c from b a", "b from a not c", false, false},
		{"b", "a", "a", "b not a", true, false},
		{"b", "a", "a not b", "b not a", true, false},
		{"b", "a", "a not b c", "b not a c", true, false},
		{"b", "c", "a not b", "", false, true},
		{"a", "", "b not a", "", false, true},
	} {
		i := Installation{}
		if c.me != "" {
			i.UID = uidOf(c.me[0])
		}
		if c.former != "" {
			i.Former = []string{uidOf(c.former[0])}
		}
		tags := tagOf(c.found)
		if got := letters(i.Claim(tags)); got != c.writes {
			t.Errorf("%s (gone: %q) finds %q and writes %q, want %q", c.me, c.former, c.found, got, c.writes)
		}
		if i.Holds(tags) != c.holds || i.TurnedAway(tags) != c.turnedAway {
			t.Errorf("%s (gone: %q) finds %q: holds %v, turned away %v", c.me, c.former, c.found, i.Holds(tags), i.TurnedAway(tags))
		}
	}
}

// TestTheExchangeEnds: however many installations share an id, and in whichever order they read, one looks after the object
// in the end, all others leave it alone, and the tag's value is one that AWS takes.
func TestTheExchangeEnds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // no secret
	for n := 2; n <= maxOthers; n++ {
		for round := range 50 {
			installations := make([]Installation, n)
			for i := range installations {
				installations[i].UID = uidOf(byte('a' + i))
			}
			tags := tagOf("a")
			writes, quiet := 0, 0
			for turn := 0; quiet < 2*n; turn++ {
				i := installations[turn%n] // one after the other, which is the longest
				if round > 0 {
					i = installations[random.IntN(n)]
				}
				claim := i.Claim(tags)
				if claim == "" {
					quiet++
					continue
				}
				quiet = 0
				if tags[Tag] = claim; len(claim) > 256 {
					t.Fatalf("%d characters: %s", len(claim), claim)
				}
				if writes++; writes > n*n {
					t.Fatalf("%d installations still write after %d writes: %s", n, writes, claim)
				}
			}
			if round > 0 {
				continue // some may not have read yet
			}
			for _, i := range installations {
				if i.Holds(tags) == i.TurnedAway(tags) {
					t.Errorf("%d installations: %s neither holds nor leaves: %s", n, i.UID, tags[Tag])
				}
			}
		}
	}
}

// TestOfTwoTheFirstOneStays.
func TestOfTwoTheFirstOneStays(t *testing.T) {
	for _, order := range []string{"bab", "bba", "abab", "baab"} {
		tags := tagOf("a")
		for _, letter := range []byte(order) {
			if claim := (Installation{UID: uidOf(letter)}).Claim(tags); claim != "" {
				tags[Tag] = claim
			}
		}
		if got := letters(tags[Tag]); got != "a not b" {
			t.Errorf("%s: %q", order, got)
		}
	}
}

// TestWhatSomebodyWroteIntoTheTag must not lead to a value that AWS refuses.
func TestWhatSomebodyWroteIntoTheTag(t *testing.T) {
	i := Installation{UID: uidOf('a')}
	for _, text := range []string{"from", "not", "not not", "from from a", strings.Repeat("x", 256), strings.Repeat("x ", 128), "b from " + strings.Repeat("c ", 100)} {
		claim := i.Claim(map[string]string{Tag: text})
		if len(claim) > 256 || claim == "" {
			t.Errorf("%q leads to %q", text, claim)
		}
		if next := i.Claim(map[string]string{Tag: claim}); next != "" {
			t.Errorf("%q leads to %q, and that to %q", text, claim, next)
		}
	}
	if got := fmt.Sprint(heldOf(map[string]string{Tag: "  a   from b not  c "})); got != "a from b not c" {
		t.Errorf("read as %q", got)
	}
}
