// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// All returns the SecurityGroupPolicies of the workload cluster, by namespace and name; none where it does not know the kind.
func (p *Policies) All(ctx context.Context) ([]observed.PodSecurityGroups, error) {
	known, _, err := p.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the SecurityGroupPolicies: %w", err)
	}
	var all []observed.PodSecurityGroups
	for _, seen := range known.byName {
		all = append(all, seen.policy)
	}
	slices.SortFunc(all, func(a, b observed.PodSecurityGroups) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

// Selector is what a selector's canonical text says; nil for "", and for what is no label selector.
func Selector(text string) *metav1.LabelSelector {
	var selector metav1.LabelSelector
	if text == "" || json.Unmarshal([]byte(text), &selector) != nil {
		return nil
	}
	return &selector
}
