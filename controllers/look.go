// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// look is a pass that reads from the account's shared view and writes nothing to AWS. It returns nil when its word is
// not enough: then the pass reads AWS itself, and acts. A view may be some minutes old, so it is believed only where it
// says that all is as status says already, and in the modes that never act.
func (r *ProfileReconciler) look(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile, account *boundAccount, enforce bool) (*resource.Result, error) {
	if !r.ReadShared || !reported(profile) || enforce && !atRest(profile) {
		return nil, nil
	}
	notBefore := r.lookSince(req, account.resync)
	view := r.memories.of(account.Scope).viewOf(account.Account)
	seen := *account.Account
	seen.Clients = view.Since(notBefore)
	s := r.stack(profile, &boundAccount{Account: &seen, guard: account.guard, resync: account.resync})
	s.owned = func(ctx context.Context) ([]string, error) { return view.Owned(ctx, notBefore, s.owner) }
	declared := s.resources()
	leftovers, err := s.leftovers(ctx, declared, r.sweepDue(req, profile))
	if err != nil {
		return nil, err
	}
	result := resource.Run(ctx, declared, leftovers, r.options(s, false))
	if enforce && !quiet(&result) {
		return nil, nil
	}
	return &result, nil
}

// lookSince is how far back what a look goes by may have been read: half the interval, so that nobody learns of a change
// later than one and a half intervals after it; and never before the profile's last pass that acted.
func (r *ProfileReconciler) lookSince(req ctrl.Request, resync time.Duration) time.Time {
	since := r.Now().Add(-resync / 2)
	if acted, ok := r.acted.Load(req); ok {
		if at, ok := acted.(time.Time); ok && at.After(since) {
			return at
		}
	}
	return since
}

// reported tells that status speaks of what is declared now, and that nobody has asked for a read since.
func reported(profile *v1alpha1.FargateSecurityProfile) bool {
	return profile.Status.ObservedGeneration == profile.Generation &&
		profile.Status.LastHandledReconcileRequest == profile.Annotations[v1alpha1.ReconcileRequestAnnotation]
}

// atRest tells that the last pass found everything as declared.
func atRest(profile *v1alpha1.FargateSecurityProfile) bool {
	return meta.IsStatusConditionTrue(profile.Status.Conditions, v1alpha1.ReadyCondition) && len(profile.Status.Drift) == 0
}

// quiet tells that a look found nothing that a pass would do something about. What could not be read is no reason to
// read it again at once: it is reported, and tried again after a while.
func quiet(result *resource.Result) bool {
	if slices.ContainsFunc(result.All(), func(o *resource.Object) bool { return o.Failure != nil }) {
		return true
	}
	return len(result.Leftovers) == 0 && !slices.ContainsFunc(result.Objects, func(o *resource.Object) bool {
		return !o.Settled() || len(o.Drift) > 0
	})
}
