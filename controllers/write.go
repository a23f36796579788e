// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// conflictPause lets the cache catch up with our own last write.
const conflictPause = 100 * time.Millisecond

// again takes a conflict for what it is: the pass worked on a copy that somebody, often ourselves, had changed in the
// meantime. It is done again with the new one, and nothing is logged as an error.
func again(result ctrl.Result, err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	}
	return result, err
}

// patchStatus writes the status of obj in one call, on top of before and nothing newer, and then calls told. An object
// that is gone has no status to write.
func patchStatus(ctx context.Context, c client.Client, obj, before client.Object, told func()) error {
	err := c.Status().Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	told()
	return nil
}
