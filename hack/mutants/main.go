// SPDX-License-Identifier: Apache-2.0

// Mutants shows that the tests of the invariants can fail: it puts one deliberate bug at a time into the operator
// (mutants.go) and requires the named test to turn red. The checkout is never written: the go command compiles the
// changed files from a temporary directory (-overlay), so that the build cache is shared as well.
//
//	go run ./hack/mutants                   all of them
//	go run ./hack/mutants -run 'key|queue'  those whose name or test matches
//	go run ./hack/mutants -list             what there is
//	go run ./hack/mutants -v                with the words in which the tests complain
//	go run ./hack/mutants -run '^queue of' -keep /tmp/m
//	                                        puts one of them into /tmp/m, to try any test on
//
// It ends with 1 when a mutant survives, cannot be put in, or does not compile, or when a test is red without one.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// testTimeout ends a test that a mutant keeps from coming to an end; that is not the red that is asked for.
const testTimeout = 3 * time.Minute

func main() {
	pattern := flag.String("run", "", "only mutants whose name or test matches this regular expression")
	list := flag.Bool("list", false, "list the mutants and do nothing")
	verbose := flag.Bool("v", false, "show how each test complains")
	keep := flag.String("keep", "", "put the one chosen mutant into this directory and run nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	chosen, err := choose(*pattern)
	if err == nil && *list {
		for _, m := range chosen {
			fmt.Printf("%s\n    invariant %s, %s %s\n", m.name, m.number(), m.pkg, m.test)
		}
		return
	}
	switch {
	case err != nil:
	case *keep != "":
		err = put(ctx, chosen, *keep)
	default:
		err = run(ctx, chosen, *verbose)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func choose(pattern string) ([]mutant, error) {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	var chosen []mutant
	for _, m := range mutants {
		if wanted.MatchString(m.name) || wanted.MatchString(m.test) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no mutant matches %q", pattern)
	}
	return chosen, nil
}

// number is the invariant as it is printed.
func (m mutant) number() string {
	if m.invariant == 0 {
		return "-"
	}
	return fmt.Sprint(m.invariant)
}

// workshop is where the mutants are made and run.
type workshop struct {
	root, dir string
	env       []string
}

// put makes one mutant for a person to try.
func put(ctx context.Context, chosen []mutant, dir string) error {
	if len(chosen) != 1 {
		return fmt.Errorf("-keep is for one mutant, and -run chooses %d", len(chosen))
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err = os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	w := &workshop{root: root, dir: dir}
	overlay, err := w.overlay(chosen[0])
	if err == nil {
		fmt.Printf("go test -overlay %s ./%s\n", overlay, chosen[0].pkg)
	}
	return err
}

func run(ctx context.Context, chosen []mutant, verbose bool) error {
	w, err := newWorkshop(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(w.dir) }()
	fmt.Println("First the same tests without a bug: what is red anyway shows nothing.")
	if err := w.baseline(ctx, chosen); err != nil {
		return err
	}
	started, bad := time.Now(), 0
	fmt.Printf("%-9s %4s  %-58s %-60s %s\n", "", "inv.", "mutant", "caught by", "seconds")
	for _, m := range chosen {
		since := time.Now()
		output, err := w.try(ctx, m)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		word, by := "caught", filepath.Base(m.pkg)+" "+m.test
		if err != nil {
			bad++
			word, by = "SURVIVED", by+": "+err.Error()
			var broken *brokenError
			if errors.As(err, &broken) {
				word = "BROKEN"
			}
		}
		fmt.Printf("%-9s %4s  %-58s %-60s %.1f\n", word, m.number(), m.name, by, time.Since(since).Seconds())
		if verbose || err != nil {
			fmt.Println(indent(output))
		}
	}
	fmt.Printf("%d of %d mutants caught, in %s\n", len(chosen)-bad, len(chosen), time.Since(started).Round(time.Second))
	if bad > 0 {
		return fmt.Errorf("%d mutants were not caught: SURVIVED asks for a test that sees the bug, BROKEN for a look at hack/mutants/mutants.go", bad)
	}
	return nil
}

func newWorkshop(ctx context.Context) (*workshop, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	env := os.Environ()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		env = append(env, "KUBEBUILDER_ASSETS="+filepath.Join(root, "bin", "controlplane"))
	}
	return &workshop{root: root, dir: dir, env: env}, nil
}

func moduleRoot(ctx context.Context) (string, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(mod))), nil
}

// brokenError says that a mutant could not be tried at all.
type brokenError struct{ why string }

func (e *brokenError) Error() string { return e.why }

func broken(format string, args ...any) error { return &brokenError{fmt.Sprintf(format, args...)} }

// baseline runs the tests of all chosen mutants without any of them.
func (w *workshop) baseline(ctx context.Context, chosen []mutant) error {
	tests := map[string][]string{}
	var packages []string
	for _, m := range chosen {
		if !slices.Contains(packages, m.pkg) {
			packages = append(packages, m.pkg)
		}
		if !slices.Contains(tests[m.pkg], m.test) {
			tests[m.pkg] = append(tests[m.pkg], m.test)
		}
	}
	for _, pkg := range packages {
		since := time.Now()
		output, err := w.test(ctx, pkg, "", tests[pkg]...)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			fmt.Println(indent(output))
			return fmt.Errorf("%s is not green without a mutant: %w", pkg, err)
		}
		for _, test := range tests[pkg] {
			if !strings.Contains(output, "--- PASS: "+test+" (") {
				return fmt.Errorf("%s has no test %s, or it was skipped", pkg, test)
			}
		}
		fmt.Printf("green      %s (%d tests) %.1f\n", pkg, len(tests[pkg]), time.Since(since).Seconds())
	}
	return nil
}

// try puts one mutant in and returns nil when its test turned red.
func (w *workshop) try(ctx context.Context, m mutant) (output string, err error) {
	overlay, err := w.overlay(m)
	if err != nil {
		return "", err
	}
	output, err = w.test(ctx, m.pkg, overlay, m.test)
	var broken *brokenError
	switch {
	case errors.As(err, &broken):
		return output, err
	case err == nil:
		return "", errors.New("still green")
	case !strings.Contains(output, "--- FAIL: "+m.test+" ("):
		return output, &brokenError{"ended without the test having failed: " + err.Error()}
	}
	return complaints(output), nil
}

// overlay writes the changed files, and the list of them that the go command wants.
func (w *workshop) overlay(m mutant) (string, error) {
	texts, err := apply(w.root, m.edits)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range texts {
		changed := filepath.Join(w.dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(w.root, file)] = changed
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.dir, "overlay.json")
	return path, os.WriteFile(path, list, 0o600)
}

// apply returns the changed files of a tree. It insists on snippets that stand exactly once: when the code has changed,
// a person has to look.
func apply(root string, edits []edit) (map[string]string, error) {
	texts := map[string]string{}
	for _, e := range edits {
		if texts[e.file] == "" {
			text, err := os.ReadFile(filepath.Join(root, e.file)) //nolint:gosec // the table's own paths
			if err != nil {
				return nil, broken("%v", err)
			}
			texts[e.file] = string(text)
		}
		if n := strings.Count(texts[e.file], e.old); n != 1 {
			return nil, broken("this stands %d times in %s, not once: %s", n, e.file, e.old)
		}
		texts[e.file] = strings.Replace(texts[e.file], e.old, e.new, 1)
	}
	return texts, nil
}

// test compiles a package's tests and runs the named ones. Only what a test said is an ordinary error.
func (w *workshop) test(ctx context.Context, pkg, overlay string, names ...string) (output string, err error) {
	binary := filepath.Join(w.dir, "test.bin")
	// No vet: what is to find the bug is the test.
	args := []string{"test", "-c", "-vet=off", "-o", binary}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	if output, err = w.command(ctx, w.root, "go", append(args, "./"+pkg)...); err != nil {
		return output, broken("does not compile")
	}
	for _, pattern := range patterns(names) {
		text, runErr := w.command(ctx, filepath.Join(w.root, pkg), binary,
			"-test.run", pattern, "-test.v", "-test.timeout", testTimeout.String())
		output += text
		err = errors.Join(err, runErr)
	}
	return output, err
}

// patterns are the values of -test.run for the tests: one for all whole tests, one for each subtest.
func patterns(names []string) []string {
	var whole, list []string
	for _, name := range names {
		test, sub, isSub := strings.Cut(name, "/")
		if isSub {
			list = append(list, "^"+test+"$/^"+regexp.QuoteMeta(sub)+"$")
		} else {
			whole = append(whole, name)
		}
	}
	if len(whole) > 0 {
		list = append(list, "^("+strings.Join(whole, "|")+")$")
	}
	return list
}

// command runs a command. When the program is stopped, a test binary gets the chance to stop its API server.
func (w *workshop) command(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // our own commands
	cmd.Dir, cmd.Env = dir, w.env
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

func indent(text string) string {
	return "          " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n          ")
}
