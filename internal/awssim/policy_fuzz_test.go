// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzDocument reads any text as every kind of policy: no panic, what is accepted is accepted again in the form in which
// it is kept, and a key policy that is accepted leaves its caller in charge.
func FuzzDocument(f *testing.F) {
	for _, text := range []string{
		serviceTrust("eks-fargate-pods.amazonaws.com"), defaultKeyPolicy("eu-west-1", "111122223333"), `null`, `{}`, `{"Statement":[]}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:*"],"Resource":"*","Condition":{"StringLike":{"a:b":[true,1]}}}}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["*"]},"NotAction":"sts:AssumeRole"}]}`,
		`{"Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},null]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := parseNode(text); err == nil {
			if again, err := parseNode(n.String()); err != nil || again.String() != n.String() {
				t.Fatalf("%s is kept as %s, which is read as %v: %v", text, n, again, err)
			}
		}
		iam := newIAMState("111122223333")
		if kept, err := iam.acceptTrust(text); err == nil {
			if again, err := iam.acceptTrust(kept); err != nil || again != kept {
				t.Fatalf("%s is kept as %s, and then as %s: %v", text, kept, again, err)
			}
		}
		_ = checkIdentityPolicy(text)
		_ = policySize(text)
		who := principal{kind: "AWS", value: "arn:aws:iam::111122223333:user/x"}
		if checkKeyPolicy(&call{}, text, true) == nil {
			strict := checkKeyPolicy(&call{Caller: who.value}, text, false)
			if (strict == nil) != trusts(text, who, "kms:PutKeyPolicy", nil) {
				t.Fatalf("the lockout check says %v of %s", strict, text)
			}
		}
		if policy, err := parseIdentityPolicy(text); err == nil {
			_ = policy.allows(need{action: "kms:CreateKey", resource: "*", about: map[string]string{"aws:ResourceTag/a": "b"}})
		}
	})
}

// FuzzWildcard: the matching of patterns is that of a regular expression.
func FuzzWildcard(f *testing.F) {
	f.Add("arn:aws:iam::*:role/?ay*", "arn:aws:iam::1:role/pay")
	f.Add("**", "")
	f.Add("a*b*c", "abcbc")
	f.Add("?", "\xff")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern)+len(text) > 200 {
			return // the regular expression is slow
		}
		one := func(s string) string { // byte for byte
			var b strings.Builder
			for i := range len(s) {
				b.WriteRune(rune(s[i]))
			}
			return b.String()
		}
		quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(one(pattern)))
		want := regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(one(text))
		if wildcard(pattern, text) != want {
			t.Fatalf("wildcard(%q, %q) is %v", pattern, text, !want)
		}
		if arnMatches(pattern, text) && !want {
			t.Fatalf("arnMatches(%q, %q), though the whole does not match", pattern, text)
		}
	})
}

// FuzzToken reads any text as a web identity token.
func FuzzToken(f *testing.F) {
	f.Add("a.eyJpc3MiOiJodHRwczovL2kiLCJzdWIiOiJzIiwiYXVkIjpbImEiXX0.c")
	f.Add("..")
	f.Add("a.bnVsbA.c")
	f.Fuzz(func(t *testing.T, token string) {
		if claims, ok := readToken(token); ok && (claims.Issuer == "" || claims.Subject == "") {
			t.Fatalf("a token of nobody is taken: %+v", claims)
		}
	})
}

// FuzzSeed: any file is refused, or gives a simulator that lists what it holds.
func FuzzSeed(f *testing.F) {
	f.Add("vpcs: [{id: vpc-0a, cidr: 10.0.0.0/16, subnets: [{id: subnet-0a, cidr: 10.0.0.0/24, az: eu-west-1a, public: true}]}]\nclusters: [{name: prod, subnets: [subnet-0a]}]")
	f.Add("roles: [{name: a, trust: '{}'}]\npolicies: [{name: b}]")
	f.Add("others: [{account: '1', others: [{}]}]")
	f.Add("account: [")
	f.Fuzz(func(t *testing.T, text string) {
		seed, err := ParseSeed([]byte(text))
		if err != nil {
			return
		}
		sim := New(Options{Clock: NewManualClock(testTime)})
		if sim.Seed(seed) == nil {
			_ = sim.Objects()
		}
	})
}
