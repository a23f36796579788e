// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// TestWhichConditionsAreToldAsEvents: those of Kubernetes.
func TestWhichConditionsAreToldAsEvents(t *testing.T) {
	was := func(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: "m"}
	}
	yes, no := metav1.ConditionTrue, metav1.ConditionFalse
	for _, c := range []struct {
		what      string
		old, now  metav1.Condition
		told      bool
		eventType string
	}{
		{"ready for the first time", metav1.Condition{}, was("Ready", yes, "A"), true, "Normal"},
		{"ready no more", was("Ready", yes, "A"), was("Ready", no, "B"), true, "Warning"},
		{"not ready for another reason", was("Ready", no, "A"), was("Ready", no, "B"), true, "Warning"},
		{"ready as before", was("Ready", yes, "A"), was("Ready", yes, "A"), false, "Normal"},
		{"stalled", metav1.Condition{}, was("Stalled", yes, "A"), true, "Warning"},
		{"no drift at first", metav1.Condition{}, was("Drifted", no, "A"), false, "Normal"},
		{"drift at first", metav1.Condition{}, was("Drifted", yes, "A"), true, "Warning"},
		{"drift no more", was("Drifted", yes, "A"), was("Drifted", no, "B"), true, "Normal"},
		{"reconciling", metav1.Condition{}, was("Reconciling", yes, "A"), false, "Warning"},
		{"a section that warns", metav1.Condition{}, was("LoggingReady", yes, "A"), true, "Warning"},
		{"a section that is not ready", metav1.Condition{}, was("LoggingReady", no, "A"), false, "Normal"},
	} {
		var old *metav1.Condition
		if c.old.Type != "" {
			old = &c.old
		}
		if got := worthAnEvent(c.now, old); got != c.told {
			t.Errorf("%s: told is %t", c.what, got)
		}
		if c.told && eventType(c.now) != c.eventType {
			t.Errorf("%s: a %s event", c.what, eventType(c.now))
		}
	}
}

func schemeOf(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	return scheme
}

// TestAStatusThatWasNotWrittenIsNotTold: a conflict ends the pass, which is done again soon and with the newer object; an
// object that is gone is no error, and nothing is told of it.
func TestAStatusThatWasNotWrittenIsNotTold(t *testing.T) {
	kind := schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: "fargatesecurityprofiles"}
	for name, c := range map[string]struct {
		answer     error
		told, soon bool
		fails      bool
	}{
		"written":  {nil, true, false, false},
		"conflict": {apierrors.NewConflict(kind, "p", errors.New("changed")), false, true, false},
		"gone":     {apierrors.NewNotFound(kind, "p"), false, false, false},
		"refused":  {apierrors.NewForbidden(kind, "p", errors.New("no")), false, false, true},
	} {
		var sent client.Patch
		kube := fake.NewClientBuilder().WithScheme(schemeOf(t)).WithInterceptorFuncs(interceptor.Funcs{
			SubResourcePatch: func(_ context.Context, _ client.Client, _ string, _ client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
				sent = patch
				return c.answer
			},
		}).Build()
		before := &v1alpha1.FargateSecurityProfile{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "ns", ResourceVersion: "41"}}
		after := before.DeepCopy()
		after.Status.ProfileStatus = "Active"
		told := false
		err := patchStatus(t.Context(), kube, after, before, func() { told = true })
		result, ended := again(ctrl.Result{RequeueAfter: time.Hour}, err)
		if told != c.told || (result.RequeueAfter <= conflictPause) != c.soon || (ended != nil) != c.fails {
			t.Errorf("%s: told %t, %v, %v", name, told, result, ended)
		}
		if body, _ := sent.Data(after); !strings.Contains(string(body), `"resourceVersion":"41"`) {
			t.Errorf("%s: the patch lies on top of anything: %s", name, body)
		}
	}
}
