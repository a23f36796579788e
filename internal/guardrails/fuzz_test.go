// SPDX-License-Identifier: Apache-2.0

package guardrails_test

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// FuzzForbiddenIngress: a rule whose own CIDR holds all of a forbidden one is always found, the order of the rules does
// not show, and a rule more never excuses another.
func FuzzForbiddenIngress(f *testing.F) {
	f.Add("0.0.0.0/0\n::/0", "0.0.0.0/1\n128.0.0.0/1", uint16(22), uint16(22))
	f.Add("10.0.0.0/8", "10.0.0.0/9\n10.128.0.0/9\n0.0.0.0/0", uint16(0), uint16(65535))
	f.Add("nonsense", "::/0\nfe80::1%eth0/64\n1.2.3.4", uint16(9), uint16(1))
	f.Add("::ffff:0.0.0.0/96", "0.0.0.0/0", uint16(1), uint16(1))
	f.Fuzz(func(t *testing.T, forbidden, cidrs string, from, to uint16) {
		g := guardrails.Guardrails{ForbiddenIngressCIDRs: strings.Split(forbidden, "\n")}
		var rules []observed.Rule
		for i, cidr := range strings.Split(cidrs, "\n") {
			first, last := int32(from), int32(to)+int32(i%3)
			r, err := canonical.Rule("tcp", &first, &last, cidr, "")
			if err != nil || len(rules) == 12 { // more take long, and are no other
				continue
			}
			rules = append(rules, r)
		}
		found := g.ForbiddenIngress(rules)
		reversed := slices.Clone(rules)
		slices.Reverse(reversed)
		if other := g.ForbiddenIngress(reversed); !reflect.DeepEqual(found, other) {
			t.Fatalf("%+v, and in the other order %+v", found, other)
		}
		for i, r := range rules {
			for _, cidr := range g.ForbiddenIngressCIDRs {
				if covers(r.Peer, cidr) && !names(found, r, cidr) {
					t.Fatalf("%s lets in all of %s: %+v", canonical.RuleKey(r), cidr, found)
				}
				if one := g.ForbiddenIngress(rules[i : i+1]); names(one, r, cidr) && !names(found, r, cidr) {
					t.Fatalf("%s is forbidden alone, and not in company: %+v", canonical.RuleKey(r), found)
				}
			}
		}
	})
}

func names(list []guardrails.Violation, r observed.Rule, cidr string) bool {
	want, err := netip.ParsePrefix(cidr)
	return slices.ContainsFunc(list, func(v guardrails.Violation) bool {
		is, otherErr := netip.ParsePrefix(v.CIDR)
		return v.Rule == canonical.RuleKey(r) && (v.CIDR == cidr || err == nil && otherErr == nil && is.Masked() == want.Masked())
	})
}

// covers says it in the plainest way, for plain prefixes.
func covers(rule, forbidden string) bool {
	r, err := netip.ParsePrefix(rule)
	f, otherErr := netip.ParsePrefix(forbidden)
	return err == nil && otherErr == nil && !f.Addr().Is4In6() && r.Bits() <= f.Bits() && r.Contains(f.Masked().Addr())
}

// FuzzPolicyAllowed: no list, no ARN and no glob panics; what is listed is allowed, and an empty list allows nothing.
func FuzzPolicyAllowed(f *testing.F) {
	f.Add("arn:aws:iam::aws:policy/*\narn:*", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	f.Add("", "")
	f.Add("*?*?*", "\xff")
	f.Fuzz(func(t *testing.T, globs, arn string) {
		list := strings.Split(globs, "\n")
		if (guardrails.Guardrails{AllowedManagedPolicyARNs: []string{}}).PolicyAllowed(arn) {
			t.Fatal("an empty list allows something")
		}
		allowed := guardrails.Guardrails{AllowedManagedPolicyARNs: list}.PolicyAllowed(arn)
		if slices.Contains(list, arn) && !strings.ContainsAny(arn, "*?") && !allowed {
			t.Fatalf("%q is listed, and not allowed", arn)
		}
		if more := (guardrails.Guardrails{AllowedManagedPolicyARNs: append(list, "arn:x")}); allowed && !more.PolicyAllowed(arn) {
			t.Fatal("a longer list allows less")
		}
	})
}
