// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/memo"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

const (
	// ticketLife is how long a ticket stays without being asked for: several times the interval at which a waiting
	// profile comes back, so that only one whose owner is gone (deleted, stalled, its operator restarted) loses its place.
	ticketLife = 5 * time.Minute
	// roleWait is how long a new role may be refused before the refusal is believed. IAM is eventually consistent, usually
	// within seconds (IAM user guide, "Changes that I make are not always immediately visible"); terraform-provider-aws
	// waits two minutes for IAM as well.
	roleWait = 2 * time.Minute
	// askAgain is how often a profile that will be woken when its turn comes asks by itself all the same: its ticket lives
	// by it.
	askAgain = time.Minute
	// otherLife bounds how long the selectors of another profile are believed: they never change, but a profile can be
	// made anew under its name without our seeing the list in between.
	otherLife = 30 * time.Minute
)

// Operation is what a ticket waits for.
type Operation string

// The operations.
const (
	Create Operation = "create"
	Delete Operation = "delete"
)

// Queue lets one profile operation per EKS cluster go at a time, in the order in which they were asked for, and keeps
// what else must outlive a pass. It is safe for concurrent use. It is in memory: before each operation AWS's own
// state is looked at too, so a restarted operator waits for what runs.
type Queue struct {
	mu       sync.Mutex
	now      func() time.Time
	lines    map[string][]*ticket
	refusals *memo.Refusals // of roles
	others   map[string]map[string]other
	paces    map[Operation]pace
}

type ticket struct {
	name string
	// owner is whoever wants the operation: the value of its owner tag.
	owner     string
	operation Operation
	polled    time.Time
	// started is when the operation was asked for; zero: it was not yet.
	started time.Time
	wake    func()
}

type other struct {
	profile observed.FargateProfile
	// resting: it was in no state of change, and we have not asked for an operation of it since.
	resting bool
	read    time.Time
}

// NewQueue returns an empty queue that takes the time from now.
func NewQueue(now func() time.Time) *Queue {
	return &Queue{now: now, lines: map[string][]*ticket{}, refusals: memo.NewRefusals(now, roleWait, ticketLife), others: map[string]map[string]other{}, paces: map[Operation]pace{}}
}

// Join asks for a turn for an owner, and keeps the place in the line of a profile that has asked before. It returns the name
// of the profile at the head of the line, "" when it is this one's turn. wake is called when its turn comes later; nil:
// nobody is told.
func (q *Queue) Join(cluster, name, owner string, operation Operation, wake func()) (behind string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire(cluster)
	t := q.find(cluster, name)
	if t == nil {
		t = &ticket{name: name}
		q.lines[cluster] = append(q.lines[cluster], t)
	}
	t.owner, t.operation, t.polled, t.wake = owner, operation, q.now(), wake
	if head := q.lines[cluster][0]; head != t {
		return head.name
	}
	return ""
}

// Start says that the operation is about to be asked for: from now on the turn lasts until Saw sees its end.
func (q *Queue) Start(cluster, name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t := q.find(cluster, name); t != nil {
		t.started = q.now()
		delete(q.others[cluster], name)
	}
}

// unstart takes a Start back: AWS refused, nothing runs.
func (q *Queue) unstart(cluster, name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t := q.find(cluster, name); t != nil {
		t.started = time.Time{}
	}
}

// Leave gives the place in the line up.
func (q *Queue) Leave(cluster, name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.drop(cluster, func(t *ticket) bool { return t.name == name })
}

// LeaveOf gives up every place of an owner for whom nothing may be written any more: it would never take its turn, and hold
// the others up until its ticket expires. What it has asked EKS for already the others see in EKS itself.
func (q *Queue) LeaveOf(owner string) {
	q.dropEverywhere(func(t *ticket) bool { return t.owner == owner })
}

// CancelCreations gives up the places of an owner that wait to ask for a creation: one that is being deleted and was never
// made has nothing to delete, and would hold the others up until its ticket expires. What it has asked EKS for keeps its
// turn until it is over.
func (q *Queue) CancelCreations(owner string) {
	q.dropEverywhere(func(t *ticket) bool { return t.owner == owner && t.operation == Create && t.started.IsZero() })
}

// dropEverywhere is drop for the lines of all clusters.
func (q *Queue) dropEverywhere(gone func(*ticket) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for cluster := range q.lines {
		q.drop(cluster, gone)
	}
}

// Saw tells how a profile was observed. The turn ends when the operation has come to its end: the profile is there
// after a creation, gone after a deletion, or in no state of change after an operation that was started.
func (q *Queue) Saw(cluster, name string, exists, changing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.find(cluster, name)
	if t == nil {
		return
	}
	wanted := t.operation == Create && exists || t.operation == Delete && !exists
	started := !t.started.IsZero()
	if !changing && (started || wanted) {
		if started && wanted {
			q.paces[t.operation] = q.paces[t.operation].saw(q.now().Sub(t.started))
		}
		q.drop(cluster, func(other *ticket) bool { return other == t })
		return
	}
	// Only asking for a turn keeps a place in the line: a profile that is merely looked at may have been stalled, or have
	// changed its mode, and must not hold the others up.
	if started || changing {
		t.polled = q.now()
	}
}

func (q *Queue) find(cluster, name string) *ticket {
	for _, t := range q.lines[cluster] {
		if t.name == name {
			return t
		}
	}
	return nil
}

// expire drops the tickets that nobody asked for in a while. A started one goes too: AWS's state says whether its
// operation still runs.
func (q *Queue) expire(cluster string) {
	now := q.now()
	q.drop(cluster, func(t *ticket) bool { return now.Sub(t.polled) > ticketLife })
}

// drop takes tickets out of a line, and wakes whoever comes to its head by that.
func (q *Queue) drop(cluster string, gone func(*ticket) bool) {
	var rest []*ticket
	line := q.lines[cluster]
	for _, t := range line {
		if !gone(t) {
			rest = append(rest, t)
		}
	}
	if len(rest) == 0 {
		delete(q.lines, cluster)
		return
	}
	q.lines[cluster] = rest
	if head := rest[0]; head != line[0] && head.wake != nil {
		head.wake()
	}
}

// remember keeps the immutable part of a profile.
func (q *Queue) remember(cluster string, p observed.FargateProfile) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.others[cluster] == nil {
		q.others[cluster] = map[string]other{}
	}
	q.others[cluster][p.Name] = other{profile: immutable(p), resting: !changing(p.Status), read: q.now()}
}

// recall returns what is known of a profile.
func (q *Queue) recall(cluster, name string) (observed.FargateProfile, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	o, ok := q.others[cluster][name]
	return o.profile, ok && q.now().Sub(o.read) <= otherLife
}

// resting tells that a profile was last seen in no state of change. We know of each operation that we ask for; one that
// somebody else has begun since, EKS knows of.
func (q *Queue) resting(cluster, name string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.others[cluster][name].resting
}

// keepOnly forgets all profiles of a cluster but those named.
func (q *Queue) keepOnly(cluster string, names []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := map[string]other{}
	for _, name := range names {
		if o, ok := q.others[cluster][name]; ok {
			kept[name] = o
		}
	}
	q.others[cluster] = kept
}

// immutable is what never changes of a profile.
func immutable(p observed.FargateProfile) observed.FargateProfile {
	return observed.FargateProfile{Name: p.Name, ARN: p.ARN, RoleARN: p.RoleARN, SubnetIDs: p.SubnetIDs, Selectors: p.Selectors}
}
