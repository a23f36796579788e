// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// escalations are actions by which whoever has them gets more than was given, one of them alone: iam:PassRole counts
// for any role only. They are the ones of the public lists that need no second action of another service
// (https://docs.prowler.com, iam_inline_policy_allows_privilege_escalation;
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html).
var escalations = []string{
	"iam:addusertogroup", "iam:attachgrouppolicy", "iam:attachrolepolicy", "iam:attachuserpolicy", "iam:createaccesskey",
	"iam:createloginprofile", "iam:createpolicyversion", "iam:createservicespecificcredential", "iam:deleterolepermissionsboundary",
	"iam:deleteuserpermissionsboundary", "iam:putgrouppolicy", "iam:putrolepermissionsboundary", "iam:putrolepolicy",
	"iam:putuserpermissionsboundary", "iam:putuserpolicy", "iam:setdefaultpolicyversion", "iam:updateassumerolepolicy",
	"iam:updateloginprofile",
}

// powerful are managed policies of AWS that hold everything or nearly; they are known without reading them
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html).
var powerful = []string{"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"}

// readVerbs begin the names of actions that change nothing
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
var readVerbs = []string{"batchcheck", "batchget", "check", "describe", "filter", "get", "list", "lookup", "query", "scan", "search", "view"}

func permissionControls() []Control {
	return []Control{
		{
			ID: "FSO.3", Title: "The pod execution role has no administrator access", Severity: drift.Critical,
			References: []string{"IAM.1", "prowler:iam_aws_attached_policy_no_administrative_privileges",
				"prowler:iam_customer_attached_policy_no_administrative_privileges", "prowler:iam_inline_policy_no_administrative_privileges"},
			LooksAt:     "Allow statements of all attached and inline policies with every action (or NotAction) on every resource, and AWS's administrator policies by name.",
			Remediation: "Detach the policy; the role needs AmazonEKSFargatePodExecutionRolePolicy and the permissions of its log group.",
			Evaluate:    role(administrator),
		},
		{
			ID: "FSO.4", Title: "The pod execution role cannot raise its own privileges", Severity: drift.High,
			References: []string{"prowler:iam_inline_policy_allows_privilege_escalation", "prowler:iam_policy_allows_privilege_escalation"},
			LooksAt: "Whether any attached or inline policy allows an action that leads to more permissions, such as iam:CreatePolicyVersion " +
				"or iam:AttachRolePolicy, or iam:PassRole for any role.",
			Remediation: "Remove the action from the policy, or name the one role that may be passed.",
			Evaluate:    role(escalation),
		},
		{
			ID: "FSO.5", Title: "No policy of the pod execution role allows all actions of a service", Severity: drift.Medium,
			References:  []string{"IAM.21"},
			LooksAt:     "Allow statements whose action is * or service:*, or that use NotAction.",
			Remediation: "List the actions that are needed.",
			Evaluate:    role(wildcardActions),
		},
		{
			ID: "FSO.6", Title: "No policy of the pod execution role allows changes to every resource", Severity: drift.Medium,
			References:  []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
			LooksAt:     "Allow statements without condition on every resource whose actions are more than reading.",
			Remediation: "Name the resources, or add a condition such as aws:ResourceTag.",
			Evaluate:    role(writesAnywhere),
		},
	}
}

// eachAllow calls find for every Allow statement of the role's policies, and judges what it finds.
func eachAllow(r *observed.Role, failed, passed string, find func(s statement, denies []statement) []string) (Result, string) {
	docs, unread := documents(r)
	denies := absoluteDenies(docs)
	var found []string
	for _, d := range docs {
		for _, s := range d.statements {
			if s.Effect != "Allow" {
				continue
			}
			for _, f := range find(s, denies) {
				found = append(found, f+" ("+d.name+")")
			}
		}
	}
	return verdict(found, unread, failed, passed)
}

func administrator(_ *observed.State, r *observed.Role) (Result, string) {
	for _, p := range r.ManagedPolicies {
		if name := awsManaged(p.ARN); slices.Contains(powerful, name) {
			return Failed, "the role has AWS's policy " + name
		}
	}
	return eachAllow(r, "everything is allowed", "no policy allows everything", func(s statement, _ []statement) []string {
		if s.anyResource() && (len(s.NotAction) > 0 || slices.ContainsFunc(s.Action, onlyWildcards)) {
			return []string{"all actions on all resources"}
		}
		return nil
	})
}

// awsManaged returns the name of a policy that AWS manages, in any partition, or "".
func awsManaged(arn string) string {
	owner, path, _ := strings.Cut(arn, ":policy/")
	if !strings.HasSuffix(owner, ":iam::aws") {
		return ""
	}
	return path[strings.LastIndex(path, "/")+1:]
}

func escalation(_ *observed.State, r *observed.Role) (Result, string) {
	return eachAllow(r, "privileges can be raised", "no action raises privileges", func(s statement, denies []statement) (found []string) {
		for _, action := range escalations {
			if s.grants(action, denies) {
				found = append(found, action)
			}
		}
		if s.grants("iam:passrole", denies) && s.anyRole() {
			found = append(found, "iam:passrole for any role")
		}
		return found
	})
}

// anyRole says whether a statement is about all roles: of every account, or of one.
func (s statement) anyRole() bool {
	return s.anyResource() || slices.ContainsFunc(s.Resource, func(r string) bool {
		parts := strings.SplitN(r, ":", 6)
		return canonical.Match(parts[len(parts)-1], "role/zz9")
	})
}

func wildcardActions(_ *observed.State, r *observed.Role) (Result, string) {
	return eachAllow(r, "whole services are allowed", "all actions are named", func(s statement, _ []statement) (found []string) {
		if len(s.NotAction) > 0 {
			return []string{"NotAction"}
		}
		for _, action := range s.Action {
			_, name, hasService := strings.Cut(action, ":")
			if !hasService && onlyWildcards(action) || hasService && onlyWildcards(name) {
				found = append(found, action)
			}
		}
		return found
	})
}

func writesAnywhere(_ *observed.State, r *observed.Role) (Result, string) {
	return eachAllow(r, "changes are allowed on every resource", "changes are allowed on named resources only",
		func(s statement, denies []statement) (found []string) {
			if len(s.Condition) > 0 || !s.anyResource() {
				return nil
			}
			if len(s.NotAction) > 0 {
				return []string{"NotAction"}
			}
			for _, action := range s.Action {
				if !reads(action) && !denied(action, denies) {
					found = append(found, action)
				}
			}
			return found
		})
}

// denied says whether an allowed action is taken away everywhere. Of one with a wildcard, a Deny may leave a part open.
func denied(action string, denies []statement) bool {
	return !strings.ContainsAny(action, "*?") && slices.ContainsFunc(denies, func(d statement) bool { return d.covers(action) })
}

// reads says whether all that an action or its glob stands for is reading: the verb has to come before any wildcard.
func reads(action string) bool {
	_, name, _ := strings.Cut(action, ":")
	return slices.ContainsFunc(readVerbs, func(verb string) bool { return strings.HasPrefix(name, verb) })
}
