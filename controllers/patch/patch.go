// SPDX-License-Identifier: Apache-2.0

// Package patch writes custom resources: status and finalizers only, each as one patch of the difference.
package patch

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// conflictPause lets the cache catch up with our own last write.
const conflictPause = 100 * time.Millisecond

// Again takes a conflict for what it is: the pass worked on a copy that somebody, often ourselves, had changed in the
// meantime. It is done again with the new one, and nothing is logged as an error.
func Again(result ctrl.Result, err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	}
	return result, err
}

// Status writes the status of obj in one call, on top of before and nothing newer, and then calls told. An object
// that is gone has no status to write.
func Status(ctx context.Context, c client.Client, obj, before client.Object, told func()) error {
	ctx, done := timeToReport(ctx)
	defer done()
	err := c.Status().Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	told()
	return nil
}

// AddFinalizer puts our finalizer on obj if it is not there yet.
func AddFinalizer(ctx context.Context, c client.Client, obj client.Object) error {
	return patchFinalizers(ctx, c, obj, controllerutil.AddFinalizer)
}

// RemoveFinalizer takes our finalizer off obj. An object that is gone needs none taken off.
func RemoveFinalizer(ctx context.Context, c client.Client, obj client.Object) error {
	return client.IgnoreNotFound(patchFinalizers(ctx, c, obj, controllerutil.RemoveFinalizer))
}

// patchFinalizers writes metadata.finalizers, on top of obj and nothing newer, and no other field: an update would send
// all that our types know, and so drop what a newer CRD has beyond that.
func patchFinalizers(ctx context.Context, c client.Client, obj client.Object, change func(client.Object, string) bool) error {
	before, ok := obj.DeepCopyObject().(client.Object)
	if !ok || !change(obj, v1alpha1.Finalizer) {
		return nil
	}
	return c.Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}
