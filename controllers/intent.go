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
// is something to take down (the finalizer), and which tags and which boundary may be found on the objects. What leaves the
// spec before its first pass is over would stay for good otherwise.
func (r *ProfileReconciler) intend(ctx context.Context, s *stack) error {
	profile := s.profile
	if err := addFinalizer(ctx, r.Client, profile); err != nil {
		return err
	}
	before := profile.DeepCopy()
	recordIntent(s, false)
	missing := func(declared, known []string) bool {
		return slices.ContainsFunc(declared, func(one string) bool { return !slices.Contains(known, one) })
	}
	if !missing(profile.Status.TagKeys, before.Status.TagKeys) && !missing(profile.Status.PermissionsBoundaryARNs, before.Status.PermissionsBoundaryARNs) {
		profile.Status = before.Status
		return nil
	}
	return patchStatus(ctx, r.Client, profile, before, func() {})
}

// recordIntent remembers the keys of spec.tags and the boundary that are on every object, and on the role; while objects are
// still to be done, those from before are kept too.
func recordIntent(s *stack, settled bool) {
	status := &s.profile.Status
	keys := slices.Collect(maps.Keys(s.profile.Spec.Tags))
	var boundaries []string
	if boundary := s.boundary(); boundary != "" {
		boundaries = []string{boundary}
	}
	if !settled {
		keys, boundaries = append(keys, status.TagKeys...), append(boundaries, status.PermissionsBoundaryARNs...)
	}
	status.TagKeys, status.PermissionsBoundaryARNs = asSet(keys), asSet(boundaries)
}

// asSet sorts a list and leaves out what is there twice; nil for an empty one, as it comes back from the API server.
func asSet(list []string) []string {
	slices.Sort(list)
	if list = slices.Compact(list); len(list) == 0 {
		return nil
	}
	return list
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
