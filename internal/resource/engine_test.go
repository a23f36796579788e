// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// world is the cloud of these tests: objects with one field, tags, and a log of what was written.
type world struct {
	objects map[string]*object
	writes  []string
	// fail is returned by the write of that name ("apply A"), once done or instead of it.
	fail map[string]error
}

type object struct {
	field, uses string
	tags        map[string]string
}

func newWorld() *world { return &world{objects: map[string]*object{}, fail: map[string]error{}} }

func (w *world) write(what string) error {
	w.writes = append(w.writes, what)
	return w.fail[what]
}

// thing is a Resource over the world. Its field may come from another thing's ARN.
type thing struct {
	w             *world
	name, field   string
	from          string // the field is the ARN of that thing
	needs         []string
	uses          string
	problem       string
	problemAt     string // its path
	busy          bool
	onlyReference bool
	action        drift.Action
}

func id(name string) resource.ID { return resource.ID{Kind: "Thing", Name: name} }

func (t *thing) ID() resource.ID  { return id(t.name) }
func (t *thing) Hash() string     { return "field=" + t.field + t.from }
func (t *thing) Referenced() bool { return t.onlyReference }

func (t *thing) Needs() []resource.Ref {
	var refs []resource.Ref
	for _, n := range t.needs {
		refs = append(refs, resource.Ref{From: id(n), Value: resource.ARN})
	}
	return refs
}

func (t *thing) Observe(context.Context, resource.Values) (*resource.Observation, error) {
	if err := t.w.fail["observe "+t.name]; err != nil {
		return nil, err
	}
	o := &resource.Observation{}
	if t.problem != "" {
		o.Problems = []resource.Problem{{Reason: "Bad", Message: t.problem, Path: t.problemAt}}
	}
	obj, ok := t.w.objects[t.name]
	if !ok {
		return o, nil
	}
	o.Exists, o.ARN, o.State, o.Detail = true, "arn:"+t.name, "Active", obj.field
	o.Tags, o.Gives = maps.Clone(obj.tags), map[string]string{resource.ARN: "arn:" + t.name}
	if obj.uses != "" {
		o.Uses = []string{obj.uses}
	}
	if t.busy {
		o.Busy = &resource.Waiting{Reason: "Busy", Message: t.name + " is busy"}
	}
	return o, nil
}

func (t *thing) want(v resource.Values) string {
	if t.from != "" {
		return v.Text(id(t.from), resource.ARN)
	}
	return t.field
}

func (t *thing) Diff(o *resource.Observation, v resource.Values) []drift.Difference {
	want, have := t.want(v), o.Detail.(string)
	if want == have {
		return nil
	}
	d := drift.Difference{Path: "field", Desired: want, Observed: have, Severity: drift.High, Action: drift.Repair, Reason: "FieldChanged"}
	if t.action != "" {
		d.Action = t.action
	}
	if want == drift.Unknown {
		d.WaitsFor = id(t.from).String()
	}
	return []drift.Difference{d}
}

func (t *thing) Create(_ context.Context, v resource.Values, tags map[string]string) error {
	if err := t.w.write("apply " + t.name); err != nil {
		return err
	}
	field := t.field // what is not known yet is set later
	if s, ok := v.Get(id(t.from), resource.ARN); ok {
		field = s
	}
	t.w.objects[t.name] = &object{field: field, tags: maps.Clone(tags), uses: t.uses}
	return nil
}

func (t *thing) Changes(o *resource.Observation, v resource.Values) []resource.Change {
	var list []resource.Change
	for _, d := range t.Diff(o, v) {
		list = append(list, resource.Change{Paths: []string{d.Path}, Order: resource.Set, Do: func(context.Context) error {
			if err := t.w.write("apply " + t.name); err != nil {
				return err
			}
			t.w.objects[t.name].field = t.want(v)
			return nil
		}})
	}
	return list
}

func (t *thing) Tag(_ context.Context, _ *resource.Observation, set map[string]string, remove []string) error {
	if err := t.w.write("tag " + t.name); err != nil {
		return err
	}
	tags := t.w.objects[t.name].tags
	if tags == nil {
		tags = map[string]string{}
		t.w.objects[t.name].tags = tags
	}
	maps.Copy(tags, set)
	for _, key := range remove {
		delete(tags, key)
	}
	return nil
}

func (t *thing) Delete(context.Context, *resource.Observation) error {
	if err := t.w.write("delete " + t.name); err != nil {
		return err
	}
	delete(t.w.objects, t.name)
	return nil
}

const owner = "op/ns/p"

func enforce() resource.Options {
	return resource.Options{
		Enforce: true, Owner: owner, Order: []string{"Thing"},
		Classify: func(err error) failure.Failure {
			return failure.Failure{Kind: failure.Transient, Reason: "Failed", Message: err.Error()}
		},
	}
}

// remember turns a result into what the next pass knows.
func remember(opts resource.Options, result resource.Result) resource.Options {
	opts.Prior = map[resource.ID]resource.Prior{}
	for _, o := range result.All() {
		opts.Prior[o.ID] = resource.Prior{ARN: o.ARN, Origin: o.Origin, Hash: o.Hash}
	}
	return opts
}

func run(t *testing.T, opts resource.Options, things ...resource.Resource) resource.Result {
	t.Helper()
	return resource.Run(context.Background(), things, nil, opts)
}

func wantWrites(t *testing.T, w *world, want ...string) {
	t.Helper()
	if !slices.Equal(w.writes, want) {
		t.Fatalf("wrote %q, want %q", w.writes, want)
	}
	w.writes = nil
}

func TestCreatesInOrderAndFallsSilent(t *testing.T) {
	w := newWorld()
	a, b := &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "b", from: "a", needs: []string{"a"}}
	result := run(t, enforce(), a, b)
	wantWrites(t, w, "apply a", "apply b")
	for _, o := range result.Objects {
		if !o.Settled() || o.Origin != resource.Created || len(o.Drift)+len(o.Repaired) > 0 {
			t.Errorf("%s: settled %v, origin %s, drift %v, repaired %v: a first creation is settled, Created and no drift", o.ID, o.Settled(), o.Origin, o.Drift, o.Repaired)
		}
	}
	if w.objects["b"].tags[resource.OwnerTag] != owner {
		t.Errorf("b has the tags %v: the owner tag must be set by the creation itself", w.objects["b"].tags)
	}
	second := run(t, remember(enforce(), result), a, b)
	wantWrites(t, w)
	for i := range second.Objects {
		if !result.Objects[i].Unread || second.Objects[i].Unread {
			t.Errorf("%s is unread: %v after the creation, %v after a pass without a write", second.Objects[i].ID, result.Objects[i].Unread, second.Objects[i].Unread)
		}
	}
}

func TestValuesKnownLaterAreFilledInTheSamePass(t *testing.T) {
	w := newWorld()
	// a's field is the ARN of b, which comes later in the list: a cycle as between security groups.
	result := run(t, enforce(), &thing{w: w, name: "a", from: "b"}, &thing{w: w, name: "b", from: "a"})
	if w.objects["a"].field != "arn:b" || w.objects["b"].field != "arn:a" {
		t.Fatalf("a=%q b=%q after one pass", w.objects["a"].field, w.objects["b"].field)
	}
	if !result.Objects[0].Settled() {
		t.Errorf("a is not settled: %+v", result.Objects[0])
	}
}

func TestRepairsDriftAndSaysSo(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	w.objects["a"].field, w.writes = "tampered", nil

	result := run(t, opts, a)
	wantWrites(t, w, "apply a")
	o := result.Objects[0]
	if len(o.Repaired) != 1 || o.Repaired[0].Observed != "tampered" || len(o.Drift) != 0 {
		t.Errorf("repaired %v, drift %v: want the one repaired drift and nothing left", o.Repaired, o.Drift)
	}
}

func TestEditOfTheSpecIsNoDrift(t *testing.T) {
	w := newWorld()
	opts := remember(enforce(), run(t, enforce(), &thing{w: w, name: "a", field: "1"}))
	w.writes = nil
	o := run(t, opts, &thing{w: w, name: "a", field: "2"}).Objects[0]
	wantWrites(t, w, "apply a")
	if len(o.Repaired)+len(o.Drift) > 0 || !o.Settled() {
		t.Errorf("repaired %v, drift %v: an edit is neither", o.Repaired, o.Drift)
	}
}

func TestRemovedObjectIsDriftAndMadeAgain(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	delete(w.objects, "a")
	o := run(t, opts, a).Objects[0]
	if len(o.Repaired) != 1 || o.Repaired[0].Path != drift.ObjectPath || w.objects["a"] == nil {
		t.Errorf("repaired %v, exists %v: want the object itself repaired", o.Repaired, w.objects["a"] != nil)
	}
}

func TestObserveWritesNothingAndReportsAll(t *testing.T) {
	w := newWorld()
	w.objects["a"] = &object{field: "other", tags: map[string]string{"team": "x"}}
	opts := enforce()
	opts.Enforce, opts.Tags, opts.Adopt = false, map[string]string{"team": "y"}, true
	result := run(t, opts, &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "b", field: "1"})
	wantWrites(t, w)
	var paths []string
	for _, o := range result.Objects {
		for _, d := range o.Drift {
			paths = append(paths, o.ID.Name+" "+d.Path)
			if d.Action != drift.ReportOnly {
				t.Errorf("%s has action %s in Observe", d.Path, d.Action)
			}
		}
	}
	if want := []string{"a field", "a tags[team]", "b (object)"}; !slices.Equal(paths, want) {
		t.Errorf("drift %q, want %q", paths, want)
	}
}

func TestSomeoneElsesObjectIsNeverTouched(t *testing.T) {
	for name, tags := range map[string]map[string]string{
		"NotOwned":     nil,
		"OwnedByOther": {resource.OwnerTag: "op/ns/other"},
	} {
		w := newWorld()
		w.objects["a"] = &object{field: "other", tags: tags}
		result := run(t, enforce(), &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "b", field: "1"})
		wantWrites(t, w) // b is not created either: what is wrong is found before anything is made
		if p := result.Objects[0].Problems; len(p) != 1 || p[0].Reason != name {
			t.Errorf("problems %v, want %s", p, name)
		}
		if name == "OwnedByOther" && !strings.Contains(result.Objects[0].Problems[0].Message, "op/ns/other") {
			t.Errorf("the message does not say whose it is: %s", result.Objects[0].Problems[0].Message)
		}
		deleted := resource.Delete(context.Background(), []resource.Resource{&thing{w: w, name: "a"}}, nil, enforce())
		wantWrites(t, w)
		if len(deleted.Leftovers) != 0 {
			t.Errorf("deletion waits for somebody else's object: %v", deleted.Leftovers[0])
		}
	}
}

func TestAnotherOwnersTagWinsOverStatus(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	w.objects["a"].tags[resource.OwnerTag], w.objects["a"].field, w.writes = "op2/ns/p", "x", nil
	if p := run(t, opts, a).Objects[0].Problems; len(p) != 1 || p[0].Reason != "OwnedByOther" {
		t.Errorf("problems %v", p)
	}
	resource.Delete(context.Background(), []resource.Resource{a}, nil, opts)
	wantWrites(t, w)
}

func TestAdoptionTagsFirstAndNeverDeletes(t *testing.T) {
	w := newWorld()
	w.objects["a"] = &object{field: "other"}
	opts := enforce()
	opts.Adopt = true
	a := &thing{w: w, name: "a", field: "1"}
	result := run(t, opts, a)
	wantWrites(t, w, "tag a", "apply a")
	if o := result.Objects[0]; o.Origin != resource.Adopted || len(o.Repaired) > 0 {
		t.Errorf("origin %s, repaired %v: want Adopted, and no drift", o.Origin, o.Repaired)
	}
	// Even with a lost status, and with Delete as the policy, an adopted object is released.
	resource.Delete(context.Background(), []resource.Resource{a}, nil, enforce())
	wantWrites(t, w, "tag a")
	if obj := w.objects["a"]; obj == nil || obj.tags[resource.OwnerTag] != "" || obj.field != "1" {
		t.Errorf("after the release: %+v", obj)
	}
}

func TestStrippedOwnerTagIsDriftAndPutBackFirst(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	w.objects["a"].tags, w.objects["a"].field, w.writes = nil, "x", nil
	o := run(t, opts, a).Objects[0]
	wantWrites(t, w, "tag a", "apply a")
	if len(o.Repaired) != 3 || o.Origin != resource.Created {
		t.Errorf("repaired %v, origin %s: want both owner tags and the field, and still Created", o.Repaired, o.Origin)
	}
}

func TestProblemStopsCreationsButNotRepairs(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	w.objects["a"].field, w.writes = "tampered", nil
	result := run(t, opts, a, &thing{w: w, name: "bad", problem: "no such policy"}, &thing{w: w, name: "new", field: "1"})
	wantWrites(t, w, "apply a")
	if wait := result.Objects[2].Waiting; wait == nil || wait.Reason != "WaitingForCorrection" {
		t.Errorf("new waits for %v", wait)
	}
}

func TestReplacementIsReportedAndNotTried(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	w.writes = nil
	o := run(t, opts, &thing{w: w, name: "a", field: "2", action: drift.RequiresReplacement}).Objects[0]
	wantWrites(t, w)
	if len(o.Drift) != 1 || o.Drift[0].Action != drift.RequiresReplacement {
		t.Errorf("drift %v", o.Drift)
	}
}

func TestLostAnswerConvergesWithoutASecondObject(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	w.fail["apply a"] = errors.New("connection reset")
	result := run(t, enforce(), a)
	if result.Objects[0].Failure == nil {
		t.Fatal("the failure is not reported")
	}
	delete(w.fail, "apply a")
	w.writes = nil
	result = run(t, remember(enforce(), result), a)
	wantWrites(t, w, "apply a")
	if !result.Objects[0].Settled() {
		t.Errorf("not settled: %+v", result.Objects[0])
	}
}

func TestUnreadObjectKeepsWhatIsKnown(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	w.fail["observe a"] = errors.New("throttled")
	o := run(t, opts, a).Objects[0]
	if o.Read || o.ARN != "arn:a" || o.Origin != resource.Created || o.Hash == "" {
		t.Errorf("%+v: want unread, with ARN, origin and hash as before", o)
	}
}

func TestPruneWaitsForUsersAndRemovesOnlyOurs(t *testing.T) {
	w := newWorld()
	old := &thing{w: w, name: "old", field: "1"}
	opts := remember(enforce(), run(t, enforce(), old))
	user := &thing{w: w, name: "user", field: "1", uses: "arn:old"}
	result := resource.Run(context.Background(), []resource.Resource{user}, []resource.Resource{old}, opts)
	if len(result.Leftovers) != 1 || result.Leftovers[0].Waiting == nil || w.objects["old"] == nil {
		t.Fatalf("old was not kept while user uses it: %+v", result.Leftovers)
	}
	w.objects["user"].uses = ""
	w.objects["theirs"] = &object{field: "1"}
	theirs := &thing{w: w, name: "theirs"}
	result = resource.Run(context.Background(), []resource.Resource{user}, []resource.Resource{old, theirs}, opts)
	if len(result.Leftovers) != 0 || w.objects["old"] != nil || w.objects["theirs"] == nil {
		t.Errorf("leftovers %v, old %v, theirs %v", result.Leftovers, w.objects["old"], w.objects["theirs"])
	}
}

func TestPruneInObserveIsOnlyReported(t *testing.T) {
	w := newWorld()
	old := &thing{w: w, name: "old", field: "1"}
	opts := remember(enforce(), run(t, enforce(), old))
	opts.Enforce, w.writes = false, nil
	result := resource.Run(context.Background(), nil, []resource.Resource{old}, opts)
	wantWrites(t, w)
	if d := result.Leftovers[0].Drift; len(d) != 1 || d[0].Action != drift.ReportOnly || d[0].Desired != drift.Absent {
		t.Errorf("drift %v", d)
	}
}

func TestDeclaredObjectFoundByItsTagIsNotALeftover(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	run(t, enforce(), a)
	same := &renamed{thing: a, name: "found-by-tag"}
	result := resource.Run(context.Background(), []resource.Resource{a}, []resource.Resource{same}, enforce())
	if w.objects["a"] == nil || len(result.Leftovers) != 0 {
		t.Errorf("the declared object was pruned: %v", result.Leftovers)
	}
}

// renamed is a thing that is known by another name.
type renamed struct {
	*thing
	name string
}

func (r *renamed) ID() resource.ID { return id(r.name) }

func TestDeleteGoesBackwardsAndRetainReleases(t *testing.T) {
	w := newWorld()
	a, b := &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "b", field: "1"}
	run(t, enforce(), a, b)
	w.writes = nil
	opts := enforce()
	opts.Retain = true
	resource.Delete(context.Background(), []resource.Resource{a, b}, nil, opts)
	wantWrites(t, w, "tag b", "tag a")

	w = newWorld()
	a, b = &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "b", field: "1"}
	run(t, enforce(), a, b)
	w.writes = nil
	result := resource.Delete(context.Background(), []resource.Resource{a, b}, nil, enforce())
	wantWrites(t, w, "delete b", "delete a")
	if len(result.Leftovers) != 0 || len(w.objects) != 0 {
		t.Errorf("leftovers %v, objects %v", result.Leftovers, w.objects)
	}
}

func TestDeleteWithoutOriginTagOrStatusReleases(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	run(t, enforce(), a)
	delete(w.objects["a"].tags, resource.OriginTag)
	resource.Delete(context.Background(), []resource.Resource{a}, nil, enforce())
	if w.objects["a"] == nil {
		t.Error("an object that does not say Created was deleted")
	}
}

func TestTagThatLeftTheSpecIsTakenOff(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	opts := enforce()
	opts.Tags = map[string]string{"team": "x", "env": "prod"}
	result := run(t, opts, a)
	w.objects["a"].tags["foreign"] = "stays"
	next := remember(enforce(), result)
	next.Tags, next.FormerTagKeys = map[string]string{"team": "x"}, []string{"env", "team"}
	run(t, next, a)
	tags := w.objects["a"].tags
	if _, ok := tags["env"]; ok || tags["team"] != "x" || tags["foreign"] != "stays" {
		t.Errorf("tags %v", tags)
	}
}

func TestBusyObjectIsWaitedFor(t *testing.T) {
	w := newWorld()
	a := &thing{w: w, name: "a", field: "1"}
	run(t, enforce(), a)
	a.busy, w.objects["a"].field, w.writes = true, "x", nil
	o := run(t, enforce(), a).Objects[0]
	wantWrites(t, w)
	if o.Waiting == nil || o.Waiting.Reason != "Busy" {
		t.Errorf("waiting %v", o.Waiting)
	}
}
