// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

func selectorControls() []Control {
	return []Control{
		{
			ID: "FSO.14", Title: "No selector takes pods of every namespace", Severity: drift.Medium,
			References:  []string{"https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html"},
			LooksAt:     "The namespaces of the profile's selectors, without regard to labels.",
			Remediation: "Name the namespaces, or give the wildcard a fixed part, such as team-a-*.",
			Evaluate:    profile(everyNamespace),
		},
		{
			ID: "FSO.15", Title: "No other profile of the cluster takes the same pods", Severity: drift.Medium,
			References: []string{"https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html"},
			LooksAt: "The selectors of this and of the other Fargate profiles of the cluster, wildcards included; of two that match a pod, EKS " +
				"takes the profile whose name comes first, and so perhaps another role and other subnets than meant.",
			Remediation: "Make the selectors disjoint, or pin pods with the label eks.amazonaws.com/fargate-profile.",
			Evaluate:    profile(overlapping),
		},
	}
}

func everyNamespace(_ *observed.State, p *observed.FargateProfile) (Result, string) {
	var found []string
	for _, s := range p.Selectors {
		// A glob of just wildcards takes any name, or any that is long enough.
		if s.Namespace != "" && strings.Trim(s.Namespace, "*?") == "" && strings.Contains(s.Namespace, "*") {
			found = append(found, s.Namespace)
		}
	}
	return verdict(found, nil, "a selector takes every namespace", "every selector names namespaces")
}

// overlapping needs OtherProfiles to have been read: nil is Unknown, an empty list is none.
func overlapping(s *observed.State, p *observed.FargateProfile) (Result, string) {
	if s.OtherProfiles == nil {
		return Unknown, "the other profiles of the cluster were not read"
	}
	if warning := OverlapWarning(*p, s.OtherProfiles); warning != "" {
		return Failed, warning
	}
	return Passed, "no other profile takes the same pods"
}

// OverlapWarning says which other profiles take pods that this one takes too, and which of them EKS picks: the one whose
// name comes first in alphanumeric order (https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html). Profiles
// that failed to be created or are being deleted take no pods. It is "" where there is nothing to warn of.
func OverlapWarning(p observed.FargateProfile, others []observed.FargateProfile) string {
	var names []string
	for _, o := range others {
		if o.Name != p.Name && o.Status != "CREATE_FAILED" && o.Status != "DELETING" && sharePods(p, o) {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	first := slices.Min(append(names, p.Name))
	return canonical.Text(fmt.Sprintf("the selectors overlap with those of %s: EKS gives pods that several match to %s, whose name comes first",
		canonical.List(names), first), maxWhy)
}

func sharePods(a, b observed.FargateProfile) bool {
	return slices.ContainsFunc(a.Selectors, func(s observed.Selector) bool {
		return slices.ContainsFunc(b.Selectors, func(o observed.Selector) bool { return Overlaps(s, o) })
	})
}

// Overlaps says whether some pod can match both selectors; * and ? are wildcards in namespaces, label keys and values. A
// pod may have any labels, so two selectors exclude each other only by namespace, or by the value of a label that both name.
func Overlaps(a, b observed.Selector) bool {
	if !canonical.GlobsMeet(a.Namespace, b.Namespace) {
		return false
	}
	for key := range maps.Keys(a.Labels) {
		value, both := b.Labels[key]
		// A key with wildcards can be met by another label of the pod.
		if both && !strings.ContainsAny(key, "*?") && !canonical.GlobsMeet(a.Labels[key], value) {
			return false
		}
	}
	return true
}
