// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// reason is a condition reason and what it means. Group says which of the tables it is in.
type reason struct{ Group, Name, Meaning string }

// The groups.
const (
	general = "general" // of the conditions themselves
	stalled = "stalled" // only a person can help
	waiting = "waiting" // Reconciling: no help needed
	faults  = "faults"  // what AWS answered
	drifted = "drifted" // of the condition Drifted
	warning = "warning" // said in the section's message; stops nothing
)

// checkedReasons returns the table of reasons, in groups, and fails unless it holds exactly the reasons that are in the code.
func checkedReasons(root string) (map[string][]reason, error) {
	inCode := map[string]bool{}
	for _, dir := range []string{"api", "internal", "controllers"} {
		if err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "awssim") {
				return err
			}
			return reasonsIn(path, inCode)
		}); err != nil {
			return nil, err
		}
	}
	groups := map[string][]reason{}
	var problems []error
	for _, r := range reasons {
		if !inCode[r.Name] {
			problems = append(problems, fmt.Errorf("hack/docgen/reasons_table.go describes the reason %s, which is not in the code", r.Name))
		}
		delete(inCode, r.Name)
		groups[r.Group] = append(groups[r.Group], r)
	}
	for name := range inCode {
		problems = append(problems, fmt.Errorf("the reason %s is not described in hack/docgen/reasons_table.go", name))
	}
	for _, list := range groups {
		slices.SortFunc(list, func(a, b reason) int { return strings.Compare(a.Name, b.Name) })
	}
	return groups, errors.Join(problems...)
}

// reasonsIn collects the strings that are given to names beginning with Reason: constants, fields, results of reasonOf.
func reasonsIn(path string, found map[string]bool) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	add := func(expr ast.Expr) {
		if literal, ok := expr.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && text != "" {
				found[text] = true
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if strings.HasPrefix(name.Name, "Reason") && i < len(n.Values) {
					add(n.Values[i])
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "reason") {
				add(n.Value)
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if selector, ok := left.(*ast.SelectorExpr); ok && selector.Sel.Name == "Reason" && i < len(n.Rhs) {
					add(n.Rhs[i])
				}
			}
		case *ast.FuncDecl:
			if n.Name.Name == "reasonOf" {
				ast.Inspect(n.Body, func(inner ast.Node) bool {
					if result, ok := inner.(*ast.ReturnStmt); ok && len(result.Results) == 1 {
						add(result.Results[0])
					}
					return true
				})
			}
		}
		return true
	})
	return nil
}
