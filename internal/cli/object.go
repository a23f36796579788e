// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// Object is an object of any kind that declares AWS objects: the part of it that all such kinds share.
type Object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec   v1alpha1.DeclarationSpec   `json:"spec"`
	Status v1alpha1.DeclarationStatus `json:"status"`
}

// objectOf reads what the API server sent. Fields of the kind's own are left out.
func objectOf(u *unstructured.Unstructured) (*Object, error) {
	o := &Object{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, o); err != nil {
		return nil, fmt.Errorf("%s %s is not in the shape of a kind that declares AWS objects: %w", u.GetKind(), u.GetName(), err)
	}
	return o, nil
}

// ID names the object among those of its kind.
func (o *Object) ID() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

// full names the object among those of all kinds.
func (o *Object) full() string { return o.Kind + " " + o.ID() }

// condition is a condition of the object, nil where there is none.
func (o *Object) condition(kind string) *metav1.Condition {
	return meta.FindStatusCondition(o.Status.Conditions, kind)
}

// driftKnown tells that AWS was read at least once for this object: without that, no drift in status means nothing.
func (o *Object) driftKnown() bool {
	c := o.condition(v1alpha1.DriftedCondition)
	return c != nil && c.Status != metav1.ConditionUnknown && c.Reason != v1alpha1.ReasonUnknown
}

// current tells that status speaks of the spec as it is.
func (o *Object) current() bool {
	return o.driftKnown() && o.Status.ObservedGeneration == o.Generation
}

// notes are what a reader of the object's status must know before believing it.
func (o *Object) notes() []string {
	var notes []string
	if !o.DeletionTimestamp.IsZero() {
		notes = append(notes, "it is being deleted")
	}
	switch {
	case !o.driftKnown():
		notes = append(notes, "AWS was not read for it yet: whether it drifts is not known")
	case o.Status.ObservedGeneration != o.Generation:
		notes = append(notes, fmt.Sprintf("status speaks of generation %d, the spec is at %d: the operator has not got to the last edit", o.Status.ObservedGeneration, o.Generation))
	}
	if o.Spec.Mode == v1alpha1.ModeSuspend {
		notes = append(notes, "suspended: AWS is not read, this is the state as it was last seen")
	}
	for _, kind := range []string{v1alpha1.StalledCondition, v1alpha1.ReconcilingCondition} {
		if c := o.condition(kind); c != nil && c.Status == metav1.ConditionTrue && c.Reason != v1alpha1.ReasonDrifted {
			notes = append(notes, kind+" ("+c.Reason+"): "+c.Message)
		}
	}
	return notes
}

// driftCount is the whole number of differences: status lists 50 of them at most.
func (o *Object) driftCount() int {
	if o.Status.DriftCount == nil {
		return len(o.Status.Drift)
	}
	return max(int(*o.Status.DriftCount), len(o.Status.Drift))
}

// next says what the operator does about a difference, and what is left to a person.
func (o *Object) next(d v1alpha1.Drift) string {
	stalled := o.condition(v1alpha1.StalledCondition)
	held := stalled != nil && stalled.Status == metav1.ConditionTrue
	switch {
	case !o.DeletionTimestamp.IsZero():
		return "nothing: it is being deleted"
	case o.Spec.Mode == v1alpha1.ModeSuspend:
		return "nothing: mode Suspend"
	case d.Action == v1alpha1.DriftAction(drift.RequiresReplacement):
		return "AWS cannot change it: put the spec back, or replace the object"
	case o.Spec.Mode == v1alpha1.ModeObserve:
		return "nothing: mode Observe"
	case held && stalled.Reason != v1alpha1.ReasonContested:
		return "held up: " + stalled.Reason
	case d.Action == v1alpha1.DriftAction(drift.Repair):
		return "will be repaired"
	default:
		return "reported only"
	}
}
