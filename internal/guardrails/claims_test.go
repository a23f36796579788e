// SPDX-License-Identifier: Apache-2.0

package guardrails_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
)

func TestUnclaimable(t *testing.T) {
	role := func(name string) guardrails.Claim { return guardrails.Claim{Kind: guardrails.RoleName, Name: name} }
	pods := func(pattern, cluster string) guardrails.Claim {
		return guardrails.Claim{Kind: guardrails.PodNamespace, Name: pattern, Pattern: true, Cluster: cluster}
	}
	roles := func(globs ...string) guardrails.ClaimRule { return guardrails.ClaimRule{guardrails.RoleName: globs} }
	in := func(cluster string, globs ...string) guardrails.ClaimRule {
		return guardrails.ClaimRule{guardrails.ClusterName: {cluster}, guardrails.PodNamespace: globs}
	}
	for _, row := range []struct {
		name    string
		rules   []guardrails.ClaimRule
		claim   guardrails.Claim
		allowed bool
	}{
		{"no rule at all", nil, role("payments"), false},
		{"rule without lists", []guardrails.ClaimRule{{}}, role("payments"), false},
		{"empty list", []guardrails.ClaimRule{roles()}, role("payments"), false},
		{"by name", []guardrails.ClaimRule{roles("payments")}, role("payments"), true},
		{"by glob", []guardrails.ClaimRule{roles("x", "payments-*")}, role("payments-api"), true},
		{"second rule", []guardrails.ClaimRule{roles("x"), roles("payments-*")}, role("payments-api"), true},
		{"longer name", []guardrails.ClaimRule{roles("payments")}, role("payments-api"), false},
		{"other letters", []guardrails.ClaimRule{roles("payments-*")}, role("Payments-api"), false},
		{"kind of another list", []guardrails.ClaimRule{{guardrails.LogGroupName: {"*"}, guardrails.KeyAlias: {"*"}}}, role("payments"), false},
		{"no name", []guardrails.ClaimRule{roles("payments*")}, role(""), false},
		{"wildcards in a plain name are letters", []guardrails.ClaimRule{roles("a?")}, role("a*"), true},
		{"pattern inside", []guardrails.ClaimRule{in("prod", "payments-*")}, pods("payments-*-db", "prod"), true},
		{"pattern that matches the glob as a text", []guardrails.ClaimRule{in("prod", "payments-?")}, pods("payments-*", "prod"), false},
		{"all namespaces", []guardrails.ClaimRule{in("prod", "payments-*")}, pods("*", "prod"), false},
		{"all namespaces, where all are allowed", []guardrails.ClaimRule{in("prod", "*")}, pods("*", "prod"), true},
		{"only together", []guardrails.ClaimRule{in("prod", "a*", "b*")}, pods("?*", "prod"), false},
		{"in another cluster", []guardrails.ClaimRule{in("dev", "payments-*")}, pods("payments-a", "prod"), false},
		{"by a glob for clusters", []guardrails.ClaimRule{in("prod-*", "payments-*")}, pods("payments-a", "prod-eu"), true},
		{"cluster and namespace of two rules", []guardrails.ClaimRule{in("dev", "*"), in("prod", "payments-*")}, pods("checkout", "prod"), false},
	} {
		refused := guardrails.Unclaimable(row.rules, []guardrails.Claim{row.claim})
		if row.allowed != (len(refused) == 0) {
			t.Errorf("%s: %+v by %+v: refused %+v", row.name, row.claim, row.rules, refused)
		}
	}
	claims := []guardrails.Claim{role("c"), role("a"), role("b")}
	if got := guardrails.Unclaimable([]guardrails.ClaimRule{roles("a")}, claims); !slices.Equal(got, []guardrails.Claim{claims[0], claims[2]}) {
		t.Errorf("of three: %+v", got)
	}
}

// FuzzUnclaimable: a rule more never refuses more, the order of rules does not show, and a pattern is allowed only if each name
// that it matches would be.
func FuzzUnclaimable(f *testing.F) {
	f.Add("payments-*\nx", "*", "payments-a", "prod", "prod")
	f.Add("a?*", "a*b", "ab", "p*", "prod")
	f.Add("", "", "", "", "")
	f.Fuzz(func(t *testing.T, globs, pattern, name, clusters, cluster string) {
		if len(globs)+len(pattern)+len(name) > 200 {
			return
		}
		list := strings.Split(globs, "\n")
		rules := []guardrails.ClaimRule{
			{guardrails.PodNamespace: list[:len(list)/2], guardrails.ClusterName: {clusters}},
			{guardrails.PodNamespace: list[len(list)/2:], guardrails.ClusterName: {clusters, "other"}},
		}
		refused := func(rules []guardrails.ClaimRule, c guardrails.Claim) bool {
			return len(guardrails.Unclaimable(rules, []guardrails.Claim{c})) > 0
		}
		claim := guardrails.Claim{Kind: guardrails.PodNamespace, Name: pattern, Pattern: true, Cluster: cluster}
		reversed := slices.Clone(rules)
		slices.Reverse(reversed)
		if refused(rules, claim) != refused(reversed, claim) {
			t.Fatal("the order of the rules shows")
		}
		if refused(rules, claim) && !refused(rules[:1], claim) {
			t.Fatal("a rule more refuses more")
		}
		if !refused(rules, claim) && !canonical.Match(clusters, cluster) && cluster != "" && cluster != "other" {
			t.Fatal("allowed in a cluster that no rule allows")
		}
		if one := (guardrails.Claim{Kind: guardrails.PodNamespace, Name: name, Cluster: cluster}); canonical.Match(pattern, name) && refused(rules, one) && !refused(rules, claim) {
			t.Fatalf("%q by %q is allowed, and %q, which it matches, is not", pattern, list, name)
		}
	})
}
