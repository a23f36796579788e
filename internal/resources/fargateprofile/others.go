// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// names lists the profiles of the cluster, sorted; none where the cluster does not exist.
func (r *Resource) names(ctx context.Context) ([]string, error) {
	var out []string
	for pages := eks.NewListFargateProfilesPaginator(r.eks, &eks.ListFargateProfilesInput{ClusterName: &r.cluster}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if awsapi.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing the Fargate profiles of cluster %s: %w", r.cluster, err)
		}
		out = append(out, page.FargateProfileNames...)
	}
	slices.Sort(out)
	return out, nil
}

// others returns what never changes of the cluster's other profiles: one call for the list, and one for each profile
// that was not seen before.
func (r *Resource) others(ctx context.Context, cluster string) ([]observed.FargateProfile, error) {
	names, err := r.names(ctx)
	if err != nil {
		return nil, err
	}
	r.neighbours, r.listed = names, true
	r.queue.keepOnly(cluster, names)
	out := []observed.FargateProfile{}
	for _, name := range names {
		if name == r.name {
			continue
		}
		p, known := r.queue.recall(cluster, name)
		if !known {
			read, err := r.describe(ctx, name)
			if err != nil {
				return nil, err
			}
			if read == nil {
				continue // deleted since it was listed
			}
			r.queue.remember(cluster, *read)
			p = immutable(*read)
		}
		out = append(out, p)
	}
	return out, nil
}

// overlapProblems warns of each other profile that some pod would match as well. EKS then takes the profile whose
// name comes first in alphanumeric order: EKS user guide, "Define which Pods use Fargate when launched".
func overlapProblems(name string, selectors []observed.Selector, others []observed.FargateProfile) []resource.Problem {
	var out []resource.Problem
	for _, o := range others {
		mine, theirs, found := overlap(selectors, o.Selectors)
		if !found {
			continue
		}
		first := min(name, o.Name)
		out = append(out, resource.Problem{
			Warning: true,
			Reason:  ReasonOverlap,
			Message: fmt.Sprintf("FargateProfile/%s: selector %s overlaps with selector %s of profile %s; a pod that matches both runs on %s, "+
				"whose name comes first; make the selectors disjoint, or label the pods with eks.amazonaws.com/fargate-profile.",
				name, selectorText(mine), selectorText(theirs), o.Name, first),
		})
	}
	return out
}

func overlap(a, b []observed.Selector) (x, y observed.Selector, found bool) {
	for _, x := range a {
		for _, y := range b {
			if controls.Overlaps(x, y) {
				return x, y, true
			}
		}
	}
	return x, y, false
}

// selectorText shows a selector: namespace{key=value,...}, labels sorted.
func selectorText(s observed.Selector) string {
	if len(s.Labels) == 0 {
		return s.Namespace
	}
	var pairs []string
	for key, value := range s.Labels {
		pairs = append(pairs, key+"="+value)
	}
	slices.Sort(pairs)
	return s.Namespace + "{" + strings.Join(pairs, ",") + "}"
}
