// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// quotaProblems holds what the role will have, once it is as declared, against IAM's quotas. What it has now shows that IAM
// allows as much.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func quotaProblems(id resource.ID, d Desired, role observed.Role) []resource.Problem {
	return append(managedQuota(id, d, role), inlineQuota(id, d, role)...)
}

func managedQuota(id resource.ID, d Desired, role observed.Role) []resource.Problem {
	kept := 0
	for _, policy := range unlisted(d, role) {
		if !removes(d, policy.ARN) {
			kept++
		}
	}
	count, limit := len(listed(d)), max(d.MaxManagedPolicies, len(role.ManagedPolicies))
	if d.MaxManagedPolicies == 0 || len(missing(d, role)) == 0 || count+kept <= limit {
		return nil
	}
	have := fmt.Sprintf("managedPolicyARNs lists %d policies", count)
	if kept > 0 {
		have += fmt.Sprintf(", which are %d together with those on the role that are not listed and stay (unlistedPolicies: Report)", count+kept)
	}
	return []resource.Problem{{Reason: ReasonQuota, Path: "managedPolicies", Message: fmt.Sprintf(
		"%s: %s, and AWS lets a role of this account have %d; list fewer, or have the quota \"Managed policies attached to an IAM role\" raised in Service Quotas (to 25 at most) and write it into spec.quotas.managedPoliciesPerRole of the AWSAccount",
		id, have, limit)}}
}

// inlineQuota counts inline policies that are not listed and stay: what is declared is counted without AWS's help.
func inlineQuota(id resource.ID, d Desired, role observed.Role) []resource.Problem {
	kept, names := 0, slices.DeleteFunc(unlistedInline(d, role), func(name string) bool { return removesInline(d, role.InlinePolicies[name]) })
	if len(names) == 0 || len(changedInline(d, role)) == 0 {
		return nil
	}
	for _, name := range names {
		kept += canonical.PolicySize(role.InlinePolicies[name])
	}
	declared := 0
	for _, doc := range d.InlinePolicies {
		declared += canonical.PolicySize(doc)
	}
	if declared > canonical.MaxRolePolicySize || declared+kept <= canonical.MaxRolePolicySize {
		return nil
	}
	return []resource.Problem{{Reason: ReasonQuota, Path: "inlinePolicies", Message: fmt.Sprintf(
		"%s: the declared inline policies have %d characters, white space not counted, and those on the role that are not listed and stay (unlistedPolicies: Report) have %d (%s), while IAM allows %d for all inline policies of a role; shorten them, take the others off, or move statements into a managed policy",
		id, declared, kept, strings.Join(names, ", "), canonical.MaxRolePolicySize)}}
}
