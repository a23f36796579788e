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
	queue   = "queue"   // of an AWSAccount's condition DriftEvents
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
	ast.Inspect(file, func(node ast.Node) bool {
		for _, expr := range candidates(node) {
			if text := literal(expr); text != "" {
				found[text] = true
			}
		}
		return true
	})
	return nil
}

// candidates are the values that a node gives to names which hold reasons.
func candidates(node ast.Node) []ast.Expr {
	switch n := node.(type) {
	case *ast.ValueSpec:
		if len(n.Names) == 1 && strings.HasPrefix(n.Names[0].Name, "Reason") {
			return n.Values
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "reason") {
			return []ast.Expr{n.Value}
		}
	case *ast.AssignStmt:
		return assigned(n)
	case *ast.FuncDecl:
		if n.Name.Name == "reasonOf" {
			return returned(n.Body)
		}
	}
	return nil
}

func assigned(n *ast.AssignStmt) []ast.Expr {
	var values []ast.Expr
	for i, left := range n.Lhs {
		if selector, ok := left.(*ast.SelectorExpr); ok && selector.Sel.Name == "Reason" && i < len(n.Rhs) {
			values = append(values, n.Rhs[i])
		}
	}
	return values
}

func returned(body *ast.BlockStmt) []ast.Expr {
	var values []ast.Expr
	ast.Inspect(body, func(node ast.Node) bool {
		if result, ok := node.(*ast.ReturnStmt); ok {
			values = append(values, result.Results...)
		}
		return true
	})
	return values
}

// literal is the text of a string literal, and "" for any other expression.
func literal(expr ast.Expr) string {
	basic, ok := expr.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(basic.Value)
	if err != nil {
		return ""
	}
	return text
}
