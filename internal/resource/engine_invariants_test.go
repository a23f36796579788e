// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// hidden is a thing that AWS does not show although it was made.
type hidden struct{ *thing }

func (h *hidden) Observe(context.Context, resource.Values) (*resource.Observation, error) {
	return &resource.Observation{}, nil
}

func TestNoSecondCreationWhileAWSDoesNotShowTheFirst(t *testing.T) {
	w := newWorld()
	result := run(t, enforce(), &hidden{&thing{w: w, name: "a", field: "1"}})
	wantWrites(t, w, "apply a")
	if wait := result.Objects[0].Waiting; wait == nil || wait.Reason != "WaitingForAWS" {
		t.Errorf("waits for %+v", wait)
	}
}

// slow is a thing whose deletion takes time.
type slow struct{ *thing }

func (s *slow) Delete(context.Context, *resource.Observation) error {
	return s.w.write("delete " + s.name)
}

func TestDeletionLastsUntilTheObjectIsGone(t *testing.T) {
	w := newWorld()
	a, b := &thing{w: w, name: "a", field: "1"}, &slow{&thing{w: w, name: "b", field: "1"}}
	run(t, enforce(), a, b)
	w.writes = nil
	things := []resource.Resource{a, b}
	result := resource.Delete(context.Background(), things, nil, enforce())
	if len(result.Leftovers) == 0 {
		t.Fatal("the deletion counts as done while b is still there")
	}
	last := result.Leftovers[len(result.Leftovers)-1]
	if last.ID != id("b") || last.Waiting == nil || last.Waiting.Reason != "Deleting" {
		t.Errorf("b: %+v", last)
	}
	delete(w.objects, "b")
	if left := resource.Delete(context.Background(), things, nil, enforce()).Leftovers; len(left) != 0 || len(w.objects) != 0 {
		t.Errorf("left over %v, in the world %v", left, w.objects)
	}
}

func TestPruneLeavesWhatIsNotOurs(t *testing.T) {
	for name, tags := range map[string]map[string]string{
		"no tag":        nil,
		"another owner": {resource.OwnerTag: "op/ns/other", resource.OriginTag: string(resource.Created)},
	} {
		w := newWorld()
		w.objects["theirs"] = &object{field: "1", tags: tags}
		opts := enforce() // status says that it was ours once
		opts.Prior = map[resource.ID]resource.Prior{id("theirs"): {ARN: "arn:theirs", Origin: resource.Created}}
		result := resource.Run(context.Background(), nil, []resource.Resource{&thing{w: w, name: "theirs"}}, opts)
		if len(w.writes) > 0 || len(result.Leftovers) > 0 || w.objects["theirs"] == nil {
			t.Errorf("%s: wrote %q, left over %v", name, w.writes, result.Leftovers)
		}
	}
}

func TestPruneWaitsUntilEverythingDeclaredIsInPlace(t *testing.T) {
	w := newWorld()
	old := &thing{w: w, name: "old", field: "1"}
	opts := remember(enforce(), run(t, enforce(), old))
	w.writes = nil
	unready := &thing{w: w, name: "successor", field: "1", needs: []string{"nothing"}}
	leftovers := []resource.Resource{old}
	result := resource.Run(context.Background(), []resource.Resource{unready}, leftovers, opts)
	wantWrites(t, w)
	if len(result.Leftovers) != 1 || result.Leftovers[0].Waiting == nil || result.Leftovers[0].Waiting.Reason != "WaitingForDependency" {
		t.Fatalf("left over %+v", result.Leftovers)
	}
	unready.needs = nil
	resource.Run(context.Background(), []resource.Resource{unready}, leftovers, opts)
	wantWrites(t, w, "apply successor", "delete old")
}

func TestReferencedObjectsAreOnlyRead(t *testing.T) {
	w := newWorld()
	w.objects["a"] = &object{field: "theirs", tags: map[string]string{resource.OwnerTag: owner}} // even with our own tag
	opts := enforce()
	opts.Adopt, opts.Tags = true, map[string]string{"team": "x"}
	a := &thing{w: w, name: "a", field: "1", onlyReference: true}
	result := run(t, opts, a)
	if o := result.Objects[0]; o.Origin != resource.Referenced || len(o.Drift) > 0 || !o.Settled() {
		t.Errorf("%+v", o)
	}
	resource.Delete(context.Background(), []resource.Resource{a}, nil, opts)
	wantWrites(t, w)
}

func TestAdoptionWaitsForCorrection(t *testing.T) {
	w := newWorld()
	w.objects["a"] = &object{field: "1"}
	opts := enforce()
	opts.Adopt = true
	result := run(t, opts, &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "bad", problem: "no such policy"})
	wantWrites(t, w)
	if wait := result.Objects[0].Waiting; wait == nil || wait.Reason != "WaitingForCorrection" {
		t.Errorf("a waits for %+v", wait)
	}
}

func TestProblemKeepsItsFieldFromBeingChanged(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	w.objects["a"].field, w.writes, a.problem, a.problemAt = "tampered", nil, "against a guardrail", "field"
	result := run(t, opts, a)
	wantWrites(t, w)
	if o := result.Objects[0]; len(o.Drift) != 1 || o.Drift[0].Path != "field" || o.Drift[0].Action != drift.Repair {
		t.Errorf("drift %+v: what is not repaired must still be shown", o.Drift)
	}
}

// other is a thing of another kind.
type other struct{ *thing }

func (o *other) ID() resource.ID { return resource.ID{Kind: "Other", Name: o.name} }

// Under Retain nothing is deleted, and nothing is said to be.
func TestReleasedIsNotCalledDeleted(t *testing.T) {
	for retain, word := range map[bool]string{false: "deleted", true: "released"} {
		w := newWorld()
		a, b := &thing{w: w, name: "a", field: "1"}, &other{&thing{w: w, name: "b", field: "1"}}
		opts := remember(enforce(), run(t, enforce(), a, b))
		opts.Retain, opts.Order = retain, []string{"Thing", "Other"}
		w.fail["delete b"], w.fail["tag b"] = errors.New("not now"), errors.New("not now")
		result := resource.Delete(context.Background(), []resource.Resource{a, b}, nil, opts)
		if wait := result.Leftovers[0].Waiting; wait == nil || !strings.Contains(wait.Message, "is "+word+" after") {
			t.Errorf("retain %v: a waits for %+v", retain, wait)
		}
	}
}
