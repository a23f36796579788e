// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"slices"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/fargateprofile"
)

// leaveLine ends the wait of a deleted profile for its turn: one that was to be created and never was has nothing to
// delete, and would hold up the other profiles of the cluster until its place in the line expires.
func leaveLine(declared []resource.Resource, result *resource.Result) {
	for _, res := range declared {
		profile, ok := res.(*fargateprofile.Resource)
		if ok && !slices.ContainsFunc(result.Leftovers, func(o *resource.Object) bool { return o.ID == res.ID() }) {
			profile.LeaveLine()
		}
	}
}

// notePlaces remembers which Fargate profiles a pass has left waiting for their turn. A pass that could not look at them
// changes nothing of it.
func (r *Reconciler) notePlaces(req ctrl.Request, lists ...[]resource.Resource) {
	var waiting []*fargateprofile.Resource
	for _, res := range slices.Concat(lists...) {
		if profile, ok := res.(*fargateprofile.Resource); ok && profile.InLine() {
			waiting = append(waiting, profile)
		}
	}
	if len(waiting) > 0 {
		r.places.Store(req, waiting)
	}
}

// leaveLines gives up all places of a profile for which nothing may be written any more: it would never take its turn,
// and hold the others up until its place expires. What it has asked EKS for already the others see in EKS itself.
func (r *Reconciler) leaveLines(req ctrl.Request) {
	places, _ := r.places.LoadAndDelete(req)
	waiting, _ := places.([]*fargateprofile.Resource)
	for _, profile := range waiting {
		profile.LeaveLine()
	}
}
