// SPDX-License-Identifier: Apache-2.0

package main

import "go/ast"

// apply returns the changed files of one mutant, by their path in the module.
func (m *module) apply(edits []edit) (map[string]string, error) {
	found, err := m.changes(edits)
	if err != nil {
		return nil, err
	}
	pieces, sources := map[string][]splice{}, map[string]*source{}
	for _, c := range found {
		sources[c.path] = c.source
		pieces[c.path] = append(pieces[c.path], splice{c.start, c.end, c.text})
	}
	texts := map[string]string{}
	for file, s := range sources {
		add, drop, err := m.imported(s, spliced(s.text, pieces[file]))
		if err != nil {
			return nil, err
		}
		for _, spec := range drop {
			pieces[file] = append(pieces[file], m.blank(spec))
		}
		texts[file] = withImports(s, spliced(s.text, pieces[file]), add, m.fset)
	}
	return texts, nil
}

// blank makes an import that nothing uses any more one for its effects: the compiler accepts that, and no line moves.
func (m *module) blank(spec *ast.ImportSpec) splice {
	return splice{m.offset(spec.Pos()), m.offset(spec.End()), "_ " + spec.Path.Value}
}
