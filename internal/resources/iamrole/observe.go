// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Observe implements resource.Resource. A steady pass costs GetRole, the two lists and one GetRolePolicy per inline
// policy: policies are looked up only while they are declared but not attached, node groups only while the role
// does not carry the owner tag, which is when it would be adopted.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	role, exists, err := r.read(ctx, r.name)
	if err != nil {
		return nil, err
	}
	o := &resource.Observation{}
	switch {
	case exists && role.Name != r.name: // names are not told apart by case, so IAM may answer with the role that has this one
		o.Twin, role = twinOf(role), observed.Role{}
	case exists:
		if o, err = r.found(ctx, role); err != nil {
			return nil, err
		}
	case r.desired != nil:
		if o.Twin, err = r.twin(ctx); err != nil {
			return nil, err
		}
	}
	if r.desired == nil {
		return o, nil
	}
	o.Problems = append(o.Problems, guardProblems(r.ID(), *r.desired)...)
	o.Problems = append(o.Problems, quotaProblems(r.ID(), *r.desired, role)...)
	unknown, err := r.unknownPolicies(ctx, role)
	o.Problems = append(o.Problems, unknown...)
	return o, err
}

// twin looks for a role whose name differs in case only: IAM takes no second one (IAM API reference, CreateRole: "Names are not
// distinguished by case"), and whether it shows that one by the other name is not documented.
func (r *Resource) twin(ctx context.Context) (*resource.Twin, error) {
	if r.twins == nil {
		return nil, nil
	}
	name, err := r.twins(ctx, r.name)
	if err != nil || name == "" {
		return nil, err
	}
	role, err := r.role(ctx, name)
	if awsapi.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", Kind, name, err)
	}
	return twinOf(role), nil
}

func twinOf(role observed.Role) *resource.Twin {
	return &resource.Twin{Name: role.Name, ARN: role.ARN, Tags: role.Tags}
}

// found is the observation of an existing role.
func (r *Resource) found(ctx context.Context, role observed.Role) (*resource.Observation, error) {
	var err error
	if _, owned := role.Tags[resource.OwnerTag]; !owned {
		role.NodeGroupsRead = true
		if role.NodeGroup, err = r.nodeGroup(ctx, role.ARN); err != nil {
			return nil, err
		}
	}
	o := observation(role)
	if role.NodeGroup != "" {
		o.Problems = append(o.Problems, r.nodeGroupProblem(r.ID(), role.NodeGroup))
	}
	return o, nil
}

// guardProblems are declarations that the guardrails of the account do not allow.
func guardProblems(id resource.ID, d Desired) []resource.Problem {
	var problems []resource.Problem
	if err := d.Guard.Boundary(d.PermissionsBoundaryARN); err != nil {
		problems = append(problems, resource.Problem{Reason: ReasonGuardrail, Message: fmt.Sprintf("%s: %s", id, err)})
	}
	for _, arn := range listed(d) {
		if !d.Guard.PolicyAllowed(arn) {
			problems = append(problems, resource.Problem{Reason: ReasonGuardrail, Message: fmt.Sprintf(
				"%s: managedPolicyARNs lists %s, which the guardrails of the account do not allow; take it off the list or have it allowed", id, arn)})
		}
	}
	return problems
}

// unknownPolicies are declared policies that the role does not have yet and that do not exist.
func (r *Resource) unknownPolicies(ctx context.Context, role observed.Role) ([]resource.Problem, error) {
	var problems []resource.Problem
	check := func(field, arn string) error {
		_, err := r.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
		if awsapi.IsNotFound(err) {
			problems = append(problems, resource.Problem{Reason: ReasonPolicyNotFound, Message: fmt.Sprintf(
				"%s: %s names %s, and there is no such policy; correct the ARN or create the policy", r.ID(), field, arn)})
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking for the managed policy %s: %w", arn, err)
		}
		return nil
	}
	for _, arn := range missing(*r.desired, role) {
		if err := check("managedPolicyARNs", arn); err != nil {
			return problems, err
		}
	}
	if arn := r.desired.boundary(); arn != "" && arn != role.PermissionsBoundary {
		return problems, check("permissionsBoundaryARN", arn)
	}
	return problems, nil
}

// listed are the declared managed policies, sorted, each once.
func listed(d Desired) []string {
	return slices.Compact(slices.Sorted(slices.Values(d.ManagedPolicyARNs)))
}
