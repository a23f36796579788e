// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole/policytext"
)

// fuzzPolicies reads one managed policy from each line: its ARN, and after a space its document.
func fuzzPolicies(text string) (policies []observed.ManagedPolicy, arns []string) {
	for _, line := range strings.Split(text, "\n") {
		arn, doc, _ := strings.Cut(line, " ")
		if arn != "" && !slices.Contains(arns, arn) {
			policies, arns = append(policies, observed.ManagedPolicy{ARN: arn, Document: doc}), append(arns, arn)
		}
	}
	return policies, arns
}

// fuzzInline reads one inline policy from each line: its name, and after a space its document.
func fuzzInline(text string) map[string]string {
	out := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		if name, doc, _ := strings.Cut(line, " "); name != "" {
			out[name] = doc
		}
	}
	return out
}

// FuzzDiff: no role panics; a role as declared has no difference; what was carried out leaves nothing to repair; the
// texts of documents are short.
func FuzzDiff(f *testing.F) {
	trust := TrustPolicy(scope, "prod")
	f.Add(trust, trust, podExecution, podExecution+"\n"+admin+" "+everything, "a "+pullCache, "a "+everything+"\nb {", boundary, "", true)
	f.Add(trust, everything, podExecution+"\n"+readOnly, "", "", "b "+everything, "", boundary, false)
	f.Add("{", "", "x", "y", "a {", "a [", "x", "y", true)
	f.Add("\xff", "\xfe", "\xff", "\xff \xfe", "a \xff", "a \xfe\nb \xff", "\xff", "", false)
	f.Add(`{"Statement":[]}`, `{"Statement":null}`, "", "", `a {"Statement":{}}`, "a null", "", "", true)
	f.Fuzz(func(t *testing.T, wantTrust, haveTrust, wantManaged, haveManaged, wantInline, haveInline, wantBoundary, haveBoundary string, remove bool) {
		d := Desired{
			Name: "r", TrustPolicy: wantTrust, InlinePolicies: fuzzInline(wantInline), PermissionsBoundaryARN: wantBoundary, RemoveUnlisted: remove,
			Guard: guardrails.Guardrails{PermissionsBoundaryARN: boundary, AllowedManagedPolicyARNs: []string{"arn:*"}},
		}
		asked, arns := fuzzPolicies(wantManaged)
		d.ManagedPolicyARNs = arns
		same := observed.Role{TrustPolicy: wantTrust, PermissionsBoundary: d.boundary(), ManagedPolicies: asked, InlinePolicies: d.InlinePolicies}
		if found := diff(d, same); len(found) > 0 {
			t.Fatalf("a role as declared differs: %+v", found)
		}
		have, _ := fuzzPolicies(haveManaged)
		role := observed.Role{TrustPolicy: haveTrust, PermissionsBoundary: haveBoundary, ManagedPolicies: have, InlinePolicies: fuzzInline(haveInline)}
		for _, one := range diff(d, role) {
			short := one.Path == "trustPolicy" || strings.HasPrefix(one.Path, "inlinePolicies[")
			// Each end that was cut off is shown by an ellipsis.
			if n := max(utf8.RuneCountInString(one.Desired), utf8.RuneCountInString(one.Observed)); short && n > policytext.Limit+40 {
				t.Fatalf("a text of %d characters: %+v", n, one)
			}
			if short && one.Desired == one.Observed && utf8.ValidString(wantTrust+haveTrust+wantInline+haveInline) && one.Reason != ReasonInlineMissing && one.Reason != ReasonInlineUnlisted {
				t.Fatalf("the texts do not show the difference: %+v", one)
			}
		}
		for _, one := range diff(d, carriedOut(d, role)) {
			if one.Action != drift.ReportOnly || remove {
				t.Fatalf("left after all was carried out: %+v", one)
			}
		}
	})
}

// carriedOut is the role after every repair.
func carriedOut(d Desired, role observed.Role) observed.Role {
	role.TrustPolicy, role.PermissionsBoundary = d.TrustPolicy, d.boundary()
	role.InlinePolicies = maps.Clone(role.InlinePolicies)
	for _, arn := range missing(d, role) {
		role.ManagedPolicies = append(role.ManagedPolicies, observed.ManagedPolicy{ARN: arn})
	}
	for _, policy := range unlisted(d, role) {
		if removes(d, policy.ARN) {
			role.ManagedPolicies = slices.DeleteFunc(slices.Clone(role.ManagedPolicies), func(p observed.ManagedPolicy) bool { return p.ARN == policy.ARN })
		}
	}
	for _, name := range changedInline(d, role) {
		role.InlinePolicies[name] = d.InlinePolicies[name]
	}
	for _, name := range unlistedInline(d, role) {
		if d.RemoveUnlisted {
			delete(role.InlinePolicies, name)
		}
	}
	return role
}
