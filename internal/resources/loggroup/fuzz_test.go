// SPDX-License-Identifier: Apache-2.0

package loggroup

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// FuzzDiff: no group panics; a group on which every difference was carried out has none, but for a key yet to be made.
func FuzzDiff(f *testing.F) {
	f.Add(int32(90), int32(0), keyARN, other, "", false, false)
	f.Add(int32(0), int32(7), "", keyARN, keyARN+"\n"+other, false, false)
	f.Add(int32(1), int32(1), "", keyARN, keyARN, true, false)
	f.Add(int32(-1), int32(3653), "\xff", "", "\xff", true, true)
	f.Fuzz(func(t *testing.T, wantDays, haveDays int32, wantKey, haveKey, retired string, byName, made bool) {
		d := Desired{Name: name, RetentionDays: wantDays, RetiredKeyARNs: strings.Split(retired, "\n")}
		values := resource.Values{}
		if byName {
			d.KeyFrom = &keyID
		} else {
			d.KeyARN = wantKey
		}
		if made {
			values = known
		}
		group := observed.LogGroup{Name: name, RetentionDays: haveDays, KeyARN: haveKey}
		for _, one := range diff(d, group, values) {
			switch {
			case one.Desired == one.Observed:
				t.Fatalf("the texts do not show the difference: %+v", one)
			case one.Path == "retentionDays":
				group.RetentionDays = wantDays
			case one.WaitsFor == "":
				group.KeyARN = d.key(values)
			case made || !byName:
				t.Fatalf("waits for a key that is there: %+v", one)
			}
		}
		for _, one := range diff(d, group, values) {
			if one.WaitsFor == "" {
				t.Fatalf("left after all was carried out: %+v", one)
			}
		}
	})
}
