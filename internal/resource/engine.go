// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// maxSteps bounds the writes to one object in one pass (create, tag, repair, and one to spare); maxRounds bounds how
// often a pass goes through the list for values that became known meanwhile.
const (
	maxSteps  = 4
	maxRounds = 4
)

// Options hold for a whole pass.
type Options struct {
	// Enforce allows writes. Without it the pass only reads (mode Observe).
	Enforce bool
	// Adopt takes over existing objects that have no owner tag.
	Adopt bool
	// Retain makes Delete and pruning release objects instead of deleting them.
	Retain bool
	// Owner is the value of OwnerTag.
	Owner string
	// Tags are the declared tags; FormerTagKeys are keys that were declared before.
	Tags          map[string]string
	FormerTagKeys []string
	// Prior is what status remembers.
	Prior map[ID]Prior
	// Problems are what is wrong with the spec itself, by the object that it concerns.
	Problems map[ID][]Problem
	// Order lists the kinds in dependency order: leftovers are removed in its reverse.
	Order []string
	// Classify says what an error means.
	Classify func(error) failure.Failure
}

// item is one Resource during a pass.
type item struct {
	res    Resource
	prior  Prior
	obs    *Observation
	own    ownership
	object *Object
	// first are the drifts as the pass found them, before it wrote anything.
	first []drift.Difference
	// created is true once this pass has asked for the object's creation.
	created bool
	// stopped ends the work on the object for this pass.
	stopped bool
}

type pass struct {
	opts   Options
	values Values
	items  []*item
	result Result
	// blocked is true when something was found that must be put right before anything new is created.
	blocked bool
}

// Run brings the objects to their declared state, or as far as it goes for now, and says what it found. Everything
// is observed before anything is written: what can be known to be wrong stops every creation, while repairs of what
// is already ours go on. Leftovers are Resources of ours that are no longer declared.
func Run(ctx context.Context, resources, leftovers []Resource, opts Options) Result {
	p := newPass(resources, opts)
	for _, it := range p.items {
		p.observe(ctx, it)
	}
	for _, it := range p.items { // judged only now: an object may refer to one that comes later in the list
		p.judge(it)
		it.first = slices.Clone(it.object.Drift)
		p.blocked = p.blocked || len(it.object.Problems) > 0 || it.object.Failure != nil
	}
	if opts.Enforce {
		p.act(ctx)
	}
	p.conclude()
	p.prune(ctx, leftovers)
	return p.result
}

func newPass(resources []Resource, opts Options) *pass {
	p := &pass{opts: opts, values: Values{}}
	for _, res := range resources {
		p.items = append(p.items, newItem(res, opts.Prior[res.ID()]))
	}
	return p
}

func newItem(res Resource, prior Prior) *item {
	return &item{res: res, prior: prior, object: &Object{ID: res.ID(), Section: res.Section()}}
}

// observe reads the object and publishes what others may need of it.
func (p *pass) observe(ctx context.Context, it *item) {
	obs, err := it.res.Observe(ctx, p.values)
	if err != nil {
		it.stop(p, err)
		return
	}
	it.obs = obs
	if !obs.Exists {
		maps.DeleteFunc(p.values, func(ref Ref, _ string) bool { return ref.From == it.res.ID() })
		return
	}
	for name, value := range obs.Gives {
		p.values[Ref{it.res.ID(), name}] = value
	}
}

// stop ends the work on an object for this pass.
func (it *item) stop(p *pass, err error) {
	it.stopped = true
	var waiting *Waiting
	if errors.As(err, &waiting) {
		it.object.Waiting = waiting
		return
	}
	f := p.opts.Classify(err)
	it.object.Failure = &f
}

// judge is pure: it fills in the object from the last observation.
func (p *pass) judge(it *item) {
	obj := it.object
	obj.Drift, obj.Pending, obj.Problems, obj.Warnings = nil, nil, nil, nil
	for _, problem := range p.opts.Problems[obj.ID] {
		obj.add(problem)
	}
	if !it.stopped {
		obj.Waiting = nil
	}
	if it.obs == nil { // could not be read: what status remembers stays
		obj.ARN, obj.Origin, obj.Hash = it.prior.ARN, it.prior.Origin, it.prior.Hash
		return
	}
	obj.Read = true
	it.own = ownerOf(it.res, it.obs, it.prior, p.opts.Owner)
	p.describe(it)
	for _, problem := range it.obs.Problems {
		obj.add(problem)
	}
	if problem := problemOf(obj.ID, it.own, it.obs, p.opts.Owner); problem != nil && p.stopsUs(it.own) {
		obj.add(*problem)
	}
	if it.own == foreign {
		return
	}
	p.sort(it, p.differences(it))
	if obj.Waiting == nil && it.obs.Busy != nil {
		obj.Waiting = it.obs.Busy
	}
}

// stopsUs: somebody else's object always does; one without owner tag does unless it may be adopted, or nothing is
// going to be written anyway.
func (p *pass) stopsUs(own ownership) bool {
	return own == foreign || own == adoptable && p.opts.Enforce && !p.opts.Adopt
}

func (o *Object) add(problem Problem) {
	if problem.Warning {
		o.Warnings = append(o.Warnings, problem)
		return
	}
	o.Problems = append(o.Problems, problem)
}

// describe copies the plain facts.
func (p *pass) describe(it *item) {
	obj := it.object
	obj.Exists, obj.ARN, obj.State = it.obs.Exists, it.obs.ARN, it.obs.State
	obj.Origin = ""
	switch it.own {
	case referenced:
		obj.Origin = Referenced
	case ours:
		obj.Origin = originOf(it.obs, it.prior)
	case unowned:
		obj.State = StateAbsent
		if remembered(it.prior) && !it.created {
			obj.ARN, obj.Origin, obj.Hash = it.prior.ARN, it.prior.Origin, it.prior.Hash
		}
	}
}

// differences lists everything in which the object is not as declared.
func (p *pass) differences(it *item) []drift.Difference {
	switch {
	case it.own == unowned:
		return []drift.Difference{{
			Path: drift.ObjectPath, Desired: drift.Present, Observed: drift.Absent,
			Severity: drift.High, Action: drift.Repair, Reason: "ObjectMissing",
		}}
	case it.own == referenced:
		return nil
	default:
		return append(it.res.Diff(it.obs, p.values), p.tagDifferences(it)...)
	}
}

func (p *pass) tagDifferences(it *item) []drift.Difference {
	if it.own == ours {
		return diffTags(allTags(p.opts.Tags, p.opts.Owner, it.object.Origin), it.obs.Tags, p.opts.FormerTagKeys)
	}
	return diffTags(p.opts.Tags, it.obs.Tags, nil)
}

// declaration identifies what is declared for the object, tags included.
func (p *pass) declaration(it *item) string {
	if it.res.Hash() == "" {
		return ""
	}
	return canonical.Hash([]any{it.res.Hash(), p.opts.Tags})
}

// sort decides which differences are drift and which are the operator's own unfinished work: a first creation, an
// adoption, an edit of the spec. In mode Observe nothing is the operator's work.
func (p *pass) sort(it *item, diffs []drift.Difference) {
	obj := it.object
	matchedBefore := it.prior.Hash != "" && it.prior.Hash == p.declaration(it)
	if it.own == unowned {
		matchedBefore = remembered(it.prior)
	}
	repairs := 0
	for _, d := range diffs {
		if d.Action == drift.Repair {
			repairs++
			if !p.opts.Enforce {
				d.Action = drift.ReportOnly
			} else if !matchedBefore {
				obj.Pending = append(obj.Pending, d)
				continue
			}
		}
		obj.Drift = append(obj.Drift, d)
	}
	switch {
	case it.own == ours && repairs == 0 && it.obs.Busy == nil:
		obj.Hash = p.declaration(it)
	case it.own == ours:
		obj.Hash = it.prior.Hash
	}
}

// act writes what is to be written, going through the list again while values that were waited for become known.
func (p *pass) act(ctx context.Context) {
	for range maxRounds {
		wrote := false
		for _, it := range p.items {
			wrote = p.bring(ctx, it) || wrote
		}
		p.result.Wrote = p.result.Wrote || wrote
		if !wrote {
			return
		}
	}
}

// bring does one object's work, step by step, each step confirmed by a fresh read.
func (p *pass) bring(ctx context.Context, it *item) (wrote bool) {
	for range maxSteps {
		p.judge(it)
		step := p.nextStep(it)
		if step == nil || ctx.Err() != nil {
			return wrote
		}
		wrote = true
		if err := step.do(ctx); err != nil {
			it.stop(p, err)
			return wrote
		}
		it.object.Done = append(it.object.Done, step.verb)
		p.observe(ctx, it)
	}
	p.judge(it)
	if p.nextStep(it) != nil {
		it.stop(p, &Waiting{Reason: "WaitingForAWS", Message: fmt.Sprintf("%s: AWS does not show the last change yet", it.res.ID())})
	}
	return wrote
}

// step is one write that is safe to repeat, with the word for it.
type step struct {
	verb string
	do   func(context.Context) error
}

// nextStep picks the one thing to do next, or nil. It notes what the object waits for.
func (p *pass) nextStep(it *item) *step {
	switch {
	case it.stopped, it.obs == nil, len(it.object.Problems) > 0, it.own == referenced, it.own == foreign:
		return nil
	case it.obs.Busy != nil:
		return nil
	case it.own == unowned:
		return p.creation(it)
	case it.own == adoptable:
		return p.adoption(it)
	default:
		return p.repair(it)
	}
}

func (p *pass) creation(it *item) *step {
	if it.created {
		it.object.Waiting = &Waiting{Reason: "WaitingForAWS", Message: fmt.Sprintf("%s was created; AWS does not show it yet", it.res.ID())}
		return nil
	}
	if p.heldBack(it) {
		return nil
	}
	if missing := p.missing(it); missing != "" {
		it.object.Waiting = &Waiting{Reason: "WaitingForDependency", Message: fmt.Sprintf("%s waits for %s", it.res.ID(), missing)}
		return nil
	}
	return &step{"created", func(ctx context.Context) error {
		it.created = true
		return it.res.Apply(ctx, it.obs, p.values, allTags(p.opts.Tags, p.opts.Owner, Created))
	}}
}

func (p *pass) adoption(it *item) *step {
	if !p.opts.Adopt || p.heldBack(it) {
		return nil
	}
	return &step{"adopted", func(ctx context.Context) error {
		return it.res.Tag(ctx, it.obs, ownerTags(p.opts.Owner, Adopted), nil)
	}}
}

// heldBack: as long as something is known to be wrong, nothing new is made or taken over. What was there before is
// repaired all the same.
func (p *pass) heldBack(it *item) bool {
	if !p.blocked || remembered(it.prior) {
		return false
	}
	it.object.Waiting = &Waiting{Reason: "WaitingForCorrection", Message: fmt.Sprintf("%s is not created before the problems found are put right", it.res.ID())}
	return true
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
	waitsFor := ""
	for _, d := range it.res.Diff(it.obs, p.values) {
		if d.Action == drift.Repair && d.WaitsFor == "" {
			return &step{"updated", func(ctx context.Context) error { return it.res.Apply(ctx, it.obs, p.values, nil) }}
		}
		if d.Action == drift.Repair {
			waitsFor = d.WaitsFor
		}
	}
	if len(declared) > 0 {
		return p.tagging(it, declared)
	}
	if waitsFor != "" {
		it.object.Waiting = &Waiting{Reason: "WaitingForDependency", Message: fmt.Sprintf("%s waits for %s", it.res.ID(), waitsFor)}
	}
	return nil
}

// tagging returns the step that removes differences in tags.
func (p *pass) tagging(it *item, diffs []drift.Difference) *step {
	wanted := allTags(p.opts.Tags, p.opts.Owner, it.object.Origin)
	set, remove := map[string]string{}, []string(nil)
	for _, d := range diffs {
		key := tagKey(d)
		if value, ok := wanted[key]; ok {
			set[key] = value
		} else {
			remove = append(remove, key)
		}
	}
	return &step{"tagged", func(ctx context.Context) error { return it.res.Tag(ctx, it.obs, set, remove) }}
}

// conclude takes the books of the declared objects: what was repaired, and what the controls are to judge.
func (p *pass) conclude() {
	for _, it := range p.items {
		if it.obs != nil {
			it.object.Repaired = repaired(it.first, append(slices.Clone(it.object.Drift), it.object.Pending...))
			if it.obs.Exists && it.obs.Record != nil {
				it.obs.Record(&p.result.State)
			}
		}
		p.result.Objects = append(p.result.Objects, it.object)
	}
}

// repaired lists what was there at first and is no more.
func repaired(first, last []drift.Difference) []drift.Difference {
	var gone []drift.Difference
	for _, d := range first {
		still := slices.ContainsFunc(last, func(l drift.Difference) bool { return l.Path == d.Path })
		if !still && d.Action == drift.Repair {
			gone = append(gone, d)
		}
	}
	return gone
}
