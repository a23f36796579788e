// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"encoding/json"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// patchOf is what Argo CD writes for an action: the merge patch from the live object to what the script returned.
func patchOf(t *testing.T, live, changed *unstructured.Unstructured) string {
	t.Helper()
	before, err := json.Marshal(live)
	must(err)
	after, err := json.Marshal(changed)
	must(err)
	patch, err := jsonpatch.CreateMergePatch(before, after)
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

// press runs an action as Argo CD does, and checks that it writes this and nothing else.
func (w *world) press(obj *unstructured.Unstructured, action, want string) {
	w.t.Helper()
	live := w.read(obj)
	patch := patchOf(w.t, live, act(w.t, live, action))
	if want != "" && patch != want {
		w.t.Errorf("%s writes %s, want %s", action, patch, want)
	}
	if err := kube.Patch(w.ctx, live, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		w.t.Fatalf("%s: %v", action, err)
	}
}

// TestActions: each action writes its one field through the API server, and the operator does what it says.
func TestActions(t *testing.T) {
	w := newWorld(t)
	w.namespaces()
	account := w.account("actions")
	w.apply(account)
	w.until(account, "Healthy")
	// An empty object in the spec is where Lua's tables lose what it was.
	profile := with(t, with(t, manifests(t, []byte(short))[0], "actions", "spec", "accountRef", "name"), map[string]any{}, "spec", "podExecutionRole")
	profile.SetName("actions")
	w.apply(profile)
	w.until(profile, "Healthy")

	w.press(profile, "observe", `{"spec":{"mode":"Observe"}}`)
	if h := healthOf(t, w.until(profile, "Healthy")); h.Message != "everything declared exists; mode Observe writes nothing to AWS" {
		t.Errorf("after observe: %+v", h)
	}
	w.press(profile, "suspend", `{"spec":{"mode":"Suspend"}}`)
	w.until(profile, "Suspended")
	w.press(profile, "enforce", `{"spec":{"mode":"Enforce"}}`)
	w.until(profile, "Healthy")

	for _, obj := range []*unstructured.Unstructured{account, profile} {
		w.press(obj, "reconcile", "")
		asked := w.read(obj).GetAnnotations()[v1alpha1.ReconcileRequestAnnotation]
		if _, err := time.Parse(time.RFC3339, asked); err != nil {
			t.Errorf("%s: the request is %q: %v", obj.GetKind(), asked, err)
		}
		w.inSync("after the request", obj)
		w.pass(obj)
		if done, _, _ := unstructured.NestedString(w.read(obj).Object, "status", "lastHandledReconcileRequest"); done != asked {
			t.Errorf("%s: %q was asked for, %q was done", obj.GetKind(), asked, done)
		}
	}
	must(kube.Delete(w.ctx, profile.DeepCopy()))
	w.gone(profile)
	must(kube.Delete(w.ctx, account.DeepCopy()))
	w.gone(account)
}
