// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	found, missing, err := r.policies.get(ctx, r.namespace, r.name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", r.ID(), err)
	}
	o := &resource.Observation{Problems: r.problems()}
	if missing && r.desired != nil {
		o.Problems = append(o.Problems, r.crdProblem())
	}
	if found == nil {
		return o, nil
	}
	o.Exists, o.Tags, o.Uses, o.Detail = true, found.tags, found.policy.GroupIDs, *found
	o.Record = func(s *observed.State) { s.PodSecurityGroups = &found.policy }
	if found.deleting {
		o.State = "Terminating"
		o.Busy = &resource.Waiting{
			Reason:  "WaitingForSecurityGroupPolicy",
			Message: fmt.Sprintf("%s is being deleted; waiting until its finalizers are gone.", r.ID()),
		}
	}
	return o, nil
}

// crdMissing tells the answer "no such API" from "no such object": only for the first the API server has no handler,
// which client-go marks as an unexpected server response.
func crdMissing(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

func (r *Resource) crdProblem() resource.Problem {
	return resource.Problem{
		Reason: ReasonCRDMissing,
		Message: fmt.Sprintf("%s: the cluster does not serve %s SecurityGroupPolicy; enable security groups for pods "+
			"(the VPC resource controller and its CRD securitygrouppolicies.vpcresources.k8s.aws, which EKS clusters have), or remove spec.podSecurityGroups.",
			r.ID(), APIVersion),
	}
}

// policyOf puts a SecurityGroupPolicy into neutral form.
func policyOf(object *unstructured.Unstructured) observed.PodSecurityGroups {
	ids, _, _ := unstructured.NestedStringSlice(object.Object, groupIDsPath...)
	return observed.PodSecurityGroups{
		Namespace: object.GetNamespace(), Name: object.GetName(), GroupIDs: ids,
		PodSelector:            selectorAt(object, "podSelector"),
		ServiceAccountSelector: selectorAt(object, "serviceAccountSelector"),
	}
}

var groupIDsPath = []string{"spec", "securityGroups", "groupIds"}
