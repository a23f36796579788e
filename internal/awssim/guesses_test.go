// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGuessesAreOnThePage wants the functions with a comment that says "unverified" to be those that the section
// "Guesses" of docs/simulator.md lists.
func TestGuessesAreOnThePage(t *testing.T) {
	var listed []string
	for _, match := range regexp.MustCompile("(?m)^- `([\\w.]+)`").FindAllStringSubmatch(pageSection(t, "Guesses"), -1) {
		listed = append(listed, match[1])
	}
	var guessed []string
	files := gotoken.NewFileSet()
	for _, path := range must[[]string](t)(filepath.Glob("*.go")) {
		if !strings.HasSuffix(path, "_test.go") {
			file := must[*ast.File](t)(parser.ParseFile(files, path, nil, parser.ParseComments))
			guessed = append(guessed, guesses(t, file)...)
		}
	}
	slices.Sort(guessed)
	slices.Sort(listed)
	wantEqual(t, "guesses", strings.Join(listed, " "), strings.Join(slices.Compact(guessed), " "))
	t.Logf("%d guesses", len(listed))
}

// guesses are the names of what a file declares under, or around, a comment that says "unverified".
func guesses(t *testing.T, file *ast.File) []string {
	t.Helper()
	var out []string
	for _, comment := range file.Comments {
		if !strings.Contains(comment.Text(), "unverified") {
			continue
		}
		at := slices.IndexFunc(file.Decls, func(decl ast.Decl) bool { return comment.Pos() < decl.End() })
		if at < 0 {
			t.Fatalf("a guess stands at the end of %s", file.Name)
		}
		switch decl := file.Decls[at].(type) {
		case *ast.FuncDecl:
			out = append(out, receiver(decl)+decl.Name.Name)
		case *ast.GenDecl:
			if value, ok := decl.Specs[0].(*ast.ValueSpec); ok {
				out = append(out, value.Names[0].Name)
			}
		}
	}
	return out
}

// receiver is the type of a method and a dot, "" for a function.
func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil {
		return ""
	}
	of := decl.Recv.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	return types.ExprString(of) + "."
}
