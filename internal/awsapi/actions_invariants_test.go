// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// callers are the directories of the code that runs in the operator, seen from here.
var callers = []string{"../../controllers", "../events", "../inventory", "../resources", "."}

// operations are the names after the dot of every call in the code. A paginator's constructor counts as a call of its
// operation. Services that have an operation of the same name (TagResource) are not told apart.
func operations(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	visit := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			found[sel.Sel.Name] = true
			if name, ok := strings.CutSuffix(sel.Sel.Name, "Paginator"); ok {
				found[strings.TrimPrefix(name, "New")] = true
			}
		}
		return true
	}
	for _, dir := range callers {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "awstest") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				ast.Inspect(file, visit)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestEveryActionIsCalled: what nothing in the code calls is not in the published policy. The opposite, that all that
// is called is in it, the compiler sees to, since the interfaces are the only way to AWS; TestTheOnlyDoorToAWS sees to that.
func TestEveryActionIsCalled(t *testing.T) {
	called := operations(t)
	// AWS or the SDK asks for these; policy.go says when.
	implied := []string{"iam:PassRole", "iam:CreateServiceLinkedRole", "sts:AssumeRole"}
	for _, action := range awsapi.Actions() {
		_, operation, _ := strings.Cut(action, ":")
		if action == "sqs:DeleteMessage" {
			operation = "DeleteMessageBatch"
		}
		if !called[operation] && !slices.Contains(implied, action) {
			t.Errorf("%s is in the published policy, and nothing calls it", action)
		}
	}
}

// TestTheOnlyDoorToAWS: clients are made in this package only, and nothing looks behind an interface.
func TestTheOnlyDoorToAWS(t *testing.T) {
	for _, dir := range append(slices.Clone(callers[:4]), "../../main.go") {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if n.Sel.Name == "NewFromConfig" {
						t.Errorf("%s makes a client of its own", set.Position(n.Pos()))
					}
				case *ast.TypeAssertExpr:
					if star, ok := n.Type.(*ast.StarExpr); ok {
						if sel, ok := star.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "Client" {
							t.Errorf("%s looks behind an interface", set.Position(n.Pos()))
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
