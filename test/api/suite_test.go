// SPDX-License-Identifier: Apache-2.0

// Package api_test holds the API server to what api/v1alpha1 promises: every rule of the schemas refuses what it
// should and nothing else, in words that help, and kubectl gets the columns, names and defaults that docs promise.
package api_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/fargate-security/fargate-security-operator/test/patience"
)

const (
	crdDir     = "../../config/crd/bases"
	samplesDir = "../../config/samples"
	namespace  = "default"
)

// config and kube reach the API server that TestMain starts. kube is strict: it refuses fields that no schema knows, so
// a slip in a test's object cannot pass for a rule.
var (
	config *rest.Config
	kube   client.Client
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	assets, err := findAssets()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	existing := false
	env := &envtest.Environment{
		UseExistingCluster:    &existing,
		BinaryAssetsDirectory: assets,
		// Installing them is a test too: the server refuses rules that could cost too much.
		CRDDirectoryPaths:     []string{crdDir},
		ErrorIfCRDPathMissing: true,
		// A slow machine must not turn a test red: by default a part has 20 seconds, and the CRDs have 10.
		ControlPlaneStartTimeout: patience.Now(), CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: patience.Now()},
	}
	config, err = env.Start()
	defer func() { _ = env.Stop() }()
	if err != nil {
		fmt.Fprintf(os.Stderr, "starting etcd and kube-apiserver from %s, and installing %s: %v\n", assets, crdDir, err)
		return 1
	}
	plain, err := client.New(config, client.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	kube = client.WithFieldValidation(plain, "Strict")
	return m.Run()
}

// findAssets returns where etcd and kube-apiserver are: KUBEBUILDER_ASSETS, or what `make controlplane` built.
func findAssets() (string, error) {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		dir = "../../bin/controlplane"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("these tests need a real API server, and %s is missing: run `make controlplane`, or set KUBEBUILDER_ASSETS to where etcd and kube-apiserver are", filepath.Join(dir, name))
		}
	}
	return dir, nil
}

// dryCreate asks the server what it would make of obj, which it then holds.
func dryCreate(t *testing.T, obj *unstructured.Unstructured) error {
	t.Helper()
	return kube.Create(context.Background(), obj, client.DryRunAll)
}

// create makes obj for the duration of the test.
func create(t *testing.T, obj *unstructured.Unstructured) {
	t.Helper()
	if err := kube.Create(context.Background(), obj); err != nil {
		t.Fatalf("creating %s %s: %v", obj.GetKind(), obj.GetName(), err)
	}
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(kube.Delete(context.Background(), obj)); err != nil {
			t.Errorf("deleting %s %s: %v", obj.GetKind(), obj.GetName(), err)
		}
	})
}
