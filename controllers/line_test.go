// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// busy has EKS refuse creations, as while somebody else's operation runs in the cluster, until it is freed.
func (r *rig) busy() (free func()) {
	var freed atomic.Bool
	r.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Action() != "eks:CreateFargateProfile" || freed.Load() {
			return awssim.Fault{}
		}
		return awssim.Fault{Kind: awssim.Refuse, Code: "ResourceInUseException", Message: "busy", Status: 409}
	})
	return func() { freed.Store(true) }
}

// queueUp makes a profile and waits until it waits for its turn.
func (r *rig) queueUp(name string) *profile {
	r.t.Helper()
	p := r.small(name)
	r.create(p)
	return r.until(p, "its place in the line", func(p *profile) error {
		if condition(p, v1alpha1.ReadyCondition).Reason != "WaitingForTurn" {
			return errors.New("not in the line")
		}
		return nil
	})
}

// TestADeletedProfileLeavesTheLine: a profile that is deleted while it waits to be created holds nobody up.
func TestADeletedProfileLeavesTheLine(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	free := r.busy()
	first, doomed := r.queueUp("first"), r.queueUp("doomed")
	r.gone(doomed)
	last := r.queueUp("last")
	free()
	r.ready(first)
	r.ready(last)
}

// TestADeletionThatTakesLongLeavesTheLine: what was never created holds nobody up while the rest is being deleted.
func TestADeletionThatTakesLongLeavesTheLine(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	free := r.busy()
	first, doomed := r.queueUp("first"), r.queueUp("doomed")
	last := r.queueUp("last")
	r.sim.Deny("iam:DeleteRole")
	if err := kube.Delete(r.ctx, doomed); err != nil {
		t.Fatal(err)
	}
	r.until(doomed, "its role that may not be deleted", func(p *profile) error {
		if condition(p, v1alpha1.ReadyCondition).Reason != "AccessDenied" {
			return errors.New("not being deleted")
		}
		return nil
	})
	free()
	r.ready(first)
	r.ready(last)
	if err := kube.Get(r.ctx, client.ObjectKeyFromObject(doomed), doomed); err != nil {
		t.Fatalf("the deletion is over, and this shows nothing: %v", err)
	}
	r.sim.Allow("iam:DeleteRole")
}

// TestAProfileThatMayNotWriteLeavesTheLine: at its head, it would hold the others up until its place expires.
func TestAProfileThatMayNotWriteLeavesTheLine(t *testing.T) {
	t.Parallel()
	for _, m := range []v1alpha1.Mode{v1alpha1.ModeSuspend, v1alpha1.ModeObserve} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			free := r.busy()
			head, next := r.queueUp("head"), r.queueUp("next")
			r.edit(head, mode(m))
			r.until(head, "its new mode", func(*profile) error { return nil })
			free()
			r.ready(next)
			r.edit(head, mode(v1alpha1.ModeEnforce))
			r.ready(head)
		})
	}
}
