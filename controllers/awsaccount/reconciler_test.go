// SPDX-License-Identifier: Apache-2.0

package awsaccount

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolsevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/test/schemes"
)

// TestNamesAreComparedWhole: an account whose name begins like another one's.
func TestNamesAreComparedWhole(t *testing.T) {
	profile := func(name, account string) client.Object {
		return &v1alpha1.FargateSecurityProfile{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"},
			Spec: v1alpha1.FargateSecurityProfileSpec{DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: account}}}}
	}
	kube := fake.NewClientBuilder().WithScheme(schemes.New(t)).WithObjects(profile("a", "prod"), profile("b", "prod-eu"), profile("c", "pro")).Build()
	users, err := (&Reconciler{Client: kube, Kinds: kinds.All}).usersOf(t.Context(), "prod")
	if err != nil || len(users) != 1 || users[0].Name != "a" {
		t.Errorf("the account prod is used by %v (%v)", users, err)
	}
}

// TestEveryKindHoldsItsAccount: without the account, nothing of an object of whichever kind could be deleted from AWS.
func TestEveryKindHoldsItsAccount(t *testing.T) {
	account := &v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: "prod", Finalizers: []string{v1alpha1.Finalizer}}}
	user := &v1alpha1.FargateSecurityProfile{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "ns"},
		Spec: v1alpha1.FargateSecurityProfileSpec{DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: "prod"}}}}
	kube := fake.NewClientBuilder().WithScheme(schemes.New(t)).WithObjects(account, user).WithStatusSubresource(account).Build()
	// None of the first kind refers to the account.
	first, second := *kinds.FargateSecurityProfile, *kinds.FargateSecurityProfile
	first.Name, first.NewList = "First", func() client.ObjectList { return &noProfiles{} }
	second.Name = "Second"
	r := &Reconciler{Client: noneOf{kube}, Kinds: []*declaration.Kind{&first, &second}, Recorder: &toolsevents.FakeRecorder{}, Metrics: metrics.New(prometheus.NewRegistry())}
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(account), account); err != nil {
		t.Fatal(err)
	}
	if _, err := r.release(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(account), account); err != nil {
		t.Fatal(err)
	}
	ready := meta.FindStatusCondition(account.Status.Conditions, v1alpha1.ReadyCondition)
	if len(account.Finalizers) != 1 || ready == nil || ready.Reason != v1alpha1.ReasonInUse || !strings.Contains(ready.Message, "once no Second refers to it: 1 do, such as ns/a") {
		t.Errorf("the account has the finalizers %v, and is ready: %+v", account.Finalizers, ready)
	}
}

// noProfiles is a list of which noneOf finds nothing.
type noProfiles struct {
	v1alpha1.FargateSecurityProfileList
}

type noneOf struct{ client.Client }

func (c noneOf) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if _, none := list.(*noProfiles); none {
		return nil
	}
	return c.Client.List(ctx, list, opts...)
}

// TestAnAccountThatIsNotReachedHasNoCaller: the one of before may be another one's.
func TestAnAccountThatIsNotReachedHasNoCaller(t *testing.T) {
	account := &v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Status: v1alpha1.AWSAccountStatus{CallerARN: "arn:before"}}
	kube := fake.NewClientBuilder().WithScheme(schemes.New(t)).WithObjects(account).WithStatusSubresource(account).Build()
	r := &Reconciler{Client: kube, Recorder: &toolsevents.FakeRecorder{}, Metrics: metrics.New(prometheus.NewRegistry())}
	r.retries = schedule.NewRetries(schedule.DefaultTiming, func() time.Time { return time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC) })
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(account), account); err != nil {
		t.Fatal(err)
	}
	for code, stalled := range map[string]bool{"ThrottlingException": false, "ValidationError": true} {
		verdict, kind := r.judge(ctrl.Request{NamespacedName: client.ObjectKey{Name: "a"}}, nil, &smithy.GenericAPIError{Code: code, Fault: smithy.FaultClient})
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
