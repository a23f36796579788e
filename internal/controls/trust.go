// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// fargateService is who assumes a pod execution role
// (https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html).
const fargateService = "eks-fargate-pods.amazonaws.com"

func trustControls() []Control {
	return []Control{
		{
			ID: "FSO.1", Title: "Only the Fargate service may assume the pod execution role", Severity: drift.High,
			References:  []string{"https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"},
			LooksAt:     "The principals of every Allow statement in the role's trust policy.",
			Remediation: "Leave " + fargateService + " as the only principal of the trust policy.",
			Evaluate:    role(trustedPrincipals),
		},
		{
			ID: "FSO.2", Title: "The trust policy is bound to the cluster's Fargate profiles by aws:SourceArn", Severity: drift.High,
			References: []string{"prowler:iam_role_cross_service_confused_deputy_prevention",
				"https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html"},
			LooksAt: "The conditions under which the trust policy lets " + fargateService + " in: each way in needs aws:SourceArn with " +
				"values that begin with fargateprofile/<cluster>/ in the cluster's own account and Region.",
			Remediation: "Add the condition ArnLike aws:SourceArn arn:aws:eks:<region>:<account>:fargateprofile/<cluster>/* to the statement.",
			Evaluate:    role(trustedSource),
		},
	}
}

func trustedPrincipals(_ *observed.State, r *observed.Role) (Result, string) {
	trust, err := statements(r.TrustPolicy)
	if err != nil {
		return Unknown, "the trust policy cannot be read"
	}
	var others []string
	fargate := false
	for _, s := range trust {
		if s.Effect != "Allow" {
			continue
		}
		if len(s.NotPrincipal) > 0 {
			others = append(others, "everyone but some (NotPrincipal)")
		}
		for kind, names := range s.Principal {
			for _, name := range names {
				if kind == "Service" && name == fargateService {
					fargate = true
				} else {
					others = append(others, kind+" "+name)
				}
			}
		}
	}
	if len(others) == 0 && !fargate {
		return Failed, "the trust policy does not let " + fargateService + " in"
	}
	return verdict(others, nil, "others may assume the role", "only "+fargateService+" may assume the role")
}

func trustedSource(s *observed.State, r *observed.Role) (Result, string) {
	trust, err := statements(r.TrustPolicy)
	if err != nil {
		return Unknown, "the trust policy cannot be read"
	}
	var bound [][]string
	for _, st := range trust {
		if st.Effect != "Allow" || !slices.Contains(st.Principal["Service"], fargateService) {
			continue
		}
		sources := sourceARNs(st)
		if len(sources) == 0 {
			return Failed, "a statement lets " + fargateService + " in without aws:SourceArn"
		}
		bound = append(bound, sources...)
	}
	if len(bound) == 0 {
		return NotApplicable, "the trust policy does not let " + fargateService + " in"
	}
	prefix := profilesPrefix(s.Cluster)
	if prefix == "" {
		return Unknown, "the ARN of the cluster is not known"
	}
	return judgeSources(trust, prefix)
}

// judgeSources wants, for each way in, at least one condition all of whose values are profiles of the cluster.
func judgeSources(trust []statement, prefix string) (Result, string) {
	var wide []string
	for _, st := range trust {
		if st.Effect != "Allow" || !slices.Contains(st.Principal["Service"], fargateService) {
			continue
		}
		sources := sourceARNs(st)
		inside := slices.ContainsFunc(sources, func(values []string) bool {
			return !slices.ContainsFunc(values, func(v string) bool { return !strings.HasPrefix(v, prefix) })
		})
		if !inside {
			wide = append(wide, slices.Concat(sources...)...)
		}
	}
	return verdict(wide, nil, "aws:SourceArn is not bound to "+prefix+"*", "aws:SourceArn is bound to "+prefix+"*")
}

// sourceARNs returns the values of aws:SourceArn, by condition. Operators that pass without the key (IfExists,
// ForAllValues) or turn it round (Not) bind nothing and are left out; so is a list without values that never matches.
func sourceARNs(s statement) (conditions [][]string) {
	for _, operator := range []string{"ArnEquals", "ArnLike", "StringEquals", "StringLike", "StringEqualsIgnoreCase"} {
		if values := s.Condition[operator]["aws:sourcearn"]; len(values) > 0 {
			conditions = append(conditions, values)
		}
	}
	return conditions
}

// profilesPrefix is what the ARNs of a cluster's Fargate profiles begin with, or "" if the cluster's ARN is not known.
func profilesPrefix(c *observed.Cluster) string {
	if c == nil {
		return ""
	}
	before, name, found := strings.Cut(c.ARN, ":cluster/")
	if !found || name == "" {
		return ""
	}
	return before + ":fargateprofile/" + name + "/"
}
