// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"testing"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// TestProblemsAreToldInTheSameOrder: several things wrong in both directions of a group give the same text in every pass.
func TestProblemsAreToldInTheSameOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full(func(p *profile) {
		group := &p.Spec.SecurityGroups[0]
		group.Ingress = append(group.Ingress, group.Ingress[0])
		group.Ingress[2].Description = "the same to AWS"
		group.Egress = append(group.Egress, group.Egress[0])
		group.Egress[1].Description = "the same to AWS"
	})
	r.create(p)
	r.stalled(p, v1alpha1.ReasonInvalidSpec, "ingress[2]", "egress[1]")
	passes, log := second(t, false)
	r.synced(p)
	for range 12 { // an order that comes by chance would have to be the same each time
		reconcile(t, passes, p)
	}
	if len(log.writes) > 0 {
		t.Errorf("passes over the same state sent %q:\n%s", log.writes, describe(r.get(p)))
	}
}
