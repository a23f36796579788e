// SPDX-License-Identifier: Apache-2.0

package accounts

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/test/schemes"
)

// TestNamespacesAreComparedWhole: a namespace whose name begins like the operator's is another one.
func TestNamespacesAreComparedWhole(t *testing.T) {
	closed := &v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: "prod"}}
	accounts := &Accounts{Client: fake.NewClientBuilder().WithScheme(schemes.New(t)).Build(), OperatorNamespace: "fargate"}
	for namespace, may := range map[string]bool{"fargate": true, "fargate-apps": false, "farg": false, "": false} {
		if err := accounts.mayUse(t.Context(), closed, namespace); (err == nil) != may {
			t.Errorf("%s may use an account that allows none: %v", namespace, err)
		}
	}
}

// TestTheGuardrailsOfAnAccount: all of them, and the default where none is declared.
func TestTheGuardrailsOfAnAccount(t *testing.T) {
	account := &v1alpha1.AWSAccount{}
	if g := guardOf(account); g.AllowedManagedPolicyARNs != nil || !slices.Equal(g.ForbiddenIngressCIDRs, []string{"0.0.0.0/0", "::/0"}) {
		t.Errorf("without any: %+v", g)
	}
	account.Spec.Guardrails = &v1alpha1.Guardrails{PermissionsBoundaryARN: "b", AllowedManagedPolicyARNs: []string{}, ForbiddenIngressCIDRs: []string{"10.0.0.0/8"},
		ForbiddenInlineActions: []string{"iam:*"}}
	if g := guardOf(account); g.PermissionsBoundaryARN != "b" || g.AllowedManagedPolicyARNs == nil || !slices.Equal(g.ForbiddenIngressCIDRs, []string{"10.0.0.0/8"}) {
		t.Errorf("declared: %+v", g)
	}
	for requirement, want := range map[v1alpha1.BoundaryRequirement]bool{"": false, v1alpha1.BoundaryRequiredNever: false, v1alpha1.BoundaryRequiredAlways: true} {
		account.Spec.Guardrails.RequirePermissionsBoundary = requirement
		if g := guardOf(account); g.RequireBoundary != want || !slices.Equal(g.ForbiddenInlineActions, []string{"iam:*"}) {
			t.Errorf("%q: %+v", requirement, g)
		}
	}
}

// TestEveryListOfARuleCounts: a kind of name that the schema has is one that is judged, under the name of its field.
func TestEveryListOfARuleCounts(t *testing.T) {
	rule := v1alpha1.ClaimRule{}
	value := reflect.ValueOf(&rule).Elem()
	lists := 0
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if field.Type != reflect.TypeFor[[]string]() {
			continue
		}
		lists++
		value.Field(i).Set(reflect.ValueOf([]string{field.Name}))
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if got := claimRule(&rule)[guardrails.ClaimKind(name)]; !slices.Equal(got, []string{field.Name}) {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := len(claimRule(&rule)); got != lists || lists == 0 {
		t.Errorf("%d kinds of names, and %d lists in the schema", got, lists)
	}
}
