// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/newkind/shelf"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
	"github.com/fargate-security/fargate-security-operator/test/newkind/warehouse"
)

// owner is the owner tag of the Warehouses of a world.
func (w *world) owner(name string) string { return operatorID + "/" + w.ns + "/Warehouse/" + name }

// stands is what stands in the service, in a word for each object.
func (w *world) stands() []string {
	shelves, boxes := w.service.Stock()
	list := []string{}
	for _, s := range shelves {
		list = append(list, fmt.Sprintf("shelf %s %d", s.Name, s.Height))
	}
	for _, b := range boxes {
		list = append(list, fmt.Sprintf("box %s %s on %s", b.Name, b.Colour, b.ShelfARN[strings.LastIndex(b.ShelfARN, "/")+1:]))
	}
	slices.Sort(list)
	return list
}

func (w *world) want(what string, want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if got := w.stands(); !slices.Equal(got, want) {
		w.t.Errorf("%s: there are %q, want %q", what, got, want)
	}
}

// drifts lists resource, path, desired and observed of the drift in status.
func drifts(obj v1alpha1.Declaration) []string {
	list := []string{}
	for _, d := range obj.Found().Drift {
		list = append(list, fmt.Sprintf("%s %s: %s, not %s, %s", d.Resource, d.Path, d.Desired, d.Observed, d.Action))
	}
	slices.Sort(list)
	return list
}

// tamper changes three fields by hand: of a shelf, of a box, and a tag.
func (w *world) tamper() {
	must(w.service.ResizeShelf(w.ctx, "top", 90))
	must(w.service.PaintBox(w.ctx, "bolts", "green"))
	must(w.service.Tag(w.ctx, storage.ARN("box", "nails"), map[string]string{"team": "thieves"}, nil))
}

// TestLife: made, Ready, silent; an edit; what leaves the spec goes; all goes, in the reverse order.
func TestLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("life")
	w.create(obj)
	w.ready(obj)
	w.want("after the creation", "shelf top 120", "box nails brown on top", "box bolts red on top")
	shelves, boxes := w.service.Stock()
	for what, tags := range map[string]map[string]string{"the shelf": shelves["top"].Tags, "the box": boxes["nails"].Tags} {
		if tags[resource.OwnerTag] != w.owner("life") || tags[resource.OriginTag] != string(resource.Created) || tags["team"] != "stores" {
			t.Errorf("%s has the tags %v", what, tags)
		}
	}
	if obj.Status.Boxes != 2 || len(obj.Status.Resources) != 3 || obj.Status.Posture != nil {
		t.Errorf("status has %d boxes, %d resources, posture %v", obj.Status.Boxes, len(obj.Status.Resources), obj.Status.Posture)
	}
	for _, section := range []string{warehouse.ShelfReadyCondition, warehouse.BoxesReadyCondition} {
		if condition(obj, section).Status != metav1.ConditionTrue {
			t.Errorf("%s is %+v", section, condition(obj, section))
		}
	}
	w.silent(obj)

	edit(w, obj, func(obj *warehouse.Warehouse) {
		obj.Spec.Shelf.Height, obj.Spec.Boxes = 200, []warehouse.BoxSpec{{Name: "bolts", Colour: "green"}}
		delete(obj.Spec.Tags, "team")
	})
	w.ready(obj)
	w.want("after the edit", "shelf top 200", "box bolts green on top")
	if _, boxes := w.service.Stock(); boxes["bolts"].Tags["team"] != "" {
		t.Errorf("a tag that has left the spec is still there: %v", boxes["bolts"].Tags)
	}
	if len(obj.Status.Repairs) > 0 {
		t.Errorf("an edit counts as a repair: %+v", obj.Status.Repairs)
	}
	w.silent(obj)

	edit(w, obj, func(obj *warehouse.Warehouse) { obj.Spec.Shelf.Name = "bottom" })
	w.ready(obj)
	w.want("after the box has moved to another shelf", "shelf bottom 200", "box bolts green on bottom")

	since := len(w.service.Calls())
	w.gone(obj)
	w.want("after the deletion")
	if got, want := w.service.Writes(since), []string{"DeleteBox bolts", "DeleteShelf bottom"}; !slices.Equal(got, want) {
		t.Errorf("the deletion wrote %q, want %q", got, want)
	}
}

// TestDrift: Observe shows it field by field and writes nothing; Enforce repairs it.
func TestDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("drift")
	w.create(obj)
	w.ready(obj)
	edit(w, obj, mode(v1alpha1.ModeObserve))
	w.ready(obj)
	w.tamper()
	since := len(w.service.Calls())
	w.pass(obj)
	w.get(obj)
	want := []string{
		"Box/bolts colour: red, not green, ReportOnly", "Box/nails tags[team]: stores, not thieves, ReportOnly",
		"Shelf/top height: 120, not 90, ReportOnly",
	}
	if got := drifts(obj); !slices.Equal(got, want) {
		t.Errorf("drift is %q, want %q", got, want)
	}
	if c := condition(obj, v1alpha1.DriftedCondition); c.Status != metav1.ConditionTrue || c.Reason != shelf.ReasonHeight {
		t.Errorf("Drifted is %+v, want the reason of the worst difference", c)
	}
	if writes := w.service.Writes(since); len(writes) > 0 {
		t.Errorf("Observe wrote %q", writes)
	}
	w.silent(obj)

	edit(w, obj, mode(v1alpha1.ModeEnforce))
	w.ready(obj)
	w.want("after the repair", "shelf top 120", "box nails brown on top", "box bolts red on top")
	if len(obj.Status.Repairs) != len(want) || len(obj.Status.Drift) > 0 {
		t.Errorf("repairs are %+v, drift %q", obj.Status.Repairs, drifts(obj))
	}
	w.silent(obj)

	// What is gone is made again, and what needed it is put right.
	must(w.service.DeleteBox(w.ctx, "nails"))
	w.pass(obj)
	w.ready(obj)
	w.want("after a box was taken away", "shelf top 120", "box nails brown on top", "box bolts red on top")
}

// TestWhatCannotBeChanged: a field that AWS cannot change is reported, and keeps nothing else from being repaired.
func TestWhatCannotBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("fixed")
	w.create(obj)
	w.ready(obj)
	edit(w, obj, func(obj *warehouse.Warehouse) { obj.Spec.Boxes[0].Height, obj.Spec.Boxes[0].Colour = 30, "green" })
	w.until(obj, "reported", func() bool { return obj.Status.ObservedGeneration == obj.Generation && len(obj.Status.Drift) == 1 })
	if got := drifts(obj); got[0] != "Box/nails height: 30, not 20, RequiresReplacement" {
		t.Errorf("drift is %q", got)
	}
	w.want("beside it", "shelf top 120", "box nails green on top", "box bolts red on top")
}

// TestProblemsOfTheSpec: what is wrong beyond the schema keeps anything new from being made, and is said.
func TestProblemsOfTheSpec(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("problem", func(obj *warehouse.Warehouse) { obj.Spec.Boxes[0].Height = 121 })
	w.create(obj)
	w.stalled(obj, v1alpha1.ReasonInvalidSpec, "Box/nails", "make the shelf higher")
	w.want("with a box that does not fit")
	if c := condition(obj, warehouse.BoxesReadyCondition); c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonInvalidSpec {
		t.Errorf("the section says %+v", c)
	}
	edit(w, obj, func(obj *warehouse.Warehouse) { obj.Spec.Shelf.Height = 121 })
	w.ready(obj)
}

// TestAdoption: what exists without owner is left alone under Refuse, taken over under Adopt, and released, not deleted, when
// the Warehouse goes.
func TestAdoption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.service.CreateShelf(w.ctx, "top", 50, map[string]string{"of": "somebody"}))
	obj := w.stored("adopt")
	w.create(obj)
	w.stalled(obj, v1alpha1.ReasonNotOwned, "Shelf/top")
	w.want("under Refuse", "shelf top 50")

	edit(w, obj, func(obj *warehouse.Warehouse) { obj.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt })
	w.ready(obj)
	w.want("under Adopt", "shelf top 120", "box nails brown on top", "box bolts red on top")
	shelves, _ := w.service.Stock()
	if tags := shelves["top"].Tags; tags[resource.OriginTag] != string(resource.Adopted) || tags["of"] != "somebody" {
		t.Errorf("the shelf has the tags %v", tags)
	}
	w.silent(obj)
	w.gone(obj)
	w.want("after the deletion", "shelf top 120")
	shelves, _ = w.service.Stock()
	if tags := shelves["top"].Tags; tags[resource.OwnerTag] != "" || tags[resource.OriginTag] != "" || tags["of"] != "somebody" {
		t.Errorf("the shelf was not released: %v", tags)
	}
}

// TestSomebodyElses: another owner's object is left alone, whatever is declared.
func TestSomebodyElses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.service.CreateShelf(w.ctx, "top", 50, map[string]string{resource.OwnerTag: "op-other/team/Warehouse/x"}))
	obj := w.stored("foreign", func(obj *warehouse.Warehouse) { obj.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt })
	w.create(obj)
	since := len(w.service.Calls())
	w.stalled(obj, v1alpha1.ReasonOwnedByOther, "op-other/team/Warehouse/x")
	w.gone(obj)
	w.want("beside another owner's shelf", "shelf top 50")
	if writes := w.service.Writes(since); len(writes) > 0 {
		t.Errorf("written: %q", writes)
	}
}

// TestRetainAndSuspend: Retain releases what was made; Suspend neither reads nor writes, and lets go at once.
func TestRetainAndSuspend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("retain", func(obj *warehouse.Warehouse) { obj.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
	w.create(obj)
	w.ready(obj)
	w.gone(obj)
	w.want("after a deletion under Retain", "shelf top 120", "box nails brown on top", "box bolts red on top")
	if shelves, boxes, _ := w.service.Tagged(w.ctx, resource.OwnerTag, w.owner("retain")); len(shelves)+len(boxes) > 0 {
		t.Errorf("%q, %q still carry the owner tag", shelves, boxes)
	}

	again := w.stored("suspend", func(obj *warehouse.Warehouse) { obj.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt })
	w.create(again)
	w.ready(again)
	edit(w, again, mode(v1alpha1.ModeSuspend))
	w.tamper()
	since := len(w.service.Calls())
	w.pass(again)
	if w.get(again); condition(again, v1alpha1.ReadyCondition).Reason != v1alpha1.ReasonSuspended {
		t.Error(describe(again))
	}
	w.gone(again)
	if calls := w.service.Calls()[since:]; len(calls) > 0 {
		t.Errorf("Suspend called %v", calls)
	}
}

// TestALostStatus: what the status of a lost one knew is found again by the owner tag, and what nobody declares any more goes.
func TestALostStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("lost")
	w.create(obj)
	w.ready(obj)
	edit(w, obj, func(obj *warehouse.Warehouse) { obj.Spec.Boxes = obj.Spec.Boxes[1:] })
	w.lose(obj)
	w.restart()
	w.ready(obj)
	w.want("after status was lost with an edit", "shelf top 120", "box bolts red on top")
	for _, r := range obj.Status.Resources {
		if r.Origin != v1alpha1.Origin(resource.Created) || r.ARN == "" {
			t.Errorf("found again as %+v", r)
		}
	}
	w.lose(obj)
	w.restart()
	w.gone(obj)
	w.want("after status was lost with a deletion")
}

// TestACallThatIsDenied: the action is named, Reconciling at first and Stalled after a while; what else there is to do is done, and
// what was denied is made up for.
func TestACallThatIsDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	denied := true
	w.service.Before = func(c storage.Call) error {
		if denied && c.String() == "CreateBox nails" {
			return storage.Denied(c)
		}
		return nil
	}
	obj := w.stored("denied")
	w.create(obj)
	w.pass(obj)
	if w.get(obj); condition(obj, v1alpha1.ReconcilingCondition).Reason != "AccessDenied" {
		t.Error(describe(obj))
	}
	w.stalled(obj, "AccessDenied", "storage:CreateBox")
	w.want("while it is denied", "shelf top 120", "box bolts red on top")
	denied = false
	w.ready(obj)
	w.want("when it is not denied any more", "shelf top 120", "box nails brown on top", "box bolts red on top")
}

// TestAReadThatIsDenied: what cannot be read is not written, and what status knows of it stays.
func TestAReadThatIsDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	denied := false
	w.service.Before = func(c storage.Call) error {
		if denied && c.Action == "DescribeBox" {
			return storage.Denied(c)
		}
		return nil
	}
	obj := w.stored("unread")
	w.create(obj)
	w.ready(obj)
	denied = true
	w.tamper()
	since := len(w.service.Calls())
	w.stalled(obj, "AccessDenied", "storage:DescribeBox")
	if got, want := w.service.Writes(since), []string{"ResizeShelf top"}; !slices.Equal(got, want) {
		t.Errorf("written: %q, want %q", got, want)
	}
	if len(obj.Status.Resources) != 3 {
		t.Errorf("status forgot what could not be read:\n%s", describe(obj))
	}
}

// TestAChangeThatAnEventTellsOf: an event about a box wakes its Warehouse and no other, its pass is made at once, and status says
// who it was. One about any shelf wakes all that have to do with shelves.
func TestAChangeThatAnEventTellsOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("event")
	other := w.stored("other", func(obj *warehouse.Warehouse) { obj.Spec.Shelf.Name, obj.Spec.Boxes = "low", nil })
	profile := w.fargate("event")
	for _, o := range []v1alpha1.Declaration{obj, other, profile} {
		w.create(o)
		w.ready(o)
	}
	edit(w, obj, mode(v1alpha1.ModeObserve))
	w.ready(obj)
	must(w.service.PaintBox(w.ctx, "bolts", "green"))
	const thief = "arn:aws:iam::111122223333:user/thief"
	w.told(events.Change{ID: "1", Time: w.clock.Now(), Source: "storage.amazonaws.com", Name: "PaintBox", Actor: thief,
		Objects: []events.Object{{Kind: "Box", Name: "bolts"}}})
	if got := w.wakes(); !slices.Equal(got, []string{"event"}) {
		t.Errorf("woken: %q, want the one with the box", got)
	}
	w.pass(obj)
	w.get(obj)
	if len(obj.Status.Drift) != 1 || obj.Status.Drift[0].ChangedBy != thief {
		t.Errorf("drift is %+v", obj.Status.Drift)
	}
	w.told(events.Change{ID: "2", Time: w.clock.Now(), Source: "storage.amazonaws.com", Name: "ResizeShelf",
		Objects: []events.Object{{Kind: shelf.Event, Name: events.Any}}})
	if got := w.wakes(); !slices.Equal(got, []string{"event", "other"}) {
		t.Errorf("woken: %q, want both", got)
	}
	w.told(events.Change{ID: "3", Time: w.clock.Now(), Source: "storage.amazonaws.com", Name: "ResizeShelf",
		Objects: []events.Object{{Kind: events.SecurityGroup, Name: events.Any}}})
	if got := w.wakes(); len(got) > 0 {
		t.Errorf("a change of a security group wakes Warehouses: %q", got)
	}
}

// wakes takes the names of the Warehouses that were woken out of the queue.
func (w *world) wakes() []string {
	names := []string{}
	for w.woken.Len() > 0 {
		req, _ := w.woken.Get()
		w.woken.Done(req)
		w.woken.Forget(req)
		names = append(names, req.Name)
	}
	slices.Sort(names)
	return names
}

// TestASearchThatFails: nothing is let go of before it was looked for.
func TestASearchThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("search")
	w.create(obj)
	w.ready(obj)
	broken := true
	w.service.Before = func(c storage.Call) error {
		if broken && c.Action == "Tagged" {
			return errors.New("the connection broke off")
		}
		return nil
	}
	w.lose(obj)
	w.restart()
	must(kube.Delete(w.ctx, obj))
	for range 3 {
		w.pass(obj)
	}
	if !w.get(obj) {
		t.Fatal("let go of without having been looked for")
	}
	broken = false
	w.letGo(obj)
	w.want("in the end")
}

// TestWhatStatusKnowsGoesWithoutASearch: where objects may not be looked for by their owner tag, what status lists is removed all
// the same once the spec does not declare it any more, and status says what is denied.
func TestWhatStatusKnowsGoesWithoutASearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("known")
	w.create(obj)
	w.ready(obj)
	w.service.Before = func(c storage.Call) error {
		if c.Action == "Tagged" {
			return storage.Denied(c)
		}
		return nil
	}
	edit(w, obj, func(obj *warehouse.Warehouse) { obj.Spec.Boxes = obj.Spec.Boxes[1:] })
	w.stalled(obj, "AccessDenied", "storage:Tagged")
	w.want("without a search", "shelf top 120", "box bolts red on top")
}
