// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// module is the parsed source of the whole module, in which edits and tests are looked up by name.
type module struct {
	root     string
	fset     *token.FileSet
	declared map[string][]*declaration
	tests    map[string][]testFunction
	// imports are the paths that are imported under a name anywhere in the module.
	imports map[string]map[string]bool
	// packageLevel are the names that each directory's package declares.
	packageLevel map[string]map[string]bool
}

// source is one file. Its path is relative to the module's root.
type source struct {
	path, text string
	syntax     *ast.File
}

// declaration is what an edit can name. Its text is source.text[start:end], without its comment.
type declaration struct {
	*source
	receiver, name string
	start, end     int
	function       *ast.FuncDecl // nil for a type, variable or constant
}

// testFunction is where a test stands.
type testFunction struct{ pkg, dir string }

// ownDir is not searched for declarations: its tables repeat the text of all others.
const ownDir = "hack/mutants"

func loadModule(root string) (*module, error) {
	m := &module{
		root: root, fset: token.NewFileSet(),
		declared: map[string][]*declaration{}, tests: map[string][]testFunction{},
		imports: map[string]map[string]bool{}, packageLevel: map[string]map[string]bool{},
	}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != root && skipped(file):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(file, ".go"):
			return nil
		}
		return m.add(file)
	})
	return m, err
}

// skipped are the directories that the go command leaves out of "./...", and other modules.
func skipped(dir string) bool {
	name := filepath.Base(dir)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func (m *module) add(file string) error {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the checkout
	if err != nil {
		return err
	}
	relative, err := filepath.Rel(m.root, file)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(m.fset, file, text, parser.ParseComments)
	if err != nil {
		return err
	}
	s := &source{path: filepath.ToSlash(relative), text: string(text), syntax: syntax}
	switch {
	case strings.HasSuffix(s.path, "_test.go"):
		m.addTests(s)
	case path.Dir(s.path) != ownDir:
		m.addDeclarations(s)
	}
	return nil
}

func (m *module) addTests(s *source) {
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
			pkg := strings.TrimSuffix(s.syntax.Name.Name, "_test")
			m.tests[f.Name.Name] = append(m.tests[f.Name.Name], testFunction{pkg, path.Dir(s.path)})
		}
	}
}

func (m *module) addDeclarations(s *source) {
	for _, spec := range s.syntax.Imports {
		name, imported := importName(spec)
		if m.imports[name] == nil {
			m.imports[name] = map[string]bool{}
		}
		m.imports[name][imported] = true
	}
	for _, d := range s.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			m.declare(s, d, d, receiverType(d), d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				m.declareSpec(s, spec)
			}
		}
	}
}

func (m *module) declareSpec(s *source, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		m.declare(s, spec, nil, "", spec.Name)
	case *ast.ValueSpec:
		m.declare(s, spec, nil, "", spec.Names...)
	}
}

func (m *module) declare(s *source, node ast.Node, function *ast.FuncDecl, receiver string, names ...*ast.Ident) {
	start, end := m.fset.Position(node.Pos()).Offset, m.fset.Position(node.End()).Offset
	if function != nil { // its comment belongs to the node
		start = m.fset.Position(function.Type.Func).Offset
	}
	dir := path.Dir(s.path)
	if m.packageLevel[dir] == nil {
		m.packageLevel[dir] = map[string]bool{}
	}
	for _, name := range names {
		m.declared[name.Name] = append(m.declared[name.Name], &declaration{s, receiver, name.Name, start, end, function})
		if receiver == "" {
			m.packageLevel[dir][name.Name] = true
		}
	}
}

// receiverType is the name of a method's type, "" for a function.
func receiverType(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	for expr := f.Recv.List[0].Type; ; {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr: // of a generic type
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// String is the declaration with all that can stand before its name.
func (d *declaration) String() string {
	name := d.name
	if d.receiver != "" {
		name = d.receiver + "." + name
	}
	return d.syntax.Name.Name + "." + name
}
