// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"sync"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// errLeft ends a pass over a profile that is no longer this operator's.
var errLeft = errors.New("the profile is gone, or another operator's now")

// underway are the passes that go, so that they end when their profile leaves: a label has moved it to another shard, whose
// operator begins at once, or somebody has taken it away without waiting for its finalizer.
type underway struct{ passes sync.Map }

// begin returns the context of a pass, and what is to be called when it is over. There is one pass over a profile at a time.
func (u *underway) begin(ctx context.Context, req ctrl.Request) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	u.passes.LoadOrStore(req, &end)
	return ctx, func() {
		u.passes.CompareAndDelete(req, &end)
		end(nil)
	}
}

// left tells that a pass ended since its profile left.
func left(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errLeft) }

// handler hears of profiles that leave the cache.
func (u *underway) handler() handler.EventHandler {
	return handler.Funcs{DeleteFunc: func(_ context.Context, e event.DeleteEvent, _ workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		pass, _ := u.passes.Load(ctrl.Request{NamespacedName: client.ObjectKeyFromObject(e.Object)})
		if end, ok := pass.(*context.CancelCauseFunc); ok {
			(*end)(errLeft)
		}
	}}
}
