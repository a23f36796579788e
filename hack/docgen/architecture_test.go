// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// above are the packages that only the set-up in controllers may import, and layers what must not import what is above it.
var above = []string{"controllers/kinds", "controllers/pass", "controllers/awsaccount"}

// TestImportsGoDown: internal knows no controllers, and nobody but the set-up knows the kinds and the reconcilers.
func TestImportsGoDown(t *testing.T) {
	imports, err := importsBelow("../..", "controllers", "internal")
	if err != nil {
		t.Fatal(err)
	}
	if len(imports["controllers"]) == 0 || len(imports) < 20 {
		t.Fatalf("only %d packages import anything: this shows nothing", len(imports))
	}
	for from, direct := range imports {
		for to := range direct {
			if strings.HasPrefix(from, "internal/") && strings.HasPrefix(to, "controllers") {
				t.Errorf("%s imports %s: imports go down only", from, to)
			}
			for _, top := range above {
				if to == top && from != "controllers" {
					t.Errorf("%s imports %s, which only the set-up may", from, to)
				}
			}
		}
	}
}

// mostLines is how many lines of code a package may have, without its tests, comments, blank lines and imports: what a person
// reads in an hour.
const mostLines = 1500

// TestNoPackageIsTooLong, except for the simulator, which is as long as AWS has rules.
func TestNoPackageIsTooLong(t *testing.T) {
	lines := map[string]int{}
	for _, dir := range []string{"controllers", "internal", "api"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, entry fs.DirEntry, err error) error {
			generated := strings.HasPrefix(entry.Name(), "zz_generated")
			if err != nil || generated || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "awssim") {
				return err
			}
			n, err := codeLines(path)
			lines[filepath.Dir(path)] += n
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for dir, n := range lines {
		if n > mostLines {
			t.Errorf("%s has %d lines of code without its tests, more than %d: split it", dir, n, mostLines)
		}
	}
	if len(lines) < 30 {
		t.Errorf("only %d packages were found", len(lines))
	}
}

// codeLines counts the lines of a file that hold code.
func codeLines(path string) (int, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		return 0, err
	}
	held := map[int]bool{}
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.IMPORT {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if n != nil {
				held[files.Position(n.Pos()).Line], held[files.Position(n.End()-1).Line] = true, true
			}
			return true
		})
	}
	return len(held), nil
}
