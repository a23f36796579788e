// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// change is an edit that has found its place: source.text[start:end] is replaced.
type change struct {
	*declaration
	start, end int
	text       string
}

// changes finds the places of a mutant's edits.
func (m *module) changes(edits []edit) ([]change, error) {
	if len(edits) == 0 {
		return nil, broken("it has no edit")
	}
	var found []change
	for _, e := range edits {
		c, err := m.find(e)
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.start, b.start))
	})
	for i, c := range found[1:] {
		if before := found[i]; before.path == c.path && before.end > c.start {
			return nil, broken("two edits overlap in %s: %s", c.declaration, m.textOf(before))
		}
	}
	return found, nil
}

func (m *module) textOf(c change) string { return c.source.text[c.start:c.end] }

// find insists on a text that stands exactly once: when the code has changed, a person has to look.
func (m *module) find(e edit) (change, error) {
	words := wordsOf(e.old)
	var found []change
	for _, d := range m.named(e.in) {
		found = append(found, d.places(words, strings.TrimSpace(e.new))...)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(m.named(e.in)) == 0:
		return change{}, broken("no declaration is called %s%s: %s", e.in, m.elsewhere(words), e.old)
	case len(found) == 0:
		return change{}, broken("this does not stand in %s%s: %s", e.in, m.elsewhere(words), e.old)
	}
	return change{}, broken("this stands %d times in %s (%s), not once; name the package or the receiver's type, or more of the text: %s",
		len(found), e.in, declarationsOf(found), e.old)
}

// wordsOf is the pattern of a text in which blanks, tabs and line ends are all the same: code that moves is often
// indented anew.
func wordsOf(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(strings.Join(words, `\s+`))
}

func (d *declaration) places(words *regexp.Regexp, text string) []change {
	var found []change
	for _, at := range words.FindAllStringIndex(d.source.text[d.start:d.end], -1) {
		found = append(found, change{d, d.start + at[0], d.start + at[1], text})
	}
	return found
}

// named are the declarations of a name, of which the package, the receiver's type or both may stand before it.
func (m *module) named(name string) []*declaration {
	parts := strings.Split(name, ".")
	qualifiers := parts[:len(parts)-1]
	return slices.DeleteFunc(slices.Clone(m.declared[parts[len(parts)-1]]), func(d *declaration) bool {
		return slices.ContainsFunc(qualifiers, func(q string) bool {
			return q != d.receiver && q != d.syntax.Name.Name
		})
	})
}

// elsewhere tells a person where the text stands now.
func (m *module) elsewhere(words *regexp.Regexp) string {
	var found []change
	for _, name := range slices.Sorted(maps.Keys(m.declared)) {
		for _, d := range m.declared[name] {
			found = append(found, d.places(words, "")...)
		}
	}
	if len(found) == 0 || len(found) > 5 {
		return ""
	}
	return " (it stands in " + declarationsOf(found) + ")"
}

func declarationsOf(found []change) string {
	var names []string
	for _, c := range found {
		names = append(names, c.String())
	}
	return strings.Join(names, ", ")
}

// testDir finds the directory of a test, and returns its name without the package.
func (m *module) testDir(test string) (dir, name string, err error) {
	whole, sub, _ := strings.Cut(test, "/")
	pkg, name, qualified := strings.Cut(whole, ".")
	if !qualified {
		pkg, name = "", whole
	}
	found := slices.DeleteFunc(slices.Clone(m.tests[name]), func(t testFunction) bool { return qualified && t.pkg != pkg })
	switch {
	case len(found) == 0:
		return "", "", broken("there is no test %s", whole)
	case len(found) > 1:
		return "", "", broken("there are several tests %s, in %s and %s; name the package", name, found[0].dir, found[1].dir)
	case sub != "":
		name += "/" + sub
	}
	return found[0].dir, name, nil
}
