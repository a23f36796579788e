// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// simulator is the simulator's source, so far as it tells which codes an operation can answer.
type simulator struct {
	files map[string]*ast.File
	info  types.Info
	decls map[types.Object]*ast.FuncDecl
}

// noImports makes the type checker do without what the simulator imports: only its own functions matter.
type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

func readSimulator(t *testing.T) *simulator {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "internal", "awssim", "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no source of the simulator: %v", err)
	}
	s := &simulator{
		files: map[string]*ast.File{}, decls: map[types.Object]*ast.FuncDecl{},
		info: types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}},
	}
	fset := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.files[filepath.Base(path)] = file
	}
	check := types.Config{Importer: noImports{}, Error: func(error) {}}
	_, _ = check.Check("awssim", fset, slices.Collect(maps.Values(s.files)), &s.info)
	for _, file := range s.files {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				s.decls[s.info.Defs[fn.Name]] = fn
			}
		}
	}
	return s
}

// operations finds the handlers: values of tables such as "CreateRole": iamOp(true, createRole), by the file's service.
func (s *simulator) operations() map[string]ast.Expr {
	out := map[string]ast.Expr{}
	for name, file := range s.files {
		service, _, _ := strings.Cut(strings.TrimSuffix(name, ".go"), "_")
		ast.Inspect(file, func(n ast.Node) bool {
			entry, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, isText := entry.Key.(*ast.BasicLit)
			call, isCall := entry.Value.(*ast.CallExpr)
			if !isText || !isCall {
				return true
			}
			if fn, ok := call.Fun.(*ast.Ident); ok && s.returnsOperation(fn) {
				operation, _ := strconv.Unquote(key.Value)
				out[service+":"+operation] = call
			}
			return true
		})
	}
	return out
}

// returnsOperation tells a function such as jsonOp or iamOp.
func (s *simulator) returnsOperation(name *ast.Ident) bool {
	decl := s.decls[s.origin(s.info.Uses[name])]
	if decl == nil || decl.Type.Results == nil || len(decl.Type.Results.List) != 1 {
		return false
	}
	result, ok := decl.Type.Results.List[0].Type.(*ast.Ident)
	return ok && result.Name == "operation"
}

// codes are the error codes in all that a handler can run, and the functions that it can run.
func (s *simulator) codes(root ast.Node) (codes []string, reached map[types.Object]bool) {
	reached = map[types.Object]bool{}
	var visit func(n ast.Node)
	visit = func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok {
				object := s.origin(s.info.Uses[name])
				if decl := s.decls[object]; decl != nil && !reached[object] {
					reached[object] = true
					visit(decl.Body)
				}
			}
			for _, site := range s.codesIn(n) {
				if code, ok := s.text(site); ok {
					codes = append(codes, code)
				}
			}
			return true
		})
	}
	visit(root)
	slices.Sort(codes)
	return slices.Compact(codes), reached
}

// origin is the declared method or function of a generic one that is in use.
func (s *simulator) origin(object types.Object) types.Object {
	if fn, ok := object.(*types.Func); ok {
		return fn.Origin()
	}
	return object
}

// codesIn are the expressions that say which code an error has: what a call gives for a parameter named code, and the
// Code of an apiError that is written down or assigned.
func (s *simulator) codesIn(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		return s.codeArgument(n)
	case *ast.CompositeLit:
		return s.literalCode(n)
	case *ast.AssignStmt:
		return s.assignedCodes(n)
	}
	return nil
}

func (s *simulator) codeArgument(call *ast.CallExpr) []ast.Expr {
	var name *ast.Ident
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		name = fun
	case *ast.SelectorExpr:
		name = fun.Sel
	default:
		return nil
	}
	fn, ok := s.info.Uses[name].(*types.Func)
	if !ok {
		return nil
	}
	parameters := fn.Signature().Params()
	for i := range min(parameters.Len(), len(call.Args)) {
		if parameters.At(i).Name() == "code" {
			return call.Args[i : i+1]
		}
	}
	return nil
}

func (s *simulator) literalCode(lit *ast.CompositeLit) []ast.Expr {
	if !s.isError(lit) || len(lit.Elts) == 0 {
		return nil
	}
	for _, element := range lit.Elts {
		if entry, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := entry.Key.(*ast.Ident); ok && key.Name == "Code" {
				return []ast.Expr{entry.Value}
			}
		}
	}
	return lit.Elts[:1]
}

// assignedCodes are what an assignment makes the Code of an apiError.
func (s *simulator) assignedCodes(n *ast.AssignStmt) []ast.Expr {
	var out []ast.Expr
	for i, left := range n.Lhs {
		field, ok := left.(*ast.SelectorExpr)
		if ok && field.Sel.Name == "Code" && s.isError(field.X) {
			out = append(out, n.Rhs[min(i, len(n.Rhs)-1)])
		}
	}
	return out
}

// isError tells an apiError, or what points to one.
func (s *simulator) isError(e ast.Expr) bool {
	typ := s.info.TypeOf(e)
	if pointer, ok := typ.(*types.Pointer); ok {
		typ = pointer.Elem()
	}
	named, ok := typ.(*types.Named)
	return ok && named.Obj().Name() == "apiError"
}

// text is the value of a constant text.
func (s *simulator) text(e ast.Expr) (string, bool) {
	value := s.info.Types[e].Value
	if value == nil || value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(value), true
}

// TestCodesAreModelled reads in the simulator's source which codes each operation can answer, and wants each modelled by
// botocore for that operation, or listed in unmodelledCodes with its source.
func TestCodesAreModelled(t *testing.T) {
	all, s := load(t), readSimulator(t)
	handlers := s.operations()
	for _, operation := range newSim(t).Operations() {
		if handlers[operation] == nil {
			t.Errorf("%s: its handler was not found in the source", operation)
		}
	}
	n := 0
	used := map[string]bool{}
	for _, operation := range slices.Sorted(maps.Keys(handlers)) {
		if handlers[operation] == nil {
			continue
		}
		codes, _ := s.codes(handlers[operation])
		n += len(codes)
		for _, code := range codes {
			key, ok := mayAnswer(all, operation, code)
			used[key] = true
			if !ok {
				t.Errorf("%s can answer %s, which botocore does not model for it: list it in unmodelledCodes with its source", operation, code)
			}
		}
	}
	for entry := range unmodelledCodes {
		if !used[entry] {
			t.Errorf("unmodelledCodes has %q, which no operation answers", entry)
		}
	}
	t.Logf("%d operations, %d codes", len(handlers), n)
}
