// SPDX-License-Identifier: Apache-2.0

// Package schedule says when a custom resource is worked on again: after a failure, a wait or the interval, and in which order
// when the workers are short.
package schedule

import (
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Timing is how long the controllers wait for what. The zero value is not usable; see DefaultTiming.
type Timing struct {
	// Wait is the fixed interval while AWS is working, or something is in use.
	Wait time.Duration
	// BackoffBase and BackoffMax bound the exponential retry after throttling and passing faults.
	BackoffBase, BackoffMax time.Duration
	// Denied is the interval of retries without a permission; DeniedGrace is how long one may be missing before the
	// object is Stalled: IAM takes a while to spread a change.
	Denied, DeniedGrace time.Duration
}

// DefaultTiming is what the operator uses.
var DefaultTiming = Timing{
	Wait: 5 * time.Second, BackoffBase: 2 * time.Second, BackoffMax: 2 * time.Minute,
	Denied: time.Minute, DeniedGrace: 2 * time.Minute,
}

// waitPriority is that of passes that somebody waits for: before periodic reads.
var waitPriority = 0

// Retries remembers, per object, how often in a row a passing fault was met and since when a permission is missing.
// Losing it costs nothing but some calls.
type Retries struct {
	timing  Timing
	backoff workqueue.TypedRateLimiter[reconcile.Request]
	now     func() time.Time

	mu     sync.Mutex
	denied map[reconcile.Request]time.Time
	spread map[reconcile.Request]bool // who has had a first interval
}

// NewRetries returns Retries that remember nothing yet and take the time from now.
func NewRetries(t Timing, now func() time.Time) *Retries {
	return &Retries{
		timing:  t,
		backoff: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](t.BackoffBase, t.BackoffMax),
		now:     now,
		denied:  map[reconcile.Request]time.Time{},
		spread:  map[reconcile.Request]bool{},
	}
}

// DeniedForLong notes whether a permission is missing in this pass, and tells whether it has been for a while.
func (r *Retries) DeniedForLong(req reconcile.Request, isDenied bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !isDenied {
		delete(r.denied, req)
		return false
	}
	since, known := r.denied[req]
	if !known {
		since = r.now()
		r.denied[req] = since
	}
	return r.now().Sub(since) >= r.timing.DeniedGrace
}

// Failing tells that an object's last pass met a passing fault.
func (r *Retries) Failing(req reconcile.Request) bool { return r.backoff.NumRequeues(req) > 0 }

// Forget drops what is known of an object that is no more.
func (r *Retries) Forget(req reconcile.Request) {
	r.backoff.Forget(req)
	r.DeniedForLong(req, false)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.spread, req)
}

// After says when to come back for a failure of the given kind ("" for none), while something is waited for (wait is not
// 0) after that time, else after the resync interval.
func (r *Retries) After(req reconcile.Request, kind failure.Kind, wait, resync time.Duration) ctrl.Result {
	switch {
	case kind.Passing(), kind == failure.NotFound:
		return ctrl.Result{RequeueAfter: Jitter(r.backoff.When(req))}
	case kind == failure.AccessDenied:
		return ctrl.Result{RequeueAfter: min(r.timing.Denied, resync)}
	}
	r.backoff.Forget(req)
	if wait > 0 {
		return ctrl.Result{RequeueAfter: wait, Priority: &waitPriority}
	}
	// A periodic read gives way to people's edits: without a priority of its own it would keep the one of the edit
	// that the object was last queued for (controller-runtime#3496).
	low := handler.LowPriority
	return ctrl.Result{RequeueAfter: r.interval(req, resync), Priority: &low}
}

// interval is the time until an object is read again. The first one is any between 0.6 and 1.1 of it: what came all at once, at a
// start or with a commit, was read as fast as AWS's limits let it, and would come again in the same crowd.
func (r *Retries) interval(req reconcile.Request, resync time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spread[req] {
		return Jitter(resync)
	}
	r.spread[req] = true
	return resync*6/10 + rand.N(resync/2+1) //nolint:gosec // no secret depends on it
}

// Wait is how long to wait for what the objects of a pass wait for, 0 when that is nothing: as long as the one that is
// looked at again first. What waits for another object of the list is looked at with that one.
func (r *Retries) Wait(result *resource.Result) time.Duration {
	var shortest time.Duration
	idle := false
	for _, o := range result.All() {
		switch {
		case o.Waiting != nil && !o.Waiting.Idle:
			next := o.Waiting.After
			if next == 0 {
				next = Jitter(r.timing.Wait)
			}
			if shortest == 0 || next < shortest {
				shortest = next
			}
		case o.Waiting != nil, len(o.Pending) > 0, o.Met(failure.Busy):
			idle = true
		}
	}
	if shortest == 0 && idle {
		return Jitter(r.timing.Wait)
	}
	return shortest
}

// Jitter spreads passes over time: 10 percent either way.
func Jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()*0.2-0.1)*float64(d)) //nolint:gosec // no secret depends on it
}
