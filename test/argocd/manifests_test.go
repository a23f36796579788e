// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// argoManager is Argo CD's field manager.
const argoManager = "argocd-controller"

// lastApplied is the annotation of client-side apply.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// manifests reads the objects of a YAML text.
func manifests(t *testing.T, text []byte) []*unstructured.Unstructured {
	t.Helper()
	var list []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		obj := &unstructured.Unstructured{}
		err := decoder.Decode(obj)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		if len(obj.Object) > 0 {
			list = append(list, obj)
		}
	}
}

// sample is the first object of a file of config/samples.
func sample(t *testing.T, file string) *unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(samples, file))
	if err != nil {
		t.Fatal(err)
	}
	return manifests(t, text)[0]
}

// account is the sample's AWSAccount, with the simulator for AWS.
func (w *world) account(name string) *unstructured.Unstructured {
	w.t.Helper()
	obj := sample(w.t, "v1alpha1_awsaccount.yaml")
	obj.SetName(name)
	return with(w.t, obj, w.url, "spec", "endpointURL")
}

// with returns a copy of a manifest in which a field is another.
func with(t *testing.T, obj *unstructured.Unstructured, value any, path ...string) *unstructured.Unstructured {
	t.Helper()
	changed := obj.DeepCopy()
	if err := unstructured.SetNestedField(changed.Object, value, path...); err != nil {
		t.Fatal(err)
	}
	return changed
}

// resourceOf is the collection that an object is in.
func resourceOf(obj *unstructured.Unstructured) dynamic.ResourceInterface {
	gvk := obj.GroupVersionKind()
	plural := strings.ToLower(gvk.Kind) + "s"
	of := dynamik.Resource(schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: plural})
	if obj.GetNamespace() == "" {
		return of
	}
	return of.Namespace(obj.GetNamespace())
}

// applied is what the API server makes of a manifest by server-side apply, as Argo CD asks for it; with dryRun it keeps nothing.
func (w *world) applied(manifest *unstructured.Unstructured, dryRun bool) *unstructured.Unstructured {
	w.t.Helper()
	options := metav1.ApplyOptions{FieldManager: argoManager, Force: true}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	obj, err := resourceOf(manifest).Apply(w.ctx, manifest.GetName(), manifest, options)
	if err != nil {
		w.t.Fatalf("applying %s %s: %v", manifest.GetKind(), manifest.GetName(), err)
	}
	return obj
}

// apply has the API server take a manifest by server-side apply.
func (w *world) apply(manifest *unstructured.Unstructured) *unstructured.Unstructured {
	w.t.Helper()
	return w.applied(manifest, false)
}

// createdByClient creates an object as client-side apply does: with what was applied in an annotation.
func (w *world) createdByClient(manifest *unstructured.Unstructured) {
	w.t.Helper()
	if err := kube.Create(w.ctx, withLastApplied(manifest)); err != nil {
		w.t.Fatalf("creating %s %s: %v", manifest.GetKind(), manifest.GetName(), err)
	}
}

func withLastApplied(manifest *unstructured.Unstructured) *unstructured.Unstructured {
	obj := manifest.DeepCopy()
	text, err := json.Marshal(manifest)
	must(err)
	annotations := obj.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[lastApplied] = string(text)
	obj.SetAnnotations(annotations)
	return obj
}

// reapply syncs an object that exists, the way in which it was created.
func (w *world) reapply(manifest *unstructured.Unstructured) {
	w.t.Helper()
	live := w.read(manifest)
	if live.GetAnnotations()[lastApplied] == "" {
		w.apply(manifest)
		return
	}
	patch := mergePatch(w.t, withLastApplied(manifest), live)
	if err := kube.Patch(w.ctx, live, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		w.t.Fatalf("applying %s %s: %v", manifest.GetKind(), manifest.GetName(), err)
	}
}

// namespaces makes those of the samples.
func (w *world) namespaces() {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(samples, "namespaces.yaml"))
	must(err)
	for _, ns := range manifests(w.t, text) {
		w.apply(ns)
	}
}
