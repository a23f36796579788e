// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fluxExpressions are a kind's on the page, in the order in which Flux asks them.
type fluxExpressions struct {
	programs []cel.Program
	says     []string
}

// expressionsOf compiles the expressions that the page has for a kind, in the environment that Flux gives them. Source:
// runtime/cel/expression.go of fluxcd/pkg.
func expressionsOf(t *testing.T, kind string) fluxExpressions {
	t.Helper()
	env, err := cel.NewEnv(cel.HomogeneousAggregateLiterals(), cel.EagerlyValidateDeclarations(true), cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), ext.Strings(), ext.Sets(), ext.Encoders())
	must(err)
	var found fluxExpressions
	for _, obj := range pageObjects(t) {
		checks, _, _ := unstructured.NestedSlice(obj.Object, "spec", "healthCheckExprs")
		for _, check := range checks {
			check := check.(map[string]any)
			if check["kind"] != kind || check["apiVersion"] != "fargatesecurity.io/v1alpha1" {
				continue
			}
			for _, name := range []string{"inProgress", "failed", "current"} {
				parsed, issues := env.Parse(check[name].(string))
				if issues.Err() != nil {
					t.Fatalf("%s of %s: %v", name, kind, issues.Err())
				}
				program, err := env.Program(parsed, cel.EvalOptions(cel.OptOptimize))
				must(err)
				found.programs, found.says = append(found.programs, program), append(found.says, name)
			}
		}
	}
	return found
}

// of is what Flux makes of an object: inProgress, failed or current. Before the expressions, it compares the generations; an
// expression that cannot be evaluated is waited for. Source: Evaluate in runtime/cel/status_evaluator.go of fluxcd/pkg.
func (f fluxExpressions) of(obj *unstructured.Unstructured) (string, error) {
	observed, found, err := unstructured.NestedInt64(obj.Object, "status", "observedGeneration")
	if err != nil || found && observed != obj.GetGeneration() {
		return "inProgress", err
	}
	for i, program := range f.programs {
		value, _, err := program.Eval(obj.Object)
		if err != nil {
			return "inProgress", fmt.Errorf("%s: %w", f.says[i], err)
		}
		if value.Value() == true {
			return f.says[i], nil
		}
	}
	return "inProgress", nil
}

// expressions checks that Flux comes to the same as the health check.
func (s *story) expressions(name string, live *unstructured.Unstructured, h health) {
	s.t.Helper()
	found := expressionsOf(s.t, live.GetKind())
	if len(found.programs) == 0 {
		return
	}
	want := map[string]string{"Healthy": "current", "Suspended": "current", "Degraded": "failed", "Progressing": "inProgress"}[h.Status]
	got, err := found.of(live)
	if got != want {
		s.t.Errorf("%s: Flux takes it for %s, want %s (%s)", name, got, want, h.Message)
	}
	if err != nil && live.Object["status"] != nil && !strings.Contains(err.Error(), "no such key: observedGeneration") {
		s.t.Errorf("%s: %v", name, err)
	}
	s.evaluated++
}
