// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// grantsForbidden returns the forbidden actions that an inline policy grants. Error: the document cannot be read, so that
// nobody knows.
func grantsForbidden(guard guardrails.Guardrails, doc string) ([]string, error) {
	if len(guard.ForbiddenInlineActions) == 0 {
		return nil, nil
	}
	if _, err := canonical.Policy(doc); err != nil {
		return nil, err
	}
	var allow []guardrails.Statement
	for _, s := range statements(doc) {
		if s.Effect == "Allow" {
			allow = append(allow, guardrails.Statement{Actions: s.Action, NotActions: s.NotAction})
		}
	}
	return guard.GrantsForbidden(allow), nil
}

// inlineGuardProblems are the inline policies that the guardrails do not allow, or that cannot be held against them. A
// document that AWS has not shown is no text at all.
func inlineGuardProblems(id resource.ID, guard guardrails.Guardrails, policies map[string]string) []resource.Problem {
	var problems []resource.Problem
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		if policies[name] == "" {
			continue
		}
		granted, err := grantsForbidden(guard, policies[name])
		switch {
		case err != nil:
			problems = append(problems, resource.Problem{Reason: ReasonGuardrail, Path: inlinePath(name), Message: fmt.Sprintf(
				"%s: its inline policy %s cannot be held against forbiddenInlineActions of the account's guardrails: %v", id, name, err)})
		case len(granted) > 0:
			problems = append(problems, resource.Problem{Reason: ReasonGuardrail, Path: inlinePath(name), Message: fmt.Sprintf(
				"%s: its inline policy %s grants some or all of %s, which forbiddenInlineActions of the account's guardrails forbid; grant less, or have it allowed",
				id, name, canonical.List(granted))})
		}
	}
	return problems
}

// removesInline tells whether an unlisted inline policy is taken off the role. One that grants what the guardrails forbid
// always is; one that cannot be read is not known to.
func removesInline(d Desired, doc string) bool { return d.RemoveUnlisted || forbiddenInline(d, doc) }

func forbiddenInline(d Desired, doc string) bool {
	granted, err := grantsForbidden(d.Guard, doc)
	return err == nil && len(granted) > 0
}
