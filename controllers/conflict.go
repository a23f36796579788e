// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
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
