// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"go/ast"
	"go/types"
	"maps"
	"testing"
)

// TestCodesOutsideOfOperations wants each code that no operation's own code answers (faults, refusals, what cannot be
// read) in outsideCodes, and every code to be a constant text, so that none escapes TestCodesAreModelled.
func TestCodesOutsideOfOperations(t *testing.T) {
	s := readSimulator(t)
	reached := map[types.Object]bool{}
	for _, handler := range s.operations() {
		_, functions := s.codes(handler)
		maps.Copy(reached, functions)
	}
	found := map[string]bool{}
	n := 0
	for _, file := range s.files {
		for _, decl := range file.Decls {
			name, object := s.named(decl)
			sites := s.codeSites(decl)
			n += len(sites)
			for _, site := range sites {
				code, constant := s.text(site)
				switch {
				case constant && reached[object], !constant && s.isParameter(site):
					continue // TestCodesAreModelled has it, or has what the callers give
				case !constant:
					code = types.ExprString(site)
				}
				found[name+"/"+code] = true
			}
		}
	}
	for key := range found {
		if outsideCodes[key] == "" {
			t.Errorf("%s is neither a code that TestCodesAreModelled finds nor in outsideCodes", key)
		}
	}
	for key := range outsideCodes {
		if !found[key] {
			t.Errorf("outsideCodes has %s, which the simulator does not", key)
		}
	}
	t.Logf("%d places with a code, %d of them outside of operations", n, len(found))
}

// named is a function's name and what it declares; all else that a file declares has no name here.
func (s *simulator) named(decl ast.Decl) (string, types.Object) {
	if fn, ok := decl.(*ast.FuncDecl); ok {
		return fn.Name.Name, s.info.Defs[fn.Name]
	}
	return "declaration", nil
}

// codeSites are the expressions in a declaration that say which code an error has.
func (s *simulator) codeSites(decl ast.Decl) []ast.Expr {
	var out []ast.Expr
	ast.Inspect(decl, func(n ast.Node) bool {
		out = append(out, s.codesIn(n)...)
		return true
	})
	return out
}

// isParameter tells a parameter named code: what is given for it at each call is a code of its own.
func (s *simulator) isParameter(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	if !ok || name.Name != "code" {
		return false
	}
	variable, ok := s.info.Uses[name].(*types.Var)
	return ok && variable.Kind() == types.ParamVar
}
