// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"regexp"
	"slices"
)

// The grammar is that of the IAM user guide, "Grammar of the IAM JSON policy
// language"; the messages are those seen in its troubleshooting pages and in
// public issue threads, and their exact words are not verified.

var (
	policyVersions   = []string{"2012-10-17", "2008-10-17"}
	policyFields     = []string{"Version", "Id", "Statement"}
	statementFields  = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	sidPattern       = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionPattern    = regexp.MustCompile(`^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$`)
	stsActionPattern = regexp.MustCompile(`^sts:(AssumeRole|AssumeRoleWithSAML|AssumeRoleWithWebIdentity|TagSession|SetSourceIdentity|SetContext|\*|AssumeRole\*)$`)
	resourcePattern  = regexp.MustCompile(`^(\*|arn:[^:]+:[^:]*:[^:]*:[^:]*:.+|\$\{.+)$`)
)

func malformed(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "MalformedPolicyDocument", format, args...)
}

// checkIdentityPolicy checks a policy of an identity, inline or managed.
func checkIdentityPolicy(doc string) error {
	_, err := parsePolicy(doc, checkIdentityStatement)
	return err
}

// parsePolicy checks what all policies have in common, and each statement.
func parsePolicy(doc string, statement func(*node) error) (*node, error) {
	policy, err := parseNode(doc)
	if err != nil {
		return nil, malformed("This policy contains invalid Json")
	}
	if policy.kind != '{' || !onlyFields(policy, policyFields) || policy.repeats() {
		return nil, malformed("Syntax errors in policy.")
	}
	if v := policy.field("Version"); v != nil {
		if text, ok := v.text(); !ok || !slices.Contains(policyVersions, text) {
			return nil, malformed("The policy must contain a valid version string")
		}
	}
	list := policy.field("Statement")
	if list == nil || len(list.list()) == 0 {
		return nil, malformed("Syntax errors in policy.")
	}
	sids := map[string]bool{}
	for _, st := range list.list() {
		if err := checkStatement(st, sids); err != nil {
			return nil, err
		}
		if err := statement(st); err != nil {
			return nil, err
		}
	}
	return policy, nil
}

// onlyFields tells whether an object has no other members.
func onlyFields(n *node, allowed []string) bool {
	for _, m := range n.members {
		if !slices.Contains(allowed, m.name) {
			return false
		}
	}
	return true
}

// checkStatement checks what statements of all policies have in common.
func checkStatement(st *node, sids map[string]bool) error {
	if st.kind != '{' || !onlyFields(st, statementFields) {
		return malformed("Syntax errors in policy.")
	}
	if err := checkSid(st.field("Sid"), sids); err != nil {
		return err
	}
	effect := st.field("Effect")
	if effect == nil {
		return malformed("Missing required field Effect")
	}
	if text, ok := effect.text(); !ok || (text != "Allow" && text != "Deny") {
		return malformed("Invalid effect: %s", effect)
	}
	if c := st.field("Condition"); c != nil && !validCondition(c) {
		return malformed("Syntax errors in policy.")
	}
	return nil
}

func checkSid(sid *node, seen map[string]bool) error {
	if sid == nil {
		return nil
	}
	text, ok := sid.text()
	if !ok || !sidPattern.MatchString(text) {
		return malformed("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	}
	if text != "" && seen[text] {
		return malformed("Statement IDs (SID) in a single policy must be unique.")
	}
	seen[text] = true
	return nil
}

// validCondition: operators hold keys, keys hold one or more plain values.
func validCondition(c *node) bool {
	if c.kind != '{' {
		return false
	}
	for _, operator := range c.members {
		if operator.value.kind != '{' {
			return false
		}
		for _, key := range operator.value.members {
			for _, v := range key.value.list() {
				if v.kind != 'v' {
					return false
				}
			}
		}
	}
	return true
}

// checkIdentityStatement: no principal, one of Action and NotAction, one of
// Resource and NotResource.
func checkIdentityStatement(st *node) error {
	if st.field("Principal") != nil || st.field("NotPrincipal") != nil {
		return malformed("Policy document should not specify a principal.")
	}
	actions, err := oneOf(st, "Action", "NotAction", "Policy statement must contain actions.")
	if err != nil {
		return err
	}
	for _, a := range actions {
		if !actionPattern.MatchString(a) {
			return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	resources, err := oneOf(st, "Resource", "NotResource", "Policy statement must contain resources.")
	if err != nil {
		return err
	}
	for _, r := range resources {
		if !resourcePattern.MatchString(r) {
			return malformed("Resource %s must be in ARN format or \"*\".", r)
		}
	}
	return nil
}

// oneOf returns the strings of exactly one of two members.
func oneOf(st *node, name, not, missing string) ([]string, error) {
	a, b := st.field(name), st.field(not)
	if a != nil && b != nil {
		return nil, malformed("Syntax errors in policy.")
	}
	if a == nil {
		a = b
	}
	if a == nil {
		return nil, malformed("%s", missing)
	}
	values, ok := a.strings()
	if !ok {
		return nil, malformed("Syntax errors in policy.")
	}
	if len(values) == 0 {
		return nil, malformed("%s", missing)
	}
	return values, nil
}
