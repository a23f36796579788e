// SPDX-License-Identifier: Apache-2.0

// Command bench measures what the operator costs and how fast it is: its own binary, as a process, against a real API
// server and etcd; AWS is the simulator, in the bench's own process. It prints one table, and writes it as JSON.
//
//	BENCH=reads,create,events,serial,scale,limits  the sections to run (default: all)
//	BENCH_SIZE=small                               five minutes in place of twenty-five: only the counts mean anything
//	BENCH_PROFILES=1000,5000                       how many profiles scale measures; limits takes the last
//	BENCH_PPROF=1                                  CPU and heap profiles of the section scale
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(lazyGC)
	log.SetLogger(zap.New(zap.WriteTo(io.Discard))) // what the bench's own clients would say
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// step is one section at one size.
type step struct {
	section  string
	profiles int
	run      func(context.Context, *fleet) error
}

// steps are in the order in which one fleet can serve them all: it only grows.
func steps(s size) []step {
	all := []step{{"create", s.created, create}}
	for _, n := range s.scale {
		all = append(all, step{"scale", n, scale})
	}
	all = append(all, step{"reads", s.steady, reads}, step{"events", s.steady, told})
	slices.SortStableFunc(all, func(a, b step) int { return a.profiles - b.profiles })
	return append(all, step{"limits", s.scale[len(s.scale)-1], limits})
}

const serialSection = "serial" // needs no fleet

func run(ctx context.Context) error {
	size, err := sizeOf(os.Getenv("BENCH_SIZE"), os.Getenv("BENCH_PROFILES"))
	if err != nil {
		return err
	}
	chosen, err := sections(os.Getenv("BENCH"), steps(size))
	if err != nil {
		return err
	}
	bin, err := filepath.Abs("bin")
	if err != nil {
		return err
	}
	r := &report{Size: size.name, Machine: thisMachine(), Commit: commit()}
	err = errors.Join(inProcess(ctx, chosen, size, r), onFleet(ctx, chosen, size, r, bin))
	r.print(os.Stdout)
	return errors.Join(err, r.write(filepath.Join(bin, "bench.json")))
}

// sections are those that were asked for.
func sections(text string, all []step) ([]string, error) {
	known := []string{serialSection}
	for _, s := range all {
		known = append(known, s.section)
	}
	if text == "" {
		return known, nil
	}
	chosen := strings.Split(text, ",")
	for _, name := range chosen {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return nil, fmt.Errorf("BENCH names %q: take some of %s", name, strings.Join(slices.Compact(known), ", "))
		}
	}
	return chosen, nil
}

func inProcess(ctx context.Context, chosen []string, s size, r *report) error {
	if !slices.Contains(chosen, serialSection) {
		return nil
	}
	if err := serial(ctx, s, r); err != nil {
		return fmt.Errorf("%s: %w", serialSection, err)
	}
	return nil
}

// onFleet runs the steps that need real processes. One that fails does not keep the others from running.
func onFleet(ctx context.Context, chosen []string, s size, r *report, bin string) error {
	var wanted []step
	for _, st := range steps(s) {
		if slices.Contains(chosen, st.section) {
			wanted = append(wanted, st)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	f, err := newFleet(ctx, s, r, bin)
	if err != nil {
		return err
	}
	defer f.stop()
	var errs []error
	for _, st := range wanted {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		progress("%s, %d profiles", st.section, st.profiles)
		if err := f.runStep(ctx, st); err != nil {
			errs = append(errs, fmt.Errorf("%s with %d profiles: %w", st.section, st.profiles, err))
			progress("failed: %v", err)
		}
	}
	return errors.Join(errs...)
}

func (f *fleet) runStep(ctx context.Context, st step) error {
	if st.section != "create" { // which is what it measures
		if err := f.grow(ctx, st.profiles); err != nil {
			return err
		}
	}
	return st.run(ctx, f)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
