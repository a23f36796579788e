// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"context"
	"sync/atomic"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Enqueuer puts profiles into the controller's queue for reasons that Kubernetes does not know of: their turn has come, or
// AWS has told of a change. It is a source of the controller.
type Enqueuer struct {
	queue atomic.Pointer[workqueue.TypedRateLimitingInterface[reconcile.Request]]
}

// Start implements source.Source.
func (w *Enqueuer) Start(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	w.queue.Store(&queue)
	return nil
}

// Enqueue has a profile looked at now, before all periodic reads. Before the controller has started there is nobody to wake,
// and no need to: everything is looked at first.
func (w *Enqueuer) Enqueue(req reconcile.Request) {
	if queue := w.queue.Load(); queue != nil {
		(*queue).Add(req)
	}
}

// EnqueueLow has a profile looked at with the periodic reads.
func (w *Enqueuer) EnqueueLow(req reconcile.Request) {
	queue := w.queue.Load()
	if queue == nil {
		return
	}
	if q, ok := (*queue).(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		low := handler.LowPriority
		q.AddWithOpts(priorityqueue.AddOpts{Priority: &low}, req)
		return
	}
	(*queue).Add(req)
}

// Started tells that there is somebody to wake.
func (w *Enqueuer) Started() bool { return w.queue.Load() != nil }
