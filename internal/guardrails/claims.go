// SPDX-License-Identifier: Apache-2.0

package guardrails

import (
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// ClaimKind is what kind of name a declaration claims. Its text is the field of a rule in spec.guardrails.claims that
// allows such names.
type ClaimKind string

// The kinds of names that can be claimed.
const (
	ClusterName        ClaimKind = "clusterNames"
	FargateProfileName ClaimKind = "fargateProfileNames"
	PodNamespace       ClaimKind = "podNamespaces"
	RoleName           ClaimKind = "roleNames"
	SecurityGroupName  ClaimKind = "securityGroupNames"
	LogGroupName       ClaimKind = "logGroupNames"
	KeyAlias           ClaimKind = "keyAliases"
	KeyARN             ClaimKind = "keyARNs"
)

// Claim is a name in the account that a declaration wants to use.
type Claim struct {
	Kind ClaimKind
	Name string
	// Field is where the declaration says so, for people.
	Field string
	// Pattern: Name is a glob that stands for all names that it matches, and all of them are claimed.
	Pattern bool
	// Cluster is the cluster in which the name has its meaning; "" for names of the whole account. A rule allows the name
	// in the clusters that it allows, so that two rules for one namespace do not lend each other their clusters.
	Cluster string
}

// ClaimRule lists what may be claimed, as globs with * and ?, by the kind of name. What is not listed may not.
type ClaimRule map[ClaimKind][]string

// Unclaimable returns the claims that none of the rules allows, in their order. The rules are those that hold for the
// declaration; none of them allows nothing.
func Unclaimable(rules []ClaimRule, claims []Claim) []Claim {
	var refused []Claim
	for _, c := range claims {
		if !slices.ContainsFunc(Claimable(rules, c), c.within) {
			refused = append(refused, c)
		}
	}
	return refused
}

// Claimable returns the globs of what the rules allow in place of the claim.
func Claimable(rules []ClaimRule, c Claim) []string {
	var globs []string
	for _, r := range rules {
		inCluster := func(glob string) bool { return canonical.Match(glob, c.Cluster) }
		if c.Cluster == "" || slices.ContainsFunc(r[ClusterName], inCluster) {
			globs = append(globs, r[c.Kind]...)
		}
	}
	return globs
}

// within tells that the glob allows the claim. The case of letters counts, though AWS does not tell all names apart by it: what
// a rule allows is what it says.
func (c Claim) within(glob string) bool {
	if c.Pattern {
		return canonical.GlobCovers(glob, c.Name)
	}
	return canonical.Match(glob, c.Name)
}
