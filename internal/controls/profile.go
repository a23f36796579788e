// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

func profile(judge func(*observed.State, *observed.FargateProfile) (Result, string)) func(*observed.State) (Result, string) {
	return need("Fargate profile", func(s *observed.State) *observed.FargateProfile { return s.FargateProfile }, judge)
}

func profileControls() []Control {
	return []Control{
		{
			ID: "FSO.16", Title: "EKS reports no health issue of the Fargate profile", Severity: drift.High,
			References:  []string{"https://docs.aws.amazon.com/eks/latest/APIReference/API_FargateProfileIssue.html"},
			LooksAt:     "health.issues of the profile, once it is active.",
			Remediation: "Follow the code: AccessDenied is the role, PodExecutionRoleAlreadyInUse a shared role, ClusterUnreachable the network.",
			Evaluate:    profile(health),
		},
		{
			ID: "FSO.17", Title: "The Fargate profile did not fail to be created or deleted", Severity: drift.High,
			References:  []string{"https://docs.aws.amazon.com/eks/latest/APIReference/API_FargateProfile.html"},
			LooksAt:     "The status of the profile.",
			Remediation: "Read the health issues; a profile in CREATE_FAILED has to be deleted and created again.",
			Evaluate:    profile(status),
		},
	}
}

func health(_ *observed.State, p *observed.FargateProfile) (Result, string) {
	var codes []string
	for _, issue := range p.HealthIssues {
		codes = append(codes, issue.Code)
	}
	if len(codes) == 0 && p.Status != "ACTIVE" {
		return Unknown, "the profile is " + p.Status
	}
	return verdict(codes, nil, "EKS reports", "no health issue")
}

func status(_ *observed.State, p *observed.FargateProfile) (Result, string) {
	switch p.Status {
	case "ACTIVE":
		return Passed, "the profile is ACTIVE"
	case "CREATE_FAILED", "DELETE_FAILED":
		return Failed, "the profile is " + p.Status
	default:
		return Unknown, "the profile is " + p.Status
	}
}
