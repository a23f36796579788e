// SPDX-License-Identifier: Apache-2.0

package wake

import (
	"context"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
)

const (
	// AccountIndex finds the objects of an account.
	AccountIndex = "spec.accountRef.name"
	// PassTimeout bounds one pass: AWS calls can hang.
	PassTimeout = 5 * time.Minute
)

// IndexFields prepares the look-ups that the controllers need. Call it once, before they are set up.
func IndexFields(ctx context.Context, mgr ctrl.Manager, kinds []*declaration.Kind) error {
	for _, kind := range kinds {
		err := mgr.GetFieldIndexer().IndexField(ctx, kind.New(), AccountIndex, func(obj client.Object) []string {
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

// DeclarationChanged lets through what a person did: an edit of the spec, a deletion and its confirmation, a request for a
// read. Our own writes to status and metadata cause no work.
func DeclarationChanged() predicate.Predicate {
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

// OnlyDeletes lets through that an object is gone.
func OnlyDeletes() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// AccountChanged lets through what may change how its users fare: another spec, or becoming ready or not.
func AccountChanged() predicate.Predicate {
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

// LabelsChanged lets through other labels.
func LabelsChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !maps.Equal(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels())
		},
		DeleteFunc: func(event.DeleteEvent) bool { return false },
	}
}
