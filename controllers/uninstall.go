// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// Whoever deletes a CRD or a namespace deletes all that is in it. For the CRD of profiles and the operator's own namespace,
// which go when the operator is uninstalled, that is no request to delete in AWS: such a profile is held until somebody says
// what is to become of its objects (docs/decisions/0024-uninstalling.md).

const (
	profilesCRD = "fargatesecurityprofiles.fargatesecurity.io"
	// clocksApart bounds how far the clocks of two API servers are apart. One of them dates the deletion of the CRD, perhaps
	// another that of what is in it, both in whole seconds.
	clocksApart = 10 * time.Second
)

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,resourceNames=fargatesecurityprofiles.fargatesecurity.io,verbs=get

// holder is an object whose deletion deletes profiles.
type holder struct {
	apiVersion, kind, name string
	// reason is that of a profile which goes with it.
	reason string
}

func (h holder) String() string { return h.kind + " " + h.name }

// askedFor returns a *refusal when the profile is being deleted, or may be, only because what it is in is. It asks the API
// server itself: a cache may learn of the CRD's deletion after that of the profile.
func (r *ProfileReconciler) askedFor(ctx context.Context, profile *v1alpha1.FargateSecurityProfile) error {
	if r.API == nil || profile.Annotations[v1alpha1.ConfirmDeletionAnnotation] == string(profile.UID) {
		return nil
	}
	holders := []holder{{"apiextensions.k8s.io/v1", "CustomResourceDefinition", profilesCRD, v1alpha1.ReasonCRDDeleted}}
	if profile.Namespace == r.Accounts.OperatorNamespace {
		holders = append(holders, holder{"v1", "Namespace", profile.Namespace, v1alpha1.ReasonNamespaceDeleted})
	}
	for _, h := range holders {
		if err := r.goesWith(ctx, profile, h); err != nil {
			return err
		}
	}
	return nil
}

// goesWith returns a *refusal when the profile may be going with its holder.
func (r *ProfileReconciler) goesWith(ctx context.Context, profile *v1alpha1.FargateSecurityProfile, h holder) error {
	object := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: h.apiVersion, Kind: h.kind}}
	err := r.API.Get(ctx, client.ObjectKey{Name: h.name}, object)
	switch {
	case apierrors.IsForbidden(err):
		return &refusal{v1alpha1.ReasonHolderUnreadable, fmt.Sprintf(
			"whether %s is being deleted, and the profile only with it, may not be read (%v): nothing is deleted in AWS until it may; "+
				"apply the RBAC of this version of the operator (config/rbac)", h, err)}
	case err != nil:
		return err
	}
	why := causeOf(profile, object)
	if why == "" {
		return nil
	}
	return &refusal{h.reason, fmt.Sprintf(
		"%s %s: nothing is deleted in AWS for that (docs/uninstall.md); to have it done as spec.deletionPolicy says, annotate the profile with %s=%s",
		h, why, v1alpha1.ConfirmDeletionAnnotation, profile.UID)}
}

// causeOf says in which way the profile's deletion may come from that of what it is in; "" when it was surely asked for by
// itself.
func causeOf(profile, holder metav1.Object) string {
	deleted, made := profile.GetDeletionTimestamp().Time, holder.GetCreationTimestamp().Time
	if at := holder.GetDeletionTimestamp(); at != nil && deleted.After(at.Add(-clocksApart)) {
		return "is being deleted, and the profile with it"
	}
	// Finalizers taken off by hand let a holder go before its content, which is there again when the holder is made anew.
	if profile.GetCreationTimestamp().Time.Before(made) && deleted.Before(made.Add(clocksApart)) {
		return "was made anew after the profile was deleted, perhaps with its predecessor"
	}
	return ""
}
