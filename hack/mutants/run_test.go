// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// trial is a small module with what makes copies of functions hard: parameters without names, variadic and generic
// functions, methods of generic types, results with names, imports that come and go, and a package with the same names.
var trial = map[string]string{
	"go.mod": "module example.org/trial\n\ngo 1.26\n",
	"calc/calc.go": `// Package calc is changed by the mutants.
package calc

import (
	"errors"
	"strings"
)

const limit = 10

type pair[K comparable, V any] struct {
	key   K
	value V
}

func (p *pair[K, _]) holds(key K) bool { return p.key == key }

type adder struct{}

func (adder) add(a int, _ string, more ...int) int {
	for _, n := range more {
		a += n
	}
	return a
}

func first[T any](all ...T) T { return all[0] }

func ignored(int, string) bool { return true }

func named(text string) (out string, err error) {
	defer func() {
		if err != nil {
			out = "failed"
		}
	}()
	out, err = strings.TrimSpace(text), check(text)
	sum, err := len(out), check(text)
	if err != nil || sum < 0 {
		return
	}
	return out, nil
}

func check(text string) error {
	if len(text) > limit {
		return errors.New("too long")
	}
	return nil
}

var started = start()

func start() bool { return true }

func endless() bool { return true }
`,
	"calc/calc_test.go": `package calc

import "testing"

func TestAdd(t *testing.T) {
	if n := (adder{}).add(1, "", 2, 3); n != 6 {
		t.Error(n)
	}
}

func TestPair(t *testing.T) {
	if !(&pair[string, int]{"a", 1}).holds("a") || first(1, 2) != 1 || !ignored(1, "") {
		t.Error("wrong")
	}
}

func TestNamed(t *testing.T) {
	t.Run("short", func(t *testing.T) {
		if out, err := named(" a "); out != "a" || err != nil {
			t.Error(out, err)
		}
	})
	t.Run("deeper/still", func(t *testing.T) {
		t.Run("long", func(t *testing.T) {
			if check("abcdefghijk") == nil {
				t.Error("taken")
			}
		})
	})
	t.Run("long", func(t *testing.T) {
		if out, err := named("abcdefghijk"); out != "failed" || err == nil {
			t.Error(out, err)
		}
	})
}

func TestStarted(t *testing.T) {
	if !started || !endless() {
		t.Error("not started")
	}
}

func TestRed(t *testing.T) { t.Error("red anyway") }
`,
	"other/other.go":      "package other\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nfunc start() bool { return strconv.Itoa(1) == \"1\" }\n\nfunc first() bool { return true }\n\nfunc exit() { os.Exit(1) }\n",
	"other/other_test.go": "package other_test\n\nimport \"testing\"\n\nfunc TestStarted(*testing.T) {}\n",
}

func trialModule(t *testing.T) *module {
	t.Helper()
	root := t.TempDir()
	for file, text := range trial {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return must[*module](t)(loadModule(root))
}

// TestWhatBecomesOfAMutant puts mutants into the trial module and runs its tests.
func TestWhatBecomesOfAMutant(t *testing.T) {
	rows := []struct {
		edits []edit
		test  string
		// want is "" for a mutant that is caught, else what the error says, and alone tells that it needs its own binary.
		want  string
		alone bool
	}{
		{[]edit{{"add", "a += n", "a -= n"}}, "TestAdd", "", false},
		{[]edit{{"add", "return a", "return a + 1"}}, "TestAdd", "", false},
		{[]edit{{"pair.holds", "p.key == key", "p.key != key"}}, "TestPair", "", false},
		{[]edit{{"calc.first", "all[0]", "all[1]"}}, "TestPair", "", false},
		{[]edit{{"ignored", "return true", "return false"}}, "TestPair", "", false},
		// A copy in a block of its own would make a second err here.
		{[]edit{{"named", "strings.TrimSpace(text)", "strconv.Itoa(len(text))"}}, "TestNamed/short", "", false},
		{[]edit{{"named", "sum < 0", "sum < -1"}}, "TestNamed/long", "still green", false},
		{[]edit{{"check", "len(text) > limit", "false"}, {"named", "sum < 0", "sum < 20"}}, "TestNamed/long", "", false},
		{[]edit{{"check", "return nil", "return template.ErrAny"}}, "TestNamed/long", "which package is template", false},
		{[]edit{{"check", `return errors.New("too
			long")`, "return nil"}}, "TestNamed/long", "", false},
		{[]edit{{"check", "len(text) > limit", "false"}}, "TestNamed/deeper/still/long", "", false},
		// What is called while variables are made.
		{[]edit{{"calc.start", "true", "false"}}, "calc.TestStarted", "", false},
		{[]edit{{"limit", "10", "20"}}, "TestNamed/long", "", true},
		{[]edit{{"add", "a int, _ string", "b int, _ string"}, {"add", "{ for", "{ a := 0*b; for"}}, "TestAdd", "", true},
		{[]edit{{"endless", "return true", "os.Exit(3); return true"}}, "calc.TestStarted", "ended without the test having failed: exit status 3", false},
		{[]edit{{"endless", "return true", `panic("here")`}}, "calc.TestStarted", "", false},
		{[]edit{{"check", "len(text) > limit", "len(txt) > limit"}}, "TestNamed", "undefined: txt", false},
		{[]edit{{"check", "return nil", "return nil }"}}, "TestNamed", "does not parse", false},
		{[]edit{{"check", "return nil", ""}}, "TestNamed", "missing return", false},
		{[]edit{{"check", "return nil", "return nil // changed"}}, "TestNamed", "still green", false},
		{[]edit{{"check", "return nil", "return nil // changed"}}, "TestRed", "red without the mutant", false},
		{[]edit{{"start", "return true", "return false"}}, "TestStarted", "several tests TestStarted", false},
		{[]edit{{"start", "return", "_ = 1; return"}}, "other.TestStarted", "stands 2 times in start (calc.start, other.start)", false},
		{[]edit{{"check", "return", "_ = 1; return"}}, "TestNamed", "stands 2 times in check", false},
		{[]edit{{"check", "all[0]", "all[1]"}}, "TestNamed", "does not stand in check (it stands in calc.first)", false},
		{[]edit{{"gone", "p.key == key", "false"}}, "TestNamed", "no declaration is called gone (it stands in calc.pair.holds)", false},
		{[]edit{{"check", "len(text) > limit", "true"}, {"check", "limit", "0"}}, "TestNamed", "overlap", false},
		{[]edit{{"check", "return nil", "return nil"}}, "TestGone", "there is no test TestGone", false},
		{nil, "TestAdd", "no edit", false},
	}
	var chosen []mutant
	for i, row := range rows {
		chosen = append(chosen, mutant{name: fmt.Sprint(i), edits: row.edits, test: row.test})
	}
	w := must[*workshop](t)(newWorkshop(t.Context(), trialModule(t), chosen))
	defer w.close()
	if err := w.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.baseline(t.Context(), 2)
	inParallel(w.jobs, 2, func(j *job) error {
		_, err := w.try(t.Context(), j)
		return err
	}, func(j *job, err error) {
		row := rows[j.number-1]
		if (row.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: error %v, want %q", row.edits, err, row.want)
		}
		var broken *brokenError
		if isBroken := errors.As(err, &broken); err != nil && isBroken != (row.want != "still green") {
			t.Errorf("%+v: broken %v, error %v", row.edits, isBroken, err)
		}
		if j.alone != row.alone {
			t.Errorf("%+v: a binary of its own: %v, want %v", row.edits, j.alone, row.alone)
		}
	})
}

// TestKeep: what a person tries is the one mutant, without the switch.
func TestKeep(t *testing.T) {
	m, dir := trialModule(t), t.TempDir()
	one := mutant{name: "kept", edits: []edit{{"check", `errors.New("too long")`, `strconv.ErrRange`}}, test: "TestNamed/long"}
	if err := keep(m, []mutant{one}, dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "calc_calc.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`package calc; import strconv "strconv"`, `_ "errors"`, `return strconv.ErrRange`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the kept file lacks %s:\n%s", want, text)
		}
	}
	if err := keep(m, []mutant{one, one}, dir); err == nil {
		t.Error("two mutants are kept as one")
	}
}
