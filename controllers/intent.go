// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// intend writes down what must not be forgotten of a pass that is cut off, before the pass writes to AWS: that there
// is something to take down (the finalizer), and which tags may be found on the objects. A tag that leaves the spec
// before its first pass is over would stay for good otherwise.
func (r *ProfileReconciler) intend(ctx context.Context, profile *v1alpha1.FargateSecurityProfile) error {
	if err := addFinalizer(ctx, r.Client, profile); err != nil {
		return err
	}
	known := profile.Status.TagKeys
	if !slices.ContainsFunc(slices.Collect(maps.Keys(profile.Spec.Tags)), func(key string) bool { return !slices.Contains(known, key) }) {
		return nil
	}
	before := profile.DeepCopy()
	recordTagKeys(profile, false)
	return patchStatus(ctx, r.Client, profile, before, func() {})
}

// begin writes down in status that objects are about to be created: AWS may hold them, and not show them, from then on.
func (r *ProfileReconciler) begin(profile *v1alpha1.FargateSecurityProfile) func(context.Context, []resource.ID, time.Time) error {
	return func(ctx context.Context, ids []resource.ID, at time.Time) error {
		before := profile.DeepCopy()
		list := slices.DeleteFunc(profile.Status.Resources, func(r v1alpha1.ResourceStatus) bool {
			return slices.Contains(ids, resource.ID{Kind: r.Kind, Name: r.Name})
		})
		for _, id := range ids {
			list = append(list, v1alpha1.ResourceStatus{Kind: id.Kind, Name: id.Name, State: resource.StateAbsent,
				Origin: v1alpha1.Origin(resource.Created), CreationTime: metav1.NewTime(at)})
		}
		profile.Status.Resources = list
		written := false
		if err := patchStatus(ctx, r.Client, profile, before, func() { written = true }); err != nil || !written {
			return &resource.Waiting{Reason: "WaitingForDependency", Message: "what is to be created waits until status says so"}
		}
		return nil
	}
}

// forgetBegun: what this pass has deleted is gone, and not only not shown yet.
func (s *stack) forgetBegun(removed []*resource.Object) {
	for _, o := range removed {
		prior := s.prior[o.ID]
		prior.Began = time.Time{}
		s.prior[o.ID] = prior
	}
}
