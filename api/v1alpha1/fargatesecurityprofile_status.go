// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// FargateSecurityProfileStatus is what the operator found and did.
type FargateSecurityProfileStatus struct {
	DeclarationStatus `json:",inline"`

	// profileStatus is AWS's status of the Fargate profile: Creating, Active, Deleting, CreateFailed, DeleteFailed.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ProfileStatus string `json:"profileStatus,omitempty"`

	// permissionsBoundaryARNs are boundaries that the operator may have set on the role: it takes them off when they leave
	// the declaration. Any other that is not declared was set by somebody else, and stays.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=2048
	PermissionsBoundaryARNs []string `json:"permissionsBoundaryARNs,omitempty"`
}
