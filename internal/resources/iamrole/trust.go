// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"slices"
	"strings"
)

// admits tells whether a trust policy lets Fargate assume the role for profiles of the cluster. It follows what
// decides that in practice: an Allow statement for the service, and no condition on aws:SourceArn that can only match
// other clusters. Other conditions and Deny statements are not evaluated.
func admits(trust, cluster string) bool {
	return slices.ContainsFunc(statements(trust), func(s canonicalStatement) bool {
		return s.Effect == "Allow" && allowsAssume(s.Action) && namesFargate(s.Principal) && sourceFits(s.Condition, cluster)
	})
}

func allowsAssume(actions []string) bool {
	return slices.ContainsFunc(actions, func(action string) bool {
		prefix, wild := strings.CutSuffix(action, "*")
		return action == "sts:assumerole" || wild && strings.HasPrefix("sts:assumerole", prefix)
	})
}

func namesFargate(principal map[string][]string) bool {
	return slices.Contains(principal["Service"], fargatePods) || slices.Contains(principal["AWS"], "*")
}

// sourceFits tells whether the conditions on aws:SourceArn, if any, can be met by a Fargate profile of the cluster.
func sourceFits(conditions map[string]map[string][]string, cluster string) bool {
	for operator, keys := range conditions {
		patterns, there := keys["aws:sourcearn"]
		if there && positive(operator) && !slices.ContainsFunc(patterns, func(p string) bool { return patternFits(p, cluster) }) {
			return false
		}
	}
	return true
}

// positive tells whether an operator demands a match (and not, as StringNotLike does, the absence of one).
func positive(operator string) bool {
	operator = strings.ToLower(operator)
	return !strings.Contains(operator, "not") && !strings.HasPrefix(operator, "null")
}

// patternFits compares what a pattern says before its first wildcard with the beginning of a profile's ARN.
func patternFits(pattern, cluster string) bool {
	literal := pattern
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		literal = pattern[:i]
	}
	_, rest, named := strings.Cut(literal, ":fargateprofile/")
	if !named {
		return literal != pattern // cut off by a wildcard before the resource: it may match
	}
	prefix := cluster + "/"
	return strings.HasPrefix(rest, prefix) || literal != pattern && strings.HasPrefix(prefix, rest)
}
