// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
	"github.com/fargate-security/fargate-security-operator/test/newkind/warehouse"
)

// episode is something that happens to a Warehouse, during which the process is lost.
type episode struct {
	name string
	// before is done in peace, do begins what is disturbed. over tells that it is over; end is what stands then.
	before, do func(*world, *warehouse.Warehouse)
	over       func(*world, *warehouse.Warehouse) bool
	end        []string
	// writes are those that there must be, each once, and no other that succeeds.
	writes []string
}

func isReady(_ *world, obj *warehouse.Warehouse) bool {
	return condition(obj, v1alpha1.ReadyCondition).Status == "True" && obj.Status.ObservedGeneration == obj.Generation
}

var episodes = []episode{
	{
		name: "creation", before: func(*world, *warehouse.Warehouse) {},
		do:     func(w *world, obj *warehouse.Warehouse) { w.create(obj) },
		over:   isReady,
		end:    []string{"box bolts red on top", "box nails brown on top", "shelf top 120"},
		writes: []string{"CreateBox bolts", "CreateBox nails", "CreateShelf top"},
	},
	{
		name: "edit", before: func(w *world, obj *warehouse.Warehouse) { w.create(obj); w.ready(obj) },
		do: func(w *world, obj *warehouse.Warehouse) {
			edit(w, obj, func(obj *warehouse.Warehouse) {
				obj.Spec.Shelf.Name = "low"
				obj.Spec.Boxes = []warehouse.BoxSpec{{Name: "bolts", Colour: "green"}, {Name: "screws"}}
			})
		},
		over: isReady,
		end:  []string{"box bolts green on low", "box screws brown on low", "shelf low 120"},
		writes: []string{"CreateBox screws", "CreateShelf low", "DeleteBox nails", "DeleteShelf top", "MoveBox bolts",
			"PaintBox bolts"},
	},
	{
		name: "repair", before: func(w *world, obj *warehouse.Warehouse) { w.create(obj); w.ready(obj) },
		do: func(w *world, _ *warehouse.Warehouse) {
			w.tamper()
			must(w.service.DeleteBox(w.ctx, "nails"))
		},
		over:   isReady,
		end:    []string{"box bolts red on top", "box nails brown on top", "shelf top 120"},
		writes: []string{"CreateBox nails", "PaintBox bolts", "ResizeShelf top"},
	},
	{
		name: "deletion", before: func(w *world, obj *warehouse.Warehouse) { w.create(obj); w.ready(obj) },
		do:     func(w *world, obj *warehouse.Warehouse) { must(kube.Delete(w.ctx, obj)) },
		over:   func(w *world, obj *warehouse.Warehouse) bool { return !w.get(obj) },
		end:    []string{},
		writes: []string{"DeleteBox bolts", "DeleteBox nails", "DeleteShelf top"},
	},
}

// TestTheProcessIsLost: after each call to the service, in a creation, an edit, a repair and a deletion, and before it: another
// process goes on, and in the end all is as it is without that. Nothing is left, and nothing made or deleted twice.
func TestTheProcessIsLost(t *testing.T) {
	t.Parallel()
	for _, e := range episodes {
		calls, hit := e.run(t, "", 0)
		if hit || calls < len(e.writes) {
			t.Fatalf("%s: %d calls without disturbance", e.name, calls)
		}
		for _, when := range []string{"before", "after"} {
			t.Run(e.name+" "+when, func(t *testing.T) {
				t.Parallel()
				for n := 1; n <= calls; n++ {
					if _, hit := e.run(t, when, n); !hit {
						t.Errorf("there was no call %d", n)
					}
				}
			})
		}
	}
}

// run plays an episode, in which the process is lost before or after the nth call; 0: never. It returns how many calls there were,
// and whether the process was lost.
func (e episode) run(t *testing.T, when string, n int) (calls int, hit bool) {
	t.Helper()
	w := newWorld(t)
	obj := w.stored("lost")
	e.before(w, obj)
	e.do(w, obj)
	since, counted := len(w.service.Calls()), 0
	at := ""
	lose := func(this string, c storage.Call) {
		if this == when && counted == n && !hit {
			hit, at = true, c.String()
			panic(errLost)
		}
	}
	w.service.Before = func(c storage.Call) error { counted++; lose("before", c); return nil }
	w.service.After = func(c storage.Call) { lose("after", c) }
	what := func() string { return fmt.Sprintf("%s, lost %s call %d (%s)", e.name, when, n, at) }
	for i := 0; ; i++ {
		version := obj.GetResourceVersion()
		if w.lostPass(obj) {
			w.restart()
		} else if w.get(obj); e.over(w, obj) && obj.GetResourceVersion() == version { // a pass has found nothing more to tell
			break
		}
		if i > maxPasses {
			t.Fatalf("%s: not over after %d passes\n%s", what(), i, describe(obj))
		}
	}
	calls = counted
	w.want(what(), e.end...)
	e.checkWrites(w, what(), since)
	w.checkTags(what())
	if w.get(obj) {
		w.silent(obj)
	}
	return calls, hit
}

// checkWrites: each write that makes or deletes something has succeeded once. Others are safe to repeat.
func (e episode) checkWrites(w *world, what string, since int) {
	w.t.Helper()
	counts := map[string]int{}
	for _, write := range w.service.Writes(since) {
		if !strings.HasPrefix(write, "Tag ") {
			counts[write]++
		}
	}
	if got := slices.Sorted(maps.Keys(counts)); !slices.Equal(got, e.writes) {
		w.t.Errorf("%s: written %q, want %q", what, got, e.writes)
	}
	for write, n := range counts {
		if n > 1 && (strings.HasPrefix(write, "Create") || strings.HasPrefix(write, "Delete")) {
			w.t.Errorf("%s: %s %d times", what, write, n)
		}
	}
}

// checkTags: all that stands was made by the Warehouse, and says so.
func (w *world) checkTags(what string) {
	w.t.Helper()
	shelves, boxes := w.service.Stock()
	check := func(name string, tags map[string]string) {
		if tags[resource.OwnerTag] != w.owner("lost") || tags[resource.OriginTag] != string(resource.Created) || tags["team"] != "stores" {
			w.t.Errorf("%s: %s has the tags %v", what, name, tags)
		}
	}
	for name, s := range shelves {
		check("shelf "+name, s.Tags)
	}
	for name, b := range boxes {
		check("box "+name, b.Tags)
	}
}
