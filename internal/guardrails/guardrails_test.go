// SPDX-License-Identifier: Apache-2.0

package guardrails_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

func TestPolicyAllowed(t *testing.T) {
	const execution = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	for _, row := range []struct {
		name  string
		globs []string
		arn   string
		want  bool
	}{
		{"no guardrail", nil, execution, true},
		{"nothing allowed", []string{}, execution, false},
		{"exact", []string{execution}, execution, true},
		{"second of two", []string{"arn:x", execution}, execution, true},
		{"star", []string{"arn:aws:iam::aws:policy/AmazonEKS*"}, execution, true},
		{"star over slashes", []string{"arn:aws:iam::*Policy"}, "arn:aws:iam::111122223333:policy/team/a/Policy", true},
		{"only stars", []string{"**"}, execution, true},
		{"question mark", []string{"arn:aws:iam::aws:policy/A?c"}, "arn:aws:iam::aws:policy/Abc", true},
		{"question mark is one", []string{"arn:aws:iam::aws:policy/A?c"}, "arn:aws:iam::aws:policy/Ac", false},
		{"question mark is one character, not a byte", []string{"a?c"}, "aüc", true},
		{"prefix only", []string{"arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRole"}, execution, false},
		{"text behind", []string{execution}, execution + "2", false},
		{"text before", []string{execution}, "x" + execution, false},
		{"line break behind", []string{execution}, execution + "\n", false},
		{"other account under the same name", []string{execution}, "arn:aws:iam::666666666666:policy/AmazonEKSFargatePodExecutionRolePolicy", false},
		{"case", []string{execution}, strings.ToLower(execution), false},
		{"dot is no wildcard", []string{"arn.aws"}, "arn:aws", false},
		{"brackets are none", []string{"[a-z]"}, "a", false},
		{"empty ARN", []string{"?*"}, "", false},
		{"empty glob", []string{""}, execution, false},
		{"has to go back", []string{"*ab?d"}, "abababcd", true},
		{"has to go back twice", []string{"a*b*c"}, "a-b-b-c-c", true},
		{"many stars", []string{strings.Repeat("a*", 40) + "b"}, strings.Repeat("a", 4000), false},
	} {
		if got := (guardrails.Guardrails{AllowedManagedPolicyARNs: row.globs}).PolicyAllowed(row.arn); got != row.want {
			t.Errorf("%s: PolicyAllowed(%q) with %q = %v", row.name, row.arn, row.globs, got)
		}
	}
}

func TestBoundary(t *testing.T) {
	const ours = "arn:aws:iam::111122223333:policy/fargate-boundary"
	for _, row := range []struct {
		guardrail, declared string
		refused             bool
	}{
		{"", "", false},
		{"", ours, false},
		{ours, "", false},
		{ours, ours, false},
		{ours, ours + "2", true},
		{ours, strings.ToUpper(ours), true},
		{ours, " ", true},
		{ours, "arn:aws:iam::aws:policy/AdministratorAccess", true},
	} {
		err := guardrails.Guardrails{PermissionsBoundaryARN: row.guardrail}.Boundary(row.declared)
		if (err != nil) != row.refused {
			t.Errorf("guardrail %q, declared %q: %v", row.guardrail, row.declared, err)
		}
		if err != nil && !(strings.Contains(err.Error(), row.guardrail) && strings.Contains(err.Error(), row.declared)) {
			t.Errorf("the error names not both boundaries: %v", err)
		}
	}
}

func TestRequiredBoundary(t *testing.T) {
	const ours = "arn:aws:iam::111122223333:policy/fargate-boundary"
	for _, row := range []struct {
		guardrail, declared string
		refused             bool
	}{
		{"", "", true},
		{"", ours, false},
		{ours, "", false},
		{ours, ours, false},
		{ours, ours + "2", true},
	} {
		err := guardrails.Guardrails{RequireBoundary: true, PermissionsBoundaryARN: row.guardrail}.Boundary(row.declared)
		if (err != nil) != row.refused {
			t.Errorf("guardrail %q, declared %q: %v", row.guardrail, row.declared, err)
		}
		if row.guardrail+row.declared == "" && !strings.Contains(err.Error(), "requirePermissionsBoundary") {
			t.Errorf("the error does not name the guardrail: %v", err)
		}
	}
}

// rule reads "tcp 22 80 10.0.0.0/8"; what follows are the entries of a prefix list.
func rule(t *testing.T, s string) observed.Rule {
	t.Helper()
	var protocol, peer string
	var from, to int32
	f := strings.Fields(s)
	if _, err := fmt.Sscan(strings.Join(f[:4], " "), &protocol, &from, &to, &peer); err != nil {
		t.Fatal(err)
	}
	r, err := canonical.Rule(protocol, &from, &to, peer, "")
	if err != nil {
		t.Fatal(err)
	}
	r.PeerCIDRs = f[4:]
	return r
}

var attacks = []struct {
	name      string
	forbidden []string
	rules     []string
	// want are "rule → forbidden"; nil means that the rules are fine.
	want []string
}{
	{"nothing", nil, nil, nil},
	{"inside", nil, []string{"tcp 443 443 10.0.0.0/8"}, nil},
	{"world", nil, []string{"tcp 443 443 0.0.0.0/0"}, []string{"tcp/443 0.0.0.0/0 → 0.0.0.0/0"}},
	{"world with host bits", nil, []string{"tcp 443 443 1.2.3.4/0"}, []string{"tcp/443 0.0.0.0/0 → 0.0.0.0/0"}},
	{"world, IPv6", nil, []string{"-1 0 0 ::/0"}, []string{"all ::/0 → ::/0"}},
	{"world, IPv6 spelt out", nil, []string{"tcp 1 1 0:0:0:0:0:0:0:0/0"}, []string{"tcp/1 ::/0 → ::/0"}},
	{"world, IPv4 in IPv6", nil, []string{"tcp 1 1 ::ffff:0:0/96"}, []string{"tcp/1 0.0.0.0/0 → 0.0.0.0/0"}},
	{"both families", nil, []string{"icmp 8 -1 0.0.0.0/0", "icmpv6 -1 -1 ::/0"},
		[]string{"icmp/8:-1 0.0.0.0/0 → 0.0.0.0/0", "icmpv6 ::/0 → ::/0"}},
	{"one family does not cover the other", []string{"::/0"}, []string{"tcp 443 443 0.0.0.0/0"}, nil},
	{"two halves", nil, []string{"tcp 22 22 0.0.0.0/1", "tcp 22 22 128.0.0.0/1"},
		[]string{"tcp/22 0.0.0.0/1 → 0.0.0.0/0", "tcp/22 128.0.0.0/1 → 0.0.0.0/0"}},
	{"two halves, IPv6", nil, []string{"udp 1 9 ::/1", "udp 5 5 8000::/1"},
		[]string{"udp/1-9 ::/1 → ::/0", "udp/5 8000::/1 → ::/0"}},
	{"one half", nil, []string{"tcp 22 22 0.0.0.0/1"}, nil},
	{"half twice", nil, []string{"tcp 22 22 0.0.0.0/1", "tcp 22 22 0.0.0.0/2"}, nil},
	{"halves of different ports", nil, []string{"tcp 22 22 0.0.0.0/1", "tcp 23 23 128.0.0.0/1"}, nil},
	{"halves of different protocols", nil, []string{"tcp 22 22 0.0.0.0/1", "udp 22 22 128.0.0.0/1"}, nil},
	{"halves, ranges that touch", nil, []string{"tcp 22 80 0.0.0.0/1", "tcp 80 90 128.0.0.0/1"},
		[]string{"tcp/22-80 0.0.0.0/1 → 0.0.0.0/0", "tcp/80-90 128.0.0.0/1 → 0.0.0.0/0"}},
	{"halves, ranges that do not touch", nil, []string{"tcp 22 79 0.0.0.0/1", "tcp 80 90 128.0.0.0/1"}, nil},
	{"half by all protocols", nil, []string{"tcp 22 22 0.0.0.0/1", "-1 0 0 128.0.0.0/1"},
		[]string{"all 128.0.0.0/1 → 0.0.0.0/0", "tcp/22 0.0.0.0/1 → 0.0.0.0/0"}},
	{"half by all protocols, other protocol number", nil, []string{"50 0 0 0.0.0.0/1", "-1 0 0 128.0.0.0/1"},
		[]string{"all 128.0.0.0/1 → 0.0.0.0/0", "protocol-50 0.0.0.0/1 → 0.0.0.0/0"}},
	{"icmp type and code", nil, []string{"icmp 8 -1 0.0.0.0/1", "icmp 8 0 128.0.0.0/1"},
		[]string{"icmp/8:-1 0.0.0.0/1 → 0.0.0.0/0", "icmp/8:0 128.0.0.0/1 → 0.0.0.0/0"}},
	{"icmp all types", nil, []string{"icmp -1 -1 0.0.0.0/1", "icmp 8 0 128.0.0.0/1"},
		[]string{"icmp 0.0.0.0/1 → 0.0.0.0/0", "icmp/8:0 128.0.0.0/1 → 0.0.0.0/0"}},
	{"icmp, other codes", nil, []string{"icmp 8 1 0.0.0.0/1", "icmp 8 0 128.0.0.0/1"}, nil},
	{"icmp, other types", nil, []string{"icmp 3 -1 0.0.0.0/1", "icmp 8 -1 128.0.0.0/1"}, nil},
	{"a third rule apart is not named", nil, []string{"tcp 22 22 0.0.0.0/1", "tcp 22 22 128.0.0.0/1", "tcp 443 443 10.0.0.0/8", "tcp 22 22 fd00::/8"},
		[]string{"tcp/22 0.0.0.0/1 → 0.0.0.0/0", "tcp/22 128.0.0.0/1 → 0.0.0.0/0"}},
	{"a rule within another takes no part", nil, []string{"tcp 22 22 0.0.0.0/1", "tcp 22 22 128.0.0.0/1", "-1 0 0 10.0.0.0/8"},
		[]string{"tcp/22 0.0.0.0/1 → 0.0.0.0/0", "tcp/22 128.0.0.0/1 → 0.0.0.0/0"}},
	{"a rule beside one that covers all takes no part", nil, []string{"tcp 443 443 0.0.0.0/0", "-1 0 0 10.0.0.0/8"},
		[]string{"tcp/443 0.0.0.0/0 → 0.0.0.0/0"}},
	{"halves twice over do not excuse each other", nil, []string{"tcp 1 1 0.0.0.0/1", "tcp 1 1 128.0.0.0/1", "tcp 1 2 0.0.0.0/1", "tcp 1 2 128.0.0.0/1"},
		[]string{"tcp/1 0.0.0.0/1 → 0.0.0.0/0", "tcp/1 128.0.0.0/1 → 0.0.0.0/0", "tcp/1-2 0.0.0.0/1 → 0.0.0.0/0", "tcp/1-2 128.0.0.0/1 → 0.0.0.0/0"}},
	{"partners at several ports", nil, []string{"tcp 1 9 0.0.0.0/1", "tcp 5 5 128.0.0.0/1", "tcp 3 4 128.0.0.0/1"},
		[]string{"tcp/1-9 0.0.0.0/1 → 0.0.0.0/0", "tcp/3-4 128.0.0.0/1 → 0.0.0.0/0", "tcp/5 128.0.0.0/1 → 0.0.0.0/0"}},
	{"halves and their quarters", nil, []string{"tcp 1 1 0.0.0.0/1", "tcp 1 1 128.0.0.0/1", "tcp 1 1 0.0.0.0/2", "tcp 1 1 64.0.0.0/2"},
		[]string{"tcp/1 0.0.0.0/1 → 0.0.0.0/0", "tcp/1 128.0.0.0/1 → 0.0.0.0/0"}},
	{"prefix list of the world", nil, []string{"tcp 22 22 pl-1 0.0.0.0/0"}, []string{"tcp/22 pl-1 → 0.0.0.0/0"}},
	{"prefix list of two halves", nil, []string{"tcp 22 22 pl-1 128.0.0.0/1 0.0.0.0/1"}, []string{"tcp/22 pl-1 → 0.0.0.0/0"}},
	{"prefix list and rule", nil, []string{"tcp 22 22 pl-1 128.0.0.0/1 10.0.0.0/8", "tcp 1 65535 0.0.0.0/1"},
		[]string{"tcp/1-65535 0.0.0.0/1 → 0.0.0.0/0", "tcp/22 pl-1 → 0.0.0.0/0"}},
	{"two prefix lists", nil, []string{"tcp 22 22 pl-1 0.0.0.0/1", "tcp 22 22 pl-2 128.0.0.0/1"},
		[]string{"tcp/22 pl-1 → 0.0.0.0/0", "tcp/22 pl-2 → 0.0.0.0/0"}},
	{"prefix list that was not read", nil, []string{"tcp 22 22 pl-1"}, nil},
	{"prefix list that is unreadable", nil, []string{"tcp 22 22 pl-1 nonsense"}, []string{"tcp/22 pl-1 → nonsense"}},
	{"group", nil, []string{"-1 0 0 sg-1", "-1 0 0 111122223333/sg-1"}, nil},
	{"forbidden inside", []string{"203.0.113.0/24"}, []string{"tcp 1 1 203.0.0.0/16"}, []string{"tcp/1 203.0.0.0/16 → 203.0.113.0/24"}},
	{"forbidden with host bits", []string{"203.0.113.77/24"}, []string{"tcp 1 1 203.0.113.0/24"}, []string{"tcp/1 203.0.113.0/24 → 203.0.113.0/24"}},
	{"part of the forbidden", []string{"203.0.113.0/24"}, []string{"tcp 1 1 203.0.113.0/25"}, nil},
	{"forbidden by its parts", []string{"203.0.113.0/24"}, []string{"tcp 1 1 203.0.113.128/25", "tcp 1 1 203.0.113.0/26", "tcp 1 1 203.0.113.64/26"},
		[]string{"tcp/1 203.0.113.0/26 → 203.0.113.0/24", "tcp/1 203.0.113.128/25 → 203.0.113.0/24", "tcp/1 203.0.113.64/26 → 203.0.113.0/24"}},
	{"several forbidden", []string{"10.0.0.0/8", "0.0.0.0/0"}, []string{"tcp 1 1 0.0.0.0/0"},
		[]string{"tcp/1 0.0.0.0/0 → 0.0.0.0/0", "tcp/1 0.0.0.0/0 → 10.0.0.0/8"}},
	{"unreadable guardrail", []string{"everything"}, []string{"tcp 1 1 10.0.0.0/8"}, []string{" → everything"}},
	{"nothing forbidden", []string{}, []string{"-1 0 0 0.0.0.0/0"}, nil},
	{"the same rule twice", nil, []string{"tcp 1 1 0.0.0.0/0", "tcp 1 1 0.0.0.0/0"}, []string{"tcp/1 0.0.0.0/0 → 0.0.0.0/0"}},
}

func TestForbiddenIngress(t *testing.T) {
	for _, row := range attacks {
		t.Run(row.name, func(t *testing.T) {
			g := guardrails.Guardrails{ForbiddenIngressCIDRs: row.forbidden}
			if row.forbidden == nil {
				g.ForbiddenIngressCIDRs = []string{"0.0.0.0/0", "::/0"}
			}
			var rules []observed.Rule
			for _, s := range row.rules {
				rules = append(rules, rule(t, s))
			}
			violations := g.ForbiddenIngress(rules)
			var got []string
			for _, v := range violations {
				got = append(got, v.Rule+" → "+v.CIDR)
				if !strings.Contains(v.Message, v.Rule) || !strings.Contains(v.Message, "guardrail") {
					t.Errorf("message does not say what it is about: %s", v.Message)
				}
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
			slices.Reverse(rules)
			if !reflect.DeepEqual(g.ForbiddenIngress(rules), violations) {
				t.Error("the order of the rules changes the answer")
			}
		})
	}
}

// TestManySmallRules: the world cut into 256 pieces is the world, and without one of them it is not.
func TestManySmallRules(t *testing.T) {
	var rules []observed.Rule
	for i := range 256 {
		rules = append(rules, rule(t, fmt.Sprintf("tcp 22 22 %d.0.0.0/8", i)))
	}
	g := guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0"}}
	violations := g.ForbiddenIngress(rules)
	if len(violations) != 256 {
		t.Fatalf("%d violations, want one for each rule", len(violations))
	}
	if len(violations[0].Message) > 600 {
		t.Errorf("message of %d bytes", len(violations[0].Message))
	}
	if got := g.ForbiddenIngress(rules[1:]); got != nil {
		t.Errorf("without 0.0.0.0/8 the world is not covered, but: %v", got[0])
	}
}

func TestMessageNamesAccomplices(t *testing.T) {
	g := guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0"}}
	got := g.ForbiddenIngress([]observed.Rule{rule(t, "tcp 22 22 0.0.0.0/1"), rule(t, "-1 0 0 128.0.0.0/1")})
	want := "ingress tcp/22 0.0.0.0/1 together with all 128.0.0.0/1 lets in all of 0.0.0.0/0, which the account's guardrails forbid: " +
		"name only the networks that need it"
	if len(got) != 2 || got[1].Message != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
