// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"maps"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole/policytext"
)

// The paths of the fields of a role.
const (
	trustPath    = "trustPolicy"
	boundaryPath = "permissionsBoundary"
	managedPaths = "managedPolicies"
	inlinePaths  = "inlinePolicies"
)

func managedPath(arn string) string { return managedPaths + "[" + arn + "]" }
func inlinePath(name string) string { return inlinePaths + "[" + name + "]" }

// diff compares a declared role with an existing one.
func diff(d Desired, role observed.Role) []drift.Difference {
	return slices.Concat(diffTrust(d, role), diffBoundary(d, role), diffManaged(d, role), diffInline(d, role))
}

func diffTrust(d Desired, role observed.Role) []drift.Difference {
	if canonical.PolicyEqual(d.TrustPolicy, role.TrustPolicy) {
		return nil
	}
	want, got := policytext.Difference(d.TrustPolicy, role.TrustPolicy)
	return []drift.Difference{{
		Path: trustPath, Desired: want, Observed: got,
		Severity: drift.Critical, Action: drift.Repair, Reason: ReasonTrustChanged,
	}}
}

// diffBoundary: a boundary that nobody declared or has declared only narrows the role, so taking it off would widen what
// the role can do.
func diffBoundary(d Desired, role observed.Role) []drift.Difference {
	if d.boundary() == role.PermissionsBoundary {
		return nil
	}
	one := drift.Difference{
		Path: boundaryPath, Desired: d.boundary(), Observed: role.PermissionsBoundary,
		Severity: drift.High, Action: drift.Repair, Reason: ReasonBoundaryChanged,
	}
	if d.boundary() == "" && !slices.Contains(d.FormerBoundaryARNs, role.PermissionsBoundary) {
		one.Severity, one.Action, one.Reason = drift.Low, drift.ReportOnly, ReasonBoundaryUnlisted
	}
	return []drift.Difference{one}
}

func diffManaged(d Desired, role observed.Role) []drift.Difference {
	var out []drift.Difference
	for _, arn := range missing(d, role) {
		out = append(out, drift.Difference{
			Path: managedPath(arn), Desired: arn,
			Severity: drift.High, Action: drift.Repair, Reason: ReasonManagedMissing,
		})
	}
	for _, policy := range unlisted(d, role) {
		one := drift.Difference{
			Path: managedPath(policy.ARN), Observed: policy.ARN,
			Severity: drift.High, Action: drift.ReportOnly, Reason: ReasonManagedUnlisted,
		}
		if powerful(policy) {
			one.Severity, one.Controls = drift.Critical, []string{"IAM.1"}
		}
		if removes(d, policy.ARN) {
			one.Action = drift.Repair
		}
		out = append(out, one)
	}
	return out
}

func diffInline(d Desired, role observed.Role) []drift.Difference {
	var out []drift.Difference
	for _, name := range changedInline(d, role) {
		doc, there := role.InlinePolicies[name]
		one := drift.Difference{
			Path: inlinePath(name), Severity: drift.High, Action: drift.Repair, Reason: ReasonInlineMissing,
		}
		if one.Desired, one.Observed = policytext.Difference(d.InlinePolicies[name], doc); there {
			one.Reason = ReasonInlineChanged
			if grantsEverything(doc) && !grantsEverything(d.InlinePolicies[name]) {
				one.Severity, one.Controls = drift.Critical, []string{"IAM.1"}
			}
		}
		out = append(out, one)
	}
	for _, name := range unlistedInline(d, role) {
		one := drift.Difference{
			Path: inlinePath(name), Severity: drift.High, Action: drift.ReportOnly, Reason: ReasonInlineUnlisted,
		}
		if _, one.Observed = policytext.Difference("", role.InlinePolicies[name]); role.InlinePolicies[name] == "" {
			one.Observed = drift.Present // its document could not be read
		}
		if grantsEverything(role.InlinePolicies[name]) {
			one.Severity, one.Controls = drift.Critical, []string{"IAM.1"}
		}
		if removesInline(d, role.InlinePolicies[name]) {
			one.Action = drift.Repair
		}
		out = append(out, one)
	}
	return out
}

// missing are the declared managed policies that the role does not have.
func missing(d Desired, role observed.Role) []string {
	return slices.DeleteFunc(listed(d), func(arn string) bool {
		return slices.ContainsFunc(role.ManagedPolicies, func(p observed.ManagedPolicy) bool { return p.ARN == arn })
	})
}

// unlisted are the managed policies of the role that are not declared, by ARN.
func unlisted(d Desired, role observed.Role) []observed.ManagedPolicy {
	rest := slices.DeleteFunc(slices.Clone(role.ManagedPolicies), func(p observed.ManagedPolicy) bool {
		return slices.Contains(d.ManagedPolicyARNs, p.ARN)
	})
	slices.SortFunc(rest, func(a, b observed.ManagedPolicy) int { return strings.Compare(a.ARN, b.ARN) })
	return rest
}

// removes tells whether an unlisted managed policy is taken off the role. One that the guardrails forbid always is.
func removes(d Desired, arn string) bool { return d.RemoveUnlisted || !d.Guard.PolicyAllowed(arn) }

// changedInline are the declared inline policies that the role does not have, or has with another meaning.
func changedInline(d Desired, role observed.Role) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(d.InlinePolicies)), func(name string) bool {
		doc, there := role.InlinePolicies[name]
		return there && canonical.PolicyEqual(d.InlinePolicies[name], doc)
	})
}

// unlistedInline are the inline policies of the role that are not declared.
func unlistedInline(d Desired, role observed.Role) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(role.InlinePolicies)), func(name string) bool {
		_, declared := d.InlinePolicies[name]
		return declared
	})
}
