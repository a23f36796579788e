// SPDX-License-Identifier: Apache-2.0

package guardrails

import (
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// Statement is what counts of a statement of a policy that allows something.
type Statement struct {
	Actions []string
	// NotActions, where not nil, are what the statement does not allow: it allows everything else.
	NotActions []string
}

// GrantsForbidden returns the forbidden actions of which an inline policy with these statements grants at least one, in
// the order of the guardrail. A policy's resources, conditions and denials are not looked at: an action that may not be
// granted may not be granted for one object either, and who may write the policy may take a denial out of it.
//
// Actions are compared without case (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
func (g Guardrails) GrantsForbidden(statements []Statement) []string {
	var granted []string
	for _, forbidden := range g.ForbiddenInlineActions {
		if slices.ContainsFunc(statements, func(s Statement) bool { return s.grantsAny(strings.ToLower(forbidden)) }) {
			granted = append(granted, forbidden)
		}
	}
	return granted
}

// grantsAny tells that the statement allows an action that the glob matches. With NotAction it does unless all that the
// glob matches is excepted by one of them
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html).
func (s Statement) grantsAny(forbidden string) bool {
	excepted := func(not string) bool { return canonical.GlobCovers(strings.ToLower(not), forbidden) }
	if s.NotActions != nil && !slices.ContainsFunc(s.NotActions, excepted) {
		return true
	}
	return slices.ContainsFunc(s.Actions, func(action string) bool { return canonical.GlobsMeet(strings.ToLower(action), forbidden) })
}
