// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// turns bounds how many periodic passes are under way. They can wait for AWS's rate limits, each for seconds, and if all
// workers did, an object that somebody has just edited would wait for one. Who has to wait for a turn holds no worker: it
// stands in line, and is woken.
type turns struct {
	mu    sync.Mutex
	most  int
	under int // passes that go, and objects that were called
	line  []objectKey
	// length shows how many stand in line.
	length prometheus.Gauge
	// inLine are those in line, called those whose turn has come and whose pass has not begun.
	inLine, called map[objectKey]bool
}

// newTurns leaves a quarter of the workers to those that somebody waits for.
func newTurns(workers int, length prometheus.Gauge) *turns {
	return &turns{most: max(1, workers-workers/4), length: length, inLine: map[objectKey]bool{}, called: map[objectKey]bool{}}
}

// take tells whether a pass may go now. If not, its object stands in line.
func (t *turns) take(key objectKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.called[key]:
		delete(t.called, key)
		return true
	case t.under < t.most:
		t.under++
		return true
	case !t.inLine[key]:
		t.line = append(t.line, key)
		t.inLine[key] = true
		t.length.Inc()
	}
	return false
}

// giveBack ends a turn, and returns whose turn it is now, if anybody's.
func (t *turns) giveBack() (next objectKey, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.call()
}

// call hands a turn on to the next in line. t.mu is held.
func (t *turns) call() (next objectKey, ok bool) {
	if len(t.line) == 0 {
		t.under--
		return next, false
	}
	next, t.line = t.line[0], t.line[1:]
	delete(t.inLine, next)
	t.length.Dec()
	t.called[next] = true
	return next, true
}

// leave gives up the place in line, or the turn, of an object that needs none, and returns whose turn it is instead.
func (t *turns) leave(key objectKey) (next objectKey, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inLine[key] {
		delete(t.inLine, key)
		t.length.Dec()
		t.line = slices.DeleteFunc(t.line, func(other objectKey) bool { return other == key })
	}
	if !t.called[key] {
		return next, false
	}
	delete(t.called, key)
	return t.call()
}

// takeTurn tells whether a pass may go now; what it returns besides is to be called when the pass is over. If it may not,
// the object is woken when its turn comes. Passes that somebody waits for always may, and those that go on with work of the
// operator's own; one that tries again after a fault does not, or in an outage of AWS they would take all workers.
func (p *pass) takeTurn(ctx context.Context) (over func(), ok bool) {
	if !p.waker.started() {
		return func() {}, true
	}
	key := p.key(p.req)
	works := meta.IsStatusConditionTrue(p.object.Found().Conditions, v1alpha1.ReconcilingCondition) && !p.retries.failing(p.req)
	if awsapi.IsUrgent(ctx) || works {
		p.wakeNext(p.turns.leave(key))
		return func() {}, true
	}
	return func() { p.wakeNext(p.turns.giveBack()) }, p.turns.take(key)
}
