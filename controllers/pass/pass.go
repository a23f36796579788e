// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"cmp"
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/controllers/report"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// pass is one reconcile of one object.
type pass struct {
	*Reconciler
	req    ctrl.Request
	object v1alpha1.Declaration

	// The rest is set by bind.
	account  *accounts.Bound
	memory   *memory.Memory
	env      *declaration.Env
	declared declaration.Declared
	// putOff: objects with our owner tag were not looked for, since somebody waits for this pass. A later one does it.
	putOff bool
	// searchFailed is why they could not be looked for: what status remembers is kept as declared all the same.
	searchFailed error
}

// enforces tells whether AWS may be written for the object: not in a mode that this version does not know either.
func (p *pass) enforces() bool {
	return !p.ObserveOnly && p.object.Declared().Mode == v1alpha1.ModeEnforce
}

// acquireSlot tells whether a pass may go now; what it returns besides is to be called when the pass is over. If it may not,
// the object is woken when its turn comes. Passes that somebody waits for always may, and those that go on with work of the
// operator's own; one that tries again after a fault does not, or in an outage of AWS they would take all workers.
func (p *pass) acquireSlot(ctx context.Context) (over func(), ok bool) {
	if !p.enqueuer.Started() {
		return func() {}, true
	}
	key := p.key(p.req)
	works := meta.IsStatusConditionTrue(p.object.Found().Conditions, v1alpha1.ReconcilingCondition) && !p.retries.Failing(p.req)
	if awsapi.IsUrgent(ctx) || works {
		p.enqueueNext(p.slots.Leave(key))
		return func() {}, true
	}
	return func() { p.enqueueNext(p.slots.Release()) }, p.slots.Acquire(key)
}

// owner is the value of the owner tag on what the object has made.
func (p *pass) owner() string { return p.Kind.Owner(p.OperatorID, p.req.NamespacedName) }

// bind connects to the object's account, where it may have these names, and turns the spec into what
// is declared. Errors: those of Accounts.bind.
func (p *pass) bind(ctx context.Context, claims ...guardrails.Claim) error {
	account, err := p.Accounts.Bind(ctx, p.object.GetNamespace(), p.object.Declared().AccountRef.Name, claims...)
	if err != nil {
		return err
	}
	p.account, p.memory = account, p.memories.Of(account.Scope)
	view := p.memory.ViewOf(account)
	seen := *account.Account
	seen.Clients = view.Clients()
	p.env = &declaration.Env{
		Env:   &awsobject.Env{Account: &seen, Owner: p.owner(), Cluster: p.Kind.ClusterOf(p.object), Shared: p.memory.Shared},
		Guard: account.Guard, Quotas: account.Quotas, View: view,
		Prior: report.PriorOf(p.object.Found()), Wake: p.wakeFunc(p.req),
	}
	p.declared = p.Kind.Declare(p.env, p.object)
	return nil
}

// run is a pass over a living object.
func (p *pass) run(ctx context.Context) (ctrl.Result, error) {
	if err := p.bind(ctx, p.Kind.Claims(p.object)...); err != nil {
		return p.unreachable(ctx, err)
	}
	enforce := p.enforces()
	if enforce {
		if err := p.intend(ctx); err != nil {
			return ctrl.Result{}, err
		}
	}
	declared := p.declared.Resources()
	reads := p.withAge(ctx)
	leftovers, err := p.leftovers(reads, declared, p.searchDue())
	if err != nil {
		return p.unreachable(ctx, err)
	}
	result := resource.Run(reads, declared, leftovers, p.options(enforce))
	p.noteDone(ctx, &result)
	return p.conclude(ctx, &result, enforce)
}

func (p *pass) options(enforce bool) resource.Options {
	spec, status := p.object.Declared(), p.object.Found()
	tags := map[string]string{}
	for k, v := range spec.Tags {
		tags[k] = string(v)
	}
	return resource.Options{
		Enforce: enforce,
		Adopt:   spec.AdoptionPolicy == v1alpha1.AdoptionPolicyAdopt,
		Retain:  spec.DeletionPolicy != v1alpha1.DeletionPolicyDelete, // a policy that this version does not know deletes nothing
		Owner:   p.env.Owner, Installation: p.Installation, Tags: tags, FormerTagKeys: status.TagKeys,
		Prior: p.env.Prior, Problems: p.declared.Problems(), Section: p.declared.Section, Order: resources.Order(), Classify: awsapi.Classify,
		Begin: p.begin, Now: p.Now, Fresh: p.fresh(), Witnessed: inventory.Witnessed,
	}
}

// noteDone takes note of what a pass over a living object, or one of a deletion, has done in AWS.
func (p *pass) noteDone(ctx context.Context, result *resource.Result) {
	p.noteUnread(result)
	report.LogWrites(ctx, result)
	report.TellAdoptions(p.Recorder, p.object, result)
}

// conclude writes status once, tells of what changed, and says when to come back.
func (p *pass) conclude(ctx context.Context, result *resource.Result, enforce bool) (ctrl.Result, error) {
	obj, key := p.object, p.key(p.req)
	before := copyOf(obj)
	current, repaired := report.RecordDrift(p.Kind, obj, result, p.records.Peek(p.req).Unreported, p.memory.Changes, p.Now())
	p.declared.RecordOwn(result)
	long := p.retries.DeniedForLong(p.req, denied(result) || awsapi.IsDenied(p.searchFailed))
	list := append(report.Findings(p.Kind, result, enforce, long), report.SearchFindings(p.searchFailed, long)...)
	if enforce {
		list = append(list, report.Contested(obj.Found(), result, p.Now())...)
	}
	verdict := report.VerdictOf(list, enforce, current)
	report.RecordDrifted(obj, current, result)
	report.RecordSections(p.Kind.Sections, obj, result, list)
	if enforce {
		p.recordIntent(!slices.ContainsFunc(result.Objects, func(o *resource.Object) bool { return !o.Settled() || len(o.Drift) > 0 }))
	}
	p.Metrics.SetDrift(key, current)
	p.index.Set(p.Kind, obj)
	if !slices.ContainsFunc(result.All(), (*resource.Object).Failed) {
		p.Metrics.SetRead(key, p.Now(), p.account.Resync)
	}
	err := p.report(ctx, before, verdict, len(current) > 0)
	p.records.With(p.req, func(rec *memory.Record) {
		if rec.Unreported = nil; err != nil {
			rec.Unreported = repaired
		}
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	p.tellRepairs(ctx, repaired)
	wait := p.retries.Wait(result)
	switch {
	case p.putOff:
		wait = cmp.Or(wait, schedule.Jitter(p.Timing.Wait))
	case p.searchFailed == nil:
		p.noteSearch(result)
	}
	return p.retries.After(p.req, report.WorstKind(list), wait, p.account.Resync), nil
}

// tellRepairs tells of what a pass has repaired, once status says it.
func (p *pass) tellRepairs(ctx context.Context, repaired []drift.Entry) {
	p.Metrics.Repaired(repaired)
	if len(repaired) == 0 {
		return
	}
	what := p.object.Found().LastRepair.Message
	ctrl.LoggerFrom(ctx).Info("repaired drift", "fields", len(repaired), "what", what)
	p.Recorder.Eventf(p.object, nil, corev1.EventTypeNormal, "Repaired", "Repair", "%s", report.Note(what))
}

// searchDue tells whether objects are to be looked for by their owner tag too, which reads all of the account's roles:
// once for each generation of the spec since the operator started, and after each pass in which a call failed, since
// its answer, or what was to follow on it, may be lost, or which AWS does not show all of yet. What a search finds is
// listed in status from then on.
func (p *pass) searchDue() bool { return p.records.Peek(p.req).Searched != memory.SpecOf(p.object) }

// noteSearch is called at the end of a pass, when its status is written.
func (p *pass) noteSearch(result *resource.Result) {
	var searched memory.SpecVersion
	if !slices.ContainsFunc(result.All(), func(o *resource.Object) bool { return o.Failed() || o.Unshown }) {
		searched = memory.SpecOf(p.object)
	}
	p.records.With(p.req, func(rec *memory.Record) { rec.Searched = searched })
}

func denied(result *resource.Result) bool {
	return slices.ContainsFunc(result.All(), func(o *resource.Object) bool { return o.Met(failure.AccessDenied) })
}
