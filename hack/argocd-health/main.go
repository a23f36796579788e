// SPDX-License-Identifier: Apache-2.0

// Command argocd-health prints what Argo CD makes of an object: it reads one from standard input, as
// `kubectl get -o json` prints it, and runs the health check of its kind in config/argocd. Argo CD itself is not needed.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/test/argolua"
)

func main() {
	if err := run(os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "argocd-health:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: kubectl get KIND NAME -o json | argocd-health config/argocd")
	}
	obj := &unstructured.Unstructured{}
	if err := json.NewDecoder(in).Decode(&obj.Object); err != nil {
		return fmt.Errorf("no object in JSON on standard input: %w", err)
	}
	gvk := obj.GroupVersionKind()
	script, err := os.ReadFile(filepath.Join(args[0], gvk.Group, gvk.Kind, "health.lua"))
	if err != nil {
		return fmt.Errorf("no health check for %s %s: %w", gvk.Group, gvk.Kind, err)
	}
	health, err := argolua.HealthOf(obj.Object, string(script))
	if err != nil {
		return fmt.Errorf("the health check of %s: %w", gvk.Kind, err)
	}
	_, err = fmt.Fprintf(out, "%s: %s\n", health.Status, health.Message)
	return err
}
