// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// A repair is a list of changes, each about some fields of one object. What is wrong with one field, or with one call,
// concerns that field and no other: the rest of the object is repaired all the same (decision 0023).

// Change is one step of a repair, safe to repeat: one call, or a few that make sense together only.
type Change struct {
	// Paths are the differences that the change removes, as Diff names them.
	Paths []string
	Order Order
	Do    func(context.Context) error
	// Singly are changes for each path alone, which are made when all at once are refused, or when one of the paths must
	// not be changed now. Nil: the change cannot be taken apart.
	Singly []Change
}

// Order says when a change is made.
type Order int

// The orders, first to last.
const (
	// Forbidden takes away what a guardrail forbids. It comes first, and no problem holds it up.
	Forbidden Order = iota
	// Set adds or sets what is declared.
	Set
	// Remove takes away what nobody declared: after Set, so that access which stays is never interrupted, and whatever
	// has become of Set.
	Remove
	// Loosen lifts a limit that may hold down what is not right yet: only when nothing else is left to be done.
	Loosen
)

// covers tells that a path is the field itself, or one of the fields that it names the beginning of.
func covers(prefix, path string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && prefix != "" && (rest == "" || rest[0] == '[' || rest[0] == '.')
}

// problemAt tells that a problem stands in the way of setting the field.
func (o *Object) problemAt(path string) bool {
	return slices.ContainsFunc(o.Problems, func(p Problem) bool { return covers(p.Path, path) })
}

// about tells that the refusal concerns the field.
func (r Refusal) about(path string) bool {
	return slices.ContainsFunc(r.Paths, func(prefix string) bool { return covers(prefix, path) })
}

// stuckAt tells that the field cannot become as declared before somebody does something: it has a problem, or the call
// was refused for a reason that does not pass by itself.
func (o *Object) stuckAt(d drift.Difference) bool {
	if d.Desired != "" && o.problemAt(d.Path) {
		return true
	}
	return slices.ContainsFunc(o.Refusals, func(r Refusal) bool {
		return r.about(d.Path) && !r.Kind.Passing() && r.Kind != failure.Busy
	})
}

// stuck tells that an object which a field waits for is not to be made before somebody does something.
func (p *pass) stuck(name string) bool {
	for _, it := range p.items {
		if name != "" && it.res.ID().String() == name {
			return len(it.object.Problems) > 0 || p.held(it) || slices.ContainsFunc(it.object.Failures(), func(f Refusal) bool { return !f.Kind.Passing() && f.Kind != failure.Busy })
		}
	}
	return false
}

// possible leaves out the changes that are not to be made now, and takes apart those of which some are. A change that
// loosens waits until it is the only one.
func (p *pass) possible(it *item) []Change {
	repairs := p.repairs(it)
	var list []Change
	for _, c := range it.res.Changes(it.obs, p.values) {
		blocked := func(path string) bool { return !slices.Contains(repairs, path) || it.blocks(c.Order, path) }
		switch {
		case c.Order == Loosen && (len(repairs) > 1 || it.object.Failed() || len(it.object.Problems) > 0):
		case !slices.ContainsFunc(c.Paths, blocked):
			list = append(list, c)
		default:
			list = append(list, slices.DeleteFunc(slices.Clone(c.Singly), func(one Change) bool { return slices.ContainsFunc(one.Paths, blocked) })...)
		}
	}
	return InOrder(list)
}

// repairs are the fields that Diff wants repaired and that wait for nothing.
func (p *pass) repairs(it *item) []string {
	var paths []string
	for _, d := range it.res.Diff(it.obs, p.values) {
		if d.Action == drift.Repair && d.WaitsFor == "" {
			paths = append(paths, d.Path)
		}
	}
	return paths
}

// InOrder sorts changes by their Order; those of the same keep theirs.
func InOrder(list []Change) []Change {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Change) int { return int(a.Order - b.Order) })
	return list
}

// blocks tells that the field is not to be changed: it was tried, it could not be read, or a problem stands in the way,
// which holds up nothing that takes away.
func (it *item) blocks(order Order, path string) bool {
	tried := slices.ContainsFunc(it.tried, func(prefix string) bool { return covers(prefix, path) })
	return tried || !it.object.Judged(path) || order == Set && it.object.problemAt(path)
}

// carryOut makes all changes, whatever becomes of each. What a quota has refused is tried once more when anything was
// written after it. An error ends the work on the object: AWS takes no more calls, or the pass is over.
func (p *pass) carryOut(ctx context.Context, it *item, changes []Change) (wrote bool, err error) {
	var full []Change
	for i, c := range changes {
		err := c.Do(ctx)
		if p.kind(err) == failure.Quota && i < len(changes)-1 {
			full = append(full, c)
			continue
		}
		done, err := p.outcome(ctx, it, c, err)
		if wrote = wrote || done; err != nil {
			return wrote, err
		}
	}
	for _, c := range full {
		done, err := p.outcome(ctx, it, c, c.Do(ctx))
		if wrote = wrote || done; err != nil {
			return wrote, err
		}
	}
	return wrote, nil
}

// outcome looks at what became of a change. Where it has failed, each of its parts is tried by itself where that may help;
// else it is noted that its fields are done with in this pass.
func (p *pass) outcome(ctx context.Context, it *item, c Change, err error) (wrote bool, end error) {
	if err == nil {
		return true, nil
	}
	switch kind := p.kind(err); {
	case ctx.Err() != nil, kind == failure.Throttled, kind == failure.Unreachable:
		return false, err
	case len(c.Singly) > 0 && (kind == failure.Invalid || kind == failure.Quota || kind == failure.NotFound):
		return p.carryOut(ctx, it, c.Singly)
	}
	it.tried = append(it.tried, c.Paths...)
	var waiting *Waiting
	if errors.As(err, &waiting) {
		it.waits = waiting
	} else {
		it.object.Refusals = append(it.object.Refusals, Refusal{Paths: c.Paths, Failure: p.opts.Classify(err)})
	}
	return false, nil
}

// kind is what an error means; "" for none and for a Waiting.
func (p *pass) kind(err error) failure.Kind {
	var waiting *Waiting
	if err == nil || errors.As(err, &waiting) {
		return ""
	}
	return p.opts.Classify(err).Kind
}
