// SPDX-License-Identifier: Apache-2.0

package kinds

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/securitygroup"
)

// Problems implements Declared.
func (s *fargateStack) Problems() map[resource.ID][]resource.Problem {
	problems := map[resource.ID][]resource.Problem{}
	add := func(id resource.ID, path, format string, args ...any) {
		problems[id] = append(problems[id], resource.Problem{
			Reason: v1alpha1.ReasonInvalidSpec, Message: fmt.Sprintf(format, args...), Path: path,
		})
	}
	s.roleProblems(add)
	s.groupProblems(add)
	s.keyProblems(add)
	return problems
}

// addProblem notes a problem of an object; path is as in resource.Problem.
type addProblem func(id resource.ID, path, format string, args ...any)

// roleProblems leaves the guardrails and the account's quotas to the Resource, which holds them against what it observes
// too.
func (s *fargateStack) roleProblems(add addProblem) {
	spec, id := s.profile.Spec.PodExecutionRole, s.roleID()
	if spec.ExistingARN != "" {
		if account := accountInARN(spec.ExistingARN); account != s.AccountID {
			add(id, "", "spec.podExecutionRole.existingARN is in account %s, but the profile's account is %s: name a role of that account", account, s.AccountID)
		}
		return
	}
	for _, p := range spec.InlinePolicies {
		if err := canonical.ValidatePolicy(p.Document); err != nil {
			add(id, "inlinePolicies["+p.Name+"]", "spec.podExecutionRole.inlinePolicies[%s].document: %v", p.Name, err)
		}
	}
	s.inlineSizeProblem(add, id)
	s.tagKeyProblems(add, id)
}

// inlineSizeProblem: IAM's quota holds for all inline policies of a role together, the operator's own among them, and
// cannot be raised. A document that is too long by itself is said by ValidatePolicy.
func (s *fargateStack) inlineSizeProblem(add addProblem, id resource.ID) {
	total, parts := 0, []string{}
	policies := s.inlinePolicies()
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		size := canonical.PolicySize(policies[name])
		if size > canonical.MaxRolePolicySize {
			return
		}
		if total += size; name == loggingPolicyName {
			name += ", which the operator writes for spec.logging"
		}
		parts = append(parts, fmt.Sprintf("%d (%s)", size, name))
	}
	if total > canonical.MaxRolePolicySize {
		add(id, "inlinePolicies", "spec.podExecutionRole.inlinePolicies have %d characters together, white space not counted, and IAM allows %d for all inline policies of a role: %s; shorten them, or move statements into a managed policy",
			total, canonical.MaxRolePolicySize, strings.Join(parts, ", "))
	}
}

// tagKeyProblems: IAM does not tell the tag keys of a role apart by case, other services do.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
func (s *fargateStack) tagKeyProblems(add addProblem, id resource.ID) {
	spelled := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(s.profile.Spec.Tags)) {
		folded := strings.ToLower(key)
		if other, twice := spelled[folded]; twice {
			add(id, "tags", "spec.tags has the keys %q and %q, which differ in case only, and IAM does not tell them apart on a role: leave one of them out", other, key)
			continue
		}
		spelled[folded] = key
	}
}

func (s *fargateStack) groupProblems(add addProblem) {
	named := map[string]string{}
	for _, g := range s.profile.Spec.SecurityGroups {
		id := groupID(g.Name)
		// EC2 does not tell the names of a VPC's groups apart by case.
		// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html (GroupName)
		if other, twice := named[strings.ToLower(g.Name)]; twice {
			add(id, "", "spec.securityGroups has the names %q and %q, which differ in case only, and AWS does not tell them apart in a VPC: give one of them another name", other, g.Name)
		}
		named[strings.ToLower(g.Name)] = g.Name
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
			add(id, direction, "%s: %v", path, err)
			continue
		}
		key := securitygroup.Key(rule)
		field := direction + "[" + key + "]"
		if spec.SecurityGroupName != "" { // the id is not known here, so the field cannot be named
			key, field = key+spec.SecurityGroupName, direction
		}
		if first, twice := seen[key]; twice {
			add(id, field, "%s is the same rule as %s[%d] to AWS (%s): leave one of them out", path, direction, first, key)
		}
		seen[key] = i
		if other := canonical.OtherICMP(rule); other != "" {
			add(id, field, "%s: protocol %s with %s matches no packet, since it is the ICMP of the other IP version: protocol must be %s", path, rule.Protocol, rule.Peer, other)
		}
	}
}

func (s *fargateStack) keyProblems(add addProblem) {
	encryption := s.profile.Spec.Encryption
	if encryption == nil || encryption.KMSKey == nil {
		return
	}
	if _, err := s.keyPolicy(encryption.KMSKey.AdditionalStatements); err != nil {
		add(s.keyID(), "policy", "spec.encryption.kmsKey.additionalStatements: %v", err)
	}
}

func accountInARN(s string) string {
	parsed, err := awsapi.ParseARN(s)
	if err != nil {
		return fmt.Sprintf("%q (not an ARN)", s)
	}
	return parsed.AccountID
}
