// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

func TestCIDR(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.0/8":               "10.0.0.0/8",
		"10.1.2.3/8":               "10.0.0.0/8",
		"10.1.2.3/32":              "10.1.2.3/32",
		"255.255.255.255/0":        "0.0.0.0/0",
		" 192.168.1.0/24\n":        "192.168.1.0/24",
		"::/0":                     "::/0",
		"0:0:0:0:0:0:0:0/0":        "::/0",
		"FE80::1/10":               "fe80::/10",
		"2001:DB8::1/128":          "2001:db8::1/128",
		"2001:db8:0:0:1:0:0:1/128": "2001:db8::1:0:0:1/128",
		"2001:0db8:0001::/48":      "2001:db8:1::/48",
		"::ffff:10.1.2.3/104":      "10.0.0.0/8",
		"::ffff:0:0/96":            "0.0.0.0/0",
		"::ffff:10.0.0.1/128":      "10.0.0.1/32",
		"::ffff:10.0.0.1/64":       "::/64",
	} {
		if got, err := canonical.CIDR(in); err != nil || got != want {
			t.Errorf("CIDR(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestCIDRErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":              "not a CIDR block",
		"10.0.0.1":      "write 10.0.0.1/32",
		"::1":           "write ::1/128",
		"10.0.0.0/33":   "not a CIDR block",
		"10.0.0.0/-1":   "not a CIDR block",
		"10.0.0.0/08":   "not a CIDR block",
		"010.0.0.0/8":   "not a CIDR block",
		"10.0.0/8":      "not a CIDR block",
		"fe80::1%eth/8": "not a CIDR block",
		"fe80::1%eth":   "not a CIDR block",
		"10.0.0.0/8/8":  "not a CIDR block",
	} {
		if got, err := canonical.CIDR(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CIDR(%q) = %q, %v, want ... %s", in, got, err, want)
		}
	}
}

func TestLogGroupARN(t *testing.T) {
	const arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/prod/fargate/a"
	for _, in := range []string{arn, arn + ":*"} {
		if got := canonical.LogGroupARN(in); got != arn {
			t.Errorf("LogGroupARN(%q) = %q", in, got)
		}
	}
	if got := canonical.LogGroupARN(arn + "*"); got == arn {
		t.Error("a name that ends in * is taken for another group")
	}
}

func TestTags(t *testing.T) {
	for want, m := range map[string]map[string]string{
		"":                    nil,
		"a=1, b=2":            {"b": "2", "a": "1"},
		"a=":                  {"a": ""},
		"url=k=v":             {"url": "k=v"},
		`a="1, b=2"`:          {"a": "1, b=2"},
		`"a=1, b"=2`:          {"a=1, b": "2"},
		`a="x\ny"`:            {"a": "x\ny"},
		"fargatesecurity=é ü": {"fargatesecurity": "é ü"},
	} {
		if got := canonical.Tags(m); got != want {
			t.Errorf("Tags(%v) = %s, want %s", m, got, want)
		}
	}
}

func TestList(t *testing.T) {
	in := []string{"c", "a", "b", "a"}
	if got := canonical.List(in); got != "a, b, c" {
		t.Errorf("List = %q", got)
	}
	if in[0] != "c" {
		t.Error("List sorted the caller's own slice")
	}
	if canonical.List(nil) != "" || canonical.List([]string{"a"}) == canonical.List([]string{"a", "b"}) {
		t.Error("List mistakes one set for another")
	}
}

func TestText(t *testing.T) {
	for _, row := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"", 0, ""},
		{strings.Repeat("a", 100), 40, strings.Repeat("a", 17) + "… (83 more characters)"},
		{strings.Repeat("ü", 100), 40, strings.Repeat("ü", 17) + "… (83 more characters)"},
		{"abcdefghij", 3, "abc"},
		{"abc", -1, ""},
		{"a\xffb", 9, "a\uFFFDb"},
	} {
		got := canonical.Text(row.in, row.limit)
		if utf8.RuneCountInString(got) > max(row.limit, 0) || !utf8.ValidString(got) {
			t.Errorf("Text(%q, %d) = %q is too long or broken", row.in, row.limit, got)
		}
		if got != row.want {
			t.Errorf("Text(%q, %d) = %q, want %q", row.in, row.limit, got, row.want)
		}
	}
}

func TestHash(t *testing.T) {
	type tags struct{ B, A string }
	a := canonical.Hash(map[string]string{"A": "1", "B": "2"})
	if len(a) != 16 || a != canonical.Hash(tags{B: "2", A: "1"}) {
		t.Errorf("Hash = %q depends on the type, or is not 16 long", a)
	}
	if a != "3eda2f06741f1d08" {
		t.Errorf("Hash = %q: it changed between versions, so every object would look edited", a)
	}
	if a == canonical.Hash(tags{B: "2", A: "2"}) || canonical.Hash(make(chan int)) == canonical.Hash(func() {}) {
		t.Error("different values have one hash")
	}
	if canonical.Hash(int64(1<<53)) == canonical.Hash(int64(1<<53+1)) {
		t.Error("large numbers lose digits")
	}
}
