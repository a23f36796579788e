// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/fargateprofile"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
)

// lately is how old answers may be to a pass over a spec that is new: whatever it finds to do is read again, and what it
// creates, AWS refuses where it has been created since.
const lately = 30 * time.Second

// withAge says how old a pass takes answers to be of use: half the interval, so that nobody learns of a change later than
// one and a half intervals after it; and never from before the profile's own last write, nor that of a former profile of
// its name. Without ReadShared, AWS answers everything itself.
func (r *ProfileReconciler) withAge(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile, resync time.Duration) context.Context {
	if !r.ReadShared || readRequested(profile) {
		return ctx
	}
	age := inventory.Age{Unheard: r.Now().Add(-resync / 2)}
	if profile.Status.ObservedGeneration != profile.Generation {
		age.NotBefore = r.Now().Add(-lately)
	}
	for _, marks := range []*sync.Map{&r.wrote, &r.gone} {
		mark, _ := marks.Load(req)
		if at, ok := mark.(time.Time); ok && !at.Before(age.Written) {
			age.Written = at.Add(1) // what was begun at that very moment may be from before
		}
	}
	return inventory.With(ctx, age)
}

// noteUnread has nothing believed any more that was read before of what a pass has written and not read back. Sweeps must
// show what is new; EKS and KMS are asked for one object at a time.
func (r *ProfileReconciler) noteUnread(req ctrl.Request, s *stack, result *resource.Result) {
	swept := false
	for _, o := range append(result.All(), result.Removed...) {
		if !o.Unread {
			continue
		}
		s.memory.touch(eventObjects(o.ID.Kind, o.ID.Name, o.ARN, s.profile.Spec.ClusterName))
		swept = swept || o.ID.Kind != fargateprofile.Kind && o.ID.Kind != kmskey.Kind
	}
	if swept {
		r.wrote.Store(req, r.Now())
	}
}

// fresh is how the engine has AWS itself answer; nil where it always does.
func (r *ProfileReconciler) fresh() func(context.Context) context.Context {
	if !r.ReadShared {
		return nil
	}
	return inventory.Fresh
}
