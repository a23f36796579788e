// SPDX-License-Identifier: Apache-2.0

package chaos_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// knownFailing are points that fail, as "scenario/before|after/operation". One that passes must leave the list.
var knownFailing = map[string]string{}

var ran struct {
	sync.Mutex
	lines []string
}

// summary is the line that says how many points were run.
func summary() string {
	ran.Lock()
	defer ran.Unlock()
	slices.Sort(ran.lines)
	return "crash points: " + strings.Join(ran.lines, ", ")
}

// TestCrashPoints runs each scenario once undisturbed, and then twice for each call to AWS and each write to Kubernetes
// that it makes: with the operator killed before the call, and with it killed after the call had its effect.
func TestCrashPoints(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			reference := newWorld(t).play(s, 0, false)
			if len(reference.wrong) > 0 {
				t.Fatalf("undisturbed:\n%s", strings.Join(reference.wrong, "\n"))
			}
			if wrong := append(unsafe(s, reference, reference.end), misses(s, reference)...); len(wrong) > 0 {
				t.Fatalf("undisturbed:\n%s", strings.Join(wrong, "\n"))
			}
			n := len(reference.calls)
			if n < 10 {
				t.Fatalf("only %d calls: %q", n, reference.calls)
			}
			t.Cleanup(func() {
				t.Logf("%s: %d calls, %d points", s.name, n, 2*n)
				ran.Lock()
				defer ran.Unlock()
				ran.lines = append(ran.lines, fmt.Sprintf("%s 2×%d", s.name, n))
			})
			for i := range n {
				for _, lose := range []bool{false, true} {
					side := "before"
					if lose {
						side = "after"
					}
					t.Run(fmt.Sprintf("%s-%d-%s", side, i+1, strings.ReplaceAll(reference.calls[i], " ", "-")), func(t *testing.T) {
						t.Parallel()
						run := newWorld(t).play(s, i+1, lose)
						wrong := append(run.wrong, unsafe(s, run, reference.end)...)
						if d := difference(reference.text, run.text); d != "" {
							wrong = append(wrong, "the end is another one:\n"+d)
						}
						point := s.name + "/" + side + "/" + run.hit
						why, known := knownFailing[point]
						switch {
						case len(wrong) > 0 && !known:
							t.Errorf("killed %s %s:\n%s", side, run.hit, strings.Join(wrong, "\n"))
						case len(wrong) == 0 && known:
							t.Errorf("%s (%s) passes now: take it off the list", point, why)
						}
					})
				}
			}
		})
	}
}

// history is what came of one run.
type history struct {
	calls   []string // the operator's: AWS's actions, and what it wrote to Kubernetes
	hit     string   // the call that the crash hit
	moments []moment
	wrong   []string
	text    string
	end     []awssim.Object
	owner   string
}

// play runs a scenario to its end.
func (w *world) play(s scenario, crashAt int, lose bool) history {
	w.scenario = s
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
	w.arm(crashAt, lose)
	s.begin(w)
	h := history{owner: w.owner()}
	// A first pass in any case: what was tampered with still counts as ready.
	if err := w.settle(); err != nil {
		h.wrong = append(h.wrong, err.Error())
	}
	w.mu.Lock()
	h.calls, h.moments, h.hit = slices.Clone(w.seen), w.moments, w.hit
	if crashAt > 0 && w.crashed != 1 {
		h.wrong = append(h.wrong, fmt.Sprintf("killed %d times: the run made %d calls only", w.crashed, w.calls))
	}
	w.mu.Unlock()
	h.wrong = append(h.wrong, w.silent()...)
	h.text, h.end = w.end(), w.sim.Objects()
	w.clear()
	return h
}

// misses compares the undisturbed end with what the scenario says of it: that all others end so too is not enough.
func misses(s scenario, h history) []string {
	var got []string
	for _, o := range h.end {
		state := o.Status
		if o.Kind == "key" {
			o.Name = ""
			for _, fact := range o.Facts {
				if word, ok := strings.CutPrefix(fact, "state "); ok {
					state = word
				}
			}
		}
		whose := "of nobody"
		switch o.Tags[resource.OwnerTag] {
		case h.owner:
			whose = "ours"
		case "":
		default:
			whose = "of another"
		}
		if o.Kind == "alias" || strings.HasPrefix(o.Name, "eks-cluster-sg-") || o.Name == "prod-cluster" || o.Name == "default" {
			continue
		}
		got = append(got, strings.Join(strings.Fields(o.Kind+" "+o.Name+" "+state+" "+whose), " "))
	}
	want := slices.Clone(s.end)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return []string{fmt.Sprintf("AWS holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))}
	}
	return nil
}

// unsafe looks at AWS after every single write, and says what must never be.
func unsafe(s scenario, h history, end []awssim.Object) []string {
	var wrong []string
	wanted := facts(end, nil)
	inForce := facts(h.moments[0].objects, wanted)
	for i, now := range h.moments[1:] {
		before := h.moments[i]
		add := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("write %d, %s: ", i+1, now.call.Action())+fmt.Sprintf(format, args...))
		}
		touched(s, h.owner, before.objects, now.objects, add)
		have := facts(now.objects, wanted)
		if !s.deletes {
			for fact := range inForce {
				if !have[fact] {
					add("was in force, is so in the end, and is not now: %s", fact)
				}
			}
		}
		maps.Copy(inForce, have)
		operations(now.objects, add)
		keysInUse(before.objects, now.objects, add)
	}
	return wrong
}

// facts are all facts of all objects by their names, of those wanted (nil: all).
func facts(objects []awssim.Object, wanted map[string]bool) map[string]bool {
	groups := []string{}
	for _, o := range objects {
		if o.Kind == "group" {
			name := o.Name
			if strings.HasPrefix(name, "eks-cluster-sg-") {
				name = "CLUSTER"
			}
			groups = append(groups, lastPart(o.ARN), name)
		}
	}
	plain := strings.NewReplacer(groups...)
	all := map[string]bool{}
	for _, o := range objects {
		name := o.Name
		if o.Kind == "key" || o.Kind == "alias" || strings.HasPrefix(name, "eks-cluster-sg-") {
			continue // their ids differ, and nothing in them lets anybody in or keeps the pods from running
		}
		for _, fact := range append(slices.Clone(o.Facts), "exists") {
			fact = o.Kind + " " + name + ": " + plain.Replace(fact)
			if strings.Contains(fact, ": key ") || strings.Contains(fact, "arn:aws:kms") {
				continue
			}
			if wanted == nil || wanted[fact] {
				all[fact] = true
			}
		}
	}
	return all
}

func byARN(objects []awssim.Object) map[string]awssim.Object {
	m := map[string]awssim.Object{}
	for _, o := range objects {
		m[o.ARN] = o
	}
	return m
}

// touched: nothing is changed that does not carry our owner tag, and what is made carries it from its first moment.
func touched(s scenario, owner string, before, now []awssim.Object, add func(string, ...any)) {
	old, current := byARN(before), byARN(now)
	for arn, o := range current {
		was, existed := old[arn]
		ours := o.Tags[resource.OwnerTag] == owner
		switch {
		case o.Kind == "alias":
			if o.Name != alias {
				add("touched the alias %s", o.Name)
			}
		case !existed && !ours:
			add("made %s %s without our owner tag", o.Kind, o.Name)
		case !existed, was.Tags[resource.OwnerTag] == owner, maps.Equal(was.Tags, o.Tags) && slices.Equal(was.Facts, o.Facts):
		case !ours || !slices.Equal(was.Facts, o.Facts):
			add("changed %s %s, which did not carry our owner tag: %q, then %q", o.Kind, o.Name, was.Facts, o.Facts)
		case !slices.Contains(s.takesOver, o.Kind+" "+o.Name) && !slices.Contains(s.takesOver, o.Kind):
			add("took over %s %s", o.Kind, o.Name)
		}
	}
	for arn, o := range old {
		if _, exists := current[arn]; !exists && o.Kind != "alias" && o.Tags[resource.OwnerTag] != owner {
			add("deleted %s %s, which did not carry our owner tag", o.Kind, o.Name)
		}
	}
}

// operations: never two at once in a cluster.
func operations(now []awssim.Object, add func(string, ...any)) {
	var busy []string
	for _, o := range now {
		if o.Status == "CREATING" || o.Status == "DELETING" {
			busy = append(busy, o.Name+" "+o.Status)
		}
	}
	if len(busy) > 1 {
		add("two profile operations at once: %q", busy)
	}
}

// keysInUse: no key is put on its way out while a log group uses it.
func keysInUse(before, now []awssim.Object, add func(string, ...any)) {
	old := byARN(before)
	for _, key := range now {
		if key.Kind != "key" || !slices.Contains(key.Facts, "state PendingDeletion") || slices.Contains(old[key.ARN].Facts, "state PendingDeletion") {
			continue
		}
		for _, group := range now {
			if group.Kind == "log-group" && slices.Contains(group.Facts, "key "+key.ARN) {
				add("the key %s is to be deleted while log group %s uses it", key.Name, group.Name)
			}
		}
	}
}
