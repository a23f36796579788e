// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Declaration is a custom resource that declares AWS objects: what generic code knows of every such kind.
// +kubebuilder:object:generate=false
type Declaration interface {
	metav1.Object
	runtime.Object
	// Declared is the part of the spec that all declaring kinds share; a change of it is one of the spec.
	Declared() *DeclarationSpec
	// Found is the part of the status that all declaring kinds share.
	Found() *DeclarationStatus
}

// Mode says what the operator may do.
// +kubebuilder:validation:Enum=Enforce;Observe;Suspend
type Mode string

// The modes.
const (
	// ModeEnforce repairs drift.
	ModeEnforce Mode = "Enforce"
	// ModeObserve reports drift and writes nothing to AWS.
	ModeObserve Mode = "Observe"
	// ModeSuspend does nothing at all.
	ModeSuspend Mode = "Suspend"
)

// DeletionPolicy says what happens in AWS when the custom resource is deleted.
// +kubebuilder:validation:Enum=Delete;Retain
type DeletionPolicy string

// The deletion policies.
const (
	// DeletionPolicyDelete deletes what the operator created and releases what it adopted.
	DeletionPolicyDelete DeletionPolicy = "Delete"
	// DeletionPolicyRetain releases everything.
	DeletionPolicyRetain DeletionPolicy = "Retain"
)

// AdoptionPolicy says what happens with an existing object that has no owner tag.
// +kubebuilder:validation:Enum=Refuse;Adopt
type AdoptionPolicy string

// The adoption policies.
const (
	// AdoptionPolicyRefuse leaves the object alone.
	AdoptionPolicyRefuse AdoptionPolicy = "Refuse"
	// AdoptionPolicyAdopt takes the object over; an adopted object is never deleted.
	AdoptionPolicyAdopt AdoptionPolicy = "Adopt"
)

// DeclarationSpec is what every kind that declares AWS objects has in its spec, with the same names and meanings.
type DeclarationSpec struct {
	// accountRef names the AWSAccount to work in.
	// +required
	AccountRef AccountReference `json:"accountRef,omitzero"`

	// mode is Enforce (repair drift), Observe (report it, write nothing to AWS) or Suspend (do nothing).
	// +optional
	// +kubebuilder:default=Enforce
	Mode Mode `json:"mode,omitempty"`

	// deletionPolicy is Delete (delete what the operator created, release what it adopted) or Retain (release all).
	// +optional
	// +kubebuilder:default=Delete
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// adoptionPolicy is Refuse (leave an existing object without our owner tag alone, Stalled) or Adopt.
	// +optional
	// +kubebuilder:default=Refuse
	AdoptionPolicy AdoptionPolicy `json:"adoptionPolicy,omitempty"`

	// tags are put on every AWS object, beside the owner tags.
	// +optional
	// +kubebuilder:validation:MaxProperties=40
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) >= 1 && size(k) <= 128 && k.matches('^[A-Za-z0-9 _.:/=+@-]+$'))",message="tag keys have 1 to 128 letters, digits, spaces or _.:/=+-@"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.lowerAscii().startsWith('aws:') && !k.lowerAscii().startsWith('fargatesecurity.io/'))",message="tag keys must not begin with aws: or fargatesecurity.io/: these are reserved"
	// +kubebuilder:validation:XValidation:rule="self.all(k, self[k].matches('^[A-Za-z0-9 _.:/=+@-]*$'))",message="tag values have up to 256 letters, digits, spaces or _.:/=+-@"
	Tags map[string]TagValue `json:"tags,omitempty"`
}

// TagValue is the value of an AWS tag.
// +kubebuilder:validation:MaxLength=256
type TagValue string

// AccountReference names an AWSAccount.
// +kubebuilder:validation:XValidation:rule="self.name == oldSelf.name",message="accountRef cannot be changed: create another FargateSecurityProfile for the other account"
type AccountReference struct {
	// name of the AWSAccount.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}
