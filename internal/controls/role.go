// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// executionPolicy is what a pod execution role needs, and by itself all that it needs
// (https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html).
const executionPolicy = "AmazonEKSFargatePodExecutionRolePolicy"

func roleControls() []Control {
	return []Control{
		{
			ID: "FSO.7", Title: "The pod execution role has a permissions boundary", Severity: drift.Low,
			References:  []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"},
			LooksAt:     "The permissions boundary of the role.",
			Remediation: "Set guardrails.permissionsBoundaryARN on the AWSAccount, or permissionsBoundaryARN on the role.",
			Evaluate:    role(hasBoundary),
		},
		{
			ID: "FSO.8", Title: "The pod execution role is not the role of a node group", Severity: drift.High,
			References:  []string{"https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"},
			LooksAt:     "The roles of the cluster's node groups, and the health issue PodExecutionRoleAlreadyInUse of the profile.",
			Remediation: "Give the Fargate profile a role of its own: a shared one lets nodes and pods act as each other.",
			Evaluate:    role(ownRole),
		},
		{
			ID: "FSO.9", Title: "The pod execution role has no managed policy beyond the execution policy", Severity: drift.Low,
			References:  []string{"https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"},
			LooksAt:     "The managed policies attached to the role; what pods themselves need belongs to the roles of their service accounts.",
			Remediation: "Detach the other policies, and give pods their permissions by service account.",
			Evaluate:    role(onlyExecutionPolicy),
		},
	}
}

func hasBoundary(_ *observed.State, r *observed.Role) (Result, string) {
	if r.PermissionsBoundary == "" {
		return Failed, "the role has no permissions boundary"
	}
	return Passed, "the boundary is " + r.PermissionsBoundary
}

func ownRole(s *observed.State, r *observed.Role) (Result, string) {
	if r.NodeGroup != "" {
		return Failed, "node group " + r.NodeGroup + " uses the role"
	}
	if s.FargateProfile != nil {
		for _, issue := range s.FargateProfile.HealthIssues {
			if issue.Code == "PodExecutionRoleAlreadyInUse" {
				return Failed, "EKS reports PodExecutionRoleAlreadyInUse"
			}
		}
	}
	if !r.NodeGroupsRead {
		return Unknown, "the node groups of the cluster were not read"
	}
	return Passed, "no node group uses the role"
}

func onlyExecutionPolicy(_ *observed.State, r *observed.Role) (Result, string) {
	var others []string
	for _, p := range r.ManagedPolicies {
		if awsManaged(p.ARN) != executionPolicy {
			others = append(others, p.ARN)
		}
	}
	return verdict(others, nil, "other managed policies are attached", "no other managed policy is attached")
}
