// SPDX-License-Identifier: Apache-2.0

package accounts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
)

// A name in the account may be claimed by the namespaces that guardrails.claims of the AWSAccount allows it to. The claims of
// a declaration are judged before there is a session for it, and all together: docs/decisions/0027-claims.md.

// claimRule is a declared rule as guardrails has it.
func claimRule(rule *v1alpha1.ClaimRule) guardrails.ClaimRule {
	return guardrails.ClaimRule{
		guardrails.ClusterName:        rule.ClusterNames,
		guardrails.FargateProfileName: rule.FargateProfileNames,
		guardrails.PodNamespace:       rule.PodNamespaces,
		guardrails.RoleName:           rule.RoleNames,
		guardrails.SecurityGroupName:  rule.SecurityGroupNames,
		guardrails.LogGroupName:       rule.LogGroupNames,
		guardrails.KeyAlias:           rule.KeyAliases,
		guardrails.KeyARN:             rule.KeyARNs,
	}
}

// mayClaim refuses what no rule of the account allows the namespace. An account without rules refuses nothing.
func (a *Accounts) mayClaim(ctx context.Context, account *v1alpha1.AWSAccount, namespace string, claims []guardrails.Claim) error {
	if account.Spec.Guardrails == nil || len(account.Spec.Guardrails.Claims) == 0 || len(claims) == 0 {
		return nil
	}
	ns := &corev1.Namespace{}
	if err := a.Client.Get(ctx, types.NamespacedName{Name: namespace}, ns); err != nil {
		return err
	}
	rules, unreadable := rulesFor(account.Spec.Guardrails.Claims, ns.Labels)
	refused := guardrails.Unclaimable(rules, claims)
	if len(refused) == 0 {
		return nil
	}
	return &Refusal{v1alpha1.ReasonClaimNotAllowed, refusedText(account.Name, namespace, rules, refused) + unreadable}
}

// rulesFor returns the rules that select a namespace with these labels. A rule whose selector cannot be read selects none, and
// is named: it may be the one that is missing.
func rulesFor(declared []v1alpha1.ClaimRule, namespace map[string]string) (rules []guardrails.ClaimRule, unreadable string) {
	for i := range declared {
		selector, err := metav1.LabelSelectorAsSelector(declared[i].NamespaceSelector)
		switch {
		case err != nil:
			unreadable += fmt.Sprintf("; spec.guardrails.claims[%d].namespaceSelector of the AWSAccount is not a label selector, and selects nothing: %v", i, err)
		case selector.Matches(labels.Set(namespace)):
			rules = append(rules, claimRule(&declared[i]))
		}
	}
	return rules, unreadable
}

// maxAllowedText keeps a message readable where rules list many globs.
const maxAllowedText = 300

// refusedText says what was claimed, where, and what would be allowed in its place. Rules for other namespaces are not told.
func refusedText(account, namespace string, rules []guardrails.ClaimRule, refused []guardrails.Claim) string {
	if len(rules) == 0 {
		return fmt.Sprintf("namespace %s may use no name in AWSAccount %s, since none of its spec.guardrails.claims selects the namespace: have a rule added, or label the namespace as one wants it", namespace, account)
	}
	var parts []string
	for _, c := range refused {
		unknownCluster := func(o guardrails.Claim) bool { return o.Kind == guardrails.ClusterName && o.Name == c.Cluster }
		if !slices.ContainsFunc(refused, unknownCluster) { // else the cluster's name says it all
			parts = append(parts, fmt.Sprintf("%s %q, where %s allow %s", c.Field, c.Name, c.Kind, allowedText(rules, c)))
		}
	}
	return fmt.Sprintf("namespace %s may not use these names in AWSAccount %s: %s; use names that are allowed, or have these added to its spec.guardrails.claims",
		namespace, account, strings.Join(parts, "; "))
}

func allowedText(rules []guardrails.ClaimRule, c guardrails.Claim) string {
	return cmp.Or(canonical.Text(canonical.List(guardrails.Claimable(rules, c)), maxAllowedText), "none")
}
