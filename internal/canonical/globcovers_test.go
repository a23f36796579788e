// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

func TestGlobCovers(t *testing.T) {
	for _, row := range []struct {
		glob, pattern string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"?", "", false}, {"", "*", false}, {"a", "a", true}, {"a", "A", false}, {"a", "b", false},
		{"payments-*", "payments-api", true}, {"payments-*", "payments-", true}, {"payments-*", "payments", false},
		{"payments-*", "payments-*", true}, {"payments-*", "payments-?", true}, {"payments-*", "payments-*-db", true},
		{"payments-*", "*", false}, {"payments-*", "?*", false}, {"payments-*", "payments*", false}, {"payments-*", "payments?*", false},
		{"payments-*", "*payments-a", false}, {"payments-*", "?ayments-a", false}, {"payments-*", "paym*nts-a", false},
		{"payments-*", "payments-api*", true}, {"payments-*", "PAYMENTS-*", false},
		{"*", "*", true}, {"*", "**?*", true}, {"**", "a", true}, {"?*", "*?", true}, {"*?", "?*", true}, {"?*", "*", false}, {"?", "*", false}, {"?", "?", true}, {"?", "??", false},
		{"??*", "?*", false}, {"?*", "??*", true}, {"??", "a?", true}, {"a?", "??", false},
		{"a?*", "a*b", true},   // b is the one letter where the * is none
		{"a*?c", "a*bc", true}, // and so is the b here
		{"a?*", "a*", false}, {"*a", "*a*", false}, {"*a*", "*a", true}, {"*a*", "a*", true}, {"*a*", "*ba*b", true}, {"*ab*", "*a*b*", false},
		{"*ab*", "a*bab", true}, {"*a*b*", "*ab*", true}, {"*a*a*", "*a*", false}, {"*a?*", "*a*b", true}, {"*a?", "*ab", true}, {"*a?", "*a*b", false},
		{"*-prod", "*-*-prod", true}, {"*-prod", "*prod", false}, {"a*b*c", "a*c", false}, {"a*c", "a*b*c", true},
		{"ü*", "ü?", true}, {"?", "ü", true}, {"team-?-*", "team-a-*", true}, {"team-?-*", "team-*-a", false}, {"team-?-*", "team-??-a", false},
	} {
		if got := canonical.GlobCovers(row.glob, row.pattern); got != row.want {
			t.Errorf("GlobCovers(%q, %q) = %v", row.glob, row.pattern, got)
		}
	}
}

// TestGlobCoversEndsSoon: patterns that are made to take long end, and with the right answer where a person would write them.
func TestGlobCoversEndsSoon(t *testing.T) {
	for _, part := range []string{"*a", "a*", "*a?", "?*a", "*ab", "a*b?", "*a*b", "*?a*b"} {
		long := strings.Repeat(part, 500)
		if !canonical.GlobCovers(long, long) {
			t.Errorf("%s..., 500 times, does not cover itself", part)
		}
		if canonical.GlobCovers(long+"z", long) {
			t.Errorf("%s..., 500 times, is covered by itself with a z behind it", part)
		}
	}
	wide := "*a" + strings.Repeat("?", 200)
	if !canonical.GlobCovers(wide, wide) || !canonical.GlobCovers(wide, "*a*"+wide) || canonical.GlobCovers(wide, "*a*a*a*"+wide[:100]) {
		t.Error("one letter before many wildcards")
	}
}

// texts are all texts up to a length of the letters of two globs, and of one that neither names.
func texts(globs string, length int) []string {
	other := 'A'
	for strings.ContainsRune(globs, other) {
		other++
	}
	letters := string(other)
	for _, r := range globs {
		if r != '*' && r != '?' && !strings.ContainsRune(letters, r) {
			letters += string(r)
		}
	}
	all, last := []string{""}, []string{""}
	for range length {
		var next []string
		for _, text := range last {
			for _, r := range letters {
				next = append(next, text+string(r))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// TestGlobCoversIsExact: for all short globs, by all short texts.
func TestGlobCoversIsExact(t *testing.T) {
	globs := []string{""}
	for i := 0; len(globs[i]) < 3; i++ {
		globs = append(globs, globs[i]+"a", globs[i]+"b", globs[i]+"*", globs[i]+"?")
	}
	all := texts("ab", 5)
	for _, glob := range globs {
		for _, pattern := range globs {
			uncovered := slices.ContainsFunc(all, func(text string) bool { return canonical.Match(pattern, text) && !canonical.Match(glob, text) })
			if covers := canonical.GlobCovers(glob, pattern); covers == uncovered {
				t.Errorf("GlobCovers(%q, %q) = %v", glob, pattern, covers)
			}
		}
	}
}

// FuzzGlobCovers: by all short texts. What is covered has no text that the glob does not match, and what is not covered has
// one, which need not be longer than both together.
func FuzzGlobCovers(f *testing.F) {
	for _, pair := range [][2]string{
		{"pay-*", "*"}, {"a?*", "a*b"}, {"*a?", "*a*b"}, {"*ab*", "a*bab"}, {"?*?", "*??"}, {"*a*", "b*a"}, {"a*a", "a?*a"}, {"*a?b*", "*a*b"}, {"a**", "a"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, glob, pattern string) {
		if covers := canonical.GlobCovers(glob, pattern); !strings.ContainsAny(pattern, "*?") && covers != canonical.Match(glob, pattern) {
			t.Fatalf("GlobCovers(%q, %q) = %v, unlike Match", glob, pattern, covers)
		}
		few := strings.NewReplacer("c", "a", "d", "b", "e", "*", "f", "?") // letters that fuzzing makes are mostly others
		glob, pattern = few.Replace(glob), few.Replace(pattern)
		if len(glob) > 5 || len(pattern) > 5 {
			return
		}
		against, found := "", false
		for _, text := range texts(glob+" "+pattern, 7) {
			if canonical.Match(pattern, text) && !canonical.Match(glob, text) {
				against, found = text, true
				break
			}
		}
		if covers := canonical.GlobCovers(glob, pattern); covers == found {
			t.Fatalf("GlobCovers(%q, %q) = %v; against it: %q (%v)", glob, pattern, covers, against, found)
		}
	})
}
