// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"testing"

	awspolicy "github.com/hashicorp/awspolicyequivalence"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// FuzzPolicy: no input panics, the canonical form of a canonical form is itself, and the library agrees with it.
func FuzzPolicy(f *testing.F) {
	for _, row := range append(sameDocuments[:len(sameDocuments):len(sameDocuments)], differentDocuments...) {
		f.Add(row.a, row.b)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		_ = canonical.ValidatePolicy(a)
		equal := canonical.PolicyEqual(a, b)
		if equal != canonical.PolicyEqual(b, a) || !canonical.PolicyEqual(a, a) {
			t.Fatal("PolicyEqual is not symmetric or not reflexive")
		}
		ca, errA := canonical.Policy(a)
		cb, errB := canonical.Policy(b)
		if errA != nil || errB != nil {
			return
		}
		if again, err := canonical.Policy(ca); err != nil || again != ca {
			t.Fatalf("not idempotent: %v\n%s\n%s", err, ca, again)
		}
		if library, err := awspolicy.PoliciesAreEquivalent(ca, ca); err != nil || !library {
			t.Fatalf("the library does not find %s equal to itself: %v", ca, err)
		}
		if equal != (ca == cb) {
			t.Fatalf("the library and the canonical form disagree:\n%s\n%s", ca, cb)
		}
	})
}

// FuzzCIDR: no input panics, and the canonical form of a canonical form is itself.
func FuzzCIDR(f *testing.F) {
	for _, s := range []string{"10.1.2.3/8", "::ffff:10.0.0.1/104", "::ffff:0:0/95", "2001:DB8::1/32", "fe80::1%a/10", "1/2", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := canonical.CIDR(s)
		if err != nil {
			return
		}
		if again, err := canonical.CIDR(c); err != nil || again != c {
			t.Fatalf("%q → %q → %q, %v", s, c, again, err)
		}
	})
}

// FuzzRule: no input panics, and a canonical rule is canonical.
func FuzzRule(f *testing.F) {
	f.Add("tcp", int32(22), int32(22), "0.0.0.0/0", "ssh")
	f.Add("-1", int32(0), int32(0), "::/0", "")
	f.Add("icmp", int32(8), int32(-1), "sg-1", "ping")
	f.Add("050", int32(-5), int32(70000), "pl-1", "\"")
	f.Fuzz(func(t *testing.T, protocol string, from, to int32, peer, description string) {
		r, err := canonical.Rule(protocol, &from, &to, peer, description)
		if err != nil {
			return
		}
		again, err := canonical.Rule(r.Protocol, &r.FromPort, &r.ToPort, r.Peer, r.Description)
		if err != nil || canonical.RuleText(again) != canonical.RuleText(r) || canonical.Hash(again) != canonical.Hash(r) {
			t.Fatalf("%+v → %+v, %v", r, again, err)
		}
	})
}
