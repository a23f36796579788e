// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

// TestKindsOfOneNameAreTwoOwners: objects of two kinds may have one name, and what the one has made is not the other's.
func TestKindsOfOneNameAreTwoOwners(t *testing.T) {
	payments := types.NamespacedName{Namespace: "team", Name: "payments"}
	for kind, want := range map[*Kind]string{
		{Name: "FargateSecurityProfile", OwnerWithoutKind: true}: "id/team/payments", // as the first versions wrote it
		{Name: "ServiceProfile"}:                                 "id/team/ServiceProfile/payments",
		{Name: "TaskProfile"}:                                    "id/team/TaskProfile/payments",
	} {
		if got := kind.Owner("id", payments); got != want {
			t.Errorf("the owner tag of %s %s is %q, not %q", kind.Name, payments, got, want)
		}
	}
}
