// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// fuzzSelectors reads one selector from each line: the namespace, and after each space a label k=v.
func fuzzSelectors(text string) []observed.Selector {
	var out []observed.Selector
	for _, line := range strings.Split(text, "\n") {
		words := strings.Split(line, " ")
		s := observed.Selector{Namespace: words[0], Labels: map[string]string{}}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			s.Labels[key] = value
		}
		out = append(out, s)
	}
	return out
}

// FuzzDiff: no profile panics; one as declared, in any order, has no difference; texts are short and valid.
func FuzzDiff(f *testing.F) {
	f.Add("pay app=x tier=backend\npay-2", "pay-2\npay tier=backend app=x", "subnet-0a,subnet-0b", "subnet-0b,subnet-0a", roleARN, true)
	f.Add("pay", "pay app=x", "", "subnet-0a", "arn:aws:iam::1:role/p/pod-exec", false)
	f.Add("a,b", "a\nb", "x", "x,x", "", true)
	f.Add("\xff =\xfe", "", "\xff", "", ":role/", false)
	f.Fuzz(func(t *testing.T, want, have, wantSubnets, haveSubnets, arn string, known bool) {
		d := Desired{ClusterName: "prod", Name: "pay", Cluster: cluster, Role: role, Selectors: fuzzSelectors(want), SubnetIDs: strings.Split(wantSubnets, ",")}
		v := resource.Values{}
		if known {
			v[resource.Ref{From: role, Value: resource.ARN}] = roleARN
		}
		p := observed.FargateProfile{Selectors: fuzzSelectors(have), SubnetIDs: strings.Split(haveSubnets, ","), RoleARN: arn}
		for _, one := range diff(d, p, v) {
			if n := max(utf8.RuneCountInString(one.Desired), utf8.RuneCountInString(one.Observed)); one.Path != "podExecutionRole" && n > maxText {
				t.Fatalf("a text of %d characters: %+v", n, one)
			}
			if one.Path != "podExecutionRole" && !utf8.ValidString(one.Desired+one.Observed) {
				t.Fatalf("a text that is not UTF-8: %+v", one)
			}
		}
		p.Selectors, p.SubnetIDs, p.RoleARN = slices.Clone(d.Selectors), slices.Clone(d.SubnetIDs), roleARN
		slices.Reverse(p.Selectors)
		slices.Reverse(p.SubnetIDs)
		if left := diff(d, p, v); len(left) > 0 {
			t.Fatalf("a profile as declared differs: %+v", left)
		}
	})
}
