// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// changed has nothing believed any more that was read before of the objects that a change touched, and the profiles
// looked at that it concerns. It returns how many there are.
func (r *ProfileReconciler) changed(ctx context.Context, reader client.Reader, config awsapi.Config, change events.Change) (int, error) {
	r.prepared.Do(r.prepare)
	accounts, err := accountsOf(ctx, reader, config)
	if err != nil {
		return 0, err
	}
	if err := r.links.prime(ctx, reader); err != nil {
		return 0, err
	}
	named, all := r.links.find(accounts, change.Objects)
	if len(named)+len(all) == 0 {
		return 0, nil
	}
	for _, m := range r.memories.within(config) {
		m.touch(change.Objects)
		m.actors.note(change)
	}
	for req := range named {
		r.woken.Store(req, true)
		r.waker.wake(req)
	}
	for req := range all {
		r.waker.wakeInTurn(req)
	}
	return len(named) + len(all), nil
}

// accountsOf names the AWSAccounts for an account and Region: several may lead there.
func accountsOf(ctx context.Context, reader client.Reader, config awsapi.Config) ([]string, error) {
	list := &v1alpha1.AWSAccountList{}
	if err := reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var names []string
	for i := range list.Items {
		if inScope(sessionConfig(&list.Items[i]), scopeOf(config)) {
			names = append(names, list.Items[i].Name)
		}
	}
	return names, nil
}

// urgent marks a pass that somebody waits for: a person edited the profile, or something changed in AWS.
func (r *ProfileReconciler) urgent(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile) context.Context {
	_, woken := r.woken.LoadAndDelete(req)
	if woken || !reported(profile) || !profile.DeletionTimestamp.IsZero() {
		return awsapi.Urgent(ctx)
	}
	return ctx
}

// reported tells that status speaks of what is declared now, and that nobody has asked for a read since.
func reported(profile *v1alpha1.FargateSecurityProfile) bool {
	return profile.Status.ObservedGeneration == profile.Generation && !readRequested(profile)
}

// readRequested tells that somebody has asked for a read that no pass has answered yet.
func readRequested(profile *v1alpha1.FargateSecurityProfile) bool {
	return profile.Status.LastHandledReconcileRequest != profile.Annotations[v1alpha1.ReconcileRequestAnnotation]
}
