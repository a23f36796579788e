// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// These tests are about small wrong changes that no other test sees (hack/mutants/promises.go).

// tagged are the owner tags as another owner, or we, would have set them.
func tagged(owner string, origin resource.Origin) map[string]string {
	return map[string]string{resource.OwnerTag: owner, resource.OriginTag: string(origin)}
}

// knows returns options of a pass that remembers one object.
func knows(name string, prior resource.Prior) resource.Options {
	opts := enforce()
	opts.Prior = map[resource.ID]resource.Prior{id(name): prior}
	return opts
}

// TestOwnersAreComparedWhole: a profile whose name begins with ours is somebody else, and so is one whose name ours begins with.
func TestOwnersAreComparedWhole(t *testing.T) {
	for _, other := range []string{owner + "2", owner + "/x", owner[:len(owner)-1], "x" + owner, "OP/ns/p"} {
		w := newWorld()
		a := &thing{w: w, name: "a", field: "1"}
		list := []resource.Resource{a}
		w.objects["a"] = &object{field: "theirs", tags: tagged(other, resource.Created)}
		opts := knows("a", resource.Prior{ARN: "arn:a", Origin: resource.Created, Hash: "x"})
		opts.Adopt = true
		o := run(t, opts, a).Objects[0]
		if len(o.Problems) != 1 || o.Problems[0].Reason != "OwnedByOther" {
			t.Errorf("owner %s: problems %+v", other, o.Problems)
		}
		if left := resource.Run(t.Context(), nil, list, opts).Leftovers; len(left) > 0 {
			t.Errorf("owner %s: among the leftovers is %+v", other, left[0])
		}
		if left := resource.Delete(t.Context(), list, nil, opts).Leftovers; len(left) > 0 {
			t.Errorf("owner %s: the deletion waits for %+v", other, left[0])
		}
		if left := resource.Delete(t.Context(), nil, list, opts).Leftovers; len(left) > 0 {
			t.Errorf("owner %s: the deletion waits for the leftover %+v", other, left[0])
		}
		wantWrites(t, w)
	}
}

// TestWhereAnOriginComesFrom: Adopted wins, whoever says it; Created counts from the object's own tag, or from status when it
// speaks of this very object. What is in doubt is never deleted.
func TestWhereAnOriginComesFrom(t *testing.T) {
	for name, c := range map[string]struct {
		tag   resource.Origin
		prior resource.Prior
		want  resource.Origin
	}{
		"status says adopted, the tag created": {resource.Created, resource.Prior{ARN: "arn:a", Origin: resource.Adopted}, resource.Adopted},
		"the tag says adopted, status created": {resource.Adopted, resource.Prior{ARN: "arn:a", Origin: resource.Created}, resource.Created},
		"the tag says adopted, status nothing": {resource.Adopted, resource.Prior{}, resource.Adopted},
		"only the tag says created":            {resource.Created, resource.Prior{}, resource.Created},
		"only status says created":             {"", resource.Prior{ARN: "arn:a", Origin: resource.Created}, resource.Created},
		"status speaks of another object":      {"", resource.Prior{ARN: "arn:before", Origin: resource.Created}, resource.Adopted},
		"the tag says something else":          {"created", resource.Prior{}, resource.Adopted},
		"status says it was only referenced":   {"", resource.Prior{ARN: "arn:a", Origin: resource.Referenced}, resource.Adopted},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.objects["a"] = &object{field: "1", tags: tagged(owner, c.tag)}
			a := &thing{w: w, name: "a", field: "1"}
			opts := knows("a", c.prior)
			opts.Enforce = false
			if got := run(t, opts, a).Objects[0].Origin; got != c.want {
				t.Errorf("the origin is %s, want %s", got, c.want)
			}
			opts.Enforce = true
			if left := resource.Delete(t.Context(), []resource.Resource{a}, nil, opts).Leftovers; len(left) > 0 {
				t.Fatalf("left over %+v", left[0])
			}
			if deleted := w.objects["a"] == nil; deleted != (c.want == resource.Created) {
				t.Errorf("deleted: %t", deleted)
			}
		})
	}
}

// TestWhatStatusRemembersAsOurs: an object without owner tag is ours when status remembers that very object as created or
// adopted, and only then.
func TestWhatStatusRemembersAsOurs(t *testing.T) {
	for name, c := range map[string]struct {
		prior resource.Prior
		ours  bool
	}{
		"created":           {resource.Prior{ARN: "arn:a", Origin: resource.Created}, true},
		"adopted":           {resource.Prior{ARN: "arn:a", Origin: resource.Adopted}, true},
		"referenced":        {resource.Prior{ARN: "arn:a", Origin: resource.Referenced}, false},
		"another ARN":       {resource.Prior{ARN: "arn:before", Origin: resource.Created}, false},
		"never heard of":    {resource.Prior{}, false},
		"a newer version's": {resource.Prior{ARN: "arn:a", Origin: "Borrowed"}, false},
	} {
		w := newWorld()
		w.objects["a"] = &object{field: "1"}
		o := run(t, knows("a", c.prior), &thing{w: w, name: "a", field: "1"}).Objects[0]
		if c.ours {
			wantWrites(t, w, "tag a")
		} else {
			wantWrites(t, w)
		}
		if refused := len(o.Problems) == 1 && o.Problems[0].Reason == "NotOwned"; refused == c.ours {
			t.Errorf("%s: problems %+v", name, o.Problems)
		}
	}
}

// TestATagWithoutAValueIsATag: that it is missing is a difference.
func TestATagWithoutAValueIsATag(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := enforce()
	opts.Tags = map[string]string{"flag": ""}
	next := remember(opts, run(t, opts, a))
	delete(w.objects["a"].tags, "flag")
	o := run(t, next, a).Objects[0]
	if _, there := w.objects["a"].tags["flag"]; !there || len(o.Repaired) != 1 || o.Repaired[0].Path != "tags[flag]" {
		t.Errorf("tags %v, repaired %+v", w.objects["a"].tags, o.Repaired)
	}
}

// TestHowBadATagIs: an owner tag decides whether an object is kept, so that its loss is worse than that of another tag.
func TestHowBadATagIs(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := enforce()
	opts.Tags = map[string]string{"team": "x"}
	next := remember(opts, run(t, opts, a))
	w.objects["a"].tags = nil
	next.Enforce = false
	got := map[string]drift.Difference{}
	for _, d := range run(t, next, a).Objects[0].Drift {
		got[d.Path] = d
	}
	for path, want := range map[string]drift.Difference{
		"tags[" + resource.OwnerTag + "]":  {Severity: drift.Medium, Reason: "OwnerTagChanged"},
		"tags[" + resource.OriginTag + "]": {Severity: drift.Medium, Reason: "OwnerTagChanged"},
		"tags[team]":                       {Severity: drift.Low, Reason: "TagChanged"},
	} {
		if d, there := got[path]; !there || d.Severity != want.Severity || d.Reason != want.Reason {
			t.Errorf("%s: %+v, want %s %s", path, d, want.Severity, want.Reason)
		}
	}
}

// TestPruneUnderRetainReleases: what leaves the spec while nothing may be deleted stays as it is, without our tags.
func TestPruneUnderRetainReleases(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := enforce()
	opts.Tags = map[string]string{"team": "x"}
	next := remember(opts, run(t, opts, a))
	next.Retain, w.writes = true, nil
	result := resource.Run(t.Context(), nil, []resource.Resource{a}, next)
	wantWrites(t, w, "tag a")
	if tags := w.objects["a"].tags; len(tags) != 1 || tags["team"] != "x" {
		t.Errorf("tags %v: want ours off, and no other", tags)
	}
	wantRemoved(t, result, "released")
}

// wantRemoved checks what is said of the one object that a pass saw off.
func wantRemoved(t *testing.T, result resource.Result, verb string) {
	t.Helper()
	if len(result.Leftovers) != 0 || len(result.Removed) != 1 || !slices.Equal(result.Removed[0].Done, []string{verb}) {
		t.Errorf("left over %+v, removed %+v: want one that was %s", result.Leftovers, result.Removed, verb)
	}
}

// TestWhatWasRemovedIsSaid: deleted is what is no more, released what stays.
func TestWhatWasRemovedIsSaid(t *testing.T) {
	for verb, origin := range map[string]resource.Origin{"deleted": resource.Created, "released": resource.Adopted} {
		w := newWorld()
		list := []resource.Resource{&thing{w: w, name: "a", field: "1"}}
		w.objects["a"] = &object{tags: tagged(owner, origin)}
		wantRemoved(t, resource.Run(t.Context(), nil, list, enforce()), verb)
		w.objects["a"] = &object{tags: tagged(owner, origin)}
		wantRemoved(t, resource.Delete(t.Context(), list, nil, enforce()), verb)
	}
}

// TestWhatAWSWorksOnIsNotDeletedYet: nor pruned.
func TestWhatAWSWorksOnIsNotDeletedYet(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1", busy: true}
	w.objects["a"] = &object{tags: tagged(owner, resource.Created)}
	for what, left := range map[string][]*resource.Object{
		"deleted": resource.Delete(t.Context(), []resource.Resource{a}, nil, enforce()).Leftovers,
		"pruned":  resource.Run(t.Context(), nil, []resource.Resource{a}, enforce()).Leftovers,
	} {
		if len(left) != 1 || left[0].Waiting == nil || left[0].Waiting.Reason != "Busy" {
			t.Errorf("%s: left over %+v", what, left)
		}
	}
	wantWrites(t, w)
}

// kinded is a thing of another kind.
type kinded struct {
	*thing
	kind string
}

func (k *kinded) ID() resource.ID { return resource.ID{Kind: k.kind, Name: k.name} }

// lasting is a thing whose deletion takes time.
type lasting struct{ *kinded }

func (l *lasting) Delete(context.Context, *resource.Observation) error {
	return l.w.write("delete " + l.name)
}

// kinds are three objects of ours, of three kinds; each kind depends on the one before it.
func kinds() (*world, []*kinded, resource.Options) {
	w, opts := newWorld(), enforce()
	opts.Order = []string{"Key", "Role", "Profile"}
	var list []*kinded
	for _, kind := range opts.Order {
		w.objects[kind] = &object{field: "1", tags: tagged(owner, resource.Created)}
		list = append(list, &kinded{&thing{w: w, name: kind, field: "1"}, kind})
	}
	return w, list, opts
}

// TestADeletionTakesOneKindAfterTheOther: nothing is deleted under what is still there, and what waits says for what.
func TestADeletionTakesOneKindAfterTheOther(t *testing.T) {
	w, list, opts := kinds()
	things := []resource.Resource{list[0], list[1], &lasting{list[2]}}
	left := resource.Delete(t.Context(), things, nil, opts).Leftovers
	wantWrites(t, w, "delete Profile")
	if len(left) != 3 {
		t.Fatalf("left over %+v", left)
	}
	for i, want := range []string{"Key/Key is deleted after Profile", "Role/Role is deleted after Profile", "Profile/Profile is being deleted"} {
		if wait := left[i].Waiting; wait == nil || wait.Message != want || wait.Reason != "Deleting" || wait.Idle != (i < 2) {
			t.Errorf("%s waits for %+v, want %q", left[i].ID, wait, want)
		}
	}
	delete(w.objects, "Profile")
	if left := resource.Delete(t.Context(), things, nil, opts).Leftovers; len(left) > 0 {
		t.Errorf("left over %+v", left[0])
	}
	wantWrites(t, w, "delete Role", "delete Key")
}

// TestLeftoversGoInReverseOrder: in whatever order they were found.
func TestLeftoversGoInReverseOrder(t *testing.T) {
	w, list, opts := kinds()
	resource.Run(t.Context(), nil, []resource.Resource{list[1], list[2], list[0]}, opts)
	wantWrites(t, w, "delete Profile", "delete Role", "delete Key")
	w, list, opts = kinds()
	resource.Delete(t.Context(), []resource.Resource{list[1]}, []resource.Resource{list[0], list[2]}, opts)
	wantWrites(t, w, "delete Profile", "delete Role", "delete Key")
}

// unsearchable is a thing that cannot be looked for before something else is there.
type unsearchable struct{ *thing }

func (u *unsearchable) Observe(context.Context, resource.Values) (*resource.Observation, error) {
	return nil, &resource.Waiting{Reason: "WaitingForDependency", Message: "no VPC"}
}

// TestWhatCannotBeLookedForYet: it holds a deletion up when status remembers it, and not when it was never made; what could
// not be read always does.
func TestWhatCannotBeLookedForYet(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a"}
	if left := resource.Delete(t.Context(), []resource.Resource{&unsearchable{a}}, nil, enforce()).Leftovers; len(left) != 0 {
		t.Errorf("never made: left over %+v", left[0])
	}
	known := resource.Prior{ARN: "arn:a", Origin: resource.Adopted}
	w.fail["observe a"] = errors.New("no answer")
	for what, left := range map[string][]*resource.Object{
		"remembered":            resource.Delete(t.Context(), []resource.Resource{&unsearchable{a}}, nil, knows("a", known)).Leftovers,
		"unread":                resource.Delete(t.Context(), []resource.Resource{a}, nil, knows("a", known)).Leftovers,
		"unread and a leftover": resource.Run(t.Context(), nil, []resource.Resource{a}, knows("a", known)).Leftovers,
	} {
		if len(left) != 1 || left[0].Read || left[0].ARN != known.ARN || left[0].Origin != known.Origin {
			t.Errorf("%s: left over %+v", what, left)
		}
	}
	if left := resource.Delete(t.Context(), []resource.Resource{a}, nil, enforce()).Leftovers; len(left) != 1 || left[0].Failure == nil {
		t.Errorf("unread, and unknown: left over %+v", left)
	}
	wantWrites(t, w)
}

// grouped is a thing that others name by its group id.
type grouped struct{ *thing }

func (g *grouped) Observe(ctx context.Context, v resource.Values) (*resource.Observation, error) {
	o, err := g.thing.Observe(ctx, v)
	if o != nil && o.Exists {
		o.Gives[resource.GroupID] = "sg-" + g.name
	}
	return o, err
}

// TestWhatIsUsedByItsIDIsKept: a group is used by its id, other objects by their ARN.
func TestWhatIsUsedByItsIDIsKept(t *testing.T) {
	for _, used := range []string{"sg-old", "arn:old"} {
		w := newWorld()
		old, user := &grouped{&thing{w: w, name: "old", field: "1"}}, &thing{w: w, name: "user", field: "1"}
		opts := remember(enforce(), run(t, enforce(), old, user))
		w.objects["user"].uses, w.writes = used, nil
		left := resource.Run(t.Context(), []resource.Resource{user}, []resource.Resource{old}, opts).Leftovers
		wantWrites(t, w)
		if len(left) != 1 || left[0].Waiting == nil || left[0].Waiting.Reason != "InUse" {
			t.Errorf("%s: left over %+v", used, left)
		}
	}
}

// leaving is a thing that counts as gone while AWS still shows it.
type leaving struct{ *thing }

func (*leaving) Gone(*resource.Observation) bool { return true }

// TestWhatIsOnItsWayOutIsGone: it is neither deleted again nor waited for.
func TestWhatIsOnItsWayOutIsGone(t *testing.T) {
	w := newWorld()
	w.objects["a"] = &object{tags: tagged(owner, resource.Created)}
	list := []resource.Resource{&leaving{&thing{w: w, name: "a"}}}
	left := slices.Concat(resource.Delete(t.Context(), list, nil, enforce()).Leftovers, resource.Run(t.Context(), nil, list, enforce()).Leftovers)
	wantWrites(t, w)
	if len(left) > 0 {
		t.Errorf("left over %+v", left[0])
	}
}

// TestAnUndeclaredObjectIsMedium: in Observe, where it is only told of.
func TestAnUndeclaredObjectIsMedium(t *testing.T) {
	w := newWorld()
	w.objects["a"] = &object{tags: tagged(owner, resource.Created)}
	opts := enforce()
	opts.Enforce = false
	left := resource.Run(t.Context(), nil, []resource.Resource{&thing{w: w, name: "a"}}, opts).Leftovers
	if len(left) != 1 || len(left[0].Drift) != 1 {
		t.Fatalf("left over %+v", left)
	}
	if d := left[0].Drift[0]; d.Severity != drift.Medium || d.Action != drift.ReportOnly || d.Reason != "ObjectUndeclared" || d.Desired != drift.Absent || d.Observed != drift.Present {
		t.Errorf("%+v", d)
	}
}

// TestWhatWasMadeIsRememberedThoughTheRestWasRefused: KMS has made the key and refuses its alias.
func TestWhatWasMadeIsRememberedThoughTheRestWasRefused(t *testing.T) {
	r := newOnceRig(t)
	r.opts.Classify = func(error) failure.Failure {
		return failure.Failure{Kind: failure.AccessDenied, Reason: "AccessDenied"}
	}
	r.w.fail["apply key"] = errors.New("no alias")
	k := &halfMade{keyed{thing: thing{w: r.w, name: "key", field: "x"}, hidden: true, keys: &r.keys}}
	if o := resource.Run(t.Context(), []resource.Resource{k}, nil, r.opts).Objects[0]; o.Began.IsZero() || o.ARN != "arn:key" {
		t.Errorf("status remembers %+v", o)
	}
}

// halfMade is a keyed thing of which is known that it was made, also when it could not be finished.
type halfMade struct{ keyed }

func (h *halfMade) Made() string {
	if *h.keys == 0 {
		return ""
	}
	return "arn:" + h.name
}

// TestWhatWasNotAskedForIsNotRemembered: it was written down with what comes before it, which failed.
func TestWhatWasNotAskedForIsNotRemembered(t *testing.T) {
	r := newOnceRig(t)
	r.opts.Classify = lost
	r.w.fail["apply a"] = errLost
	begun := map[resource.ID]time.Time{}
	r.opts.Begin = func(_ context.Context, ids []resource.ID, at time.Time) error {
		for _, id := range ids {
			begun[id] = at
		}
		return nil
	}
	a, b := &thing{w: r.w, name: "a", field: "x"}, &thing{w: r.w, name: "b", field: "x", needs: []string{"a"}}
	result := resource.Run(t.Context(), []resource.Resource{a, b}, nil, r.opts)
	if len(begun) != 2 || result.Objects[0].Began.IsZero() || !result.Objects[1].Began.IsZero() {
		t.Errorf("begun %v; remembered of a: %v, of b: %v", begun, result.Objects[0].Began, result.Objects[1].Began)
	}
}
