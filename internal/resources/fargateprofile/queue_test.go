// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

var start = time.Date(2026, time.November, 24, 9, 0, 0, 0, time.UTC)

func newQueue() (*Queue, *awssim.ManualClock) {
	clock := awssim.NewManualClock(start)
	return NewQueue(clock.Now), clock
}

// turns asks for each name in turn and compares with whom it is behind.
func turns(t *testing.T, q *Queue, behind ...string) {
	t.Helper()
	for i := 0; i < len(behind); i += 2 {
		if got := q.Join("c", behind[i], owner, Create, nil); got != behind[i+1] {
			t.Errorf("%s is behind %q, want %q", behind[i], got, behind[i+1])
		}
	}
}

func TestFirstComeFirstServed(t *testing.T) {
	q, _ := newQueue()
	turns(t, q, "b", "", "a", "b", "c", "b")
	turns(t, q, "c", "b", "a", "b", "b", "") // asking again changes no place
	q.Start("c", "b")
	q.Saw("c", "b", true, true)
	turns(t, q, "a", "b")
	q.Saw("c", "b", true, false)
	turns(t, q, "c", "a", "a", "", "b", "a")
}

func TestClustersDoNotWaitForEachOther(t *testing.T) {
	q, _ := newQueue()
	q.Join("c", "a", owner, Create, nil)
	if got := q.Join("d", "b", owner, Create, nil); got != "" {
		t.Errorf("behind %q of another cluster", got)
	}
}

func TestTheTurnLastsUntilTheOperationIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		operation                Operation
		started, exists, changes bool
		over                     bool
	}{
		"creation not asked for":              {Create, false, false, false, false},
		"creation asked for, not seen (lost)": {Create, true, false, false, true},
		"creation runs":                       {Create, true, true, true, false},
		"creation done":                       {Create, true, true, false, true},
		"created by somebody else":            {Create, false, true, false, true},
		"somebody else creates it":            {Create, false, true, true, false},
		"deletion not asked for":              {Delete, false, true, false, false},
		"deletion runs":                       {Delete, true, true, true, false},
		"deletion failed":                     {Delete, true, true, false, true},
		"deletion done":                       {Delete, true, false, false, true},
		"deleted by somebody else":            {Delete, false, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			q, _ := newQueue()
			q.Join("c", "a", owner, c.operation, nil)
			if c.started {
				q.Start("c", "a")
			}
			q.Saw("c", "a", c.exists, c.changes)
			if over := q.Join("c", "b", owner, Create, nil) == ""; over != c.over {
				t.Errorf("over is %v", over)
			}
		})
	}
}

func TestATicketThatNobodyAsksForIsDropped(t *testing.T) {
	q, clock := newQueue()
	turns(t, q, "a", "", "b", "a")
	clock.Advance(ticketLife)
	turns(t, q, "b", "a") // still within its life
	clock.Advance(time.Second)
	turns(t, q, "b", "", "a", "b")
}

func TestBeingSeenKeepsATicketAlive(t *testing.T) {
	q, clock := newQueue()
	turns(t, q, "a", "")
	q.Start("c", "a")
	for range 3 {
		clock.Advance(ticketLife)
		q.Saw("c", "a", true, true)
	}
	turns(t, q, "b", "a")
}

// A profile that no longer asks for its turn (stalled, suspended, set to Observe) is still looked at, and must not hold
// the others up for ever.
func TestBeingSeenWithoutAskingKeepsNoPlace(t *testing.T) {
	q, clock := newQueue()
	turns(t, q, "a", "", "b", "a")
	clock.Advance(ticketLife)
	q.Saw("c", "a", false, false)
	turns(t, q, "b", "a")
	clock.Advance(time.Second)
	q.Saw("c", "a", false, false)
	turns(t, q, "b", "")
}

func TestConcurrentUse(t *testing.T) {
	q, _ := newQueue()
	var wg sync.WaitGroup
	var inFlight, most, done atomic.Int32
	for i := range 20 {
		name := string(rune('a' + i))
		wg.Go(func() {
			for q.Join("c", name, owner, Create, nil) != "" {
				runtime.Gosched()
			}
			q.Start("c", name)
			if n := inFlight.Add(1); n > most.Load() {
				most.Store(n)
			}
			runtime.Gosched()
			inFlight.Add(-1)
			done.Add(1)
			q.Saw("c", name, true, false)
		})
	}
	wg.Wait()
	if most.Load() != 1 || done.Load() != 20 {
		t.Errorf("%d at once, %d done", most.Load(), done.Load())
	}
}

func TestLeavingMakesRoom(t *testing.T) {
	q, _ := newQueue()
	turns(t, q, "a", "", "b", "a")
	q.Leave("c", "a")
	turns(t, q, "b", "", "a", "b")
}

// joinAs has owners join lines: cluster, name, owner, and so on.
func joinAs(q *Queue, operation Operation, asked ...string) {
	for i := 0; i < len(asked); i += 3 {
		q.Join(asked[i], asked[i+1], asked[i+2], operation, nil)
	}
}

// heads are who is first in the lines, by cluster.
func heads(q *Queue) map[string]string {
	all := map[string]string{}
	for cluster, line := range q.lines {
		all[cluster] = line[0].name
	}
	return all
}

// TestLeaveOf: all places of one owner, in every cluster, whatever they wait for and whether they are at work; nobody
// else's. Whoever comes to the head of a line by it is woken.
func TestLeaveOf(t *testing.T) {
	q, _ := newQueue()
	joinAs(q, Create, "c", "a", "one", "d", "a", "two", "d", "b", "one", "e", "x", "one")
	q.Start("c", "a")
	joinAs(q, Delete, "c", "y", "one")
	woken := 0
	q.Join("c", "z", "two", Create, func() { woken++ })
	q.Join("d", "z", "two", Create, func() { t.Error("one that did not come to the head of its line is woken") })
	q.LeaveOf("nobody")
	if woken > 0 || q.find("c", "y") == nil {
		t.Error("an owner without a place has left with somebody else's")
	}
	q.LeaveOf("one")
	if got, want := heads(q), map[string]string{"c": "z", "d": "a"}; !maps.Equal(got, want) || woken != 1 {
		t.Errorf("first are %v, want %v; woken %d times", got, want, woken)
	}
	if q.find("d", "b") != nil {
		t.Error("a place behind another one is kept")
	}
}

// TestAPlaceIsWhoseAskedLast: a profile that another declaration takes over is not given up with the former one.
func TestAPlaceIsWhoseAskedLast(t *testing.T) {
	q, _ := newQueue()
	joinAs(q, Create, "c", "a", "one", "c", "a", "two")
	q.LeaveOf("one")
	if q.find("c", "a") == nil {
		t.Error("given up with the former owner")
	}
	q.LeaveOf("two")
	if q.find("c", "a") != nil {
		t.Error("kept when its owner has left")
	}
}

// TestCancelCreations: what EKS was asked for, and what waits to be deleted, keeps its place.
func TestCancelCreations(t *testing.T) {
	q, _ := newQueue()
	joinAs(q, Create, "c", "waits", "one", "d", "runs", "one", "e", "waits", "two")
	q.Start("d", "runs")
	joinAs(q, Delete, "c", "goes", "one")
	q.CancelCreations("one")
	if got, want := heads(q), map[string]string{"c": "goes", "d": "runs", "e": "waits"}; !maps.Equal(got, want) {
		t.Errorf("first are %v, want %v", got, want)
	}
}

func TestARefusedRoleIsExcusedForAWhile(t *testing.T) {
	q, clock := newQueue()
	if !q.refusals.Refused("k") {
		t.Error("not excused at first")
	}
	clock.Advance(roleWait - time.Second)
	if !q.refusals.Refused("k") {
		t.Error("not excused within the wait")
	}
	clock.Advance(time.Second)
	if q.refusals.Refused("k") {
		t.Error("excused after the wait")
	}
	q.refusals.Accepted("k")
	if !q.refusals.Refused("k") {
		t.Error("a refusal after an acceptance is a new one")
	}
	clock.Advance(ticketLife + time.Second)
	if !q.refusals.Refused("k") {
		t.Error("a refusal long after the last is a new one")
	}
	if !q.refusals.Refused("other") {
		t.Error("another role is judged by this one")
	}
}

func TestOthersAreRememberedUntilTheyVanish(t *testing.T) {
	q, clock := newQueue()
	p := observed.FargateProfile{Name: "a", ARN: "arn", Status: "CREATING", Tags: map[string]string{"x": "y"}}
	q.remember("c", p)
	got, ok := q.recall("c", "a")
	if !ok || got.ARN != "arn" || got.Status != "" || got.Tags != nil {
		t.Errorf("recalled %+v, %v", got, ok)
	}
	if _, ok := q.recall("d", "a"); ok {
		t.Error("recalled from another cluster")
	}
	q.keepOnly("c", []string{"b"})
	if _, ok := q.recall("c", "a"); ok {
		t.Error("remembered after it vanished from the list")
	}
	q.remember("c", p)
	clock.Advance(otherLife + time.Second)
	if _, ok := q.recall("c", "a"); ok {
		t.Error("believed for ever")
	}
}
