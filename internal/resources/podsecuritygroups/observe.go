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

// detail is this package's view of an observation: the object as read, which an update must start from, and its
// neutral form.
type detail struct {
	object *unstructured.Unstructured
	policy observed.PodSecurityGroups
}

func detailOf(o *resource.Observation) detail {
	d, _ := o.Detail.(detail)
	return d
}

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	object, err := r.policies().Get(ctx, r.name, metav1.GetOptions{})
	o := &resource.Observation{Problems: r.problems()}
	switch {
	case crdMissing(err):
		if r.desired != nil {
			o.Problems = append(o.Problems, r.crdProblem())
		}
		return o, nil
	case apierrors.IsNotFound(err):
		return o, nil
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", r.ID(), err)
	}
	policy := policyOf(object)
	o.Exists, o.Tags = true, tagsOf(object.GetAnnotations())
	o.Uses = policy.GroupIDs
	o.Record = func(s *observed.State) { s.PodSecurityGroups = &policy }
	o.Detail = detail{object: object, policy: policy}
	if object.GetDeletionTimestamp() != nil {
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
