// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// turns bounds how many periodic passes are under way. They can wait for AWS's rate limits, each for seconds, and if all
// workers did, a profile that somebody has just edited would wait for one. Who has to wait for a turn holds no worker: it
// stands in line, and is woken.
type turns struct {
	mu    sync.Mutex
	most  int
	under int // passes that go, and profiles that were called
	line  []ctrl.Request
	// length shows how many stand in line.
	length prometheus.Gauge
	// inLine are those in line, called those whose turn has come and whose pass has not begun.
	inLine, called map[ctrl.Request]bool
}

// newTurns leaves a quarter of the workers to those that somebody waits for.
func newTurns(workers int, length prometheus.Gauge) *turns {
	return &turns{most: max(1, workers-workers/4), length: length, inLine: map[ctrl.Request]bool{}, called: map[ctrl.Request]bool{}}
}

// take tells whether a pass may go now. If not, its profile stands in line.
func (t *turns) take(req ctrl.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.called[req]:
		delete(t.called, req)
		return true
	case t.under < t.most:
		t.under++
		return true
	case !t.inLine[req]:
		t.line = append(t.line, req)
		t.inLine[req] = true
		t.length.Inc()
	}
	return false
}

// giveBack ends a turn, and returns whose turn it is now, if anybody's.
func (t *turns) giveBack() (next ctrl.Request, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.call()
}

// call hands a turn on to the next in line. t.mu is held.
func (t *turns) call() (next ctrl.Request, ok bool) {
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

// leave gives up the place in line, or the turn, of a profile that needs none, and returns whose turn it is instead.
func (t *turns) leave(req ctrl.Request) (next ctrl.Request, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inLine[req] {
		delete(t.inLine, req)
		t.length.Dec()
		t.line = slices.DeleteFunc(t.line, func(other ctrl.Request) bool { return other == req })
	}
	if !t.called[req] {
		return next, false
	}
	delete(t.called, req)
	return t.call()
}

// takeTurn tells whether a pass may go now; what it returns besides is to be called when the pass is over. If it may not,
// the profile is woken when its turn comes. Passes that somebody waits for always may, and those that go on with work of the
// operator's own; one that tries again after a fault does not, or in an outage of AWS they would take all workers.
func (r *ProfileReconciler) takeTurn(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile) (over func(), ok bool) {
	if !r.waker.started() {
		return func() {}, true
	}
	works := meta.IsStatusConditionTrue(profile.Status.Conditions, v1alpha1.ReconcilingCondition) && !r.retries.failing(req)
	if awsapi.IsUrgent(ctx) || works {
		r.wakeNext(r.turns.leave(req))
		return func() {}, true
	}
	return func() { r.wakeNext(r.turns.giveBack()) }, r.turns.take(req)
}

// wakeNext wakes whose turn it is.
func (r *ProfileReconciler) wakeNext(next ctrl.Request, ok bool) {
	if ok {
		r.waker.wakeInTurn(next)
	}
}
