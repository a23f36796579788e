// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// specProblems finds what is wrong with the spec itself beyond what the schema can say, by the object that it
// concerns. No AWS call is made with a declaration that has a problem.
func (s *stack) specProblems() map[resource.ID][]resource.Problem {
	problems := map[resource.ID][]resource.Problem{}
	add := func(id resource.ID, reason, format string, args ...any) {
		problems[id] = append(problems[id], resource.Problem{Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
	s.roleProblems(add)
	s.groupProblems(add)
	s.keyProblems(add)
	return problems
}

type addProblem func(id resource.ID, reason, format string, args ...any)

// roleProblems leaves the guardrails to the Resource, which holds them against what it observes too.
func (s *stack) roleProblems(add addProblem) {
	spec, id := s.profile.Spec.PodExecutionRole, s.roleID()
	if spec.ExistingARN != "" {
		if account := accountInARN(spec.ExistingARN); account != s.account.AccountID {
			add(id, v1alpha1.ReasonInvalidSpec, "spec.podExecutionRole.existingARN is in account %s, but the profile's account is %s: name a role of that account", account, s.account.AccountID)
		}
		return
	}
	for _, p := range spec.InlinePolicies {
		if err := canonical.ValidatePolicy(p.Document); err != nil {
			add(id, v1alpha1.ReasonInvalidSpec, "spec.podExecutionRole.inlinePolicies[%s].document: %v", p.Name, err)
		}
	}
}

func (s *stack) groupProblems(add addProblem) {
	for _, g := range s.profile.Spec.SecurityGroups {
		id := groupID(g.Name)
		ruleProblems(add, id, g.Name, "ingress", g.Ingress)
		ruleProblems(add, id, g.Name, "egress", g.Egress)
	}
}

func ruleProblems(add addProblem, id resource.ID, group, direction string, rules []v1alpha1.SecurityGroupRule) {
	seen := map[string]int{}
	for i, spec := range rules {
		path := fmt.Sprintf("spec.securityGroups[%s].%s[%d]", group, direction, i)
		rule, err := canonicalRule(spec)
		if err != nil {
			add(id, v1alpha1.ReasonInvalidSpec, "%s: %v", path, err)
			continue
		}
		key := canonical.RuleKey(rule) + spec.SecurityGroupName
		if first, twice := seen[key]; twice {
			add(id, v1alpha1.ReasonInvalidSpec, "%s is the same rule as %s[%d] to AWS (%s): leave one of them out", path, direction, first, key)
		}
		seen[key] = i
	}
}

func (s *stack) keyProblems(add addProblem) {
	encryption := s.profile.Spec.Encryption
	if encryption == nil || encryption.KMSKey == nil {
		return
	}
	if _, err := s.keyPolicy(encryption.KMSKey.AdditionalStatements); err != nil {
		add(s.keyID(), v1alpha1.ReasonInvalidSpec, "spec.encryption.kmsKey.additionalStatements: %v", err)
	}
}
