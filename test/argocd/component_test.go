// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// TestTheComponent: kustomize puts the scripts of each kind into argocd-cm, and leaves what was there. They are those that the
// other tests run.
func TestTheComponent(t *testing.T) {
	kubectl := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	out, err := exec.Command(kubectl, "kustomize", "testdata/overlay").Output() //nolint:gosec // our own build
	if err != nil {
		t.Fatalf("%s kustomize: %v", kubectl, err)
	}
	list := manifests(t, out)
	var cm *unstructured.Unstructured
	for _, obj := range list {
		if obj.GetName() == "argocd-cm" {
			cm = obj
		} else if data, found := obj.Object["data"]; found {
			t.Errorf("%s has got %v", obj.GetName(), data)
		}
	}
	if cm == nil {
		t.Fatalf("no argocd-cm in:\n%s", out)
	}
	data, _, err := unstructured.NestedStringMap(cm.Object, "data")
	must(err)
	if data["url"] == "" || cm.GetNamespace() != "argocd" || cm.GetLabels()["app.kubernetes.io/part-of"] != "argocd" {
		t.Errorf("argocd-cm lost what was there: %v", cm.Object)
	}
	delete(data, "url")
	if len(data) != 2*len(kindNames()) {
		t.Errorf("argocd-cm has %d keys, want health and actions of each of %q", len(data), kindNames())
	}
	for _, kind := range kindNames() {
		checkCustomization(t, kind, data)
	}
	patched := patchedByHand(t)
	for key, value := range data {
		if patched[key] != value {
			t.Errorf("kubectl patch does not give %s what kustomize gives it", key)
		}
	}
}

// patchedByHand is what argocd-cm holds after docs/gitops.md's kubectl patch.
func patchedByHand(t *testing.T) map[string]string {
	t.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "argocd-cm", Namespace: "default"}, Data: map[string]string{"url": "https://argocd.example.org"}}
	must(kube.Create(t.Context(), cm))
	text, err := os.ReadFile(filepath.Join(scripts, "argocd-cm.yaml"))
	must(err)
	patch, err := yaml.YAMLToJSONStrict(text)
	must(err)
	if err := kube.Patch(t.Context(), cm, client.RawPatch(types.StrategicMergePatchType, patch)); err != nil {
		t.Fatal(err)
	}
	if cm.Data["url"] == "" {
		t.Error("kubectl patch takes away what was in argocd-cm")
	}
	must(kube.Delete(t.Context(), cm.DeepCopy()))
	return cm.Data
}

// checkCustomization compares what argocd-cm has of a kind with the kind's scripts. Source of the keys and the form:
// https://argo-cd.readthedocs.io/en/stable/operator-manual/health/ and .../resource_actions/.
func checkCustomization(t *testing.T, kind string, data map[string]string) {
	t.Helper()
	group := v1alpha1.GroupVersion.Group
	of := &unstructured.Unstructured{}
	of.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	if data["resource.customizations.health."+group+"_"+kind] != script(t, of, "health.lua") {
		t.Errorf("%s: argocd-cm has another health check than health.lua", kind)
	}
	var actions struct {
		Discovery   string `json:"discovery.lua"`
		Definitions []struct {
			Name string `json:"name"`
			Lua  string `json:"action.lua"`
		} `json:"definitions"`
	}
	must(yaml.UnmarshalStrict([]byte(data["resource.customizations.actions."+group+"_"+kind]), &actions))
	if actions.Discovery != script(t, of, "actions", "discovery.lua") {
		t.Errorf("%s: argocd-cm has another discovery than discovery.lua", kind)
	}
	defined := map[string]bool{}
	for _, d := range actions.Definitions {
		defined[d.Name] = true
		if d.Lua != script(t, of, "actions", d.Name, "action.lua") {
			t.Errorf("%s: argocd-cm has another action %s than its action.lua", kind, d.Name)
		}
	}
	for _, mode := range []string{"Enforce", "Observe", "Suspend", ""} {
		obj := of.DeepCopy()
		obj.Object["metadata"], obj.Object["spec"] = map[string]any{}, map[string]any{"mode": mode}
		for _, a := range discover(t, obj) {
			if !defined[a.Name] {
				t.Errorf("%s: action %s is shown and not defined", kind, a.Name)
			}
		}
	}
}
