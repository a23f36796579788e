// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// FuzzText: what is shown is UTF-8, within the limit, and stays as it is when it is cut again.
func FuzzText(f *testing.F) {
	f.Add("", 0)
	f.Add("short", 400)
	f.Add(strings.Repeat("é", 500), 400)
	f.Add("\xff\xfe", 1)
	f.Add(strings.Repeat("x", 30), 26)
	f.Add("x", -1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		shown := canonical.Text(s, limit)
		if n := utf8.RuneCountInString(shown); n > max(limit, 0) || !utf8.ValidString(shown) {
			t.Fatalf("Text(%q, %d) is %q, %d characters", s, limit, shown, n)
		}
		if again := canonical.Text(shown, limit); again != shown {
			t.Fatalf("%q → %q", shown, again)
		}
	})
}

// FuzzTags: different tags never show the same text, and the same always do.
func FuzzTags(f *testing.F) {
	f.Add("a", "b", "a", "b")
	f.Add("a", "b, c=d", "a", "b")
	f.Add("a=b", "c", "a", "b=c")
	f.Add(`"a"`, "", "a", "")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		a, b := map[string]string{k1: v1}, map[string]string{k2: v2}
		if (canonical.Tags(a) == canonical.Tags(b)) != (k1 == k2 && v1 == v2) {
			t.Fatalf("%q and %q are shown as %q and %q", a, b, canonical.Tags(a), canonical.Tags(b))
		}
		if both := map[string]string{k1: v1, k2: v2}; len(both) == 2 && (canonical.Tags(both) == canonical.Tags(a) || canonical.Tags(both) == canonical.Tags(b)) {
			t.Fatalf("%q is shown like one of its tags: %q", both, canonical.Tags(both))
		}
	})
}
