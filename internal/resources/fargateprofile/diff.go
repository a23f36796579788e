// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// maxText bounds what is shown of a list.
const maxText = 400

// diff compares a declared profile with the observed one. Nothing of a profile can be changed in AWS (EKS API
// reference, CreateFargateProfile: "Fargate profiles are immutable"), so every difference needs a replacement.
func diff(d Desired, have observed.FargateProfile, v resource.Values) []drift.Difference {
	out := diffHealth(have)
	if want, is := selectorsText(d.Selectors), selectorsText(have.Selectors); want != is {
		out = append(out, replacement("selectors", want, is, drift.High, ReasonSelectors))
	}
	if want, is := canonical.List(d.SubnetIDs), canonical.List(have.SubnetIDs); want != "" && want != is {
		out = append(out, replacement("subnetIDs", want, is, drift.High, ReasonSubnets))
	}
	arn, known := v.Get(d.Role, resource.ARN)
	switch {
	case known && arn != have.RoleARN:
		out = append(out, replacement("podExecutionRole", arn, have.RoleARN, drift.Critical, ReasonRole))
	case !known && !isRole(have.RoleARN, d.Role.Name):
		difference := replacement("podExecutionRole", drift.Unknown, have.RoleARN, drift.Critical, ReasonRole)
		difference.WaitsFor = d.Role.String()
		out = append(out, difference)
	}
	return out
}

// diffHealth: an ACTIVE profile may still be unable to run pods
// (https://docs.aws.amazon.com/eks/latest/APIReference/API_FargateProfileHealth.html).
func diffHealth(have observed.FargateProfile) []drift.Difference {
	if len(have.HealthIssues) == 0 || types.FargateProfileStatus(have.Status) != types.FargateProfileStatusActive {
		return nil
	}
	return []drift.Difference{{
		Path: "health", Desired: drift.Healthy, Observed: canonical.Text(healthText(have.HealthIssues), maxHealth),
		Severity: drift.High, Action: drift.ReportOnly, Reason: ReasonUnhealthy,
	}}
}

func replacement(path, want, is string, severity drift.Severity, reason string) drift.Difference {
	return drift.Difference{
		Path: path, Desired: canonical.Text(want, maxText), Observed: canonical.Text(is, maxText),
		Severity: severity, Action: drift.RequiresReplacement, Reason: reason,
	}
}

// isRole says whether an ARN is that of the role with this name: a role that was deleted has the same ARN when it is
// made again, so a profile that names it is as declared even while the role is gone.
func isRole(arn, name string) bool {
	_, path, ok := strings.Cut(arn, ":role/")
	return ok && path[strings.LastIndex(path, "/")+1:] == name
}

// selectorsText shows a set of selectors: sorted, each once.
func selectorsText(selectors []observed.Selector) string {
	var parts []string
	for _, s := range selectors {
		parts = append(parts, selectorText(s))
	}
	return canonical.List(parts)
}
