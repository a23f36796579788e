// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// here is the module, parsed once for all tests.
var here = sync.OnceValues(func() (*module, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	return loadModule(root)
})

// hereChecked type-checks it.
var hereChecked = sync.OnceValues(func() (*checker, error) {
	m, err := here()
	if err != nil {
		return nil, err
	}
	return newChecker(context.Background(), m)
})

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// TestMutantsFitTheCode: whoever changes code that a mutant edits, or moves or renames its test, learns it here, at once.
func TestMutantsFitTheCode(t *testing.T) {
	m := must[*module](t)(here())
	check := must[*checker](t)(hereChecked())
	for _, one := range mutants {
		texts, err := m.apply(one.edits)
		if err == nil {
			err = check.check(texts)
		}
		if err != nil {
			t.Errorf("%s: %v\nadapt it in hack/mutants", one.name, err)
		}
		if _, _, err := m.testDir(one.test); err != nil {
			t.Errorf("%s: %v\nadapt it in hack/mutants", one.name, err)
		}
	}
}

// TestMutantsCompileTogether: what holds for each alone holds for the files that have the switch for all of them.
func TestMutantsCompileTogether(t *testing.T) {
	m := must[*module](t)(here())
	check := must[*checker](t)(hereChecked())
	all, alone := newSwitches(m), 0
	for i, one := range mutants {
		found, err := m.changes(one.edits)
		if err != nil {
			t.Fatal(err)
		}
		if !m.switchable(found) {
			alone++
			continue
		}
		if err := all.add(i+1, found); err != nil {
			t.Fatal(err)
		}
	}
	if err := check.check(all.texts()); err != nil {
		t.Error(err)
	}
	// Each of them takes as long as a whole package of the others.
	if alone > len(mutants)/10 {
		t.Errorf("%d of %d mutants need a test binary of their own", alone, len(mutants))
	}
}

func TestMutantsCoverEveryInvariant(t *testing.T) {
	names, covered := map[string]bool{}, map[int]bool{}
	for _, m := range mutants {
		if names[m.name] {
			t.Errorf("two mutants are called %q", m.name)
		}
		names[m.name], covered[m.invariant] = true, true
	}
	for i := 1; i <= 11; i++ {
		if !covered[i] {
			t.Errorf("no mutant breaks invariant %d", i)
		}
	}
}

func TestChoose(t *testing.T) {
	m := must[*module](t)(here())
	var parts []string
	for _, shard := range []string{"1/3", "2/3", "3/3"} {
		chosen, err := choose(m, "", shard)
		if err != nil {
			t.Fatal(err)
		}
		if len(chosen) < len(mutants)/3 || len(chosen) > len(mutants)/3+1 {
			t.Errorf("shard %s has %d of %d", shard, len(chosen), len(mutants))
		}
		for _, one := range chosen {
			parts = append(parts, one.name)
		}
	}
	slices.Sort(parts)
	if n := len(slices.Compact(parts)); n != len(mutants) {
		t.Errorf("the shards have %d of %d mutants", n, len(mutants))
	}
	for _, shard := range []string{"", "1", "0/3", "4/3", "1/0", "a/b", "1/2/3"} {
		if _, err := choose(m, "", shard); err == nil {
			t.Errorf("-shard %q is no error", shard)
		}
	}
	chosen, err := choose(m, "^internal/drift$", "1/1")
	if err != nil || len(chosen) < 2 {
		t.Errorf("by directory: %d mutants, error %v", len(chosen), err)
	}
	for _, pattern := range []string{"(", "no mutant has this name"} {
		if _, err := choose(m, pattern, "1/1"); err == nil {
			t.Errorf("-run %q is no error", pattern)
		}
	}
}

// TestThePageIsTrue: docs/reliability.md names every mutant, and no mutant and no test that is not there.
func TestThePageIsTrue(t *testing.T) {
	m := must[*module](t)(here())
	text, err := os.ReadFile(filepath.Join(m.root, "docs/reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	var named []string
	for _, m := range regexp.MustCompile(`\*([^*\n]+)\*`).FindAllStringSubmatch(page, -1) {
		named = append(named, m[1])
	}
	for _, m := range mutants {
		if !slices.Contains(named, m.name) {
			t.Errorf("docs/reliability.md does not name the mutant %q", m.name)
		}
	}
	for _, name := range named {
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.name == name }) {
			t.Errorf("docs/reliability.md names the mutant %q, which is not there", name)
		}
	}
	// A test is named as package.Test.
	for _, test := range regexp.MustCompile("`([a-z0-9]+\\.Test\\w+)`").FindAllStringSubmatch(page, -1) {
		if _, _, err := m.testDir(test[1]); err != nil {
			t.Errorf("docs/reliability.md names %s: %v%s", test[1], err, whereNow(m, test[1]))
		}
	}
}

func whereNow(m *module, test string) string {
	_, name, _ := strings.Cut(test, ".")
	var dirs []string
	for _, f := range m.tests[name] {
		dirs = append(dirs, f.dir)
	}
	if dirs == nil {
		return ""
	}
	return "; a test of that name is in " + strings.Join(dirs, ", ")
}
