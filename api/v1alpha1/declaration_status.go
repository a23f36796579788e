// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeclarationStatus is what every kind that declares AWS objects has in its status, with the same names and meanings.
type DeclarationStatus struct {
	// conditions are Ready and Drifted always; Reconciling and Stalled while True; one for each declared section.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// resources are the objects linked to the profile, in dependency order.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Resources []ResourceStatus `json:"resources,omitempty"`

	// drift lists what differs from the spec, worst first: at most 50. driftCount is the whole number.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Drift []Drift `json:"drift,omitempty"`

	// driftCount is the number of fields that differ. It is always present once the profile was read.
	// +optional
	// +kubebuilder:validation:Minimum=0
	DriftCount *int32 `json:"driftCount,omitempty"`

	// lastRepair is the last pass that repaired drift.
	// +optional
	LastRepair *LastRepair `json:"lastRepair,omitempty"`

	// repairs are the last 10 repaired differences, newest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	Repairs []Repair `json:"repairs,omitempty"`

	// posture is the result of the posture controls over what was observed.
	// +optional
	Posture *Posture `json:"posture,omitempty"`

	// tagKeys are the keys of spec.tags that were last put on every object, so that one taken off the spec is found.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=80
	// +kubebuilder:validation:items:MaxLength=128
	TagKeys []string `json:"tagKeys,omitempty"`

	// lastHandledReconcileRequest echoes the annotation fargatesecurity.io/reconcile-requested-at.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	LastHandledReconcileRequest string `json:"lastHandledReconcileRequest,omitempty"`
}

// Origin says how the operator came to an object.
// +kubebuilder:validation:Enum=Created;Adopted;Referenced
type Origin string

// ResourceStatus is one object linked to the profile.
type ResourceStatus struct {
	// kind of the object: EKSCluster, KMSKey, LogGroup, IAMRole, SecurityGroup, SecurityGroupPolicy, FargateProfile.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Kind string `json:"kind,omitempty"`

	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Name string `json:"name,omitempty"`

	// arn of the object, once it has one.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	ARN string `json:"arn,omitempty"`

	// state of the object in AWS, e.g. Active or Creating; Absent when it does not exist.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	State string `json:"state,omitempty"`

	// origin is Created (by the operator), Adopted, or Referenced (only used). Empty: not ours.
	// +optional
	Origin Origin `json:"origin,omitempty"`

	// declarationHash identifies the declaration that the object last matched in full: while it stays the same, a
	// difference is drift and not an edit of the spec.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	DeclarationHash string `json:"declarationHash,omitempty"`

	// creationTime is when the operator last began to create the object: for five minutes, AWS may not show it yet.
	// +optional
	CreationTime metav1.Time `json:"creationTime,omitzero"`
}

// Severity of a difference.
// +kubebuilder:validation:Enum=Critical;High;Medium;Low
type Severity string

// DriftAction is what the operator does about a difference.
// +kubebuilder:validation:Enum=Repair;ReportOnly;RequiresReplacement
type DriftAction string

// Drift is one field that differs from the spec.
type Drift struct {
	// resource is kind/name, as in status.resources.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=600
	Resource string `json:"resource,omitempty"`

	// path of the field inside the object, e.g. ingress[tcp/22 0.0.0.0/0].
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2200
	Path string `json:"path,omitempty"`

	// desired value as short text; empty: should not be there.
	// +required
	// +kubebuilder:validation:MaxLength=4096
	Desired string `json:"desired"`

	// observed value as short text; empty: is not there.
	// +required
	// +kubebuilder:validation:MaxLength=4096
	Observed string `json:"observed"`

	// severity is Critical, High, Medium or Low.
	// +required
	Severity Severity `json:"severity,omitempty"`

	// action is Repair, ReportOnly or RequiresReplacement.
	// +required
	Action DriftAction `json:"action,omitempty"`

	// controls are published controls that the field answers.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	Controls []string `json:"controls,omitempty"`

	// firstObservedTime is when the difference was first seen.
	// +required
	FirstObservedTime metav1.Time `json:"firstObservedTime,omitzero"`

	// changedBy is the ARN of who made the change, as CloudTrail recorded it. Empty where no event told of it: there is no
	// queue (AWSAccount spec.driftEvents), or the event has not come.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	ChangedBy string `json:"changedBy,omitempty"`
}

// Repair is a repaired difference.
type Repair struct {
	Drift `json:",inline"`

	// repairedTime is when the repair was seen to hold.
	// +required
	RepairedTime metav1.Time `json:"repairedTime,omitzero"`

	// times is how often the same difference was repaired, each time within an hour of the one before. Omitted: once.
	// +optional
	// +kubebuilder:validation:Minimum=2
	Times int32 `json:"times,omitempty"`
}

// LastRepair tells of the last pass that repaired drift.
type LastRepair struct {
	// time of the repair.
	// +required
	Time metav1.Time `json:"time,omitzero"`

	// fields is how many differences were repaired.
	// +required
	// +kubebuilder:validation:Minimum=1
	Fields int32 `json:"fields,omitempty"`

	// message says what was done.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`
}

// Posture is the result of the posture controls; docs/controls.md lists them.
type Posture struct {
	// passed is the number of controls that passed.
	// +required
	// +kubebuilder:validation:Minimum=0
	Passed int32 `json:"passed"`

	// failed is the number of controls that failed.
	// +required
	// +kubebuilder:validation:Minimum=0
	Failed int32 `json:"failed"`

	// score is the share of passed controls among those that could be judged, 0 to 100.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Score int32 `json:"score"`

	// failedControls are the ids of the controls that failed.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=64
	FailedControls []string `json:"failedControls,omitempty"`
}
