// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the contract with users: the kinds of fargatesecurity.io/v1alpha1, their validation, and the
// condition types and reasons that status speaks in. It imports nothing else of this project.
// +kubebuilder:object:generate=true
// +groupName=fargatesecurity.io
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and version of the kinds in this package.
	GroupVersion = schema.GroupVersion{Group: "fargatesecurity.io", Version: "v1alpha1"}

	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme makes the kinds known to a scheme.
	AddToScheme = schemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&AWSAccount{}, &AWSAccountList{},
		&FargateSecurityProfile{}, &FargateSecurityProfileList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
