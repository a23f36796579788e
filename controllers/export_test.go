// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
)

// Begin marks a pass as one that goes, for tests of what ends it.
func (r *Reconciler) Begin(ctx context.Context, req ctrl.Request) (context.Context, func()) {
	return r.records.begin(ctx, req)
}

// Left tells whether a pass was ended since its profile left.
var Left = left
