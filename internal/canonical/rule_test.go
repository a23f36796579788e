// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// given is a rule as a person or AWS writes it; none means that the port is absent.
type given struct {
	protocol    string
	from, to    int32
	peer        string
	description string
}

const none = int32(-1 << 31)

func (g given) rule() (observed.Rule, error) {
	port := func(p int32) *int32 {
		if p == none {
			return nil
		}
		return &p
	}
	return canonical.Rule(g.protocol, port(g.from), port(g.to), g.peer, g.description)
}

var base = given{"tcp", 443, 443, "10.0.0.0/16", ""}

var sameRules = []struct {
	name, want string
	a, b       given
}{
	{"protocol number", "tcp/443 10.0.0.0/16", base, given{"6", 443, 443, "10.0.0.0/16", ""}},
	{"protocol case", "tcp/443 10.0.0.0/16", base, given{"TCP", 443, 443, "10.0.0.0/16", ""}},
	{"protocol with zeros", "tcp/443 10.0.0.0/16", base, given{" 06", 443, 443, "10.0.0.0/16", ""}},
	{"host bits", "tcp/443 10.0.0.0/16", base, given{"tcp", 443, 443, "10.0.17.4/16", ""}},
	{"one port", "tcp/443 10.0.0.0/16", base, given{"tcp", 443, none, "10.0.0.0/16", ""}},
	{"white space", "tcp/443 10.0.0.0/16", base, given{" tcp ", 443, 443, " 10.0.0.0/16 ", ""}},
	{"udp", "udp/53 sg-1", given{"udp", 53, 53, "sg-1", ""}, given{"17", 53, 53, "SG-1", ""}},
	{"icmp all", "icmp 10.0.0.0/8", given{"icmp", -1, -1, "10.0.0.0/8", ""}, given{"1", none, none, "10.0.0.0/8", ""}},
	{"icmp all with code", "icmp 10.0.0.0/8", given{"icmp", -1, -1, "10.0.0.0/8", ""}, given{"ICMP", -1, 3, "10.0.0.0/8", ""}},
	{"icmp type", "icmp/8:-1 10.0.0.0/8", given{"icmp", 8, -1, "10.0.0.0/8", ""}, given{"icmp", 8, none, "10.0.0.0/8", ""}},
	{"icmpv6", "icmpv6/128:0 ::/0", given{"icmpv6", 128, 0, "::/0", ""}, given{"58", 128, 0, "0::0/0", ""}},
	{"all", "all 10.0.0.0/8", given{"-1", -1, -1, "10.0.0.0/8", ""}, given{"-1", none, none, "10.0.0.0/8", ""}},
	{"all loses ports", "all 10.0.0.0/8", given{"-1", none, none, "10.0.0.0/8", ""}, given{"all", 22, 22, "10.0.0.0/8", ""}},
	{"all with 0", "all 10.0.0.0/8", given{"-1", none, none, "10.0.0.0/8", ""}, given{"ALL", 0, 65535, "10.0.0.0/8", ""}},
	{"other protocols lose ports", "protocol-50 10.0.0.0/8", given{"50", none, none, "10.0.0.0/8", ""}, given{"050", 0, 0, "10.0.0.0/8", ""}},
	{"prefix list", "tcp/1-2 pl-0a", given{"tcp", 1, 2, "pl-0a", ""}, given{"tcp", 1, 2, "PL-0A", ""}},
	{"IPv6", "tcp/443 2001:db8::/32", given{"tcp", 443, 443, "2001:db8::/32", ""}, given{"tcp", 443, 443, "2001:0DB8:0:0:0:0:0:1/32", ""}},
	{"group of a peer account", "tcp/443 111122223333/sg-1", given{"tcp", 443, 443, "111122223333/sg-1", ""}, given{"6", 443, 443, "111122223333/sg-1", ""}},
	{"group yet to come", "tcp/443 " + drift.Unknown, given{"tcp", 443, 443, drift.Unknown, ""}, given{"6", 443, 443, drift.Unknown, ""}},
	{"description is no identity of its own", "tcp/443 10.0.0.0/16 \"mesh\"", given{"tcp", 443, 443, "10.0.0.0/16", "mesh"}, given{"6", 443, 443, "10.0.0.0/16", "mesh"}},
}

func TestSameRules(t *testing.T) {
	for _, row := range sameRules {
		t.Run(row.name, func(t *testing.T) {
			a, errA := row.a.rule()
			b, errB := row.b.rule()
			if errA != nil || errB != nil {
				t.Fatalf("cannot be read: %v, %v", errA, errB)
			}
			if canonical.RuleText(a) != row.want || canonical.RuleText(b) != row.want {
				t.Errorf("%q and %q, want %q", canonical.RuleText(a), canonical.RuleText(b), row.want)
			}
			if canonical.RuleKey(a) != canonical.RuleKey(b) || canonical.Hash(a) != canonical.Hash(b) {
				t.Errorf("not the same: %+v and %+v", a, b)
			}
		})
	}
}

var differentRules = []struct {
	name string
	a, b given
}{
	{"port", base, given{"tcp", 444, 444, "10.0.0.0/16", ""}},
	{"range up", base, given{"tcp", 443, 444, "10.0.0.0/16", ""}},
	{"range down", base, given{"tcp", 442, 443, "10.0.0.0/16", ""}},
	{"protocol", base, given{"udp", 443, 443, "10.0.0.0/16", ""}},
	{"all protocols", base, given{"-1", none, none, "10.0.0.0/16", ""}},
	{"wider CIDR", base, given{"tcp", 443, 443, "10.0.0.0/15", ""}},
	{"other CIDR", base, given{"tcp", 443, 443, "10.1.0.0/16", ""}},
	{"world", base, given{"tcp", 443, 443, "0.0.0.0/0", ""}},
	{"world in IPv6", given{"tcp", 443, 443, "0.0.0.0/0", ""}, given{"tcp", 443, 443, "::/0", ""}},
	{"group", given{"tcp", 443, 443, "sg-1", ""}, given{"tcp", 443, 443, "sg-2", ""}},
	{"group to list", given{"tcp", 443, 443, "sg-1", ""}, given{"tcp", 443, 443, "pl-1", ""}},
	{"group of another account", given{"tcp", 443, 443, "sg-1", ""}, given{"tcp", 443, 443, "111122223333/sg-1", ""}},
	{"all tcp ports are not all traffic", given{"tcp", 0, 65535, "10.0.0.0/8", ""}, given{"-1", none, none, "10.0.0.0/8", ""}},
	{"icmp type", given{"icmp", 8, -1, "10.0.0.0/8", ""}, given{"icmp", 0, -1, "10.0.0.0/8", ""}},
	{"icmp code", given{"icmp", 3, 4, "10.0.0.0/8", ""}, given{"icmp", 3, -1, "10.0.0.0/8", ""}},
	{"icmp all", given{"icmp", 8, -1, "10.0.0.0/8", ""}, given{"icmp", -1, -1, "10.0.0.0/8", ""}},
	{"icmp version", given{"icmp", -1, -1, "::/0", ""}, given{"icmpv6", -1, -1, "::/0", ""}},
	{"protocol number", given{"50", none, none, "10.0.0.0/8", ""}, given{"51", none, none, "10.0.0.0/8", ""}},
}

func TestDifferentRules(t *testing.T) {
	for _, row := range differentRules {
		a, errA := row.a.rule()
		b, errB := row.b.rule()
		if errA != nil || errB != nil {
			t.Errorf("%s: cannot be read: %v, %v", row.name, errA, errB)
		}
		if canonical.RuleKey(a) == canonical.RuleKey(b) {
			t.Errorf("%s: both are %s", row.name, canonical.RuleKey(a))
		}
	}
}

func TestRuleTextHasDescription(t *testing.T) {
	a, _ := given{"tcp", 443, 443, "10.0.0.0/16", `a "b"`}.rule()
	b, _ := base.rule()
	if got, want := canonical.RuleText(a), `tcp/443 10.0.0.0/16 "a \"b\""`; got != want {
		t.Errorf("RuleText = %s, want %s", got, want)
	}
	if canonical.RuleKey(a) != canonical.RuleKey(b) {
		t.Error("the description is part of the identity")
	}
	if canonical.RuleText(a) == canonical.RuleText(b) {
		t.Error("the description is not shown")
	}
}

func TestRuleErrors(t *testing.T) {
	for _, row := range []struct {
		name, want string
		g          given
	}{
		{"no protocol", `protocol is ""`, given{"", 1, 1, "10.0.0.0/8", ""}},
		{"protocol word", `protocol is "https"`, given{"HTTPS", 1, 1, "10.0.0.0/8", ""}},
		{"protocol number", `protocol is "256"`, given{"256", 1, 1, "10.0.0.0/8", ""}},
		{"protocol minus", `protocol is "-2"`, given{"-2", 1, 1, "10.0.0.0/8", ""}},
		{"no port", "tcp without a port: give fromPort and toPort", given{"tcp", none, none, "10.0.0.0/8", ""}},
		{"turned round", "tcp ports are 2 to 1", given{"tcp", 2, 1, "10.0.0.0/8", ""}},
		{"negative", "udp ports are -1 to -1", given{"udp", -1, -1, "10.0.0.0/8", ""}},
		{"too big", "tcp ports are 1 to 65536", given{"tcp", 1, 65536, "10.0.0.0/8", ""}},
		{"icmp type", "icmp type and code are 256 and -1", given{"icmp", 256, none, "10.0.0.0/8", ""}},
		{"icmp code", "icmp type and code are 8 and -2", given{"icmp", 8, -2, "10.0.0.0/8", ""}},
		{"no peer", "the rule names no peer", given{"tcp", 1, 1, " ", ""}},
		{"peer", "neither a security group", given{"tcp", 1, 1, "vpc-1", ""}},
		{"address", "write 10.0.0.1/32", given{"tcp", 1, 1, "10.0.0.1", ""}},
	} {
		if _, err := row.g.rule(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error = %v, want ... %s", row.name, err, row.want)
		}
	}
}
