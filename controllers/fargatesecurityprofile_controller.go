// SPDX-License-Identifier: Apache-2.0

// Package controllers holds one reconciler for each kind. Each is the same short way: fetch the object, get the
// account, build the stack of Resources, let the engine run it, write status once.
package controllers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/conditions"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/podsecuritygroups"
)

// ProfileReconciler keeps FargateSecurityProfiles as declared.
type ProfileReconciler struct {
	Client client.Client
	// API reads from the API server itself and not from a cache: whether the CRD of profiles, or the operator's namespace, is
	// being deleted. Nil: nobody looks, and every deletion of a profile counts as asked for.
	API      client.Reader
	Workload dynamic.Interface
	Accounts *Accounts
	Recorder events.EventRecorder
	Metrics  *Metrics
	Timing   Timing
	// OperatorID is the first part of the owner tag: stable per installation.
	OperatorID string
	// Installation tells this installation from others with the same OperatorID.
	Installation resource.Installation
	// ObserveOnly treats every profile as if its mode were Observe.
	ObserveOnly bool
	// Concurrency is how many profiles are worked on at once; a quarter of that is kept for those that somebody waits for.
	Concurrency int
	// ReadShared has passes that only look answered out of what all profiles of an account read together. Without it every
	// pass reads AWS object by object: for debugging, and to compare.
	ReadShared bool
	// Hears tells whether events tell of changes in a service (its eventSource) of an account; nil: no.
	Hears func(scope awsapi.Scope, source string) bool
	// Now is the clock for what is waited for and what status dates. Nil means time.Now.
	Now func() time.Time

	waker waker
	turns *turns
	links links
	// woken are the profiles that an event has had looked at.
	woken    sync.Map
	prepared sync.Once
	retries  *retries
	memories memories
	// policies are the SecurityGroupPolicies of the workload cluster.
	policies *podsecuritygroups.Policies
	// swept remembers for which specVersion of a profile its owner tag was looked for since the operator started.
	swept sync.Map
	// wrote remembers when a profile's last pass ended that made something which sweeps show.
	wrote sync.Map
	// gone remembers when profiles were seen to be no more: one that is made anew under the name must find what the former
	// one has left.
	gone sync.Map
	// untold remembers the repairs whose status could not be written: the next pass finds nothing to repair, and tells.
	untold sync.Map
	// underway are the passes that go.
	underway underway
	// places remembers which Fargate profiles of a profile may wait in the line of their cluster.
	places sync.Map
}

// +kubebuilder:rbac:groups=fargatesecurity.io,resources=fargatesecurityprofiles,verbs=list;watch;patch
// +kubebuilder:rbac:groups=fargatesecurity.io,resources=fargatesecurityprofiles/status,verbs=patch
// +kubebuilder:rbac:groups=vpcresources.k8s.aws,resources=securitygrouppolicies,verbs=get;list;create;update;delete
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one profile a pass nearer to what it declares. Should the profile leave meanwhile, nothing more is written.
func (r *ProfileReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	r.prepared.Do(r.prepare)
	ctx, over := r.underway.begin(ctx, req)
	defer over()
	result, err := r.pass(ctx, req)
	if left(ctx) {
		return ctrl.Result{}, nil // its deletion is in the queue
	}
	return result, err
}

func (r *ProfileReconciler) pass(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	profile := &v1alpha1.FargateSecurityProfile{}
	if err := r.Client.Get(ctx, req.NamespacedName, profile); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	speakable(&profile.Status)
	ctx = r.urgent(ctx, req, profile)
	over, ok := r.takeTurn(ctx, req, profile)
	if !ok {
		return ctrl.Result{RequeueAfter: passTimeout}, nil // or when it is woken
	}
	defer over()
	if !r.enforces(profile) {
		r.leaveLines(req)
	}
	switch {
	case !profile.DeletionTimestamp.IsZero():
		return again(r.delete(ctx, req, profile))
	case profile.Spec.Mode == v1alpha1.ModeSuspend:
		r.Metrics.forgetRead(req.NamespacedName)
		return again(ctrl.Result{}, r.suspend(ctx, profile))
	}
	return again(r.run(ctx, req, profile))
}

// run is a pass over a living profile.
func (r *ProfileReconciler) run(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile) (ctrl.Result, error) {
	account, err := r.Accounts.bind(ctx, profile.Namespace, profile.Spec.AccountRef.Name, claimsOf(profile)...)
	if err != nil {
		return r.unreachable(ctx, req, profile, err)
	}
	enforce := r.enforces(profile)
	s := r.stack(profile, account)
	if enforce {
		if err := r.intend(ctx, s); err != nil {
			return ctrl.Result{}, err
		}
	}
	declared := s.resources()
	reads := r.withAge(ctx, req, profile, account.resync)
	leftovers, err := s.leftovers(reads, declared, r.sweepDue(req, profile))
	if err != nil {
		return r.unreachable(ctx, req, profile, err)
	}
	result := resource.Run(reads, declared, leftovers, r.options(s, enforce))
	r.noteDone(ctx, req, s, &result, declared, leftovers)
	return r.conclude(ctx, req, s, &result, enforce)
}

// conclude writes status once, tells of what changed, and says when to come back.
func (r *ProfileReconciler) conclude(ctx context.Context, req ctrl.Request, s *stack, result *resource.Result, enforce bool) (ctrl.Result, error) {
	profile, resync := s.profile, s.account.resync
	before := profile.DeepCopy()
	untold, _ := r.untold.Load(req)
	earlier, _ := untold.([]drift.Entry)
	current, repaired := record(profile, result, earlier, s.memory.actors, r.Now())
	long := r.retries.deniedForLong(req, denied(result) || awsapi.IsDenied(s.searchFailed))
	list := append(findings(result, enforce, long), searchFindings(s.searchFailed, long)...)
	if enforce {
		list = append(list, contested(&profile.Status, result, r.Now())...)
	}
	verdict := verdictOf(list, enforce, current)
	recordDrifted(profile, current, result)
	recordSections(profile, result, list)
	if enforce {
		recordIntent(s, !slices.ContainsFunc(result.Objects, func(o *resource.Object) bool { return !o.Settled() || len(o.Drift) > 0 }))
	}
	r.Metrics.setDrift(req.NamespacedName, current)
	r.links.set(profile)
	if !slices.ContainsFunc(result.All(), (*resource.Object).Failed) {
		r.Metrics.setRead(req.NamespacedName, r.Now(), resync)
	}
	if err := r.report(ctx, profile, before, verdict, len(current) > 0); err != nil {
		r.untold.Store(req, repaired)
		return ctrl.Result{}, err
	}
	r.untold.Delete(req)
	r.Metrics.repaired(repaired)
	if len(repaired) > 0 {
		ctrl.LoggerFrom(ctx).Info("repaired drift", "fields", len(repaired), "what", profile.Status.LastRepair.Message)
		r.Recorder.Eventf(profile, nil, corev1.EventTypeNormal, "Repaired", "Repair", "%s", note(profile.Status.LastRepair.Message))
	}
	wait := r.retries.wait(result)
	switch {
	case s.putOff:
		wait = cmp.Or(wait, jitter(r.Timing.Wait))
	case s.searchFailed == nil:
		r.noteSweep(req, profile, result)
	}
	return r.retries.after(req, worstKind(list), wait, resync), nil
}

// delete takes down what belongs to the profile and lets it go when AWS says that it is gone. In the modes that
// write nothing it lets go at once, and says what stays. A profile that goes only with its CRD is held.
func (r *ProfileReconciler) delete(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(profile, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	if !r.enforces(profile) {
		r.Recorder.Eventf(profile, nil, corev1.EventTypeWarning, "Abandoned", "Delete",
			"deleted while nothing may be written to AWS: everything stays there as it is, with its owner tags")
		return ctrl.Result{}, r.letGo(ctx, req, profile)
	}
	if err := r.askedFor(ctx, profile); err != nil {
		r.leaveLines(req)
		return r.unreachable(ctx, req, profile, err)
	}
	account, err := r.Accounts.bind(ctx, profile.Namespace, profile.Spec.AccountRef.Name)
	if err != nil {
		return r.unreachable(ctx, req, profile, err)
	}
	defer func() { r.wrote.Store(req, r.Now()) }()
	s := r.stack(profile, account)
	sweep := r.sweepDue(req, profile)
	result, err := r.takeDown(ctx, req, s, sweep)
	if err == nil && len(result.Leftovers) == 0 && !sweep { // never without a last look for what carries our tag
		result, err = r.takeDown(ctx, req, s, true)
	}
	switch {
	case err != nil:
		return r.unreachable(ctx, req, profile, err)
	case len(result.Leftovers) == 0 && len(strangers(profile.Status.Resources)) == 0:
		return ctrl.Result{}, r.letGo(ctx, req, profile)
	}
	return r.reportDeletion(ctx, req, profile, &result, account.resync)
}

// takeDown is one pass of a deletion.
func (r *ProfileReconciler) takeDown(ctx context.Context, req ctrl.Request, s *stack, sweep bool) (resource.Result, error) {
	declared := s.resources()
	leftovers, err := s.leftovers(ctx, declared, sweep)
	switch {
	case err != nil:
		return resource.Result{}, err
	case s.searchFailed != nil: // nothing is let go of before it was looked for
		return resource.Result{}, s.searchFailed
	}
	result := resource.Delete(ctx, declared, leftovers, r.options(s, true))
	s.forgetBegun(result.Removed)
	leaveLine(declared, &result)
	r.noteDone(ctx, req, s, &result, declared, leftovers)
	return result, nil
}

// noteDone takes note of what a pass over a living profile, or one of a deletion, has done in AWS.
func (r *ProfileReconciler) noteDone(ctx context.Context, req ctrl.Request, s *stack, result *resource.Result, lists ...[]resource.Resource) {
	r.noteUnread(req, s, result)
	logWrites(ctx, result)
	tellAdoptions(r.Recorder, s.profile, result)
	r.notePlaces(req, lists...)
}

func (r *ProfileReconciler) reportDeletion(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile, result *resource.Result, resync time.Duration) (ctrl.Result, error) {
	before := profile.DeepCopy()
	list := findings(result, false, r.retries.deniedForLong(req, denied(result)))
	unknown, remaining := strangers(profile.Status.Resources), len(result.Leftovers) > 0
	if !remaining {
		list = strangersStay(unknown)
	}
	profile.Status.Resources = append(mergeRemaining(profile.Status.Resources, result), unknown...)
	verdict := verdictOf(list, true, nil)
	verdict.Ready, verdict.Reconciling = metav1.ConditionFalse, !verdict.Stalled
	if len(list) == 0 {
		verdict.Reason, verdict.Message = v1alpha1.ReasonDeleting, "being deleted"
	}
	recordSections(profile, result, list)
	if err := r.report(ctx, profile, before, verdict, false); err != nil {
		return ctrl.Result{}, err
	}
	r.noteSweep(req, profile, result)
	wait := r.retries.wait(result)
	if remaining && wait == 0 {
		wait = jitter(r.Timing.Wait)
	}
	return r.retries.after(req, worstKind(list), wait, resync), nil
}

// mergeRemaining lists what is still there, with what status knew of it.
func mergeRemaining(known []v1alpha1.ResourceStatus, result *resource.Result) []v1alpha1.ResourceStatus {
	list := resourceStatuses(result)
	for i := range list {
		for _, k := range known {
			if k.Kind == list[i].Kind && k.Name == list[i].Name {
				list[i].DeclarationHash = k.DeclarationHash
			}
		}
	}
	return list
}

// letGo removes the finalizer.
func (r *ProfileReconciler) letGo(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile) error {
	r.forget(req)
	return removeFinalizer(ctx, r.Client, profile)
}

// suspend reports that nothing is done; what was known stays as it was.
func (r *ProfileReconciler) suspend(ctx context.Context, profile *v1alpha1.FargateSecurityProfile) error {
	before := profile.DeepCopy()
	ensureDriftColumns(profile)
	return r.report(ctx, profile, before, conditions.Verdict{
		Ready: metav1.ConditionUnknown, Reason: v1alpha1.ReasonSuspended,
		Message: "mode Suspend: AWS is neither read nor written",
	}, false)
}

// unreachable reports that the pass ended before anything of the profile was read.
func (r *ProfileReconciler) unreachable(ctx context.Context, req ctrl.Request, profile *v1alpha1.FargateSecurityProfile, err error) (ctrl.Result, error) {
	var refused *refusal
	verdict, kind := conditions.Verdict{Ready: metav1.ConditionFalse}, failure.Kind("")
	var apiStatus apierrors.APIStatus
	switch {
	case errors.As(err, &refused):
		verdict.Stalled, verdict.Reason, verdict.Message = true, refused.Reason, refused.Message
	case errors.As(err, &apiStatus):
		return ctrl.Result{}, err
	default:
		f := awsapi.Classify(err)
		kind = f.Kind
		long := r.retries.deniedForLong(req, kind == failure.AccessDenied)
		verdict.Stalled = stalls(kind, long)
		verdict.Reconciling = !verdict.Stalled
		verdict.Reason, verdict.Message = f.Reason, fmt.Sprintf("AWSAccount %s: %s", profile.Spec.AccountRef.Name, f.Message)
	}
	if !profile.DeletionTimestamp.IsZero() {
		verdict.Message += "; to let go of the profile without touching AWS, set spec.mode to Suspend"
	}
	before := profile.DeepCopy()
	ensureDriftColumns(profile)
	if err := r.report(ctx, profile, before, verdict, false); err != nil {
		return ctrl.Result{}, err
	}
	return r.retries.after(req, kind, 0, defaultResync), nil
}

// ensureDriftColumns gives a profile that was never read its Drifted condition and driftCount.
func ensureDriftColumns(profile *v1alpha1.FargateSecurityProfile) {
	if profile.Status.DriftCount == nil {
		profile.Status.DriftCount = new(int32)
	}
	if meta.FindStatusCondition(profile.Status.Conditions, v1alpha1.DriftedCondition) == nil {
		conditions.Set(&profile.Status.Conditions, profile.Generation, v1alpha1.DriftedCondition, metav1.ConditionFalse,
			v1alpha1.ReasonUnknown, "AWS was not read yet")
	}
}

// report writes the verdict, and status if anything in it changed: one patch, or none.
func (r *ProfileReconciler) report(ctx context.Context, profile, before *v1alpha1.FargateSecurityProfile, v conditions.Verdict, drifted bool) error {
	status := &profile.Status
	status.ObservedGeneration = profile.Generation
	status.LastHandledReconcileRequest = profile.Annotations[v1alpha1.ReconcileRequestAnnotation]
	conditions.Apply(&status.Conditions, profile.Generation, v)
	conditions.Sort(status.Conditions, conditionOrder)
	r.Metrics.passes.WithLabelValues("FargateSecurityProfile", resultOf(v, drifted)).Inc()
	if equality.Semantic.DeepEqual(before.Status, *status) {
		return nil
	}
	return patchStatus(ctx, r.Client, profile, before, func() {
		announce(ctx, r.Recorder, profile, before.Status.Conditions, status.Conditions)
	})
}

// enforces tells whether AWS may be written for this profile: not in a mode that this version does not know either.
func (r *ProfileReconciler) enforces(profile *v1alpha1.FargateSecurityProfile) bool {
	return !r.ObserveOnly && profile.Spec.Mode == v1alpha1.ModeEnforce
}

func (r *ProfileReconciler) stack(profile *v1alpha1.FargateSecurityProfile, account *boundAccount) *stack {
	owner := r.OperatorID + "/" + profile.Namespace + "/" + profile.Name
	memory := r.memories.of(account.Scope)
	view := memory.viewOf(account)
	seen := *account.Account
	seen.Clients = view.Clients()
	return &stack{
		profile: profile, account: &boundAccount{Account: &seen, config: account.config, guard: account.guard, quotas: account.quotas, resync: account.resync},
		memory: memory, view: view, policies: r.policies, owner: owner, prior: priorOf(&profile.Status),
		wake: r.wakerOf(ctrl.Request{NamespacedName: client.ObjectKeyFromObject(profile)}),
	}
}

// wakerOf returns how to wake a profile, nil where the controller does not run.
func (r *ProfileReconciler) wakerOf(req ctrl.Request) func() {
	if !r.waker.started() {
		return nil
	}
	return func() { r.waker.wake(req) }
}

func (r *ProfileReconciler) options(s *stack, enforce bool) resource.Options {
	spec := s.profile.Spec
	tags := map[string]string{}
	for k, v := range spec.Tags {
		tags[k] = string(v)
	}
	return resource.Options{
		Enforce: enforce,
		Adopt:   spec.AdoptionPolicy == v1alpha1.AdoptionPolicyAdopt,
		Retain:  spec.DeletionPolicy != v1alpha1.DeletionPolicyDelete, // a policy that this version does not know deletes nothing
		Owner:   s.owner, Installation: r.Installation, Tags: tags, FormerTagKeys: s.profile.Status.TagKeys,
		Prior: s.prior, Problems: s.specProblems(), Order: stackOrder, Classify: awsapi.Classify,
		Begin: r.begin(s.profile), Now: r.Now, Fresh: r.fresh(), Witnessed: inventory.Witnessed,
	}
}

// sweepDue tells whether objects are to be looked for by their owner tag too, which reads all of the account's roles:
// once for each generation of the spec since the operator started, and after each pass in which a call failed, since
// its answer, or what was to follow on it, may be lost, or which AWS does not show all of yet. What a sweep finds is
// listed in status from then on.
func (r *ProfileReconciler) sweepDue(req ctrl.Request, profile *v1alpha1.FargateSecurityProfile) bool {
	last, _ := r.swept.Load(req)
	return last != specOf(profile)
}

// specVersion identifies what a person has declared: also a profile that was deleted and created again.
type specVersion struct {
	uid        types.UID
	generation int64
}

func specOf(profile *v1alpha1.FargateSecurityProfile) specVersion {
	return specVersion{profile.UID, profile.Generation}
}

// noteSweep is called at the end of a pass, when its status is written.
func (r *ProfileReconciler) noteSweep(req ctrl.Request, profile *v1alpha1.FargateSecurityProfile, result *resource.Result) {
	if slices.ContainsFunc(result.All(), func(o *resource.Object) bool { return o.Failed() || o.Unshown }) {
		r.swept.Delete(req)
		return
	}
	r.swept.Store(req, specOf(profile))
}

func (r *ProfileReconciler) forget(req ctrl.Request) {
	r.wakeNext(r.turns.leave(req))
	r.retries.forget(req)
	r.swept.Delete(req)
	r.wrote.Delete(req)
	r.leaveLines(req)
	r.links.forget(req.NamespacedName)
	r.woken.Delete(req)
	r.untold.Delete(req)
	r.gone.Range(func(other, at any) bool {
		if t, ok := at.(time.Time); ok && r.Now().Sub(t) > lately {
			r.gone.Delete(other)
		}
		return true
	})
	r.gone.Store(req, r.Now())
	r.Metrics.setDrift(req.NamespacedName, nil)
	r.Metrics.forgetRead(req.NamespacedName)
}

func denied(result *resource.Result) bool {
	return slices.ContainsFunc(result.All(), func(o *resource.Object) bool { return o.Met(failure.AccessDenied) })
}

// prepare makes the memory that passes share.
func (r *ProfileReconciler) prepare() {
	if r.Now == nil {
		r.Now = time.Now
	}
	r.memories.now, r.memories.hears = r.Now, r.Hears
	r.policies = podsecuritygroups.NewPolicies(r.Workload, r.Now)
	r.retries = newRetries(r.Timing, r.Now)
	r.turns = newTurns(r.Concurrency, r.Metrics.inLine)
}

// Source is what wakes profiles for reasons that Kubernetes does not know of. SetupWithManager uses it; whoever drives the
// reconciler otherwise gives it a queue to put them into, or nobody is woken.
func (r *ProfileReconciler) Source() source.Source { return &r.waker }

// SetupWithManager registers the controller.
func (r *ProfileReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.FargateSecurityProfile{}, builder.WithPredicates(declarationChanged())).
		Watches(&v1alpha1.AWSAccount{}, handler.EnqueueRequestsFromMapFunc(r.profilesOf), builder.WithPredicates(accountChanged())).
		Watches(&v1alpha1.FargateSecurityProfile{}, r.underway.handler()).
		WatchesRawSource(r.Source()).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.profilesOf), builder.WithPredicates(labelsChanged())).
		WithOptions(controller.Options{MaxConcurrentReconciles: r.Concurrency, ReconciliationTimeout: passTimeout}).
		Complete(r)
}

// InstallationID is the UID of the cluster's kube-system namespace: what tells installations apart, and the default of
// OperatorID.
func InstallationID(ctx context.Context, reader client.Reader) (string, error) {
	ns := &corev1.Namespace{}
	if err := reader.Get(ctx, types.NamespacedName{Name: metav1.NamespaceSystem}, ns); err != nil {
		return "", fmt.Errorf("reading the namespace kube-system, whose UID tells installations apart: %w", err)
	}
	return string(ns.UID), nil
}
