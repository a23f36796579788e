// SPDX-License-Identifier: Apache-2.0

package policytext

import (
	"strings"
	"testing"
)

func doc(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func allow(resource string) string {
	return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"` + resource + `"}`
}

func TestDifference(t *testing.T) {
	long := strings.Repeat("bucket-", 60)
	cases := map[string]struct{ a, b, inA, inB string }{
		"one statement of two":  {doc(allow("same"), allow("one")), doc(allow("same"), allow("two")), "one", "two"},
		"the end of a long one": {doc(allow(long + "one")), doc(allow(long + "two")), "one", "two"},
		"a statement more":      {doc(allow("same")), doc(allow("same"), allow("two")), "", "two"},
		"nothing against all":   {"", doc(allow("two")), "", "two"},
		"not a policy":          {"nonsense", doc(allow("two")), "nonsense", "two"},
		"only the version":      {doc(allow("same")), strings.Replace(doc(allow("same")), "2012-10-17", "2008-10-17", 1), "2012-10-17", "2008-10-17"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a, b := Difference(c.a, c.b)
			if !strings.Contains(a, c.inA) || !strings.Contains(b, c.inB) || a == b {
				t.Errorf("got\n%s\n%s", a, b)
			}
			if strings.Contains(name, "two") && strings.Contains(a+b, "same") {
				t.Errorf("what is the same is shown:\n%s\n%s", a, b)
			}
			if len([]rune(a)) > Limit || len([]rune(b)) > Limit {
				t.Errorf("too long:\n%s\n%s", a, b)
			}
		})
	}
}
