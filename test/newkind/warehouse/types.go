// SPDX-License-Identifier: Apache-2.0

// Package warehouse is the custom resource of the worked example in docs/adding-a-kind.md: a Warehouse declares a shelf and
// the boxes on it. It lives in tests only.
// +kubebuilder:object:generate=true
// +groupName=test.fargatesecurity.io
// +versionName=v1alpha1
package warehouse

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// GroupVersion is that of Warehouses.
var GroupVersion = schema.GroupVersion{Group: "test.fargatesecurity.io", Version: "v1alpha1"}

// The conditions that speak for one section each.
const (
	ShelfReadyCondition = "ShelfReady"
	BoxesReadyCondition = "BoxesReady"
)

// AddToScheme makes Warehouses known to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &Warehouse{}, &WarehouseList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// WarehouseSpec declares a shelf and the boxes on it.
type WarehouseSpec struct {
	v1alpha1.DeclarationSpec `json:",inline"`

	// shelf is what the boxes stand on.
	// +required
	Shelf ShelfSpec `json:"shelf,omitzero"`

	// boxes stand on the shelf.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Boxes []BoxSpec `json:"boxes,omitempty"`
}

// ShelfSpec declares a shelf.
type ShelfSpec struct {
	// name of the shelf, which is unique in the account.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Name string `json:"name,omitempty"`

	// height of the shelf in centimetres.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	Height int32 `json:"height,omitempty"`
}

// BoxSpec declares a box.
type BoxSpec struct {
	// name of the box, which is unique in the account.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Name string `json:"name,omitempty"`

	// colour of the box.
	// +optional
	// +kubebuilder:default=brown
	// +kubebuilder:validation:Enum=brown;red;green
	Colour string `json:"colour,omitempty"`

	// height of the box in centimetres, which nobody can change.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=1
	Height int32 `json:"height,omitempty"`
}

// WarehouseStatus is what was found and done.
type WarehouseStatus struct {
	v1alpha1.DeclarationStatus `json:",inline"`

	// boxes is how many of the declared boxes stand on the shelf.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Boxes int32 `json:"boxes,omitempty"`
}

// Warehouse is a shelf and the boxes on it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=fargate
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Drift",type=integer,JSONPath=`.status.driftCount`
type Warehouse struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec declares the shelf and the boxes.
	// +required
	Spec WarehouseSpec `json:"spec,omitzero"`

	// status is what the operator found and did.
	// +optional
	Status WarehouseStatus `json:"status,omitzero"`
}

// WarehouseList is a list of Warehouses.
//
// +kubebuilder:object:root=true
type WarehouseList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Warehouse `json:"items"`
}

var _ v1alpha1.Declaration = (*Warehouse)(nil)

// Declared implements v1alpha1.Declaration.
func (w *Warehouse) Declared() *v1alpha1.DeclarationSpec { return &w.Spec.DeclarationSpec }

// Found implements v1alpha1.Declaration.
func (w *Warehouse) Found() *v1alpha1.DeclarationStatus { return &w.Status.DeclarationStatus }
