// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// imported compares what a changed file uses with what its source imports: add are the imports that it lacks, drop those
// that the change made useless.
func (m *module) imported(s *source, text string) (add []string, drop []*ast.ImportSpec, err error) {
	syntax, err := parser.ParseFile(token.NewFileSet(), s.path, text, 0)
	if err != nil {
		return nil, nil, broken("does not parse: %v", err)
	}
	before, after, known := usedPackages(s.syntax), usedPackages(syntax), map[string]bool{}
	for _, spec := range s.syntax.Imports {
		name, _ := importName(spec)
		known[name] = true
		if before[name] && !after[name] {
			drop = append(drop, spec)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if known[name] || before[name] || m.packageLevel[path.Dir(s.path)][name] {
			continue
		}
		paths := slices.Sorted(maps.Keys(m.imports[name]))
		if len(paths) != 1 {
			return nil, nil, broken("%s: which package is %s? The module imports %v under that name", s.path, name, paths)
		}
		add = append(add, fmt.Sprintf("import %s %q", name, paths[0]))
	}
	return add, drop, nil
}

// usedPackages are the names before a dot that nothing in the file declares. Names of the package's other files are
// among them.
func usedPackages(file *ast.File) map[string]bool {
	unresolved := map[*ast.Ident]bool{}
	// Deprecated for go/types, which cannot tell what a file means that lacks an import.
	for _, id := range file.Unresolved {
		unresolved[id] = true
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := selector.X.(*ast.Ident); ok && unresolved[id] {
				used[id.Name] = true
			}
		}
		return true
	})
	return used
}

// version is the end of a path that does not name the package: k8s.io/klog/v2, gopkg.in/yaml.v3.
var version = regexp.MustCompile(`[./]v[0-9]+$`)

// importName is the name under which a file knows an import, and its path.
func importName(spec *ast.ImportSpec) (name, imported string) {
	imported, _ = strconv.Unquote(spec.Path.Value) // the parser has seen to that
	if spec.Name != nil {
		return spec.Name.Name, imported
	}
	return path.Base(version.ReplaceAllString(imported, "")), imported
}

// withImports adds imports on the line of the package clause, so that no line moves.
func withImports(s *source, text string, add []string, fset *token.FileSet) string {
	end := fset.Position(s.syntax.Name.End()).Offset
	for _, line := range add {
		text = text[:end] + "; " + line + text[end:]
	}
	return text
}

// splice is a piece of text that replaces another one.
type splice struct {
	start, end int
	text       string
}

// spliced replaces pieces that do not overlap. Pieces at the same place keep their order.
func spliced(text string, pieces []splice) string {
	slices.SortStableFunc(pieces, func(a, b splice) int { return a.start - b.start })
	var out strings.Builder
	at := 0
	for _, p := range pieces {
		out.WriteString(text[at:p.start] + p.text)
		at = p.end
	}
	out.WriteString(text[at:])
	return out.String()
}
