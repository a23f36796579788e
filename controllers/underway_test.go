// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

// TestAPassEndsWhenItsProfileLeaves: the operator's cache, as when a label moves it to another shard, whose operator begins at
// once, maybe with another spec. What ends takes no other pass with it.
func TestAPassEndsWhenItsProfileLeaves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	requests := r.readyOnes("leaves", "stays")
	leaves, over := profiles.InFlight(r.ctx, requests["leaves"])
	defer over()
	stays, over := profiles.InFlight(r.ctx, requests["stays"])
	defer over()
	p := &profile{}
	must(kube.Get(r.ctx, requests["leaves"].NamespacedName, p))
	r.edit(p, func(p *profile) { p.Finalizers = nil })
	must(kube.Delete(r.ctx, p))
	select {
	case <-leaves.Done():
	case <-time.After(patience.Now()):
		t.Fatal("the pass goes on")
	}
	if !memory.Left(leaves) {
		t.Error("the pass ended for another reason")
	}
	if stays.Err() != nil {
		t.Error("another profile's pass has ended too")
	}
}
