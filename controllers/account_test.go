// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/awsaccount"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

func (r *rig) isGone(obj client.Object) error {
	err := kube.Get(context.Background(), client.ObjectKeyFromObject(obj), obj)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		err = errors.New("still there")
	}
	return err
}

func (r *rig) eventNotes(p *profile) []string {
	list := &eventsv1.EventList{}
	if err := kube.List(r.ctx, list, client.InNamespace(p.Namespace)); err != nil {
		r.t.Fatal(err)
	}
	var notes []string
	for _, e := range list.Items {
		notes = append(notes, e.Note)
	}
	return notes
}

func (r *rig) accountObject() *v1alpha1.AWSAccount {
	a := &v1alpha1.AWSAccount{}
	a.Name = r.account
	return a
}

// untilAccount waits for a condition of the account.
func (r *rig) untilAccount(kind string, status metav1.ConditionStatus, reason string, words ...string) *v1alpha1.AWSAccount {
	r.t.Helper()
	a := r.accountObject()
	r.eventually("waiting for the account", func() error {
		if err := kube.Get(r.ctx, client.ObjectKeyFromObject(a), a); err != nil {
			return err
		}
		c := meta.FindStatusCondition(a.Status.Conditions, kind)
		if c == nil || c.Status != status || c.Reason != reason {
			return fmt.Errorf("%s is %+v", kind, c)
		}
		for _, w := range words {
			if !strings.Contains(c.Message, w) {
				return fmt.Errorf("the message does not hold %q: %s", w, c.Message)
			}
		}
		return nil
	})
	return a
}

func TestAccountIsVerified(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.untilAccount("Ready", metav1.ConditionTrue, v1alpha1.ReasonReady)
	if a.Status.CallerARN != operatorCaller || a.Status.ObservedGeneration != a.Generation {
		t.Errorf("status %+v", a.Status)
	}
}

func TestAccountMismatchIsStalled(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(a *v1alpha1.AWSAccount) { a.Spec.AccountID = "999988887777" })
	r.untilAccount("Stalled", metav1.ConditionTrue, v1alpha1.ReasonAccountMismatch, "999988887777", "111122223333")
	for _, c := range r.sim.Calls() {
		if c.Service != "sts" {
			t.Errorf("%s was called although the account is another one", c.Action())
		}
	}
}

// TestAnAccountThatWasNeverReachedIsNotAskedForItsQueue: nobody listens to it, so nothing will come of asking again and again.
func TestAnAccountThatWasNeverReachedIsNotAskedForItsQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t, listens(eventQueue), func(a *v1alpha1.AWSAccount) { a.Spec.AccountID = "999988887777" })
	r.untilAccount("Stalled", metav1.ConditionTrue, v1alpha1.ReasonAccountMismatch)
	verifier := &awsaccount.Reconciler{
		Client: profiles.Client, Sessions: &awsapi.Sessions{}, Metrics: profiles.Metrics, Timing: fast, Recorder: profiles.Recorder,
		Queues: &wake.Queues{Sessions: &awsapi.Sessions{}, Metrics: profiles.Metrics},
	}
	got, err := verifier.Reconcile(r.ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: r.account}})
	if err != nil || got.RequeueAfter < time.Minute {
		t.Errorf("asked again after %v (%v), want the interval", got.RequeueAfter, err)
	}
}

func TestAccountAssumesItsRole(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:iam::111122223333:role/fargate-security-operator"
	r := newRig(t, func(a *v1alpha1.AWSAccount) {
		a.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: arn, ExternalID: externalID}
	})
	r.untilAccount("Ready", metav1.ConditionFalse, "AccessDenied", "sts:AssumeRole")
	r.sim.AllowAssume(arn, externalID)
	a := r.untilAccount("Ready", metav1.ConditionTrue, v1alpha1.ReasonReady)
	if a.Status.CallerARN != "arn:aws:sts::111122223333:assumed-role/fargate-security-operator/..." {
		t.Errorf("caller %s: want it without the session's name", a.Status.CallerARN)
	}
}

func TestAccountStaysWhileProfilesReferToIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	if err := kube.Delete(r.ctx, r.accountObject()); err != nil {
		t.Fatal(err)
	}
	r.untilAccount("Ready", metav1.ConditionFalse, v1alpha1.ReasonInUse, p.Name)
	r.gone(p)
	r.nothingLeft()
	r.eventually("waiting for the account to go", func() error { return r.isGone(r.accountObject()) })
}

func TestNamespaceMayUseTheAccountOnceItIsLabelled(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(a *v1alpha1.AWSAccount) { a.Spec.AllowedNamespaces.MatchLabels["tier"] = "prod" })
	p := r.small("payments")
	r.create(p)
	r.stalled(p, v1alpha1.ReasonNamespaceNotAllowed)
	ns := &corev1.Namespace{}
	must(kube.Get(r.ctx, client.ObjectKey{Name: r.ns}, ns))
	ns.Labels["tier"] = "prod"
	must(kube.Update(r.ctx, ns))
	r.ready(p)
}

func TestDeletionWithoutTheAccountNamesTheWayOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	r.sim.Deny("eks:*")
	must(kube.Delete(r.ctx, p))
	r.stalled(p, "AccessDenied", "eks:")
	r.edit(p, mode(v1alpha1.ModeSuspend))
	r.eventually("waiting for the deletion", func() error { return r.isGone(p) })
	r.sim.Allow("eks:*")
	if s := r.snapshot(); !strings.Contains(s, "profile payments") {
		t.Error("the mode Suspend touched AWS")
	}
}

func TestMetricsCountCallsDriftAndPasses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("payments", mode(v1alpha1.ModeObserve))
	r.create(p)
	r.until(p, "the first read", func(*profile) error { return nil })
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	for _, want := range []string{"fargatesec_aws_calls_total", "fargatesec_aws_call_duration_seconds", "fargatesec_drifted_fields", "fargatesec_passes_total"} {
		if !slices.Contains(names, want) {
			t.Errorf("no metric %s among %q", want, names)
		}
	}
}
