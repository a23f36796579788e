// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"encoding/json"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
)

// Argo CD's own comparison (gitops-engine/pkg/diff of argoproj/argo-cd, read at c9c369efcc5b) needs k8s.io/kubernetes, which is
// many times larger than all that the operator depends on. For custom resources it comes to what follows.

// mergePatch is what client-side apply would still change: Argo CD's comparison by default. What the manifest that was applied
// last does not mention is taken off the live object, in lists too, then the three are merged. Without the annotation
// that keeps it, the manifest stands for it. (ThreeWayDiff and threeWayMergePatch there.)
func mergePatch(t *testing.T, manifest, live *unstructured.Unstructured) string {
	t.Helper()
	manifest, before, live := manifest.DeepCopy(), manifest.DeepCopy(), live.DeepCopy()
	if annotation := live.GetAnnotations()[lastApplied]; annotation != "" {
		must(json.Unmarshal([]byte(annotation), &before.Object))
	}
	for _, obj := range []*unstructured.Unstructured{manifest, before} {
		unstructured.RemoveNestedField(obj.Object, "metadata", "namespace")
	}
	live.Object = mentioned(before.Object, live.Object).(map[string]any)
	var texts [3][]byte
	for i, obj := range []*unstructured.Unstructured{before, manifest, live} {
		text, err := json.Marshal(obj)
		must(err)
		texts[i] = text
	}
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(texts[0], texts[1], texts[2])
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

// mentioned leaves of a live value what a manifest mentions. Items of lists are taken by their place; further ones stay.
func mentioned(manifest, live any) any {
	switch live := live.(type) {
	case map[string]any:
		manifest, ok := manifest.(map[string]any)
		if !ok {
			return live
		}
		left := map[string]any{}
		for key, value := range live {
			if wanted, ok := manifest[key]; ok {
				left[key] = mentioned(wanted, value)
			}
		}
		return left
	case []any:
		manifest, ok := manifest.([]any)
		if !ok {
			return live
		}
		left := slices.Clone(live)
		for i := range min(len(manifest), len(live)) {
			left[i] = mentioned(manifest[i], live[i])
		}
		return left
	}
	return live
}

// inSync fails the test where Argo CD would call the object OutOfSync: by its plain comparison, or by that of ServerSideDiff
// (and ServerSideApply), which is a dry run of server-side apply.
func (w *world) inSync(what string, manifest *unstructured.Unstructured) {
	w.t.Helper()
	live := w.read(manifest)
	if patch := mergePatch(w.t, manifest, live); patch != "{}" {
		w.t.Errorf("%s: %s %s would be OutOfSync: client-side apply would still change %s", what, manifest.GetKind(), manifest.GetName(), patch)
	}
	if difference := w.serverSideDiff(manifest, live); difference != "" {
		w.t.Errorf("%s: %s %s would be OutOfSync with ServerSideDiff:\n%s", what, manifest.GetKind(), manifest.GetName(), difference)
	}
}

// serverSideDiff is "" where a server-side apply would change nothing.
func (w *world) serverSideDiff(manifest, live *unstructured.Unstructured) string {
	w.t.Helper()
	predicted, live := w.applied(manifest, true), live.DeepCopy()
	for _, obj := range []*unstructured.Unstructured{predicted, live} {
		obj.SetManagedFields(nil)
		obj.SetResourceVersion("")
	}
	if equality.Semantic.DeepEqual(predicted.Object, live.Object) {
		return ""
	}
	return "predicted:\n" + string(asText(predicted)) + "live:\n" + string(asText(live))
}

// changedInGit is what the comparisons must tell from what the operator and the API server write: an edit in Git.
var changedInGit = map[string]func(t *testing.T, obj *unstructured.Unstructured) *unstructured.Unstructured{
	"another value": func(t *testing.T, obj *unstructured.Unstructured) *unstructured.Unstructured {
		return with(t, obj, "Observe", "spec", "mode")
	},
	"other groups first": func(t *testing.T, obj *unstructured.Unstructured) *unstructured.Unstructured {
		return reversed(t, obj, "securityGroups")
	},
}

// reversed returns a copy of a profile in which security groups, or the rules in each, are listed the other way round.
func reversed(t *testing.T, obj *unstructured.Unstructured, what string) *unstructured.Unstructured {
	t.Helper()
	changed := obj.DeepCopy()
	groups, _, err := unstructured.NestedSlice(changed.Object, "spec", "securityGroups")
	must(err)
	if what == "securityGroups" {
		slices.Reverse(groups)
	}
	for _, group := range groups {
		rules, _ := group.(map[string]any)[what].([]any)
		slices.Reverse(rules)
	}
	return with(t, changed, groups, "spec", "securityGroups")
}

// TestNothingIsOutOfSync: a profile that leaves the defaults out, made by client-side and by server-side apply, through a
// creation, reads, and a reconcile request. Another order of groups and rules in Git is applied, is in sync from then on, and
// changes nothing in AWS.
func TestNothingIsOutOfSync(t *testing.T) {
	w := newWorld(t)
	w.namespaces()
	account := w.account("in-sync")
	w.apply(account)
	w.until(account, "Healthy")
	for name, create := range map[string]func(*unstructured.Unstructured){
		"client-side": w.createdByClient,
		"server-side": func(obj *unstructured.Unstructured) { w.apply(obj) },
	} {
		manifest := with(t, manifests(t, []byte(short))[0], "in-sync", "spec", "accountRef", "name")
		manifest.SetName(name)
		manifest = with(t, manifest, name, "spec", "podExecutionRole", "name")
		create(manifest)
		w.inSync(name+" applied", manifest)
		w.until(manifest, "Healthy")
		w.inSync(name+" Healthy", manifest)
		for what, change := range changedInGit {
			if edited := change(t, manifest); mergePatch(t, edited, w.read(edited)) == "{}" {
				t.Errorf("%s: the plain comparison does not see %s in Git: it proves nothing", name, what)
			}
		}
		if w.serverSideDiff(changedInGit["another value"](t, manifest), w.read(manifest)) == "" {
			t.Errorf("%s: ServerSideDiff does not see another value in Git: it proves nothing", name)
		}
		w.otherOrder(name, manifest)
		must(kube.Delete(w.ctx, manifest.DeepCopy()))
		w.gone(manifest)
	}
	must(kube.Delete(w.ctx, account.DeepCopy()))
	w.gone(account)
}

func (w *world) otherOrder(name string, manifest *unstructured.Unstructured) {
	w.t.Helper()
	w.sim.ResetCalls()
	for _, what := range []string{"securityGroups", "ingress", "egress"} {
		manifest = reversed(w.t, manifest, what)
		w.reapply(manifest)
		w.inSync(name+": "+what+" in another order", manifest)
		w.until(manifest, "Healthy")
		w.inSync(name+": "+what+" in another order, Healthy", manifest)
	}
	for _, call := range w.sim.Calls() {
		if call.Write {
			w.t.Errorf("%s: another order in Git made the operator call %s", name, call.Action())
		}
	}
}
