// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/patch"
	"github.com/fargate-security/fargate-security-operator/controllers/report"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/conditions"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// suspend reports that nothing is done; what was known stays as it was.
func (p *pass) suspend(ctx context.Context) error {
	before := copyOf(p.object)
	ensureDriftColumns(p.object)
	return p.report(ctx, before, conditions.Verdict{
		Ready: metav1.ConditionUnknown, Reason: v1alpha1.ReasonSuspended,
		Message: "mode Suspend: AWS is neither read nor written",
	}, false)
}

// unreachable reports that the pass ended before anything of the object was read.
func (p *pass) unreachable(ctx context.Context, err error) (ctrl.Result, error) {
	var refused *accounts.Refusal
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
		long := p.retries.DeniedForLong(p.req, kind == failure.AccessDenied)
		verdict.Stalled = report.Stalls(kind, long)
		verdict.Reconciling = !verdict.Stalled
		verdict.Reason, verdict.Message = f.Reason, fmt.Sprintf("AWSAccount %s: %s", p.object.Declared().AccountRef.Name, f.Message)
	}
	if !p.object.GetDeletionTimestamp().IsZero() {
		verdict.Message += "; to let go of the " + p.Kind.Noun + " without touching AWS, set spec.mode to Suspend"
	}
	before := copyOf(p.object)
	ensureDriftColumns(p.object)
	if err := p.report(ctx, before, verdict, false); err != nil {
		return ctrl.Result{}, err
	}
	return p.retries.After(p.req, kind, 0, accounts.DefaultResync), nil
}

// ensureDriftColumns gives an object that was never read its Drifted condition and driftCount.
func ensureDriftColumns(obj v1alpha1.Declaration) {
	status := obj.Found()
	if status.DriftCount == nil {
		status.DriftCount = new(int32)
	}
	if meta.FindStatusCondition(status.Conditions, v1alpha1.DriftedCondition) == nil {
		conditions.Set(&status.Conditions, obj.GetGeneration(), v1alpha1.DriftedCondition, metav1.ConditionFalse,
			v1alpha1.ReasonUnknown, "AWS was not read yet")
	}
}

// report writes the verdict, and status if anything in it changed: one patch, or none.
func (p *pass) report(ctx context.Context, before v1alpha1.Declaration, v conditions.Verdict, drifted bool) error {
	obj, status := p.object, p.object.Found()
	status.ObservedGeneration = obj.GetGeneration()
	status.LastHandledReconcileRequest = obj.GetAnnotations()[v1alpha1.ReconcileRequestAnnotation]
	conditions.Apply(&status.Conditions, obj.GetGeneration(), v)
	conditions.Sort(status.Conditions, report.ConditionOrder(p.Kind))
	p.Metrics.Passes.WithLabelValues(p.Kind.Name, report.ResultOf(v, drifted)).Inc()
	if equality.Semantic.DeepEqual(before, obj) { // all of it: a kind has fields of its own
		return nil
	}
	return patch.Status(ctx, p.Client, obj, before, func() {
		report.Announce(ctx, p.Recorder, obj, before.Found().Conditions, status.Conditions)
	})
}

// copyOf returns a deep copy.
func copyOf(obj v1alpha1.Declaration) v1alpha1.Declaration {
	return obj.DeepCopyObject().(v1alpha1.Declaration) // of the same type
}
