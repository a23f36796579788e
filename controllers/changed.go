// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"maps"

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
	named, all, err := profilesWith(ctx, reader, accounts, change.Objects)
	if err != nil || len(named)+len(all) == 0 {
		return 0, err
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

// requests is a set of profiles.
type requests map[ctrl.Request]bool

// profilesWith finds the profiles of some AWSAccounts that AWS objects concern. What is said of a route table, or of an
// object without a name, may concern them all, and most probably few.
func profilesWith(ctx context.Context, reader client.Reader, accounts []string, objects []events.Object) (named, all requests, err error) {
	named, all = requests{}, requests{}
	for _, account := range accounts {
		for _, o := range objects {
			match, found := client.MatchingFields{objectIndex: indexKey(account, o)}, named
			if o.Name == events.Any || o.Kind == events.RouteTable {
				match, found = client.MatchingFields{accountIndex: account}, all
			}
			list := &v1alpha1.FargateSecurityProfileList{}
			if err := reader.List(ctx, list, match, client.UnsafeDisableDeepCopy); err != nil {
				return nil, nil, err
			}
			for i := range list.Items {
				found[ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])}] = true
			}
		}
	}
	maps.DeleteFunc(all, func(req ctrl.Request, _ bool) bool { return named[req] })
	return named, all, nil
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
