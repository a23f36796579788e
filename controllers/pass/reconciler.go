// SPDX-License-Identifier: Apache-2.0

// Package pass reconciles every kind that declares AWS objects, in the same short way: fetch the object, get the account, build
// the Resources, let the engine run them, write status once.
package pass

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/controllers/patch"
	"github.com/fargate-security/fargate-security-operator/controllers/report"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
)

// Reconciler keeps the objects of one kind as declared. Operator.Reconciler makes it.
type Reconciler struct {
	*Operator
	Kind     *declaration.Kind
	Recorder events.EventRecorder

	enqueuer schedule.Enqueuer
	retries  *schedule.Retries
	records  memory.Records
	getReady sync.Once
}

// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one object a pass nearer to what it declares. Should the object leave meanwhile, nothing more is written.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	r.prepare()
	ctx, over := r.InFlight(ctx, req)
	defer over()
	result, err := r.reconcile(ctx, req)
	if memory.Left(ctx) {
		return ctrl.Result{}, nil // its deletion is in the queue
	}
	return result, err
}

// InFlight returns the context of a pass over an object, which ends when the object leaves (memory.Left), and what is to be
// called when the pass is over. Reconcile does so itself.
func (r *Reconciler) InFlight(ctx context.Context, req ctrl.Request) (context.Context, func()) {
	return r.records.Begin(ctx, req)
}

// prepare makes, once, what passes share.
func (r *Reconciler) prepare() {
	r.getReady.Do(func() {
		r.Operator.prepare()
		r.records.Now, r.retries = r.Now, schedule.NewRetries(r.Timing, r.Now)
	})
}

func (r *Reconciler) reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	obj := r.Kind.New()
	if err := r.Client.Get(ctx, req.NamespacedName, obj); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	report.MapUnknownValues(obj.Found())
	p := &pass{Reconciler: r, req: req, object: obj}
	ctx = p.urgent(ctx)
	over, ok := p.acquireSlot(ctx)
	if !ok {
		return ctrl.Result{RequeueAfter: wake.PassTimeout}, nil // or when it is woken
	}
	defer over()
	if !p.enforces() {
		r.memories.Leave(p.owner())
	}
	switch {
	case !obj.GetDeletionTimestamp().IsZero():
		return patch.Again(p.delete(ctx))
	case obj.Declared().Mode == v1alpha1.ModeSuspend:
		r.Metrics.ForgetRead(r.key(req))
		return patch.Again(ctrl.Result{}, p.suspend(ctx))
	}
	return patch.Again(p.run(ctx))
}

// key names an object among those of all kinds.
func (r *Reconciler) key(req ctrl.Request) declaration.Key {
	return declaration.Key{Kind: r.Kind.Name, NamespacedName: req.NamespacedName}
}

// forget drops what is remembered of an object that is no more.
func (r *Reconciler) forget(req ctrl.Request) {
	key := r.key(req)
	r.enqueueNext(r.slots.Leave(key))
	r.retries.Forget(req)
	r.records.Forget(req)
	r.memories.Leave(r.Kind.Owner(r.OperatorID, req.NamespacedName))
	r.index.Forget(key)
	r.Metrics.SetDrift(key, nil)
	r.Metrics.ForgetRead(key)
}

// wakeFunc returns how to wake an object, nil where the controller does not run.
func (r *Reconciler) wakeFunc(req ctrl.Request) func() {
	if !r.enqueuer.Started() {
		return nil
	}
	return func() { r.enqueuer.Enqueue(req) }
}

// Source is what wakes objects for reasons that Kubernetes does not know of. SetupWithManager uses it; whoever drives the
// reconciler otherwise gives it a queue to put them into, or nobody is woken.
func (r *Reconciler) Source() source.Source { return &r.enqueuer }

// SetupWithManager registers the controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(r.Kind.New(), builder.WithPredicates(wake.DeclarationChanged())).
		Watches(&v1alpha1.AWSAccount{}, handler.EnqueueRequestsFromMapFunc(r.concernedBy), builder.WithPredicates(wake.AccountChanged())).
		Watches(r.Kind.New(), r.records.Leaves()).
		WatchesRawSource(r.Source()).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.concernedBy), builder.WithPredicates(wake.LabelsChanged())).
		WithOptions(controller.Options{MaxConcurrentReconciles: r.Concurrency, ReconciliationTimeout: wake.PassTimeout}).
		Complete(r)
}

// concernedBy returns the objects that an account or a namespace concerns.
func (r *Reconciler) concernedBy(ctx context.Context, by client.Object) []reconcile.Request {
	var opts []client.ListOption
	switch by.(type) {
	case *v1alpha1.AWSAccount:
		opts = append(opts, client.MatchingFields{wake.AccountIndex: by.GetName()})
	case *corev1.Namespace:
		opts = append(opts, client.InNamespace(by.GetName()))
	}
	list, requests := r.Kind.NewList(), []reconcile.Request{}
	err := r.Client.List(ctx, list, opts...)
	if err == nil {
		err = declaration.EachOf(list, func(obj v1alpha1.Declaration) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(obj)})
		})
	}
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the objects to wake", "kind", r.Kind.Name, "for", by.GetName())
		return nil
	}
	return requests
}
