// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// testTimeout, for each test, ends one that a mutant keeps from coming to an end; that is not the red that is asked for.
const testTimeout = 3 * time.Minute

// workshop is where the mutants are made and run.
type workshop struct {
	m    *module
	dir  string
	env  []string
	jobs []*job
}

// job is one chosen mutant.
type job struct {
	mutant
	number int
	// dir is the directory of its test, relative to the module's root; test is without the package.
	dir, test string
	// alone tells that it has a test binary of its own.
	alone bool
	// broken is why it cannot be tried.
	broken error
}

// brokenError says that a mutant could not be tried at all.
type brokenError struct{ why string }

func (e *brokenError) Error() string { return e.why }

func broken(format string, args ...any) error { return &brokenError{fmt.Sprintf(format, args...)} }

func newWorkshop(ctx context.Context, m *module, chosen []mutant) (*workshop, error) {
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	env := os.Environ()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		env = append(env, "KUBEBUILDER_ASSETS="+filepath.Join(m.root, "bin", "controlplane"))
	}
	w := &workshop{m: m, dir: dir, env: env}
	if err := w.plan(ctx, chosen); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *workshop) close() { _ = os.RemoveAll(w.dir) }

// plan finds each mutant's place and test, and sets those aside that would not compile: one of them would keep all
// others from compiling.
func (w *workshop) plan(ctx context.Context, chosen []mutant) error {
	check, err := newChecker(ctx, w.m)
	if err != nil {
		return err
	}
	for i, m := range chosen {
		j := &job{mutant: m, number: i + 1}
		w.jobs = append(w.jobs, j)
		if j.dir, j.test, j.broken = w.m.testDir(m.test); j.broken != nil {
			continue
		}
		texts, err := w.m.apply(m.edits)
		if err == nil {
			err = check.check(texts)
		}
		j.broken = err
	}
	return nil
}

// build compiles the tests of each package once, with all mutants in them that can be switched on.
func (w *workshop) build(ctx context.Context) error {
	all := newSwitches(w.m)
	var dirs []string
	for _, j := range w.jobs {
		if j.broken != nil {
			continue
		}
		if !slices.Contains(dirs, j.dir) {
			dirs = append(dirs, j.dir)
		}
		found, err := w.m.changes(j.edits)
		if err != nil {
			return err
		}
		if j.alone = !w.m.switchable(found); j.alone {
			continue
		}
		if err := all.add(j.number, found); err != nil {
			return err
		}
	}
	overlay, err := writeOverlay(w.m.root, filepath.Join(w.dir, "all"), all.texts())
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if output, err := w.compile(ctx, dir, overlay, w.binary(dir)); err != nil {
			return fmt.Errorf("the tests of %s do not compile: %w\n%s", dir, err, output)
		}
	}
	return nil
}

// binary is where the tests of a package are, which all mutants share.
func (w *workshop) binary(dir string) string {
	return filepath.Join(w.dir, strings.ReplaceAll(dir, "/", "_")+".test")
}

// try puts one mutant in and returns nil when its test turned red.
func (w *workshop) try(ctx context.Context, j *job) (output string, err error) {
	if j.broken != nil {
		return "", j.broken
	}
	binary := w.binary(j.dir)
	if j.alone {
		dir := filepath.Join(w.dir, fmt.Sprint(j.number))
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "alone.test")
		if output, err := w.compileAlone(ctx, j, dir, binary); err != nil {
			return output, err
		}
	}
	output, err = w.test(ctx, j.dir, binary, j.number, 1, pattern(j.test))
	switch {
	case err == nil:
		return "", errors.New("still green")
	case !strings.Contains(output, "--- FAIL: "+j.test+" ("):
		return output, broken("ended without the test having failed: %v", err)
	}
	return complaints(output), nil
}

func (w *workshop) compileAlone(ctx context.Context, j *job, dir, binary string) (output string, err error) {
	texts, err := w.m.apply(j.edits)
	if err != nil {
		return "", err
	}
	overlay, err := writeOverlay(w.m.root, dir, texts)
	if err != nil {
		return "", err
	}
	if output, err = w.compile(ctx, j.dir, overlay, binary); err != nil {
		return output, broken("does not compile")
	}
	return "", nil
}

// writeOverlay writes changed files into a directory, and the list of them that the go command wants.
func writeOverlay(root, dir string, texts map[string]string) (string, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range texts {
		changed := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = changed
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

// compile makes a test binary. No vet, since what is to find the bug is the test, and no symbols for a debugger, which
// make up much of the linking.
func (w *workshop) compile(ctx context.Context, dir, overlay, binary string) (output string, err error) {
	return w.command(ctx, w.m.root, w.env, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./"+dir)
}

// test runs some tests of a package, tests in number, with one mutant in force; 0 is none.
func (w *workshop) test(ctx context.Context, dir, binary string, number, tests int, pattern string) (output string, err error) {
	env := append(slices.Clone(w.env), fmt.Sprintf("%s=%d", environment, number))
	return w.command(ctx, filepath.Join(w.m.root, dir), env, binary,
		"-test.run", pattern, "-test.v", "-test.timeout", (testTimeout * time.Duration(tests)).String())
}

// pattern is the value of -test.run for tests that stand side by side: tests, or subtests of the same one.
func pattern(tests ...string) string {
	levels := strings.Split(tests[0], "/")
	last := len(levels) - 1
	var names []string
	for _, test := range tests {
		names = append(names, regexp.QuoteMeta(path.Base(test)))
	}
	for i := range levels[:last] {
		levels[i] = "^" + regexp.QuoteMeta(levels[i]) + "$"
	}
	levels[last] = "^(" + strings.Join(names, "|") + ")$"
	return strings.Join(levels, "/")
}

// command runs a command. When the program is stopped, a test binary gets the chance to stop its API server.
func (w *workshop) command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // our own commands
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// complaints cuts a red test's output down to what the tests say.
func complaints(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		if strings.Contains(line, "_test.go:") || strings.HasPrefix(line, "panic:") {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return strings.Join(lines[:min(len(lines), 5)], "\n")
}
