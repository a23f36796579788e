// SPDX-License-Identifier: Apache-2.0

// Package awsaccount reconciles AWSAccounts: whether the credentials work and belong to the account, and that it stays while
// something refers to it.
package awsaccount

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/patch"
	"github.com/fargate-security/fargate-security-operator/controllers/report"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/conditions"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// accountConcurrency is how many accounts are verified at once: one that does not answer must not hold up the others.
const accountConcurrency = 8

// Reconciler keeps the status of AWSAccounts true: whether the credentials work and belong to the account.
type Reconciler struct {
	Client   client.Client
	Sessions *awsapi.Sessions
	Recorder events.EventRecorder
	Metrics  *metrics.Metrics
	Timing   schedule.Timing
	// Shard selects the accounts whose status this operator keeps; nil means all. Other kinds use any account.
	Shard labels.Selector
	// Queues listens to the event queues of accounts. Nil: to none.
	Queues *wake.Queues
	// AllShards reads the custom resources of all shards: an account stays until none refers to it. Nil means Client.
	AllShards client.Reader
	// Kinds are those whose objects refer to accounts.
	Kinds []*declaration.Kind

	prepared sync.Once
	retries  *schedule.Retries
}

// +kubebuilder:rbac:groups=fargatesecurity.io,resources=awsaccounts,verbs=list;watch;patch
// +kubebuilder:rbac:groups=fargatesecurity.io,resources=awsaccounts/status,verbs=patch

// Reconcile verifies one account, or lets it go.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	r.prepared.Do(func() { r.retries = schedule.NewRetries(r.Timing, time.Now) })
	account := &v1alpha1.AWSAccount{}
	if err := r.Client.Get(ctx, req.NamespacedName, account); err != nil {
		r.retries.Forget(req)
		r.deafen(req.Name)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !r.inShard(account) {
		r.deafen(req.Name)
		return ctrl.Result{}, nil
	}
	if !account.DeletionTimestamp.IsZero() {
		return patch.Again(r.release(ctx, account))
	}
	return patch.Again(r.verify(ctx, req, account))
}

// verify asks AWS who we are, and reports it.
func (r *Reconciler) verify(ctx context.Context, req ctrl.Request, account *v1alpha1.AWSAccount) (ctrl.Result, error) {
	if err := patch.AddFinalizer(ctx, r.Client, account); err != nil {
		return ctrl.Result{}, err
	}
	verified, err := r.Sessions.Verify(ctx, accounts.SessionConfig(account))
	verdict, kind := r.judge(req, verified, err)
	if r.Queues != nil && verified != nil {
		r.Queues.Follow(account)
	}
	if err := r.report(ctx, account, verdict, verified); err != nil {
		return ctrl.Result{}, err
	}
	return r.retries.After(req, kind, r.nextHealth(account), accounts.ResyncOf(account)), nil
}

// judge turns the answer to "who are we?" into conditions.
func (r *Reconciler) judge(req ctrl.Request, verified *awsapi.Account, err error) (conditions.Verdict, failure.Kind) {
	var mismatch *awsapi.MismatchError
	switch {
	case err == nil:
		r.retries.DeniedForLong(req, false)
		return conditions.Verdict{Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady,
			Message: fmt.Sprintf("account %s in %s is reached as %s", verified.AccountID, verified.Region, verified.CallerARN)}, ""
	case errors.As(err, &mismatch):
		return conditions.Verdict{Ready: metav1.ConditionFalse, Stalled: true,
			Reason: v1alpha1.ReasonAccountMismatch, Message: mismatch.Error()}, ""
	default:
		f := awsapi.Classify(err)
		long := r.retries.DeniedForLong(req, f.Kind == failure.AccessDenied)
		stalled := long || f.Kind == failure.Invalid
		return conditions.Verdict{Ready: metav1.ConditionFalse, Stalled: stalled, Reconciling: !stalled,
			Reason: f.Reason, Message: f.Message}, f.Kind
	}
}

func (r *Reconciler) report(ctx context.Context, account *v1alpha1.AWSAccount, v conditions.Verdict, verified *awsapi.Account) error {
	before := account.DeepCopy()
	status := &account.Status
	status.ObservedGeneration = account.Generation
	status.LastHandledReconcileRequest = account.Annotations[v1alpha1.ReconcileRequestAnnotation]
	status.CallerARN = ""
	if verified != nil {
		status.CallerARN = verified.CallerARN
	}
	conditions.Apply(&status.Conditions, account.Generation, v)
	r.reportQueue(account)
	r.Metrics.Passes.WithLabelValues("AWSAccount", report.ResultOf(v, false)).Inc()
	if equality.Semantic.DeepEqual(before.Status, *status) {
		return nil
	}
	return patch.Status(ctx, r.Client, account, before, func() {
		report.Announce(ctx, r.Recorder, account, before.Status.Conditions, status.Conditions)
	})
}

// deafen stops listening to the queue of an account that is not ours to look after any more.
func (r *Reconciler) deafen(account string) {
	if r.Queues != nil {
		r.Queues.Drop(account)
	}
}

// reportQueue says whether the event queue is read. An account without one has no such condition.
func (r *Reconciler) reportQueue(account *v1alpha1.AWSAccount) {
	list := &account.Status.Conditions
	if account.Spec.DriftEvents == nil || r.Queues == nil {
		meta.RemoveStatusCondition(list, v1alpha1.DriftEventsCondition)
		return
	}
	healthy, failing, known := r.Queues.Health(account.Name)
	switch {
	case failing != "":
		conditions.Set(list, account.Generation, v1alpha1.DriftEventsCondition, metav1.ConditionFalse, v1alpha1.ReasonQueueUnreadable,
			fmt.Sprintf("the queue %s cannot be read, so that changes are seen at the next read of AWS only: %s; docs/events.md says how to set it up",
				account.Spec.DriftEvents.QueueURL, failing))
	case healthy && known:
		conditions.Set(list, account.Generation, v1alpha1.DriftEventsCondition, metav1.ConditionTrue, v1alpha1.ReasonReceiving, "changes are received from the queue")
	case meta.FindStatusCondition(*list, v1alpha1.DriftEventsCondition) == nil:
		conditions.Set(list, account.Generation, v1alpha1.DriftEventsCondition, metav1.ConditionUnknown, v1alpha1.ReasonUnknown, "the queue was not read yet")
	}
}

// nextHealth is when the event queue is asked again whether it is read: at once while nobody knows, then each minute, however
// long the interval between reads is. 0 where there is no queue, or none that is listened to, since the account was never
// reached.
func (r *Reconciler) nextHealth(account *v1alpha1.AWSAccount) time.Duration {
	if account.Spec.DriftEvents == nil || r.Queues == nil {
		return 0
	}
	healthy, failing, known := r.Queues.Health(account.Name)
	switch {
	case !known:
		return 0
	case !healthy && failing == "":
		return schedule.Jitter(r.Timing.Wait)
	}
	return min(schedule.Jitter(r.Timing.Denied), accounts.ResyncOf(account))
}

// waitForUsers is how long an account that is to be deleted waits before it looks for those that refer to it again. Those of
// other shards do not wake it.
const waitForUsers = 30 * time.Second

// release lets the account go once nothing refers to it: without the account, nothing could be deleted from AWS.
func (r *Reconciler) release(ctx context.Context, account *v1alpha1.AWSAccount) (ctrl.Result, error) {
	users, err := r.usersOf(ctx, account.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	if n := len(users); n > 0 {
		return ctrl.Result{RequeueAfter: waitForUsers}, r.report(ctx, account, conditions.Verdict{
			Ready: metav1.ConditionFalse, Reconciling: true, Reason: v1alpha1.ReasonInUse,
			Message: fmt.Sprintf("the account is deleted once no %s refers to it: %d do, such as %s", kindsOf(users), n, users[0].NamespacedName),
		}, nil)
	}
	return ctrl.Result{}, patch.RemoveFinalizer(ctx, r.Client, account)
}

// kindsOf joins the kinds of objects, each once.
func kindsOf(objects []declaration.Key) string {
	var kinds []string
	for _, o := range objects {
		if !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
		}
	}
	return strings.Join(kinds, " or ")
}

// usersOf names the custom resources, of all kinds and shards, that refer to an account.
func (r *Reconciler) usersOf(ctx context.Context, account string) ([]declaration.Key, error) {
	var reader client.Reader = r.Client
	if r.AllShards != nil {
		reader = r.AllShards
	}
	var users []declaration.Key
	for _, kind := range r.Kinds {
		list := kind.NewList()
		if err := reader.List(ctx, list); err != nil {
			return nil, err
		}
		err := declaration.EachOf(list, func(obj v1alpha1.Declaration) {
			if obj.Declared().AccountRef.Name == account {
				users = append(users, declaration.KeyOf(kind, obj))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return users, nil
}

func (r *Reconciler) inShard(account client.Object) bool {
	return r.Shard == nil || r.Shard.Matches(labels.Set(account.GetLabels()))
}

// SetupWithManager registers the controller. A custom resource that goes wakes the account that it referred to, which may be
// waiting to be deleted.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	b := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.AWSAccount{}, builder.WithPredicates(predicate.Or(wake.DeclarationChanged(), predicate.LabelChangedPredicate{}), predicate.NewPredicateFuncs(r.inShard))).
		WithOptions(controller.Options{MaxConcurrentReconciles: accountConcurrency, ReconciliationTimeout: wake.PassTimeout})
	for _, kind := range r.Kinds {
		b = b.Watches(kind.New(), handler.EnqueueRequestsFromMapFunc(accountOf), builder.WithPredicates(wake.OnlyDeletes()))
	}
	return b.Complete(r)
}

func accountOf(_ context.Context, obj client.Object) []reconcile.Request {
	declaration, ok := obj.(v1alpha1.Declaration)
	if !ok {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: declaration.Declared().AccountRef.Name}}}
}
