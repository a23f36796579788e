// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"testing"
	"unicode/utf8"

	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole/policytext"
)

// FuzzDiff: no key panics; a key as declared has no difference; the texts of the policy are short.
func FuzzDiff(f *testing.F) {
	doc, err := Policy(scope, []string{logGroup}, []string{auditor})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc, doc, "alias/a", "1", "1", "Enabled", true, true, int32(365), int32(365))
	f.Add(doc, `{"Statement":[]}`, "alias/a", "1", "", "Disabled", true, false, int32(90), int32(0))
	f.Add("{", "", "", "", "2", "PendingDeletion", false, false, int32(0), int32(90))
	f.Add("\xff", doc, "\xff", "1", "\xfe", "Unavailable", true, true, int32(-1), int32(1))
	f.Fuzz(func(t *testing.T, want, have, alias, id, target, state string, rotates, rotation bool, wantDays, haveDays int32) {
		d := Desired{Alias: alias, Policy: want, RotationPeriodDays: wantDays}
		o := detail{rotates: rotates, key: observed.Key{
			ID: id, Policy: have, AliasTarget: target, State: state, RotationEnabled: rotation, RotationPeriodDays: haveDays,
		}}
		for _, one := range diff(d, o) {
			// Each end that was cut off is shown by an ellipsis.
			if n := max(utf8.RuneCountInString(one.Desired), utf8.RuneCountInString(one.Observed)); one.Path == "policy" && n > policytext.Limit+40 {
				t.Fatalf("a text of %d characters: %+v", n, one)
			}
			if one.Desired == one.Observed && utf8.ValidString(want+have) {
				t.Fatalf("the texts do not show the difference: %+v", one)
			}
		}
		o.key.Policy, o.key.AliasTarget, o.key.State = d.Policy, o.key.ID, "Enabled"
		o.key.RotationEnabled, o.key.RotationPeriodDays = true, d.RotationPeriodDays
		if left := diff(d, o); len(left) > 0 {
			t.Fatalf("a key as declared differs: %+v", left)
		}
	})
}
