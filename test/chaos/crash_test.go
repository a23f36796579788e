// SPDX-License-Identifier: Apache-2.0

package chaos_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// TestCrashPoints runs each scenario once undisturbed, and then once for each thing that can go wrong at each call to
// AWS and each write to Kubernetes that it makes.
func TestCrashPoints(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) { crash(t, s) })
	}
}

func crash(t *testing.T, s scenario) {
	calls := newWorld(t, s).play(point{}).calls
	reference := newWorld(t, s).play(s.undisturbed())
	wrong := slices.Concat(reference.wrong, unsafe(s, reference, reference.end), misses(s, reference))
	if s.name == "create" {
		wrong = append(wrong, kindsMissing(reference.text)...)
	}
	if len(wrong) > 0 {
		t.Fatalf("undisturbed:\n%s", strings.Join(wrong, "\n"))
	}
	points := pointsOf(s.kinds, calls)
	if len(points) == 0 {
		t.Fatalf("nothing can go wrong in these calls: %v", calls)
	}
	y := &coverage{}
	t.Cleanup(func() { ranPoints(t, s.name, y) })
	for _, p := range points {
		name := p.name(calls)
		run := chosen(s.name, name)
		y.count(p, run)
		if run {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				disturb(t, s, p, reference)
			})
		}
	}
}

// kindsMissing lists the kinds of AWS objects that a creation of everything does not end with: they have no crash points.
func kindsMissing(end string) (wrong []string) {
	for _, kind := range resources.Order() {
		if !strings.Contains(end, "\n"+kind+"/") {
			wrong = append(wrong, "there is no "+kind+": declare one in world.full")
		}
	}
	return wrong
}

// disturb runs a scenario with something going wrong, and requires the end that it has without.
func disturb(t *testing.T, s scenario, p point, reference history) {
	run := newWorld(t, s).play(p)
	wrong := append(run.wrong, unsafe(s, run, reference.end)...)
	if s.endsVary() {
		wrong = append(wrong, misses(s, run)...)
	} else if d := difference(reference.text, run.text); d != "" {
		wrong = append(wrong, "the end is another one:\n"+d)
	}
	if len(wrong) > 0 {
		t.Errorf("%s %s:\n%s", p.kind.name, run.hit, strings.Join(wrong, "\n"))
	}
}

// history is what came of one run.
type history struct {
	calls   []called
	hit     string // the call at which something went wrong
	moments []moment
	wrong   []string
	text    string
	end     []awssim.Object
	owners  []string
}

// play runs the world's scenario to its end.
func (w *world) play(p point) history {
	s := w.scenario
	if s.made {
		if s.spec != nil {
			w.brownfield()
		}
		w.declare()
		if err := w.settle(); err != nil {
			w.t.Fatalf("before the scenario: %v", err)
		}
	}
	if s.before != nil {
		s.before(w)
	}
	w.arm(p)
	s.begin(w)
	h := history{owners: w.owners()}
	// A first pass in any case: what was tampered with still counts as ready.
	if err := w.settle(); err != nil {
		h.wrong = append(h.wrong, err.Error())
	}
	h.wrong = append(h.wrong, w.unhit()...)
	h.calls, h.moments, h.hit = slices.Clone(w.seen), w.moments, w.hit
	h.wrong = append(h.wrong, w.silent()...)
	h.text, h.end = w.end(), w.sim.Objects()
	w.clear()
	return h
}

// unhit says that what was to go wrong did not.
func (w *world) unhit() (wrong []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.point.call > 0 && w.hit == "" {
		wrong = append(wrong, fmt.Sprintf("nothing went wrong: the run made %d calls only", len(w.seen)))
	}
	if w.eventAt > 0 && !w.happened {
		wrong = append(wrong, fmt.Sprintf("the event at call %d did not happen: the run made %d calls only", w.eventAt, len(w.seen)))
	}
	return wrong
}
