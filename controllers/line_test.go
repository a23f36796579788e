// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// TestADeletedProfileLeavesTheLine: a profile that is deleted while it waits to be created holds nobody up.
func TestADeletedProfileLeavesTheLine(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var free atomic.Bool
	r.sim.Inject(func(c awssim.Call) awssim.Fault { // somebody else's operation runs in the cluster
		if c.Action() != "eks:CreateFargateProfile" || free.Load() {
			return awssim.Fault{}
		}
		return awssim.Fault{Kind: awssim.Refuse, Code: "ResourceInUseException", Message: "busy", Status: 409}
	})
	waits := func(p *profile) error {
		if condition(p, v1alpha1.ReadyCondition).Reason != "WaitingForTurn" {
			return errors.New("not in the line")
		}
		return nil
	}
	first, doomed, last := r.small("first"), r.small("doomed"), r.small("last")
	for _, p := range []*profile{first, doomed} {
		r.create(p)
		r.until(p, "its place in the line", waits)
	}
	r.gone(doomed)
	r.create(last)
	r.until(last, "its place in the line", waits)
	free.Store(true)
	r.ready(first)
	r.ready(last)
}
