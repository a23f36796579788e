// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// run tries the chosen mutants and prints what became of each.
func run(ctx context.Context, m *module, chosen []mutant, o options) error {
	w, err := newWorkshop(ctx, m, chosen)
	if err != nil {
		return err
	}
	defer w.close()
	started := time.Now()
	if err := w.build(ctx); err != nil {
		return interruptedOr(ctx, err)
	}
	fmt.Printf("Compiled in %s.\n", time.Since(started).Round(time.Second))
	fmt.Println("First the same tests without a bug: what is red anyway shows nothing.")
	w.baseline(ctx, o.parallel)
	fmt.Printf("%-9s %4s  %-58s %-60s %s\n", "", "inv.", "mutant", "caught by", "seconds")
	bad := 0
	inParallel(w.jobs, o.parallel, func(j *job) outcome {
		since := time.Now()
		output, err := w.try(ctx, j)
		return outcome{output, err, time.Since(since)}
	}, func(j *job, result outcome) {
		if ctx.Err() == nil && !result.print(j, o.verbose) {
			bad++
		}
	})
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	fmt.Printf("%d of %d mutants caught, in %s\n", len(chosen)-bad, len(chosen), time.Since(started).Round(time.Second))
	if bad > 0 {
		return fmt.Errorf("%d mutants were not caught: SURVIVED asks for a test that sees the bug, BROKEN for a look at hack/mutants", bad)
	}
	return nil
}

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// inParallel does some things at a time and reports them in their order.
func inParallel[T, R any](things []T, parallel int, do func(T) R, report func(T, R)) {
	results := make([]chan R, len(things))
	for i := range results {
		results[i] = make(chan R, 1)
	}
	next := make(chan int)
	go func() {
		defer close(next)
		for i := range things {
			next <- i
		}
	}()
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := range next {
				results[i] <- do(things[i])
			}
		})
	}
	for i, thing := range things {
		report(thing, <-results[i])
	}
	workers.Wait()
}

// outcome is what became of a mutant.
type outcome struct {
	output string
	err    error
	took   time.Duration
}

// print tells whether the mutant was caught.
func (o outcome) print(j *job, verbose bool) bool {
	word, by := "caught", filepath.Base(j.dir)+" "+j.test
	if o.err != nil {
		word, by = "SURVIVED", by+": "+o.err.Error()
		var broken *brokenError
		if errors.As(o.err, &broken) {
			word = "BROKEN"
		}
	}
	fmt.Printf("%-9s %4s  %-58s %-60s %.1f\n", word, j.mutant.number(), j.name, by, o.took.Seconds())
	if (verbose || o.err != nil) && o.output != "" {
		fmt.Println(indent(o.output))
	}
	return o.err == nil
}

// baseline runs the tests of all mutants without any of them. A mutant whose test is red already cannot be tried.
func (w *workshop) baseline(ctx context.Context, parallel int) {
	type passed struct {
		output string
		took   time.Duration
	}
	inParallel(w.processes(), parallel, func(p process) passed {
		since := time.Now()
		output, _ := w.test(ctx, p.dir, w.binary(p.dir), 0, len(p.tests), p.pattern) // each test is looked up in the output
		return passed{output, time.Since(since)}
	}, func(p process, result passed) {
		if ctx.Err() != nil {
			return
		}
		red := 0
		for _, j := range w.jobs {
			if j.broken != nil || j.dir != p.dir || !p.tests[j.test] || strings.Contains(result.output, "--- PASS: "+j.test+" (") {
				continue
			}
			red++
			j.broken = broken("the test is red without the mutant, or it was skipped")
		}
		word := "green"
		if red > 0 {
			word = "RED"
			fmt.Println(indent(complaints(result.output)))
		}
		fmt.Printf("%-9s  %s (%d tests) %.1f\n", word, p.dir, len(p.tests), result.took.Seconds())
	})
}

// process is one run of a test binary: all whole tests of a package, or all chosen subtests of one test.
type process struct {
	dir, pattern string
	tests        map[string]bool
}

func (w *workshop) processes() []process {
	byParent := map[[2]string]map[string]bool{}
	for _, j := range w.jobs {
		if j.broken != nil {
			continue
		}
		key := [2]string{j.dir, path.Dir(j.test)}
		if byParent[key] == nil {
			byParent[key] = map[string]bool{}
		}
		byParent[key][j.test] = true
	}
	var all []process
	for key, tests := range byParent {
		all = append(all, process{key[0], pattern(slices.Sorted(maps.Keys(tests))...), tests})
	}
	slices.SortFunc(all, func(a, b process) int {
		return cmp.Or(strings.Compare(a.dir, b.dir), strings.Compare(a.pattern, b.pattern))
	})
	return all
}

func indent(text string) string {
	return "          " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n          ")
}
