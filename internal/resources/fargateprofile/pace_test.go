// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// TestTheFirstLookComesWhenTheQuickestWouldBeOver: until something is known, the usual while; then just before the
// expected end, and close from there on.
func TestTheFirstLookComesWhenTheQuickestWouldBeOver(t *testing.T) {
	var p pace
	if got := p.pause(time.Second); got != 0 {
		t.Errorf("nothing is known, and the pause is %s", got)
	}
	p = p.saw(100 * time.Second).saw(80 * time.Second).saw(90 * time.Second)
	for elapsed, want := range map[time.Duration]time.Duration{
		0:                 time.Minute, // no longer than a ticket is kept
		30 * time.Second:  46 * time.Second,
		75 * time.Second:  2 * time.Second,
		200 * time.Second: 2 * time.Second,
	} {
		if got := p.pause(elapsed); got != want {
			t.Errorf("after %s the pause is %s, want %s", elapsed, got, want)
		}
	}
	if got := p.saw(time.Hour).pause(30 * time.Second); got != 46*time.Second {
		t.Errorf("one slow operation makes the pause %s", got)
	}
	for range paceLife + 1 {
		p = p.saw(200 * time.Second)
	}
	if p.quickest != 200*time.Second {
		t.Errorf("the quickest of long ago, %s, is still believed", p.quickest)
	}
	if got := (pace{quickest: 10 * time.Millisecond}).pause(time.Minute); got != soonest {
		t.Errorf("looks at what takes no time are %s apart", got)
	}
}

// TestWhoseTurnComesIsWoken: the one that comes to the head of the line, once, however the one before it has left.
func TestWhoseTurnComesIsWoken(t *testing.T) {
	q, clock := newQueue()
	woken := map[string]int{}
	join := func(name string) { q.Join("c", name, owner, Create, func() { woken[name]++ }) }
	join("a")
	join("b")
	join("c")
	if len(woken) > 0 {
		t.Fatalf("woken %v while the first has its turn", woken)
	}
	q.Start("c", "a")
	q.Saw("c", "a", true, true)
	q.Leave("c", "c")
	join("c")
	if len(woken) > 0 {
		t.Fatalf("woken %v while the first is at work", woken)
	}
	q.Saw("c", "a", true, false)
	if woken["b"] != 1 || woken["c"] != 0 {
		t.Errorf("woken %v when the first was over, want b", woken)
	}
	clock.Advance(ticketLife + time.Second)
	join("c") // b did not come
	if q.Join("c", "c", owner, Create, nil) != "" {
		t.Error("c is not first")
	}
}

// TestOperationsOfThisProcessTeachThePace: from being asked for to being seen over; what somebody else did teaches nothing.
func TestOperationsOfThisProcessTeachThePace(t *testing.T) {
	q, clock := newQueue()
	q.Join("c", "a", owner, Create, nil)
	if q.pause("c", "a") != 0 || q.pause("c", "nobody") != 0 {
		t.Error("a pause is known of what nobody has asked for")
	}
	q.Start("c", "a")
	clock.Advance(100 * time.Second)
	q.Saw("c", "a", true, false)
	q.Join("c", "b", owner, Create, nil)
	q.Start("c", "b")
	clock.Advance(50 * time.Second)
	if got := q.pause("c", "b"); got != 45*time.Second {
		t.Errorf("the pause is %s, want 45s: a took 100s", got)
	}
	q.Saw("c", "b", true, false)
	q.Join("c", "b", owner, Delete, nil)
	q.Start("c", "b")
	if got := q.pause("c", "b"); got != 0 {
		t.Errorf("creations say nothing of deletions, and the pause is %s", got)
	}
}

// TestRestingIsWhatWasLastSeen: a profile that we have asked something of is not at rest until it is seen so.
func TestRestingIsWhatWasLastSeen(t *testing.T) {
	q, _ := newQueue()
	if q.resting("c", "a") {
		t.Error("a profile that was never seen counts as at rest")
	}
	q.remember("c", observed.FargateProfile{Name: "a", Status: "CREATING"})
	if q.resting("c", "a") {
		t.Error("a profile that is being created counts as at rest")
	}
	q.remember("c", observed.FargateProfile{Name: "a", Status: "ACTIVE"})
	if !q.resting("c", "a") {
		t.Error("an ACTIVE profile does not count as at rest")
	}
	q.Join("c", "a", owner, Delete, nil)
	q.Start("c", "a")
	if q.resting("c", "a") {
		t.Error("a profile whose deletion was asked for counts as at rest")
	}
}
