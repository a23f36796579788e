// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// keyed is a thing that the world makes anew each time it is asked. It is hidden while the world does not show it yet.
type keyed struct {
	thing
	hidden bool
	made   string
	keys   *int
}

func (k *keyed) Made() string { return k.made }

func (k *keyed) Observe(ctx context.Context, v resource.Values) (*resource.Observation, error) {
	if k.hidden {
		return &resource.Observation{}, nil
	}
	return k.thing.Observe(ctx, v)
}

func (k *keyed) Create(_ context.Context, _ resource.Values, tags map[string]string) error {
	*k.keys++
	k.w.objects[k.name] = &object{field: k.field, tags: maps.Clone(tags)}
	if err := k.w.write("apply " + k.name); err != nil {
		return err
	}
	k.made = "arn:" + k.name
	return nil
}

// onceRig is a keyed thing, what status remembers of it, and a clock.
type onceRig struct {
	t     *testing.T
	w     *world
	keys  int
	opts  resource.Options
	clock time.Time
}

func newOnceRig(t *testing.T) *onceRig {
	r := &onceRig{t: t, w: newWorld(), opts: enforce(), clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.opts.Now = func() time.Time { return r.clock }
	r.opts.Prior = map[resource.ID]resource.Prior{}
	r.opts.Begin = func(_ context.Context, ids []resource.ID, at time.Time) error {
		for _, id := range ids {
			r.opts.Prior[id] = resource.Prior{Origin: resource.Created, Began: at}
		}
		return nil
	}
	return r
}

// pass runs one pass of an operator without memory; hidden: the world shows nothing.
func (r *onceRig) pass(hidden bool) *resource.Object {
	k := &keyed{thing: thing{w: r.w, name: "key", field: "x"}, hidden: hidden, keys: &r.keys}
	result := resource.Run(r.t.Context(), []resource.Resource{k}, nil, r.opts)
	o := result.Objects[0]
	r.opts.Prior = map[resource.ID]resource.Prior{o.ID: {ARN: o.ARN, Origin: o.Origin, Hash: o.Hash, Began: o.Began}}
	return o
}

func (r *onceRig) wantKeys(n int) {
	r.t.Helper()
	if r.keys != n {
		r.t.Fatalf("%d keys were made, want %d", r.keys, n)
	}
}

var errLost = errors.New("the answer was lost")

// lost classifies errLost as the AWS client does: nobody knows what became of the call.
func lost(error) failure.Failure { return failure.Failure{Kind: failure.Transient, Reason: "AWSError"} }

// TestAKeyIsNotMadeAgainWhileItMayNotBeShown: made, or its answer lost, and not shown to the passes after it.
func TestAKeyIsNotMadeAgainWhileItMayNotBeShown(t *testing.T) {
	for name, fail := range map[string]error{"made": nil, "answer lost": errLost} {
		t.Run(name, func(t *testing.T) {
			r := newOnceRig(t)
			r.opts.Classify = lost
			r.w.fail["apply key"] = fail
			first := r.pass(true)
			if (first.ARN == "") != (fail != nil) || first.Origin != resource.Created {
				t.Errorf("status remembers %+v", first)
			}
			for range 4 {
				r.clock = r.clock.Add(time.Minute)
				o := r.pass(true)
				if o.Waiting == nil || len(o.Drift) > 0 {
					t.Fatalf("not waited for, or drift: %+v", o)
				}
			}
			r.wantKeys(1)
			r.w.fail["apply key"] = nil
			if o := r.pass(false); !o.Settled() || o.ARN != "arn:key" {
				t.Errorf("shown, but %+v", o)
			}
			r.wantKeys(1)
		})
	}
}

// TestAKeyThatWasNeverMadeIsMadeInTheEnd: once AWS would have shown it.
func TestAKeyThatWasNeverMadeIsMadeInTheEnd(t *testing.T) {
	r := newOnceRig(t)
	r.opts.Prior[id("key")] = resource.Prior{Origin: resource.Created, Began: r.clock}
	r.pass(false)
	r.wantKeys(0)
	r.clock = r.clock.Add(5 * time.Minute)
	if o := r.pass(false); !o.Settled() {
		t.Errorf("%+v", o)
	}
	r.wantKeys(1)
}

// TestARefusedCreationIsTriedAgainAtOnce: AWS has said that it made nothing.
func TestARefusedCreationIsTriedAgainAtOnce(t *testing.T) {
	r := newOnceRig(t)
	r.opts.Classify = func(error) failure.Failure { return failure.Failure{Kind: failure.Throttled, Reason: "Throttled"} }
	r.w.fail["apply key"] = errors.New("slow down")
	if o := r.pass(true); !o.Began.IsZero() || o.Origin != "" {
		t.Errorf("status remembers %+v", o)
	}
	delete(r.w.objects, "key")
	r.w.fail["apply key"] = nil
	r.pass(false)
	r.wantKeys(2)
}

// TestAKeyIsNotMadeBeforeStatusSaysSo: what cannot be written down is not begun.
func TestAKeyIsNotMadeBeforeStatusSaysSo(t *testing.T) {
	r := newOnceRig(t)
	r.opts.Classify = lost
	r.opts.Begin = func(context.Context, []resource.ID, time.Time) error {
		return &resource.Waiting{Reason: "No", Message: "no"}
	}
	if o := r.pass(false); o.Waiting == nil || !o.Began.IsZero() {
		t.Errorf("%+v", o)
	}
	r.wantKeys(0)
}

// TestAKeyThatMayExistKeepsTheProfile: neither a deletion nor a spec without the key lets go of what AWS may yet show.
func TestAKeyThatMayExistKeepsTheProfile(t *testing.T) {
	r := newOnceRig(t)
	r.opts.Prior[id("key")] = resource.Prior{Origin: resource.Created, Began: r.clock}
	k := &keyed{thing: thing{w: r.w, name: "key"}, hidden: true, keys: &r.keys}
	for what, left := range map[string][]*resource.Object{
		"declared":     resource.Delete(t.Context(), []resource.Resource{k}, nil, r.opts).Leftovers,
		"not declared": resource.Delete(t.Context(), nil, []resource.Resource{k}, r.opts).Leftovers,
		"pruned":       resource.Run(t.Context(), nil, []resource.Resource{k}, r.opts).Leftovers,
	} {
		if len(left) != 1 || left[0].Waiting == nil || left[0].Origin != resource.Created || left[0].Began != r.clock {
			t.Errorf("%s: left over is %+v", what, left)
		}
	}
	wantWrites(t, r.w)
	r.clock = r.clock.Add(5 * time.Minute)
	if left := resource.Delete(t.Context(), []resource.Resource{k}, nil, r.opts).Leftovers; len(left) > 0 {
		t.Errorf("five minutes later: %+v", left[0])
	}
}

// TestWhatMayExistKeepsTheProfile: what has a name is made again when it is not shown, and waited for when it is to go.
func TestWhatMayExistKeepsTheProfile(t *testing.T) {
	r := newOnceRig(t)
	hidden := &unseen{thing{w: r.w, name: "role"}}
	r.opts.Prior[id("role")] = resource.Prior{Origin: resource.Created, Began: r.clock}
	if left := resource.Delete(t.Context(), []resource.Resource{hidden}, nil, r.opts).Leftovers; len(left) != 1 || left[0].Waiting == nil {
		t.Fatalf("let go: %+v", left)
	}
	seen := &thing{w: r.w, name: "role", field: "x"}
	resource.Run(t.Context(), []resource.Resource{seen}, nil, r.opts)
	wantWrites(t, r.w, "apply role")
	if left := resource.Delete(t.Context(), []resource.Resource{seen}, nil, r.opts).Leftovers; len(left) > 0 {
		t.Errorf("what was deleted just now is waited for: %+v", left[0])
	}
}

// TestOneWriteForAllThatIsBegun: one write of status before the first creation names all that follow.
func TestOneWriteForAllThatIsBegun(t *testing.T) {
	r := newOnceRig(t)
	var begun [][]resource.ID
	r.opts.Begin = func(_ context.Context, ids []resource.ID, _ time.Time) error {
		begun = append(begun, ids)
		return nil
	}
	a, b := &thing{w: r.w, name: "a", field: "x"}, &thing{w: r.w, name: "b", field: "x"}
	result := resource.Run(t.Context(), []resource.Resource{a, b}, nil, r.opts)
	if len(begun) != 1 || !slices.Equal(begun[0], []resource.ID{id("a"), id("b")}) {
		t.Errorf("begun: %v", begun)
	}
	for _, o := range result.Objects {
		if o.Began.IsZero() {
			t.Errorf("%s: nothing is remembered", o.ID)
		}
	}
}

// unseen is a thing that the world does not show.
type unseen struct{ thing }

func (unseen) Observe(context.Context, resource.Values) (*resource.Observation, error) {
	return &resource.Observation{}, nil
}

// queued is a thing that may have to wait for its turn before it asks for anything.
type queued struct {
	thing
	turn bool
}

func (*queued) BeginsItself() {}

func (q *queued) Create(ctx context.Context, v resource.Values, tags map[string]string) error {
	if !q.turn {
		return &resource.Waiting{Reason: "WaitingForTurn", Message: "not yet"}
	}
	if err := resource.AboutToCreate(ctx); err != nil {
		return err
	}
	return q.thing.Create(ctx, v, tags)
}

// TestWhatWaitsForItsTurnIsNotBegun: a pass in which nothing is asked for writes nothing down, and none of it keeps the
// profile.
func TestWhatWaitsForItsTurnIsNotBegun(t *testing.T) {
	r := newOnceRig(t)
	begun := 0
	r.opts.Begin = func(context.Context, []resource.ID, time.Time) error {
		begun++
		return nil
	}
	q := &queued{thing: thing{w: r.w, name: "profile", field: "x"}}
	list := []resource.Resource{q}
	if o := resource.Run(t.Context(), list, nil, r.opts).Objects[0]; begun != 0 || !o.Began.IsZero() || o.Waiting == nil {
		t.Errorf("begun %d times: %+v", begun, o)
	}
	if left := resource.Delete(t.Context(), list, nil, r.opts).Leftovers; len(left) > 0 {
		t.Errorf("waited for: %+v", left[0])
	}
	q.turn = true
	if o := resource.Run(t.Context(), list, nil, r.opts).Objects[0]; begun != 1 || o.Began.IsZero() || !o.Exists {
		t.Errorf("its turn, begun %d times: %+v", begun, o)
	}
}
