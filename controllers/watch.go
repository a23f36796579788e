// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

const (
	// accountIndex finds the objects of an account.
	accountIndex = "spec.accountRef.name"
	// passTimeout bounds one pass: AWS calls can hang.
	passTimeout = 5 * time.Minute
)

// IndexFields prepares the look-ups that the controllers need. Call it once, before they are set up.
func IndexFields(ctx context.Context, mgr ctrl.Manager) error {
	for _, kind := range Kinds {
		err := mgr.GetFieldIndexer().IndexField(ctx, kind.New(), accountIndex, func(obj client.Object) []string {
			declaration, ok := obj.(v1alpha1.Declaration)
			if !ok {
				return nil
			}
			return []string{declaration.Declared().AccountRef.Name}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ByLabel has the cache hold the objects of each kind that the selector selects.
func ByLabel(shard labels.Selector) map[client.Object]cache.ByObject {
	objects := map[client.Object]cache.ByObject{}
	for _, kind := range Kinds {
		objects[kind.New()] = cache.ByObject{Label: shard}
	}
	return objects
}

// LeaseName is the name of the Lease that the replicas of one shard compete for: each shard has its own.
func LeaseName(shard labels.Selector) string {
	const name = "operator.fargatesecurity.io"
	if shard.Empty() {
		return name
	}
	return canonical.Hash(shard.String())[:12] + "." + name
}

// declarationChanged lets through what a person did: an edit of the spec, a deletion and its confirmation, a request for a
// read. Our own writes to status and metadata cause no work.
func declarationChanged() predicate.Predicate {
	return predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			return annotationChanged(e, v1alpha1.ReconcileRequestAnnotation) || annotationChanged(e, v1alpha1.ConfirmDeletionAnnotation) ||
				e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
		},
	})
}

func annotationChanged(e event.UpdateEvent, key string) bool {
	return e.ObjectOld.GetAnnotations()[key] != e.ObjectNew.GetAnnotations()[key]
}

func onlyDeletes() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// accountChanged lets through what may change how its users fare: another spec, or becoming ready or not.
func accountChanged() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || accountReady(e.ObjectOld) != accountReady(e.ObjectNew)
		},
	}
}

func accountReady(obj client.Object) bool {
	account, ok := obj.(*v1alpha1.AWSAccount)
	return ok && meta.IsStatusConditionTrue(account.Status.Conditions, v1alpha1.ReadyCondition)
}

func labelsChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !maps.Equal(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels())
		},
		DeleteFunc: func(event.DeleteEvent) bool { return false },
	}
}

// concernedBy returns the objects that an account or a namespace concerns.
func (r *Reconciler) concernedBy(ctx context.Context, by client.Object) []reconcile.Request {
	var opts []client.ListOption
	switch by.(type) {
	case *v1alpha1.AWSAccount:
		opts = append(opts, client.MatchingFields{accountIndex: by.GetName()})
	case *corev1.Namespace:
		opts = append(opts, client.InNamespace(by.GetName()))
	}
	list, requests := r.Kind.NewList(), []reconcile.Request{}
	err := r.Client.List(ctx, list, opts...)
	if err == nil {
		err = eachOf(list, func(obj v1alpha1.Declaration) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(obj)})
		})
	}
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the objects to wake", "kind", r.Kind.Name, "for", by.GetName())
		return nil
	}
	return requests
}
