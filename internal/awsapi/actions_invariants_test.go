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

// inspect visits the code of all Go files at or below a path, but for those that leaveOut names.
func inspect(t *testing.T, root string, leaveOut func(path string) bool, visit func(path string, at func(ast.Node) token.Position, n ast.Node)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || leaveOut(path) {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			visit(path, func(n ast.Node) token.Position { return set.Position(n.Pos()) }, n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isTest(path string) bool { return strings.HasSuffix(path, "_test.go") }

// operations are the names after the dot of every call in the code. A paginator's constructor counts as a call of its
// operation. Services that have an operation of the same name (TagResource) are not told apart.
func operations(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	visit := func(_ string, _ func(ast.Node) token.Position, n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			found[sel.Sel.Name] = true
			if name, ok := strings.CutSuffix(sel.Sel.Name, "Paginator"); ok {
				found[strings.TrimPrefix(name, "New")] = true
			}
		}
	}
	for _, dir := range callers {
		inspect(t, dir, func(path string) bool { return isTest(path) || strings.Contains(path, "awstest") }, visit)
	}
	return found
}

// TestEveryActionIsCalled: what nothing in the code calls is not in the published policy. The opposite, that all that
// is called is in it, the compiler sees to, since the interfaces are the only way to AWS; TestTheOnlyDoorToAWS sees to that.
func TestEveryActionIsCalled(t *testing.T) {
	called := operations(t)
	// AWS or the SDK asks for these; iam.go and sts.go say when.
	implied := []string{"iam:PassRole", "iam:CreateServiceLinkedRole", "sts:AssumeRole", "sts:TagSession"}
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
		inspect(t, dir, isTest, func(_ string, at func(ast.Node) token.Position, n ast.Node) {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if n.Sel.Name == "NewFromConfig" {
					t.Errorf("%s makes a client of its own", at(n))
				}
			case *ast.TypeAssertExpr:
				if star, ok := n.Type.(*ast.StarExpr); ok {
					if sel, ok := star.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "Client" {
						t.Errorf("%s looks behind an interface", at(n))
					}
				}
			}
		})
	}
}

// TestPlainBodiesEverywhere: whoever makes a client of the SDK, in a test or not, goes by the configuration of load or of
// awstest, which have it. One torn connection in a thousand tests is enough to make CI red.
func TestPlainBodiesEverywhere(t *testing.T) {
	seen := 0
	literals(t, func(path, at string, made ast.Expr, imports map[string]string) {
		if !isSDKOptions(made, imports) {
			return
		}
		seen++
		if filepath.Base(path) != "awstest.go" {
			t.Errorf("%s configures the SDK: use awstest.Config", at)
		}
	})
	if seen == 0 {
		t.Error("no configuration was seen, not even that of awstest")
	}
}

// TestOneConstructorOfClients: a field that a literal of Clients leaves out is nil, and a service that comes later is left
// out by every literal.
func TestOneConstructorOfClients(t *testing.T) {
	seen := 0
	literals(t, func(path, at string, made ast.Expr, imports map[string]string) {
		pkg, name := typeName(made, imports)
		here := pkg == "" && filepath.Dir(path) == filepath.FromSlash("../../internal/awsapi")
		if name == "Clients" && (here || strings.HasSuffix(pkg, "/internal/awsapi")) {
			t.Errorf("%s makes Clients by itself: use awsapi.NewClients", at)
		}
		if name == "service" && here {
			seen++
		}
	})
	if seen == 0 {
		t.Error("no literal of this package was seen, not even that of a service")
	}
}

// literals visits every composite literal with elements in the repository, with what its file imports, by name.
func literals(t *testing.T, visit func(path, at string, made ast.Expr, imports map[string]string)) {
	t.Helper()
	var imports map[string]string
	built := func(path string) bool { return strings.HasPrefix(path, filepath.FromSlash("../../bin/")) }
	inspect(t, "../..", built, func(path string, at func(ast.Node) token.Position, n ast.Node) {
		switch n := n.(type) {
		case *ast.File:
			imports = importsOf(n)
		case *ast.CompositeLit:
			if len(n.Elts) > 0 {
				visit(path, at(n).String(), n.Type, imports)
			}
		}
	})
}

// importsOf are the paths that a file imports, by the names that it has for them.
func importsOf(file *ast.File) map[string]string {
	imports := map[string]string{}
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = path
	}
	return imports
}

// typeName is a type's package, "" for the file's own, and its name there.
func typeName(made ast.Expr, imports map[string]string) (pkg, name string) {
	switch made := made.(type) {
	case *ast.Ident:
		return "", made.Name
	case *ast.SelectorExpr:
		if of, ok := made.X.(*ast.Ident); ok {
			return imports[of.Name], made.Sel.Name
		}
	}
	return "", ""
}

// isSDKOptions: aws.Config, or the Options of any service.
func isSDKOptions(made ast.Expr, imports map[string]string) bool {
	const sdk = "github.com/aws/aws-sdk-go-v2/"
	pkg, name := typeName(made, imports)
	return pkg == sdk+"aws" && name == "Config" || strings.HasPrefix(pkg, sdk+"service/") && name == "Options"
}
