// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Enforce holds a caller, the ARN of a user or role, to an identity policy:
// what the policy does not allow is refused in the service's own words. A
// role's policy holds for all its sessions. Callers that nobody holds to a
// policy may do everything.
//
// It takes what the operator's policies are made of: statements that allow,
// with actions, resources, and the conditions of conditionKeys. Anything else
// is an error: a policy that is weighed in part proves nothing.
func (s *Sim) Enforce(callerARN, policy string) error {
	parsed, err := parseIdentityPolicy(policy)
	if err != nil {
		return fmt.Errorf("awssim cannot enforce this policy: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enforced[callerARN] = parsed
	return nil
}

// identityPolicy is a list of statements that allow: IAM user guide, "Policy
// evaluation logic": what no statement allows is denied.
type identityPolicy []allowance

// allowance is a statement with the effect Allow.
type allowance struct {
	Sid, Effect      string
	Action, Resource texts
	Condition        map[string]map[string]texts
}

// conditionKeys are those that needs come with. A prefix ends with a slash.
var conditionKeys = []string{"aws:ResourceTag/", "iam:AWSServiceName", "iam:PassedToService", "iam:PermissionsBoundary"}

func parseIdentityPolicy(text string) (identityPolicy, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var document struct {
		Version   string
		Statement identityPolicy
	}
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	if len(document.Statement) == 0 {
		return nil, fmt.Errorf("it has no statements")
	}
	for _, a := range document.Statement {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("statement %q: %w", a.Sid, err)
		}
	}
	return document.Statement, nil
}

// check refuses what allows cannot weigh.
func (a allowance) check() error {
	if a.Effect != "Allow" || len(a.Action) == 0 || len(a.Resource) == 0 {
		return fmt.Errorf("it must allow actions on resources")
	}
	for operator, keys := range a.Condition {
		if operator != "Null" && operator != "StringEquals" {
			return fmt.Errorf("the condition operator %s is not modelled", operator)
		}
		for key := range keys {
			if !slices.ContainsFunc(conditionKeys, func(known string) bool { return isConditionKey(known, key) }) {
				return fmt.Errorf("the condition key %s is not modelled", key)
			}
		}
	}
	return nil
}

// isConditionKey compares without case: IAM user guide, "Condition keys".
func isConditionKey(known, key string) bool {
	if strings.HasSuffix(known, "/") {
		return len(key) > len(known) && strings.EqualFold(known, key[:len(known)])
	}
	return strings.EqualFold(known, key)
}

// need is one permission that a call takes: an action on a resource, and what
// conditions can ask about it.
type need struct {
	action, resource string
	about            map[string]string
	// refusal, if set, is what the service says when the permission is missing.
	refusal *apiError
}

// authorize refuses a call if its caller is held to a policy that does not
// allow all that the call needs.
func (s *Sim) authorize(c *call) error {
	policy, held := s.enforced[userOrRole(c.Caller)]
	if !held || c.Service == "sts" && c.Operation == "GetCallerIdentity" {
		return nil // GetCallerIdentity needs no permission: STS API reference
	}
	for _, n := range s.needs(c) {
		switch {
		case policy.allows(n):
		case n.refusal != nil:
			return n.refusal
		default:
			return accessDeniedTo(c, n.action, n.resource)
		}
	}
	return nil
}

// userOrRole is who the policies of a caller belong to: those of a session are
// its role's (of roles without a path, which is all that a session's ARN tells).
func userOrRole(caller string) string {
	before, session, found := strings.Cut(caller, ":assumed-role/")
	if !found {
		return caller
	}
	role, _, _ := strings.Cut(session, "/")
	return strings.Replace(before, ":sts:", ":iam:", 1) + ":role/" + role
}

func (p identityPolicy) allows(n need) bool {
	return slices.ContainsFunc(p, func(a allowance) bool { return a.allows(n) })
}

func (a allowance) allows(n need) bool {
	covers := slices.ContainsFunc(a.Action, func(pattern string) bool {
		return wildcard(strings.ToLower(pattern), strings.ToLower(n.action))
	})
	return covers && slices.ContainsFunc(a.Resource, func(pattern string) bool { return arnMatches(pattern, n.resource) }) && a.holds(n)
}

// arnMatches compares part by part: a wildcard does not reach across the
// colons before an ARN's last part. IAM user guide, "Resource", paths with wildcards.
func arnMatches(pattern, arn string) bool {
	if pattern == "*" {
		return true
	}
	want, have := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if !wildcard(want[i], have[i]) {
			return false
		}
	}
	return true
}

// holds weighs the conditions: IAM user guide, "Condition operators". A key
// that the request does not have fails StringEquals.
func (a allowance) holds(n need) bool {
	for operator, keys := range a.Condition {
		for key, want := range keys {
			have, present := lookup(n.about, key)
			if operator == "Null" {
				if slices.Contains(want, "true") == present {
					return false
				}
			} else if !present || !slices.Contains(want, have) {
				return false
			}
		}
	}
	return true
}
