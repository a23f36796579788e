// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// maxSteps bounds the writes to one object in one pass (create or adopt, mark, repair, tag, and one to spare); maxRounds
// bounds how often a pass goes through the list for values that became known meanwhile.
const (
	maxSteps  = 5
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
	// Installation tells those apart that have the same Owner by mistake.
	Installation Installation
	// Tags are the declared tags; FormerTagKeys are keys that were declared before.
	Tags          map[string]string
	FormerTagKeys []string
	// Prior is what status remembers.
	Prior map[ID]Prior
	// Problems are what is wrong with the spec itself, by the object that it concerns.
	Problems map[ID][]Problem
	// Section names the condition of the custom resource that speaks for an object. Nil: none does.
	Section func(ID) string
	// Order lists the kinds in dependency order: leftovers are removed in its reverse.
	Order []string
	// Classify says what an error means.
	Classify func(error) failure.Failure
	// Fresh returns a context in which Observe is answered by AWS itself; outside of it, answers may be some minutes old.
	// Nil: they never are.
	Fresh func(context.Context) context.Context
	// Witnessed returns a like context, and whether all that was answered in it was AWS's own word. Nil: nobody knows.
	Witnessed func(context.Context) (context.Context, func() bool)
	// Begin writes down, in status, that objects are about to be created at that time, which is to be remembered in
	// Prior.Began; when it fails, they are not created. Now is the clock; nil means time.Now.
	Begin func(ctx context.Context, ids []ID, at time.Time) error
	Now   func() time.Time
}

// item is one Resource during a pass.
type item struct {
	res    Resource
	prior  Prior
	obs    *Observation
	own    ownership
	object *Object
	// declared is what declaration has returned, since nothing changes what is declared during a pass.
	declared string
	// first are the drifts as the pass found them, before it wrote anything.
	first []drift.Difference
	// fresh: the last observation was answered by AWS itself, in this pass.
	fresh bool
	// created is true once this pass has asked for the object's creation; unproven while AWS's answer to that is all
	// that is known of the object.
	created, unproven bool
	// asked: a Resource that begins itself was about to ask AWS for the creation.
	asked bool
	// began is when the object's creation was last begun; begun: by this pass.
	began time.Time
	begun bool
	// stopped ends the work on the object for this pass.
	stopped bool
	// tried are the fields that this pass could not change; waits is what one of them waits for.
	tried []string
	waits *Waiting
	// marked: the installation's tag was written in this pass, or refused.
	marked bool
}

type pass struct {
	opts   Options
	values Values
	items  []*item
	result Result
	// news is true while something was observed that not all items were judged by.
	news bool
	// blocked is true when something was found that must be put right before anything new is created.
	blocked bool
}

// Run brings the objects to their declared state, or as far as it goes for now, and says what it found. Everything
// is observed before anything is written: what can be known to be wrong stops every creation, while repairs of what
// is already ours go on. Leftovers are Resources of ours that are no longer declared.
func Run(ctx context.Context, resources, leftovers []Resource, opts Options) Result {
	p := look(ctx, resources, opts)
	for _, it := range p.items {
		it.first = slices.Clone(it.object.Drift)
	}
	if opts.Enforce {
		p.act(ctx)
	}
	p.conclude()
	p.prune(p.opts.fresh(ctx), leftovers)
	return p.result
}

// look begins a pass: everything is observed and judged, and it is known whether something must be put right first.
func look(ctx context.Context, resources []Resource, opts Options) *pass {
	p := newPass(resources, opts)
	for _, it := range p.items {
		p.observe(ctx, it)
	}
	p.judgeAll()
	if opts.Enforce {
		p.makeSure(ctx)
	}
	for _, it := range p.items {
		p.blocked = p.blocked || len(it.object.Problems) > 0 || it.object.Failed()
	}
	return p
}

// judgeAll comes after all is observed: an object may refer to one that comes later in the list.
func (p *pass) judgeAll() {
	p.news = false
	for _, it := range p.items {
		p.judge(it)
	}
}

func newPass(resources []Resource, opts Options) *pass {
	p := &pass{opts: opts, values: Values{}}
	for _, res := range resources {
		p.items = append(p.items, opts.newItem(res))
	}
	return p
}

func (o Options) newItem(res Resource) *item {
	id := res.ID()
	prior, object := o.Prior[id], &Object{ID: id}
	if o.Section != nil {
		object.Section = o.Section(id)
	}
	return &item{res: res, prior: prior, began: prior.Began, object: object}
}

// observe reads the object and publishes what others may need of it.
func (p *pass) observe(ctx context.Context, it *item) {
	it.unproven = false
	ctx, proven := p.opts.witnessed(ctx)
	obs, err := it.res.Observe(ctx, p.values)
	it.fresh = err == nil && proven()
	if err != nil {
		it.stop(p, err)
		return
	}
	p.noteUnread(it, obs)
	p.take(it, obs)
}

// noteUnread notes the errors of an observation that lacks some fields, in place of those of the one before.
func (p *pass) noteUnread(it *item, obs *Observation) {
	it.object.Refusals = slices.DeleteFunc(it.object.Refusals, func(r Refusal) bool { return r.unread })
	for _, u := range obs.Unread {
		refusal := Refusal{Failure: p.opts.Classify(u.Err), unread: true}
		if u.Path != "" {
			refusal.Paths = []string{u.Path}
		}
		it.object.Refusals = append(it.object.Refusals, refusal)
	}
}

// take notes an observation.
func (p *pass) take(it *item, obs *Observation) {
	it.obs = obs
	p.news = true
	// What is somebody else's gives nothing: no object of ours shall lean on it.
	if !obs.Exists || p.stopsUs(p.opts.ownerOf(it.res, obs, it.prior)) {
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
		obj.Read, obj.Exists, obj.State, obj.Unshown, obj.Unproven = false, false, "", false, false
		obj.ARN, obj.Origin, obj.Hash, obj.Began = it.prior.ARN, it.prior.Origin, it.prior.Hash, it.prior.Began
		return
	}
	obj.Read = true
	it.own = p.opts.ownerOf(it.res, it.obs, it.prior)
	p.describe(it)
	p.objections(it)
	if it.own == foreign {
		return
	}
	p.sort(it, p.differences(it))
	p.waiting(it)
}

// objections are the problems of the object as it was observed.
func (p *pass) objections(it *item) {
	obj := it.object
	for _, problem := range it.obs.Problems {
		obj.add(problem)
	}
	if problem := p.opts.problemOf(obj.ID, it.own, it.obs); problem != nil && (problem.Warning || p.stopsUs(it.own)) {
		obj.add(*problem)
	}
	if it.obs.Twin != nil {
		obj.add(twinProblem(obj.ID, *it.obs.Twin, p.opts.Owner))
	}
	if problem := p.tagQuotaProblem(it); problem != nil {
		obj.add(*problem)
	}
}

// waiting notes what the object waits for: AWS, a field's turn, or to be shown.
func (p *pass) waiting(it *item) {
	obj := it.object
	if obj.Waiting == nil {
		obj.Waiting = it.obs.Busy
	}
	if obj.Waiting == nil {
		obj.Waiting = it.waits
	}
	if unshown := p.unrepeatable(it); unshown != nil && !it.stopped {
		obj.Waiting = unshown
	}
	if it.unproven && obj.Waiting == nil {
		obj.Waiting = readBack(obj.ID)
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
	obj.Exists, obj.ARN, obj.State, obj.Began = it.obs.Exists, it.obs.ARN, it.obs.State, it.beganAt()
	obj.Origin, obj.Unshown, obj.Unproven = "", p.unrepeatable(it) != nil, it.unproven
	switch it.own {
	case referenced:
		obj.Origin = Referenced
	case ours:
		obj.Origin = originOf(it.obs, it.prior)
	case unowned:
		obj.State = StateAbsent
		switch {
		case made(it.res) != "":
			obj.ARN, obj.Origin = made(it.res), Created
		case remembered(it.prior) && !it.created:
			obj.ARN, obj.Origin, obj.Hash = it.prior.ARN, it.prior.Origin, it.prior.Hash
		case obj.Unshown:
			obj.Origin = Created
		}
	}
}

// differences lists everything in which the object is not as declared.
func (p *pass) differences(it *item) []drift.Difference {
	switch {
	case it.object.Unshown, it.unproven:
		return nil
	case it.own == unowned:
		return []drift.Difference{{
			Path: drift.ObjectPath, Desired: drift.Present, Observed: drift.Absent,
			Severity: drift.High, Action: drift.Repair, Reason: "ObjectMissing",
		}}
	case it.own == referenced:
		return nil
	default:
		return append(p.judgeable(it, it.res.Diff(it.obs, p.values)), p.tagDifferences(it)...)
	}
}

func (p *pass) tagDifferences(it *item) []drift.Difference {
	if it.own == ours {
		return diffTags(p.wantedTags(it), it.obs.Tags, p.opts.FormerTagKeys)
	}
	return diffTags(p.opts.Tags, it.obs.Tags, nil)
}

// declaration identifies what is declared for the object, tags included.
func (p *pass) declaration(it *item) string {
	if it.declared == "" {
		if hash := it.res.Hash(); hash != "" {
			it.declared = canonical.Hash([]any{hash, p.opts.Tags})
		}
	}
	return it.declared
}

// sort decides which differences are drift and which are the operator's own unfinished work: a first creation, an
// adoption, an edit of the spec. In mode Observe nothing is the operator's work, and what is held up is shown: status never
// says that nothing differs while something does.
func (p *pass) sort(it *item, diffs []drift.Difference) {
	obj := it.object
	own := !p.matchedBefore(it) && !p.keptOut(it)
	repairs := 0
	for _, d := range diffs {
		if d.Action == drift.Repair {
			repairs++
			switch {
			case !p.opts.Enforce, p.stopsUs(it.own):
				d.Action = drift.ReportOnly
			case own && !obj.stuckAt(d) && !p.stuck(d.WaitsFor):
				obj.Pending = append(obj.Pending, d)
				continue
			}
		}
		obj.Drift = append(obj.Drift, d)
	}
	if it.own == ours {
		obj.Hash = p.matched(it, repairs)
	}
}

// matched is the declaration that an object of ours matched last, after it was found to differ in so many fields that are
// to be repaired.
func (p *pass) matched(it *item, repairs int) string {
	obj := it.object
	// An edit of which only fields are missing that are held up counts as done: what differs beside them from now on is
	// drift.
	done := repairs == 0 || p.opts.Enforce && len(obj.Pending) == 0 && it.prior.Hash != ""
	if done && it.obs.Busy == nil && len(obj.Unjudged) == 0 && !it.unproven {
		return p.declaration(it)
	}
	return it.prior.Hash
}

// matchedBefore tells that the object was as declared before, so that a difference is drift and no edit.
func (p *pass) matchedBefore(it *item) bool {
	if it.own == unowned {
		return remembered(it.prior) && !begunOnly(it.prior)
	}
	return it.prior.Hash != "" && it.prior.Hash == p.declaration(it)
}

// keptOut tells that an existing object is not to be taken over, or not now.
func (p *pass) keptOut(it *item) bool {
	return it.own == adoptable && (p.stopsUs(it.own) || p.blocked || len(it.object.Problems) > 0)
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
