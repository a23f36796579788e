// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// Action is what is going to happen to an object.
type Action string

// The actions.
const (
	ActionNone   Action = ""
	ActionCreate Action = "Create"
	ActionAdopt  Action = "Adopt"
	ActionUpdate Action = "Update"
	// ActionDelete deletes what we made; ActionRelease takes our owner tags off, and leaves the rest as it is.
	ActionDelete  Action = "Delete"
	ActionRelease Action = "Release"
)

// Planned is what passes are going to do about one object, as far as it can be known before they do it.
type Planned struct {
	ID  ID
	ARN string
	// Action is ActionNone too where something stands in the way of one: Held says what.
	Action Action
	// Changes are the fields, tags included, that an update or an adoption changes. What an object is created with is not
	// among them. Drift.Unknown stands for a value that is known when another object is there.
	Changes []drift.Difference
	// Differences are those that stay: the mode does not allow to change them, AWS cannot, or something stands in the way.
	Differences []drift.Difference
	// Held says why something that is declared will not be done, sentence by sentence.
	Held []string
	// Warnings are what a person should know before it is done.
	Warnings []string
}

// Plan says what Run would do with the same arguments, in one pass or in as many as it takes until nothing is left to do. It
// never writes. What it cannot foresee are refusals of calls that it does not make.
func Plan(ctx context.Context, resources, leftovers []Resource, opts Options) []Planned {
	p := look(ctx, resources, opts)
	p.judgeAll() // what is adoptable is kept out where something is wrong
	f := forecast{pass: p, exists: map[ID]bool{}}
	list := f.declared()
	for known := -1; known < len(f.exists); list = f.declared() { // what will be there may let others be
		known = len(f.exists)
	}
	return append(list, f.undeclared(opts.fresh(ctx), list, leftovers)...)
}

// PlanDelete says what Delete would do with the same arguments. It never writes.
func PlanDelete(ctx context.Context, resources, leftovers []Resource, opts Options) []Planned {
	p := newPass(resources, opts)
	for _, it := range p.items {
		p.observe(ctx, it)
	}
	p.addLeftovers(ctx, leftovers)
	var list []Planned
	for _, it := range p.items {
		if isReferenced(it.res) || neverMade(it) || !p.present(it) {
			continue
		}
		planned := Planned{ID: it.res.ID(), ARN: it.object.ARN}
		p.plannedRemoval(it, &planned)
		list = append(list, planned)
	}
	return list
}

// forecast is a pass that looks ahead.
type forecast struct {
	*pass
	// exists are the objects that are there, or will be.
	exists map[ID]bool
}

// declared plans for the declared objects.
func (f *forecast) declared() []Planned {
	var list []Planned
	for _, it := range f.items {
		planned := f.plan(it)
		if planned.Action != ActionNone || it.obs != nil && it.obs.Exists && !f.stopsUs(it.own) {
			f.exists[planned.ID] = true
		}
		list = append(list, planned)
	}
	return list
}

// plan plans for one declared object.
func (f *forecast) plan(it *item) Planned {
	obj := it.object
	planned := Planned{ID: obj.ID, ARN: obj.ARN, Held: heldBy(obj)}
	for _, w := range obj.Warnings {
		planned.Warnings = append(planned.Warnings, w.Message)
	}
	switch {
	case it.obs == nil:
		if obj.Waiting != nil {
			planned.Held = append(planned.Held, obj.Waiting.Message)
		}
	case it.own == referenced, it.own == foreign:
	case it.obs.Busy != nil:
		planned.Held = append(planned.Held, fmt.Sprintf("AWS is at work on %s, and what is to be done after that is not known: plan again then (%s)", obj.ID, it.obs.Busy.Message))
	case it.own == unowned:
		f.planCreation(it, &planned)
	case it.own == adoptable:
		f.planAdoption(it, &planned)
	default:
		f.planRepair(it, &planned)
	}
	return planned
}

// heldBy words what stands in the way of an object.
func heldBy(obj *Object) []string {
	var held []string
	for _, problem := range obj.Problems {
		held = append(held, problem.Message)
	}
	for _, failure := range obj.Failures() {
		held = append(held, failure.Message)
	}
	return held
}

func (f *forecast) planCreation(it *item, planned *Planned) {
	if !f.opts.Enforce {
		planned.Differences = it.object.Drift
		return
	}
	switch {
	case len(it.object.Problems) > 0:
	case it.object.Unshown:
		planned.Held = append(planned.Held, f.unrepeatable(it).Message)
	case f.held(it):
		planned.Held = append(planned.Held, fmt.Sprintf("%s is not created before the problems found are put right", planned.ID))
	default:
		if missing := f.missingStill(it); missing != "" {
			planned.Held = append(planned.Held, fmt.Sprintf("%s waits for %s", planned.ID, missing))
			return
		}
		planned.Action = ActionCreate
	}
}

// missingStill names the objects that the creation needs and that will not be there.
func (f *forecast) missingStill(it *item) string {
	var names []string
	for _, ref := range it.res.Needs() {
		if !f.exists[ref.From] {
			names = append(names, ref.From.String())
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

func (f *forecast) planAdoption(it *item, planned *Planned) {
	if !f.opts.Enforce || !f.opts.Adopt || len(it.object.Problems) > 0 || f.held(it) {
		planned.Differences = append(it.object.Drift, it.object.Pending...)
		return
	}
	planned.Action = ActionAdopt
	if it.obs.Caution != "" {
		planned.Warnings = append(planned.Warnings, fmt.Sprintf("%s: %s", planned.ID, it.obs.Caution))
	}
	f.sortOut(it, planned)
}

func (f *forecast) planRepair(it *item, planned *Planned) {
	f.sortOut(it, planned)
	if len(planned.Changes) > 0 {
		planned.Action = ActionUpdate
	}
}

// sortOut tells the differences that will be changed from those that stay.
func (f *forecast) sortOut(it *item, planned *Planned) {
	can := f.changeable(it)
	for _, d := range append(slices.Clone(it.object.Drift), it.object.Pending...) {
		if d.Action == drift.Repair && can(d) {
			planned.Changes = append(planned.Changes, d)
		} else {
			planned.Differences = append(planned.Differences, d)
		}
	}
}

// changeable tells of a difference of an object whether a pass changes it, at once or when what it waits for is there.
func (f *forecast) changeable(it *item) func(drift.Difference) bool {
	reach := map[string]Order{}
	for _, c := range it.res.Changes(it.obs, f.values) {
		for _, part := range append([]Change{c}, c.Singly...) {
			for _, path := range part.Paths {
				reach[path] = part.Order
			}
		}
	}
	return func(d drift.Difference) bool {
		if strings.HasPrefix(d.Path, "tags[") {
			return isOwnerTag(drift.TagKey(d)) || !it.blocks(Set, d.Path)
		}
		if d.WaitsFor != "" {
			return !it.object.stuckAt(d) && f.comes(d.WaitsFor)
		}
		order, reached := reach[d.Path]
		if !reached || it.blocks(order, d.Path) {
			return false
		}
		return order != Loosen || !it.object.Failed() && len(it.object.Problems) == 0
	}
}

// comes tells that an object, by its name in messages, is there or will be.
func (f *forecast) comes(name string) bool {
	for id := range f.exists {
		if id.String() == name {
			return true
		}
	}
	return false
}

// undeclared plans for what we made or took over and nobody declares any more.
func (f *forecast) undeclared(ctx context.Context, declared []Planned, leftovers []Resource) []Planned {
	unsettled := slices.ContainsFunc(declared, func(d Planned) bool { return len(d.Held) > 0 })
	var list []Planned
	for _, res := range f.ordered(leftovers) {
		it := f.opts.newItem(res)
		f.observe(ctx, it)
		if !f.present(it) || f.isDeclared(it) {
			continue
		}
		planned := Planned{ID: res.ID(), ARN: it.object.ARN}
		switch {
		case !f.opts.Enforce:
			planned.Differences = []drift.Difference{{
				Path: drift.ObjectPath, Desired: drift.Absent, Observed: drift.Present,
				Severity: drift.Medium, Action: drift.ReportOnly, Reason: "ObjectUndeclared",
			}}
		case unsettled:
			planned.Held = []string{fmt.Sprintf("%s is no longer declared, and is removed once everything declared is in place", res.ID())}
		default:
			f.plannedRemoval(it, &planned)
		}
		list = append(list, planned)
	}
	return list
}

// plannedRemoval plans what becomes of an object that is to go.
func (p *pass) plannedRemoval(it *item, planned *Planned) {
	switch {
	case it.object.Failed() || it.object.Unshown:
		planned.Held = heldBy(it.object)
		if it.object.Waiting != nil {
			planned.Held = append(planned.Held, it.object.Waiting.Message)
		}
	case p.verb(it) == released:
		planned.Action = ActionRelease
	default:
		planned.Action = ActionDelete
	}
}
