// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Most of the time would go into linking: a test binary holds Kubernetes' and AWS's libraries. So all mutants that change
// the bodies of functions are compiled into the same binaries, and the environment says which of them is in force:
//
//	func (r *Resource) Delete(ctx context.Context) error { if mutantInForce == 7 { return r.mutant7Delete(ctx) }
//		...as it was
//	}
//	func (r *Resource) mutant7Delete(ctx context.Context) error { ...with the bug }
const (
	environment = "MUTANT_IN_FORCE"
	switchFile  = "zz_mutant_in_force.go"
	switchText  = `package %s

import (
	"os"
	"strconv"
)

var mutantInForce, _ = strconv.Atoi(os.Getenv(%q))
`
)

// switchable tells whether a mutant can be a copy of functions. What changes a declaration or a signature needs a binary
// of its own, and so does what nobody can call: main and init.
func (m *module) switchable(found []change) bool {
	return !slices.ContainsFunc(found, func(c change) bool {
		f := c.function
		return f == nil || f.Body == nil || c.start <= m.offset(f.Body.Lbrace) || c.end >= m.offset(f.Body.End()) ||
			f.Recv == nil && (f.Name.Name == "init" || f.Name.Name == "main")
	})
}

func (m *module) offset(pos token.Pos) int { return m.fset.Position(pos).Offset }

// switches collects what is put into the files of the module.
type switches struct {
	m     *module
	files map[string]*switchedFile
	// named are the functions whose parameters all have names by now.
	named map[*ast.FuncDecl]bool
}

type switchedFile struct {
	*source
	pieces  []splice
	imports []string
	copies  string
}

func newSwitches(m *module) *switches {
	return &switches{m, map[string]*switchedFile{}, map[*ast.FuncDecl]bool{}}
}

// add puts one mutant in, under a number. Either all of it is put in or, with an error, nothing.
func (s *switches) add(number int, found []change) error {
	byFile, byFunction := map[*source][]splice{}, map[*declaration][]splice{}
	for _, c := range found {
		byFile[c.source] = append(byFile[c.source], splice{c.start, c.end, c.text})
		byFunction[c.declaration] = append(byFunction[c.declaration], splice{c.start - c.declaration.start, c.end - c.declaration.start, c.text})
	}
	imports := map[*source][]string{}
	for file, pieces := range byFile {
		add, _, err := s.m.imported(file, spliced(file.text, pieces))
		if err != nil {
			return err
		}
		imports[file] = add
	}
	for file, lines := range imports {
		if s.files[file.path] == nil {
			s.files[file.path] = &switchedFile{source: file}
		}
		f := s.files[file.path]
		f.imports = append(f.imports, lines...)
	}
	for d, pieces := range byFunction {
		s.copy(number, d, pieces)
	}
	return nil
}

// copy puts a function with the bug beside the function, and the call of it into the function.
func (s *switches) copy(number int, d *declaration, pieces []splice) {
	f, file := d.function, s.files[d.path]
	name := fmt.Sprintf("mutant%d%s", number, f.Name.Name)
	nameStart := s.m.offset(f.Name.Pos()) - d.start
	pieces = append(pieces, splice{nameStart, nameStart + len(f.Name.Name), name})
	file.copies += "\n" + spliced(file.text[d.start:d.end], pieces) + "\n"

	call := name
	if f.Recv != nil {
		call = s.arguments(file, f, f.Recv, "mutantReceiver")[0] + "." + call
	}
	if types := f.Type.TypeParams; types != nil {
		call += "[" + strings.Join(s.arguments(file, f, types, ""), ", ") + "]"
	}
	call += "(" + strings.Join(s.arguments(file, f, f.Type.Params, "mutantParameter"), ", ") + ")"
	if f.Type.Results != nil {
		call = "return " + call
	} else {
		call += "; return"
	}
	s.named[f] = true
	body := s.m.offset(f.Body.Lbrace) + 1
	file.pieces = append(file.pieces, splice{body, body, fmt.Sprintf(" if mutantInForce == %d { %s };", number, call)})
}

// arguments are the names of parameters, for a call. What has no name gets one.
func (s *switches) arguments(file *switchedFile, f *ast.FuncDecl, fields *ast.FieldList, prefix string) []string {
	var names []string
	unnamed := func(start, end token.Pos, separator string) {
		name := fmt.Sprintf("%s%d", prefix, len(names))
		names = append(names, name)
		if !s.named[f] {
			file.pieces = append(file.pieces, splice{s.m.offset(start), s.m.offset(end), name + separator})
		}
	}
	for _, field := range fields.List {
		if len(field.Names) == 0 {
			unnamed(field.Type.Pos(), field.Type.Pos(), " ")
		}
		for _, name := range field.Names {
			if name.Name == "_" {
				unnamed(name.Pos(), name.End(), "")
			} else {
				names = append(names, name.Name)
			}
		}
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			names[len(names)-1] += "..."
		}
	}
	return names
}

// texts are the changed files, and in each of their packages the one that holds the switch.
func (s *switches) texts() map[string]string {
	texts := map[string]string{}
	for file, f := range s.files {
		slices.Sort(f.imports)
		texts[file] = withImports(f.source, spliced(f.text, f.pieces), slices.Compact(f.imports), s.m.fset) + f.copies
		texts[path.Join(path.Dir(file), switchFile)] = fmt.Sprintf(switchText, f.syntax.Name.Name, environment)
	}
	return texts
}
