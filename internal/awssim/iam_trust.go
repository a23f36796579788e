// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"regexp"
	"strings"
)

var (
	servicePattern  = regexp.MustCompile(`^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal|api\.aws)$`)
	uniqueIDPattern = regexp.MustCompile(`^(AROA|AIDA)[A-Z2-7]{17}$`)
	anyARNPattern   = regexp.MustCompile(`^arn:[\w-]+:(iam|sts)::(\d{12}|cloudfront):(root|user/|role/|assumed-role/|federated-user/|saml-provider/|oidc-provider/)`)
)

// acceptTrust checks a trust policy and returns it as IAM keeps it: roles and
// users of the account as unique ids, so that one that is made again under the
// same name is not trusted (IAM user guide "AWS JSON policy elements:
// Principal", section "IAM role principals").
func (st *iamState) acceptTrust(doc string) (string, error) {
	policy, err := parsePolicy(doc, checkTrustStatement)
	if err != nil {
		return "", err
	}
	for _, s := range policy.field("Statement").list() {
		if err := st.keepPrincipals(s.field("Principal")); err != nil {
			return "", err
		}
	}
	return policy.String(), nil
}

// checkTrustStatement: a principal, only STS actions, no resource
// (IAM API reference UpdateAssumeRolePolicy; user guide "Trust policies").
func checkTrustStatement(st *node) error {
	if st.field("Resource") != nil || st.field("NotResource") != nil {
		return malformed("Has prohibited field Resource")
	}
	principal := st.field("Principal")
	if principal == nil {
		return malformed("Missing required field Principal")
	}
	actions, err := oneOf(st, "Action", "NotAction", "Missing required field Action")
	if err != nil {
		return err
	}
	for _, a := range actions {
		if !stsActionPattern.MatchString(a) {
			return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	return nil
}

// keepPrincipals checks a statement's principals and puts ids in place of ARNs.
func (st *iamState) keepPrincipals(principal *node) error {
	if text, ok := principal.text(); ok {
		if text != "*" {
			return malformed("Invalid principal in policy: \"%s\"", text)
		}
		return nil
	}
	if principal.kind != '{' || len(principal.members) == 0 {
		return malformed("Syntax errors in policy.")
	}
	for _, m := range principal.members {
		values, ok := m.value.strings()
		if !ok || len(values) == 0 {
			return malformed("Syntax errors in policy.")
		}
		for i, v := range m.value.list() {
			kept, ok := st.keepPrincipal(m.name, values[i])
			if !ok {
				return malformed("Invalid principal in policy: \"%s\":\"%s\"", strings.ToUpper(m.name), values[i])
			}
			v.value = kept
		}
	}
	return nil
}

// keepPrincipal returns the kept form of one principal; ok is false for one
// that IAM does not take.
func (st *iamState) keepPrincipal(kind, value string) (kept string, ok bool) {
	switch kind {
	case "Service":
		return value, servicePattern.MatchString(value)
	case "Federated":
		return value, value != ""
	case "AWS":
		return st.keepAWSPrincipal(value)
	default:
		return "", false
	}
}

func (st *iamState) keepAWSPrincipal(value string) (string, bool) {
	switch {
	case value == "*":
		return value, true
	case accountPattern.MatchString(value):
		// A bare account id is short for its root ARN: same page, "AWS account principals".
		return "arn:aws:iam::" + value + ":root", true
	case uniqueIDPattern.MatchString(value):
		return value, st.principalARN(value) != ""
	case !anyARNPattern.MatchString(value):
		return "", false
	case accountOfARN(value) != st.account:
		return value, true // other accounts are not modeled
	}
	return st.principalID(value)
}

// principalID is the unique id of a role or user of this account, and other
// principals of the account as they are.
func (st *iamState) principalID(arn string) (string, bool) {
	resource := strings.SplitN(arn, ":", 6)[5]
	switch {
	case strings.HasPrefix(resource, "role/"):
		if r := st.roles[partOf(arn, "/")]; r != nil && r.ARN == arn {
			return r.ID, true
		}
		return "", false
	case strings.HasPrefix(resource, "user/"):
		id, ok := st.users[partOf(arn, "/")]
		return id, ok
	default:
		return arn, true
	}
}

// principalARN is the ARN of a unique id, "" when nothing has it any more.
func (st *iamState) principalARN(id string) string {
	for _, r := range st.roles {
		if r.ID == id {
			return r.ARN
		}
	}
	for name, user := range st.users {
		if user == id {
			return st.arn("user", "/", name)
		}
	}
	return ""
}

// renderTrust is a role's trust policy as callers see it. Ids become ARNs
// while their owner lives, and a single principal is a plain string
// (hashicorp/terraform-provider-aws issues on perpetual assume_role_policy diffs).
func (st *iamState) renderTrust(r *iamRole) string {
	policy, err := parseNode(r.TrustPolicy)
	if err != nil {
		return r.TrustPolicy
	}
	for _, s := range policy.field("Statement").list() {
		principal := s.field("Principal")
		if principal == nil {
			continue
		}
		for i, m := range principal.members {
			for _, v := range m.value.list() {
				if arn := st.principalARN(v.value.(string)); arn != "" {
					v.value = arn
				}
			}
			if m.value.kind == '[' && len(m.value.items) == 1 {
				principal.members[i].value = m.value.items[0]
			}
		}
	}
	return policy.String()
}
