// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolsevents "k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
)

// TestNamesAreComparedWhole: of namespaces and of accounts.
func TestNamesAreComparedWhole(t *testing.T) {
	closed := &v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: "prod"}}
	accounts := &Accounts{Client: fake.NewClientBuilder().WithScheme(schemeOf(t)).Build(), OperatorNamespace: "fargate"}
	for namespace, may := range map[string]bool{"fargate": true, "fargate-apps": false, "farg": false, "": false} {
		if err := accounts.mayUse(t.Context(), closed, namespace); (err == nil) != may {
			t.Errorf("%s may use an account that allows none: %v", namespace, err)
		}
	}
	profile := func(name, account string) client.Object {
		return &v1alpha1.FargateSecurityProfile{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"},
			Spec: v1alpha1.FargateSecurityProfileSpec{DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: account}}}}
	}
	kube := fake.NewClientBuilder().WithScheme(schemeOf(t)).WithObjects(profile("a", "prod"), profile("b", "prod-eu"), profile("c", "pro")).Build()
	users, err := (&AccountReconciler{Client: kube, Kinds: All}).usersOf(t.Context(), "prod")
	if err != nil || len(users) != 1 || users[0].Name != "a" {
		t.Errorf("the account prod is used by %v (%v)", users, err)
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

// TestAnAccountThatIsNotReachedHasNoCaller: the one of before may be another one's.
func TestAnAccountThatIsNotReachedHasNoCaller(t *testing.T) {
	account := &v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Status: v1alpha1.AWSAccountStatus{CallerARN: "arn:before"}}
	kube := fake.NewClientBuilder().WithScheme(schemeOf(t)).WithObjects(account).WithStatusSubresource(account).Build()
	r := &AccountReconciler{Client: kube, Recorder: &toolsevents.FakeRecorder{}, Metrics: NewMetrics(prometheus.NewRegistry())}
	r.retries = newRetries(DefaultTiming, func() time.Time { return noon })
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(account), account); err != nil {
		t.Fatal(err)
	}
	for code, stalled := range map[string]bool{"ThrottlingException": false, "ValidationError": true} {
		verdict, kind := r.judge(numbered(1), nil, &smithy.GenericAPIError{Code: code, Fault: smithy.FaultClient})
		if verdict.Stalled != stalled || verdict.Reconciling == stalled || verdict.Ready != metav1.ConditionFalse {
			t.Errorf("%s: %s, %+v", code, kind, verdict)
		}
		account.Annotations = map[string]string{v1alpha1.ReconcileRequestAnnotation: code}
		if err := r.report(t.Context(), account, verdict, nil); err != nil {
			t.Fatal(err)
		}
		if account.Status.CallerARN != "" || account.Status.LastHandledReconcileRequest != code {
			t.Errorf("status is %+v", account.Status)
		}
	}
}
