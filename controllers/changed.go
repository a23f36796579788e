// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"slices"

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
	profiles, err := profilesWith(ctx, reader, accounts, change.Objects)
	if err != nil || len(profiles) == 0 {
		return 0, err
	}
	for _, m := range r.memories.within(config) {
		m.touch(change.Objects)
		m.actors.note(change)
	}
	for _, req := range profiles {
		r.woken.Store(req, true)
		r.waker.wake(req)
	}
	return len(profiles), nil
}

// accountsOf names the AWSAccounts for an account and Region: several may lead there.
func accountsOf(ctx context.Context, reader client.Reader, config awsapi.Config) ([]string, error) {
	list := &v1alpha1.AWSAccountList{}
	if err := reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var names []string
	for i := range list.Items {
		other := sessionConfig(&list.Items[i])
		if other.AccountID == config.AccountID && other.Region == config.Region && other.EndpointURL == config.EndpointURL {
			names = append(names, list.Items[i].Name)
		}
	}
	return names, nil
}

// profilesWith finds the profiles of some AWSAccounts that AWS objects concern. What is said of a route table, or of an
// object without a name, concerns them all.
func profilesWith(ctx context.Context, reader client.Reader, accounts []string, objects []events.Object) ([]ctrl.Request, error) {
	var found []ctrl.Request
	for _, account := range accounts {
		for _, o := range objects {
			match := client.MatchingFields{objectIndex: indexKey(account, o)}
			if o.Name == events.Any || o.Kind == events.RouteTable {
				match = client.MatchingFields{accountIndex: account}
			}
			list := &v1alpha1.FargateSecurityProfileList{}
			if err := reader.List(ctx, list, match, client.UnsafeDisableDeepCopy); err != nil {
				return nil, err
			}
			for i := range list.Items {
				req := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])}
				if !slices.Contains(found, req) {
					found = append(found, req)
				}
			}
		}
	}
	return found, nil
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
