// SPDX-License-Identifier: Apache-2.0

package kinds

import (
	"fmt"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
)

// claimsOf lists the names that a profile claims in its account: those that it declares, those that it leaves to the
// defaults, and those that it refers to.
func claimsOf(profile *v1alpha1.FargateSecurityProfile) []guardrails.Claim {
	s, spec := &fargateStack{profile: profile}, profile.Spec
	role := guardrails.Claim{Kind: guardrails.RoleName, Name: s.roleID().Name, Field: orDefault("spec.podExecutionRole.name", spec.PodExecutionRole.Name)}
	if spec.PodExecutionRole.ExistingARN != "" {
		role.Field = "spec.podExecutionRole.existingARN"
	}
	list := []guardrails.Claim{
		{Kind: guardrails.ClusterName, Name: spec.ClusterName, Field: "spec.clusterName"},
		{Kind: guardrails.FargateProfileName, Name: profile.ProfileName(), Cluster: spec.ClusterName,
			Field: orDefault("spec.fargateProfile.name", spec.FargateProfile.Name)},
		role,
	}
	for i, selector := range spec.FargateProfile.Selectors {
		list = append(list, guardrails.Claim{Kind: guardrails.PodNamespace, Name: selector.Namespace, Pattern: true, Cluster: spec.ClusterName,
			Field: fmt.Sprintf("spec.fargateProfile.selectors[%d].namespace", i)})
	}
	for _, group := range spec.SecurityGroups {
		list = append(list, guardrails.Claim{Kind: guardrails.SecurityGroupName, Name: group.Name, Field: "spec.securityGroups[].name"})
	}
	if pods := spec.PodSecurityGroups; pods != nil {
		list = append(list, guardrails.Claim{Kind: guardrails.PodNamespace, Name: pods.Namespace, Field: "spec.podSecurityGroups.namespace", Cluster: spec.ClusterName})
	}
	if spec.Logging != nil {
		list = append(list, guardrails.Claim{Kind: guardrails.LogGroupName, Name: s.logGroupName(), Field: orDefault("spec.logging.logGroup.name", spec.Logging.LogGroup.Name)})
	}
	return append(list, keyClaims(spec.Encryption)...)
}

// keyClaims: a key that the profile keeps is claimed by its alias. One that is only used is claimed by its ARN, since its
// aliases are known to AWS only, and belong to whoever may move them.
func keyClaims(spec *v1alpha1.EncryptionSpec) []guardrails.Claim {
	switch {
	case spec == nil:
		return nil
	case spec.KMSKey != nil:
		return []guardrails.Claim{{Kind: guardrails.KeyAlias, Name: spec.KMSKey.Alias, Field: "spec.encryption.kmsKey.alias"}}
	default:
		return []guardrails.Claim{{Kind: guardrails.KeyARN, Name: spec.KeyARN, Field: "spec.encryption.keyARN"}}
	}
}

// orDefault marks a field that is left out, so that its name is the default one.
func orDefault(field, declared string) string {
	if declared == "" {
		return field + " (default)"
	}
	return field
}
