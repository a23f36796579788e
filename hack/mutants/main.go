// SPDX-License-Identifier: Apache-2.0

// Mutants shows that the tests of the invariants can fail: it puts one deliberate bug at a time into the operator (the
// tables beside this file, by subject) and requires the named test to turn red. The checkout is never written: the go
// command compiles the changed files from a temporary directory (-overlay), so that the build cache is shared as well.
//
//	go run ./hack/mutants                   all of them
//	go run ./hack/mutants -run 'key|queue'  those whose name, test or test's directory matches
//	go run ./hack/mutants -shard 1/3        the first of three parts
//	go run ./hack/mutants -j 1              one test at a time, not one on each processor
//	go run ./hack/mutants -list             what there is
//	go run ./hack/mutants -v                with the words in which the tests complain
//	go run ./hack/mutants -run '^queue of' -keep /tmp/m
//	                                        puts one of them into /tmp/m, to try any test on
//
// It ends with 1 when a mutant survives, cannot be put in, or does not compile, or when its test is red without it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

func main() {
	var o options
	flag.StringVar(&o.pattern, "run", "", "only mutants whose name, test or directory of the test matches this regular expression")
	flag.StringVar(&o.shard, "shard", "1/1", "only this part of them: 1/3 is the first of three")
	flag.IntVar(&o.parallel, "j", runtime.NumCPU(), "how many tests run at the same time")
	flag.BoolVar(&o.list, "list", false, "list the mutants and do nothing")
	flag.BoolVar(&o.verbose, "v", false, "show how each test complains")
	flag.StringVar(&o.keep, "keep", "", "put the one chosen mutant into this directory and run nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

type options struct {
	pattern, shard, keep string
	parallel             int
	list, verbose        bool
}

func (o options) do(ctx context.Context) error {
	if o.parallel < 1 {
		return fmt.Errorf("-j %d: want 1 or more", o.parallel)
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	m, err := loadModule(root)
	if err != nil {
		return err
	}
	chosen, err := choose(m, o.pattern, o.shard)
	if err != nil {
		return err
	}
	switch {
	case o.list:
		return list(m, chosen)
	case o.keep != "":
		return keep(m, chosen, o.keep)
	}
	return run(ctx, m, chosen, o)
}

func moduleRoot(ctx context.Context) (string, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(mod))), nil
}

// list prints the mutants, with the functions that they change and where their test is.
func list(m *module, chosen []mutant) error {
	for _, one := range chosen {
		found, err := m.changes(one.edits)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		dir, test, err := m.testDir(one.test)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		fmt.Printf("%s\n    invariant %s, in %s, caught by %s %s\n", one.name, one.number(), declarationsOf(found), dir, test)
	}
	return nil
}

// keep makes one mutant for a person to try.
func keep(m *module, chosen []mutant, dir string) error {
	if len(chosen) != 1 {
		return fmt.Errorf("-keep is for one mutant, and -run chooses %d", len(chosen))
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	texts, err := m.apply(chosen[0].edits)
	if err != nil {
		return err
	}
	testDir, test, err := m.testDir(chosen[0].test)
	if err != nil {
		return err
	}
	overlay, err := writeOverlay(m.root, dir, texts)
	if err == nil {
		fmt.Printf("go test -overlay %s ./%s -run '%s'\n", overlay, testDir, pattern(test))
	}
	return err
}
