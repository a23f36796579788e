// SPDX-License-Identifier: Apache-2.0

package kinds

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

// TestNoKindIsTakenForAnother: by its name, its CRD or its owner tags.
func TestNoKindIsTakenForAnother(t *testing.T) {
	taken := map[string]string{}
	for _, kind := range All {
		owner := kind.Owner("id", types.NamespacedName{Namespace: "team", Name: "payments"})
		for what, value := range map[string]string{"name": kind.Name, "CRD": kind.CRD, "owner tag": owner} {
			if other := taken[what+" "+value]; other != "" {
				t.Errorf("%s and %s have the same %s: %s", other, kind.Name, what, value)
			}
			taken[what+" "+value] = kind.Name
		}
	}
}
