// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// TestMutantsFitTheCode: whoever changes code that a mutant edits learns it here, at once.
func TestMutantsFitTheCode(t *testing.T) {
	for _, m := range mutants {
		texts, err := apply(root, m.edits)
		if err != nil {
			t.Errorf("%s: %v\nadapt hack/mutants/mutants.go", m.name, err)
			continue
		}
		for file, text := range texts {
			if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
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
	for i := 1; i <= 10; i++ {
		if !covered[i] {
			t.Errorf("no mutant breaks invariant %d", i)
		}
	}
}

func TestApplyInsistsOnSnippetsThatStandOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f.go"), []byte("a b b"), 0o600); err != nil {
		t.Fatal(err)
	}
	for old, want := range map[string]string{"a": "", "b": "stands 2 times", "c": "stands 0 times"} {
		texts, err := apply(dir, []edit{{"f.go", old, "x"}})
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", old, err)
		}
		if err == nil && texts["f.go"] != "x b b" {
			t.Errorf("%s: text %q", old, texts["f.go"])
		}
	}
	if _, err := apply(dir, []edit{{"nowhere.go", "a", "x"}}); err == nil {
		t.Error("a file that is not there is no error")
	}
}

// testsOf lists the tests of a package by name.
func testsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// TestThePageIsTrue: docs/reliability.md names every mutant, and no mutant and no test that is not there.
func TestThePageIsTrue(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/reliability.md"))
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
		if test, _, _ := strings.Cut(m.test, "/"); !slices.Contains(testsOf(t, m.pkg), test) {
			t.Errorf("%s: %s has no test %s", m.name, m.pkg, test)
		}
	}
	for _, name := range named {
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.name == name }) {
			t.Errorf("docs/reliability.md names the mutant %q, which is not there", name)
		}
	}
	// A test is named as package.Test.
	for _, m := range regexp.MustCompile("`([a-z0-9]+)\\.(Test\\w+)`").FindAllStringSubmatch(page, -1) {
		if dir := packageDir(m[1]); dir == "" || !slices.Contains(testsOf(t, dir), m[2]) {
			t.Errorf("docs/reliability.md names %s.%s, which is not there", m[1], m[2])
		}
	}
}

func packageDir(name string) string {
	for _, parent := range []string{"", "internal", "internal/resources", "test"} {
		dir := filepath.Join(parent, name)
		if info, err := os.Stat(filepath.Join(root, dir)); err == nil && info.IsDir() {
			return dir
		}
	}
	return ""
}
