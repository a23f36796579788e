// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/conditions"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// maxNote is the length of an Event's note that the API server takes.
const maxNote = 1024

// Announce tells of conditions that changed, as Kubernetes Events and in the log: once for each change, never for a
// pass that found what the last one had found.
func Announce(ctx context.Context, recorder events.EventRecorder, obj runtime.Object, before, after []metav1.Condition) {
	log := ctrl.LoggerFrom(ctx)
	for _, c := range after {
		old := meta.FindStatusCondition(before, c.Type)
		if old != nil && old.Status == c.Status && old.Reason == c.Reason && old.Message == c.Message {
			continue
		}
		log.Info("condition changed", "type", c.Type, "status", c.Status, "reason", c.Reason, "message", c.Message)
		if worthAnEvent(c, old) {
			recorder.Eventf(obj, nil, eventType(c), c.Reason, "Reconcile", "%s: %s", c.Type, Note(c.Message))
		}
	}
}

// LogWrites tells in the log what a pass changed in AWS, object by object.
func LogWrites(ctx context.Context, result *resource.Result) {
	log := ctrl.LoggerFrom(ctx)
	for _, o := range append(result.All(), result.Removed...) {
		if len(o.Done) > 0 {
			log.Info("changed", "object", o.ID.String(), "arn", o.ARN, "did", o.Done)
		}
	}
}

// TellAdoptions tells of the objects that a pass has taken over, and of what that has undone.
func TellAdoptions(recorder events.EventRecorder, obj runtime.Object, result *resource.Result) {
	for _, o := range result.Objects {
		switch {
		case o.Adopted && o.Caution != "":
			recorder.Eventf(obj, nil, corev1.EventTypeWarning, "Adopted", "Adopt", "%s was taken over: %s", o.ID, Note(o.Caution))
		case o.Adopted:
			recorder.Eventf(obj, nil, corev1.EventTypeNormal, "Adopted", "Adopt", "%s was taken over", o.ID)
		}
	}
}

// worthAnEvent: Ready, Stalled and Drifted as they turn or change their reason, and sections that say something new
// although nothing stops them (a warning). Reconciling comes and goes with every wait.
func worthAnEvent(c metav1.Condition, old *metav1.Condition) bool {
	turned := old == nil || old.Status != c.Status || old.Reason != c.Reason
	switch c.Type {
	case v1alpha1.ReadyCondition, v1alpha1.StalledCondition:
		return turned
	case v1alpha1.DriftedCondition:
		return turned && (old != nil || c.Status == metav1.ConditionTrue)
	case v1alpha1.ReconcilingCondition:
		return false
	default:
		return c.Status == metav1.ConditionTrue && c.Message != ""
	}
}

func eventType(c metav1.Condition) string {
	bad := c.Type == v1alpha1.StalledCondition || c.Type == v1alpha1.DriftedCondition
	if (c.Status == metav1.ConditionTrue) == bad {
		return corev1.EventTypeWarning
	}
	if c.Status != metav1.ConditionTrue || c.Type == v1alpha1.ReadyCondition || c.Type == v1alpha1.DriftedCondition {
		return corev1.EventTypeNormal
	}
	return corev1.EventTypeWarning
}

// Note cuts a message so that the condition's type has room beside it.
func Note(message string) string { return conditions.Shorten(message, maxNote-64) }
