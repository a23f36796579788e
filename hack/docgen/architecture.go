// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

const module = "github.com/fargate-security/fargate-security-operator/"

// edge says that one package imports another.
type edge struct{ From, To string }

// awsKind is a row of the table of AWS kinds.
type awsKind struct{ Name, ARNType, Events string }

// architectureData is what the code says of its own structure. Errors: a file cannot be read.
func architectureData(root string) (any, error) {
	imports, err := importsBelow(root, "controllers", "internal")
	if err != nil {
		return nil, err
	}
	return map[string]any{"Edges": reduced(imports), "Kinds": awsKinds()}, nil
}

// importsBelow lists which of our packages import which, without tests and what is only for them. The packages of AWS kinds
// count as one.
func importsBelow(root string, dirs ...string) (map[string]map[string]bool, error) {
	imports := map[string]map[string]bool{}
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return addImports(imports, root, path)
		})
		if err != nil {
			return nil, err
		}
	}
	return imports, nil
}

// addImports adds what one file imports of ours.
func addImports(imports map[string]map[string]bool, root, path string) error {
	relative, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return err
	}
	from := packageName(filepath.ToSlash(relative))
	if from == "" {
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, spec := range file.Imports {
		local, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
		if to := packageName(local); ours && to != "" && to != from {
			if imports[from] == nil {
				imports[from] = map[string]bool{}
			}
			imports[from][to] = true
		}
	}
	return nil
}

// packageName is how the picture calls a package; "" for one that is not part of it: the simulator, helpers of tests, the API.
func packageName(dir string) string {
	parts := strings.Split(dir, "/")
	switch {
	case strings.HasPrefix(dir, "internal/awssim"), strings.HasSuffix(dir, "test"), parts[0] == "api":
		return ""
	case strings.HasPrefix(dir, "internal/resources/"):
		return "internal/resources/*"
	}
	return dir
}

// reduced leaves out imports that others imply, and sorts.
func reduced(imports map[string]map[string]bool) []edge {
	var edges []edge
	for from, direct := range imports {
		for to := range direct {
			implied := false
			for other := range direct {
				implied = implied || other != to && reaches(imports, other, to)
			}
			if !implied {
				edges = append(edges, edge{from, to})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return strings.Compare(a.From+" "+a.To, b.From+" "+b.To) })
	return edges
}

func reaches(imports map[string]map[string]bool, from, to string) bool {
	if imports[from][to] {
		return true
	}
	for next := range imports[from] {
		if reaches(imports, next, to) {
			return true
		}
	}
	return false
}

// awsKinds lists the kinds of AWS objects in their order.
func awsKinds() []awsKind {
	var list []awsKind
	for _, k := range resources.Kinds {
		row := awsKind{Name: k.Name, ARNType: k.ARNType}
		if k.Events != nil {
			told := map[events.Kind]bool{}
			for _, o := range k.Events("name", "arn", "cluster") {
				told[o.Kind] = true
			}
			var names []string
			for _, kind := range slices.Sorted(maps.Keys(told)) {
				names = append(names, string(kind))
			}
			row.Events = strings.Join(names, ", ")
		}
		list = append(list, row)
	}
	return list
}
