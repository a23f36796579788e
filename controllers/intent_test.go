// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// TestATagThatLeavesDuringItsFirstPassGoes: the pass that puts a tag on new objects cannot write status at its end when the
// spec has changed meanwhile. The next pass has to know nevertheless that the tag was ours.
func TestATagThatLeavesDuringItsFirstPassGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	making, edited := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Action() == "iam:CreateRole" {
			once.Do(func() { close(making); <-edited })
		}
		return awssim.Fault{}
	})
	p := r.full()
	r.create(p)
	<-making
	r.edit(p, func(p *profile) { delete(p.Spec.Tags, "team") })
	close(edited)
	r.ready(p)
	if writes := r.writes(); !slices.Contains(writes, "iam:UntagRole") {
		t.Errorf("the role was made with the tag, and it was not taken off: %q", writes)
	}
	for _, o := range r.sim.Objects() {
		if value, still := o.Tags["team"]; still {
			t.Errorf("%s %s still has the tag team=%s, which has left the spec", o.Kind, o.Name, value)
		}
	}
	r.silent(p)
}
