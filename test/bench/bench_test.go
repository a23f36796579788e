// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFiguresAreHeldAgainstTheirTargets(t *testing.T) {
	r := &report{}
	r.atMost("s", "calls", 5, 4, "calls", "")
	r.atMost("s", "writes", 0, 0, "writes", "")
	r.atLeast("s", "times", 5, 4, "times", "")
	r.atLeast("s", "times", 3, 4, "times", "")
	r.shown("s", "seconds", 3, "s", "")
	for i, want := range []bool{false, true, true, false} {
		if got := *r.Figures[i].Reached; got != want {
			t.Errorf("figure %d, %v against %v: reached is %v", i, r.Figures[i].Measured, *r.Figures[i].Target, got)
		}
	}
	if ratio := *r.Figures[0].Ratio; ratio != 1.25 {
		t.Errorf("5 of 4 is a ratio of %v", ratio)
	}
	if f := r.Figures[4]; f.Reached != nil || f.Ratio != nil {
		t.Errorf("what has no target is held against one: %+v", f)
	}
}

func TestPercentilesAreNearestRanks(t *testing.T) {
	var sorted []time.Duration
	for n := 1; n <= 200; n++ {
		sorted = append(sorted, time.Duration(n)*time.Second)
	}
	for p, want := range map[int]float64{50: 100, 99: 198, 100: 200} {
		if got := percentile(sorted, p); got != want {
			t.Errorf("p%d is %v, want %v", p, got, want)
		}
	}
	if got := percentile(sorted[:150], 99); got != 149 {
		t.Errorf("p99 of 150 is the value number %v, want 149", got)
	}
	if got := percentile(sorted[:1], 99); got != 1 {
		t.Errorf("p99 of one is %v", got)
	}
}

// A clock that was never met must not make the numbers look better.
func TestWhatNeverCameCounts(t *testing.T) {
	var c timings
	c.begin("a")
	c.begin("b")
	c.met("a")
	c.met("somebody else's")
	if took, note := c.finish(); len(took) != 2 || note != "1 times, and 1 not within the time that was waited" {
		t.Errorf("%v, %q", took, note)
	}
	if took, _ := c.finish(); len(took) != 0 {
		t.Errorf("%v are left for the next section", took)
	}
}

func TestOnlyTheOperatorsWritesCount(t *testing.T) {
	a := audit{path: filepath.Join(t.TempDir(), "audit.log"), counts: map[string]int{}}
	line := func(user, verb string) string {
		return `{"verb":"` + verb + `","user":{"username":"` + user + `"},"objectRef":{"resource":"fargatesecurityprofiles","subresource":"status"}}` + "\n"
	}
	text := line(operatorUser, "patch") + line(operatorUser, "watch") + line("somebody", "patch") + line(operatorUser, "patch")
	cut := len(text) - 5 // the API server is in the middle of the last line
	for _, step := range []struct {
		text string
		want int
	}{{text[:cut], 1}, {text, 2}} {
		if err := os.WriteFile(a.path, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		counts, err := a.writes()
		if err != nil {
			t.Fatal(err)
		}
		if n, words := more(map[string]int{}, counts); n != step.want {
			t.Errorf("%d writes (%s), want %d", n, words, step.want)
		}
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	const some = 200 * time.Millisecond
	for rusage() < some {
		continue
	}
	if used, err := cpuTime(os.Getpid()); err != nil || used < some/2 || used > rusage()+some/2 {
		t.Errorf("/proc says %v (%v), getrusage %v", used, err, rusage())
	}
	if now, most, err := memory(os.Getpid()); err != nil || now < 1 || most < now {
		t.Errorf("memory %v, at most %v, %v", now, most, err)
	}
}

// rusage is the kernel's other word for what cpuTime reads.
func rusage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestSectionsAndSizes(t *testing.T) {
	full, err := sizeOf("", "")
	if err != nil {
		t.Fatal(err)
	}
	all := steps(full)
	for i := 1; i < len(all); i++ {
		if all[i].profiles < all[i-1].profiles {
			t.Errorf("%s needs %d profiles, after %d: a fleet only grows", all[i].section, all[i].profiles, all[i-1].profiles)
		}
	}
	if chosen, err := sections("serial,limits", all); err != nil || len(chosen) != 2 {
		t.Errorf("%v, %v", chosen, err)
	}
	if _, err := sections("limit", all); err == nil {
		t.Error("a section that there is not is taken")
	}
	if few, err := sizeOf("small", "20,40"); err != nil || !slices.Equal(few.scale, []int{20, 40}) || few.created != sizes["small"].created {
		t.Errorf("%+v, %v: want small with fleets of 20 and 40", few, err)
	}
	for _, profiles := range []string{"x", "0", "40,20", "20,", " 20"} {
		if _, err := sizeOf("", profiles); err == nil || !strings.Contains(err.Error(), "BENCH_PROFILES") {
			t.Errorf("BENCH_PROFILES=%q: %v", profiles, err)
		}
	}
	if _, err := sizeOf("large", ""); err == nil {
		t.Error("a size that there is not is taken")
	}
}
