// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// checker finds mutants that would not compile, without compiling them: it type-checks the changed files of a package,
// with the other files' declarations and the compiler's own export data of everything that is imported. A change of a
// declaration that only breaks other files is left for the compiler.
type checker struct {
	m        *module
	exports  types.Importer
	packages map[string]*checkedPackage // by directory, relative to the module's root
}

type checkedPackage struct {
	path, name string
	// files are without the bodies of functions.
	files map[string]*ast.File
}

// listed is what the go command tells of a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	GoFiles                       []string
	Module                        *struct{ Main bool }
}

func newChecker(ctx context.Context, m *module) (*checker, error) {
	c := &checker{m: m, packages: map[string]*checkedPackage{}}
	exports := map[string]string{}
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-deps", "-json=ImportPath,Name,Dir,Export,GoFiles,Module", "./...")
	var failed bytes.Buffer
	cmd.Dir, cmd.Stderr = m.root, &failed
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, failed.String())
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		exports[p.ImportPath] = p.Export
		if p.Module == nil || !p.Module.Main {
			continue
		}
		if err := c.add(p); err != nil {
			return nil, err
		}
	}
	c.exports = importer.ForCompiler(m.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	return c, nil
}

func (c *checker) add(p listed) error {
	relative, err := filepath.Rel(c.m.root, p.Dir)
	if err != nil {
		return err
	}
	dir := filepath.ToSlash(relative)
	checked := &checkedPackage{p.ImportPath, p.Name, map[string]*ast.File{}}
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(c.m.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				f.Body = nil
			}
		}
		checked.files[path.Join(dir, name)] = file
	}
	c.packages[dir] = checked
	return nil
}

// check returns what the compiler would say of changed files.
func (c *checker) check(texts map[string]string) error {
	var complaints []string
	changed := map[string]map[string]*ast.File{}
	for file, text := range texts {
		syntax, err := parser.ParseFile(c.m.fset, "changed:"+file, text, parser.SkipObjectResolution)
		if err != nil {
			return broken("does not parse: %v", err)
		}
		dir := path.Dir(file)
		if changed[dir] == nil {
			changed[dir] = map[string]*ast.File{}
		}
		changed[dir][file] = syntax
	}
	for dir, files := range changed {
		complaints = append(complaints, c.checkPackage(dir, files)...)
	}
	if len(complaints) > 0 {
		slices.Sort(complaints)
		return broken("does not compile:\n%s", strings.Join(complaints, "\n"))
	}
	return nil
}

func (c *checker) checkPackage(dir string, changed map[string]*ast.File) (complaints []string) {
	checked := c.packages[dir]
	if checked == nil {
		return []string{dir + " is not a package that the go command builds"}
	}
	var files []*ast.File
	for name, file := range checked.files {
		if changed[name] == nil {
			files = append(files, file)
		}
	}
	for _, file := range changed {
		files = append(files, file)
	}
	config := types.Config{Importer: c.exports, Error: func(err error) {
		// The other files lack their bodies, and with them the use of their imports.
		var e types.Error
		if !errors.As(err, &e) {
			complaints = append(complaints, err.Error())
		} else if at := c.m.fset.Position(e.Pos); strings.HasPrefix(at.Filename, "changed:") {
			complaints = append(complaints, strings.TrimPrefix(err.Error(), "changed:"))
		}
	}}
	_, _ = config.Check(checked.path, c.m.fset, files, nil) // Error has them all
	return complaints
}
