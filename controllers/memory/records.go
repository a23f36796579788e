// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// Lately is how old answers may be to a pass over a spec that is new: whatever it finds to do is read again, and what it
// creates, AWS refuses where it has been created since.
const Lately = 30 * time.Second

// Record is what the reconciler remembers of one object from pass to pass. Losing it costs some calls.
type Record struct {
	// Woken: an event has told of a change, so the next pass is urgent.
	Woken bool
	// Searched is the version of the spec for which objects with the owner tag were last looked for, since the operator
	// started.
	Searched SpecVersion
	// LastWrite is when a pass ended that made something which sweeps show, or when the object was seen to be no more: one
	// that is made anew under the name must find what the former one has left. Nothing read before is believed.
	LastWrite time.Time
	// Unreported are the repairs whose status could not be written: the next pass finds nothing to repair, and tells.
	Unreported []drift.Entry
	// cancel ends the pass that goes; nil: none does.
	cancel *context.CancelCauseFunc
	// gone: the object is no more, and only LastWrite is of use, for a while.
	gone bool
}

// Records are the records of all objects of a kind.
type Records struct {
	// Now is the clock; set it before the first use.
	Now func() time.Time

	mu       sync.Mutex
	byObject map[ctrl.Request]*Record
	// checkAt is how many records there may be before those are dropped that are of no more use.
	checkAt int
}

// With has do read or change the record of an object, and nobody else meanwhile.
func (r *Records) With(req ctrl.Request, do func(*Record)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.byObject[req]
	if rec == nil {
		if r.byObject == nil {
			r.byObject = map[ctrl.Request]*Record{}
		}
		rec = &Record{}
		r.byObject[req] = rec
	}
	do(rec)
}

// Peek returns a copy of the record of an object.
func (r *Records) Peek(req ctrl.Request) Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rec := r.byObject[req]; rec != nil {
		return *rec
	}
	return Record{}
}

// Forget drops what is remembered of an object that is no more, but for when that was. A pass that goes can still be ended.
func (r *Records) Forget(req ctrl.Request) {
	r.With(req, func(rec *Record) { *rec = Record{cancel: rec.cancel, LastWrite: r.Now(), gone: true} })
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byObject) < r.checkAt {
		return
	}
	for other, rec := range r.byObject {
		if rec.gone && rec.cancel == nil && r.Now().Sub(rec.LastWrite) > Lately {
			delete(r.byObject, other)
		}
	}
	r.checkAt = 2*len(r.byObject) + 64
}

// Begin returns the context of a pass, and what is to be called when it is over. There is one pass over an object at a time.
func (r *Records) Begin(ctx context.Context, req ctrl.Request) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.With(req, func(rec *Record) {
		rec.gone = false
		if rec.cancel == nil {
			rec.cancel = &cancel
		}
	})
	return ctx, func() {
		r.With(req, func(rec *Record) {
			if rec.cancel == &cancel {
				rec.cancel = nil
			}
		})
		cancel(nil)
	}
}

// errLeft ends a pass over an object that is no longer this operator's.
var errLeft = errors.New("the object is gone, or another operator's now")

// Left tells that a pass ended since its object left.
func Left(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errLeft) }

// Leaves hears of objects that leave the cache, and ends their passes: a label has moved one to another shard, whose operator
// begins at once, or somebody has taken it away without waiting for its finalizer.
func (r *Records) Leaves() handler.EventHandler {
	return handler.Funcs{DeleteFunc: func(_ context.Context, e event.DeleteEvent, _ workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		if end := r.Peek(ctrl.Request{NamespacedName: client.ObjectKeyFromObject(e.Object)}).cancel; end != nil {
			(*end)(errLeft)
		}
	}}
}

// SpecVersion identifies what a person has declared: also an object that was deleted and created again.
type SpecVersion struct {
	uid        types.UID
	generation int64
}

// SpecOf is the version of the spec that an object has now.
func SpecOf(obj v1alpha1.Declaration) SpecVersion {
	return SpecVersion{obj.GetUID(), obj.GetGeneration()}
}
