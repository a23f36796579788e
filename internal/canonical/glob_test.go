// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

func TestGlobsMeet(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"", "*", true}, {"", "?", false}, {"a", "a", true}, {"a", "b", false}, {"a", "A", false},
		{"*", "*", true}, {"*", "kube-system", true}, {"prod-*", "*-db", true}, {"prod-*", "dev-*", false},
		{"prod-*", "prod-?", true}, {"prod-??", "prod-?", false}, {"a*b", "a*c", false}, {"a*b*", "*c", true},
		{"*a*", "*b*", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"??", "a*", true}, {"ü?", "?ü", true},
		{"a*", "?", true}, {"a*a", "a", false}, {"team-?-*", "*-1", true},
	} {
		if got := canonical.GlobsMeet(row.a, row.b); got != row.want {
			t.Errorf("GlobsMeet(%q, %q) = %v", row.a, row.b, got)
		}
		if got := canonical.GlobsMeet(row.b, row.a); got != row.want {
			t.Errorf("GlobsMeet(%q, %q) = %v", row.b, row.a, got)
		}
	}
}

// FuzzGlobsMeet: a plain text meets a glob exactly if it matches it.
func FuzzGlobsMeet(f *testing.F) {
	f.Add("a*b?", "axxbc")
	f.Add("**?*", "")
	f.Fuzz(func(t *testing.T, glob, s string) {
		if len(glob) > 100 || len(s) > 100 {
			return
		}
		meet := canonical.GlobsMeet(glob, s)
		if meet != canonical.GlobsMeet(s, glob) {
			t.Fatal("not symmetric")
		}
		if !strings.ContainsAny(s, "*?") && meet != canonical.Match(glob, s) {
			t.Fatalf("GlobsMeet(%q, %q) = %v, unlike Match", glob, s, meet)
		}
	})
}
