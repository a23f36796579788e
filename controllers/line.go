// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"slices"

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
