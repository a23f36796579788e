// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// TestFieldFromWhatCannotBeReadIsNotJudged: a field that takes its value from another object does not differ because
// that object cannot be read, neither as drift nor as work to do, in any mode; and the declaration does not count as
// matched meanwhile.
func TestFieldFromWhatCannotBeReadIsNotJudged(t *testing.T) {
	w := newWorld()
	a, b := &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "b", from: "a"}
	opts := remember(enforce(), run(t, enforce(), a, b))
	w.fail["observe a"], w.writes = errors.New("throttled"), nil
	for _, enforced := range []bool{true, false} {
		opts.Enforce = enforced
		o := run(t, opts, a, b).Objects[1]
		if !o.Read || len(o.Drift) > 0 || len(o.Pending) > 0 || !slices.Equal(o.Unjudged, []string{"field"}) {
			t.Errorf("Enforce %v: %+v; want the field unjudged and nothing more", enforced, o)
		}
	}
	wantWrites(t, w)

	b.field = "edited" // a new hash: what is declared now was never seen in place
	if o := run(t, opts, a, b).Objects[1]; o.Hash != opts.Prior[o.ID].Hash {
		t.Error("an edit counts as carried out although its field could not be judged")
	}
	delete(w.fail, "observe a")
	w.objects["b"].field = "wrong"
	if o := run(t, resource.Options{Owner: owner, Prior: opts.Prior}, a, b).Objects[1]; len(o.Drift) != 1 || len(o.Unjudged) > 0 {
		t.Errorf("%+v: want drift, now that all is read", o)
	}
}
