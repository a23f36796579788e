// SPDX-License-Identifier: Apache-2.0

// Package guardrails says what no profile of an account may declare, or be made to keep: other managed policies than
// the allowed ones, inline policies that grant forbidden actions, ingress from forbidden CIDRs, another permissions boundary
// or none, names that are not for its namespace. All of it is pure.
package guardrails

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// Guardrails are those of an AWSAccount (spec.guardrails).
type Guardrails struct {
	// PermissionsBoundaryARN is put on every role that the operator creates; "" for none.
	PermissionsBoundaryARN string
	// RequireBoundary refuses roles without a permissions boundary, whichever it is.
	RequireBoundary bool
	// AllowedManagedPolicyARNs are globs with * and ?; nil allows any policy, an empty list none.
	AllowedManagedPolicyARNs []string
	// ForbiddenIngressCIDRs may not be covered by ingress rules. The caller puts the default 0.0.0.0/0 and ::/0 here.
	ForbiddenIngressCIDRs []string
	// ForbiddenInlineActions are globs of actions that no inline policy may grant.
	ForbiddenInlineActions []string
}

// PolicyAllowed says whether a managed policy may be attached. ARNs are compared with their case, as in IAM
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html); a glob has to match the whole ARN.
func (g Guardrails) PolicyAllowed(arn string) bool {
	if g.AllowedManagedPolicyARNs == nil {
		return true
	}
	return slices.ContainsFunc(g.AllowedManagedPolicyARNs, func(glob string) bool { return canonical.Match(glob, arn) })
}

var errNoBoundary = errors.New("permissionsBoundaryARN is not set, and the account's guardrail requirePermissionsBoundary demands a boundary on every role: declare one")

// Boundary refuses a declared permissions boundary that is not the guardrail's. Declaring none is fine where the guardrail
// has one, which is used then, and where none is required
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
func (g Guardrails) Boundary(declared string) error {
	switch {
	case g.RequireBoundary && cmp.Or(declared, g.PermissionsBoundaryARN) == "":
		return errNoBoundary
	case declared == "" || g.PermissionsBoundaryARN == "" || declared == g.PermissionsBoundaryARN:
		return nil
	}
	return fmt.Errorf("permissionsBoundaryARN is %s, but the account's guardrail demands %s: remove the field, or declare this one",
		declared, g.PermissionsBoundaryARN)
}
