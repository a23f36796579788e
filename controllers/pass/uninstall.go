// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
)

// Whoever deletes a CRD or a namespace deletes all that is in it. For the CRD of a kind and the operator's own namespace,
// which go when the operator is uninstalled, that is no request to delete in AWS: such an object is held until somebody says
// what is to become of its objects (docs/decisions/0024-uninstalling.md).

// clocksApart bounds how far the clocks of two API servers are apart. One of them dates the deletion of the CRD, perhaps
// another that of what is in it, both in whole seconds.
const clocksApart = 10 * time.Second

// holder is an object whose deletion deletes custom resources.
type holder struct {
	apiVersion, kind, name string
	// reason is that of a custom resource which goes with it.
	reason string
}

func (h holder) String() string { return h.kind + " " + h.name }

// askedFor returns a *accounts.Refusal when the profile is being deleted, or may be, only because what it is in is. It asks the API
// server itself: a cache may learn of the CRD's deletion after that of the profile.
func (p *pass) askedFor(ctx context.Context) error {
	if p.API == nil || p.object.GetAnnotations()[v1alpha1.ConfirmDeletionAnnotation] == string(p.object.GetUID()) {
		return nil
	}
	holders := []holder{{"apiextensions.k8s.io/v1", "CustomResourceDefinition", p.Kind.CRD, v1alpha1.ReasonCRDDeleted}}
	if p.object.GetNamespace() == p.Accounts.OperatorNamespace {
		holders = append(holders, holder{"v1", "Namespace", p.object.GetNamespace(), v1alpha1.ReasonNamespaceDeleted})
	}
	for _, h := range holders {
		if err := p.goesWith(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// goesWith returns a *accounts.Refusal when the profile may be going with its holder.
func (p *pass) goesWith(ctx context.Context, h holder) error {
	object := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: h.apiVersion, Kind: h.kind}}
	err := p.API.Get(ctx, client.ObjectKey{Name: h.name}, object)
	switch {
	case apierrors.IsForbidden(err):
		return &accounts.Refusal{Reason: v1alpha1.ReasonHolderUnreadable, Message: fmt.Sprintf(
			"whether %s is being deleted, and the %s only with it, may not be read (%v): nothing is deleted in AWS until it may; "+
				"apply the RBAC of this version of the operator (config/rbac)", h, p.Kind.Noun, err)}
	case err != nil:
		return err
	}
	why := causeOf(p.Kind.Noun, p.object, object)
	if why == "" {
		return nil
	}
	return &accounts.Refusal{Reason: h.reason, Message: fmt.Sprintf(
		"%s %s: nothing is deleted in AWS for that (docs/uninstall.md); to have it done as spec.deletionPolicy says, annotate the %s with %s=%s",
		h, why, p.Kind.Noun, v1alpha1.ConfirmDeletionAnnotation, p.object.GetUID())}
}

// causeOf says in which way the profile's deletion may come from that of what it is in; "" when it was surely asked for by
// itself.
func causeOf(noun string, object, holder metav1.Object) string {
	deleted, made := object.GetDeletionTimestamp().Time, holder.GetCreationTimestamp().Time
	if at := holder.GetDeletionTimestamp(); at != nil && deleted.After(at.Add(-clocksApart)) {
		return "is being deleted, and the " + noun + " with it"
	}
	// Finalizers taken off by hand let a holder go before its content, which is there again when the holder is made anew.
	if object.GetCreationTimestamp().Time.Before(made) && deleted.Before(made.Add(clocksApart)) {
		return "was made anew after the " + noun + " was deleted, perhaps with its predecessor"
	}
	return ""
}
