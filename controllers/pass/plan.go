// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/client"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Plan says what passes would do in AWS if obj, with the spec that it has here and what its status remembers, were in the
// cluster; deleted: if it were deleted there. It writes neither to AWS nor to Kubernetes.
// Errors: *accounts.Refusal where the object may not use its account or these names; errors of the Kubernetes API and of the
// SDK.
func (r *Reconciler) Plan(ctx context.Context, obj v1alpha1.Declaration, deleted bool) ([]resource.Planned, error) {
	r.prepare()
	p := &pass{Reconciler: r, req: ctrl.Request{NamespacedName: client.ObjectKeyFromObject(obj)}, object: obj}
	switch mode := obj.Declared().Mode; {
	case mode == v1alpha1.ModeSuspend, deleted && !p.enforces():
		return nil, nil // neither read nor written
	case deleted:
		if err := p.bind(ctx); err != nil {
			return nil, err
		}
	default:
		if err := p.bind(ctx, p.Kind.Claims(obj)...); err != nil {
			return nil, err
		}
	}
	declared := p.declared.Resources()
	leftovers, err := p.leftovers(ctx, declared, true)
	if err = errors.Join(err, p.searchFailed); err != nil {
		return nil, err
	}
	if deleted {
		return resource.PlanDelete(ctx, declared, leftovers, p.options(true)), nil
	}
	return resource.Plan(ctx, declared, leftovers, p.options(p.enforces())), nil
}

// Refused tells that an error of Plan is the operator's own refusal, which reconciling would report in status.
func Refused(err error) (*accounts.Refusal, bool) {
	var refusal *accounts.Refusal
	ok := errors.As(err, &refusal)
	return refusal, ok
}
