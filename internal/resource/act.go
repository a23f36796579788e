// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// act writes what is to be written, going through the list again while values that were waited for become known.
func (p *pass) act(ctx context.Context) {
	for range maxRounds {
		wrote := false
		for _, it := range p.items {
			if it.own == ours && it.atRest() && !p.news { // as nearly always
				continue
			}
			wrote = p.bring(ctx, it) || wrote
		}
		if !wrote {
			return
		}
	}
}

// bring does one object's work, step by step: decided on and confirmed by a fresh read, but for a first creation, which
// AWS itself decides on, and whose outcome the next pass reads back.
func (p *pass) bring(ctx context.Context, it *item) (wrote bool) {
	ctx = p.opts.fresh(ctx)
	for range maxSteps {
		p.judge(it)
		step := p.nextStep(it)
		if step != nil && !p.sure(it) && ctx.Err() == nil {
			p.readAgain(ctx, it)
			p.judge(it)
			step = p.nextStep(it)
		}
		if step == nil || ctx.Err() != nil {
			return wrote
		}
		done, err := step.do(ctx)
		if err != nil {
			it.stop(p, err)
			it.object.Unread = it.object.Unread || !it.heldUp()
			return wrote || !it.heldUp()
		}
		if !done { // refused, or waiting; a refusal may have been none
			it.object.Unread = true
			continue
		}
		wrote = true
		it.object.Done = append(it.object.Done, step.verb)
		if !p.takeAsMade(it) {
			p.observeFresh(ctx, it)
		}
		// What is new was not there to be read before, and lists do not have it either.
		it.object.Unread = it.object.Unread || it.created || it.stopped
	}
	p.judge(it)
	if p.nextStep(it) != nil {
		it.stop(p, &Waiting{Reason: "WaitingForAWS", Message: fmt.Sprintf("%s: AWS does not show the last change yet", it.res.ID())})
	}
	return wrote
}

// step is a write that is safe to repeat, or several changes of one object, with the word for it. An error ends the work
// on the object; without one, do tells whether anything was written.
type step struct {
	verb string
	do   func(context.Context) (wrote bool, err error)
}

// write makes a step of a single call.
func write(verb string, call func(context.Context) error) *step {
	return &step{verb, func(ctx context.Context) (bool, error) { return true, call(ctx) }}
}

// nextStep picks what to do next, or nil. It notes what the object waits for. A problem stops the creation and the
// adoption of the object; of what is ours, only the field that it is about.
func (p *pass) nextStep(it *item) *step {
	switch {
	case it.stopped, it.obs == nil, it.unproven, it.own == referenced, it.own == foreign:
		return nil
	case it.own != ours && len(it.object.Problems) > 0:
		return nil
	case it.obs.Busy != nil:
		return nil
	case it.own == unowned:
		return p.creation(it)
	case it.own == adoptable:
		return p.adoption(it)
	default:
		return p.marked(it, p.repair(it))
	}
}

func (p *pass) creation(it *item) *step {
	if it.created {
		it.object.Waiting = &Waiting{Reason: "WaitingForAWS", Message: fmt.Sprintf("%s was created; AWS does not show it yet", it.res.ID())}
		return nil
	}
	if it.object.Unshown || p.heldBack(it) {
		return nil
	}
	if missing := p.missing(it); missing != "" {
		it.object.Waiting = &Waiting{Reason: "WaitingForDependency", Message: fmt.Sprintf("%s waits for %s", it.res.ID(), missing), Idle: true}
		return nil
	}
	return write("created", func(ctx context.Context) error { return p.create(ctx, it) })
}

func (p *pass) adoption(it *item) *step {
	if !p.opts.Adopt || p.heldBack(it) {
		return nil
	}
	return write("adopted", func(ctx context.Context) error {
		tags := ownerTags(p.opts.Owner, Adopted)
		p.opts.Installation.Mark(tags, nil)
		err := it.res.Tag(ctx, it.obs, tags, nil)
		it.object.Adopted, it.object.Caution = err == nil, it.obs.Caution
		return err
	})
}

// heldBack: as long as something is known to be wrong, nothing new is made or taken over. What was there before is
// repaired all the same.
func (p *pass) heldBack(it *item) bool {
	if !p.held(it) {
		return false
	}
	it.object.Waiting = &Waiting{Reason: "WaitingForCorrection", Message: fmt.Sprintf("%s is not created before the problems found are put right", it.res.ID())}
	return true
}

func (p *pass) held(it *item) bool {
	return p.blocked && (!remembered(it.prior) || begunOnly(it.prior))
}

// missing names the objects whose values the creation needs and that do not exist yet.
func (p *pass) missing(it *item) string {
	var names []string
	for _, ref := range it.res.Needs() {
		if _, ok := p.values.Get(ref.From, ref.Value); !ok {
			names = append(names, ref.From.String())
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// repair returns the step that removes the differences which can be removed now. Owner tags come first, since nothing
// is changed on an object that does not carry ours; other tags come last, so that they never hold up a field.
func (p *pass) repair(it *item) *step {
	owner, declared := splitTags(p.tagDifferences(it))
	if len(owner) > 0 {
		return p.tagging(it, owner)
	}
	if changes := p.possible(it); len(changes) > 0 {
		return &step{"updated", func(ctx context.Context) (bool, error) { return p.carryOut(ctx, it, changes) }}
	}
	declared = slices.DeleteFunc(declared, func(d drift.Difference) bool { return it.blocks(Set, d.Path) })
	if len(declared) > 0 {
		return p.tagging(it, declared)
	}
	if it.object.Waiting == nil {
		it.object.Waiting = p.dependency(it)
	}
	return nil
}

// dependency names the object that a field waits for.
func (p *pass) dependency(it *item) *Waiting {
	for _, d := range slices.Backward(it.res.Diff(it.obs, p.values)) {
		if d.Action == drift.Repair && d.WaitsFor != "" {
			return &Waiting{Reason: "WaitingForDependency", Message: fmt.Sprintf("%s waits for %s", it.res.ID(), d.WaitsFor), Idle: true}
		}
	}
	return nil
}

// tagging returns the step that removes differences in tags.
func (p *pass) tagging(it *item, diffs []drift.Difference) *step {
	wanted := p.wantedTags(it)
	set, remove := map[string]string{}, []string(nil)
	for _, d := range diffs {
		key := drift.TagKey(d)
		if value, ok := wanted[key]; ok {
			set[key] = value
		} else {
			remove = append(remove, key)
		}
	}
	p.opts.Installation.Mark(set, it.obs.Tags)
	return write("tagged", func(ctx context.Context) error { return it.res.Tag(ctx, it.obs, set, remove) })
}
