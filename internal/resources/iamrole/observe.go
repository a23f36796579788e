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
	role, err := r.read(ctx, r.name)
	if err != nil {
		return nil, err
	}
	o := &resource.Observation{}
	switch {
	case role != nil && role.Name != r.name: // names are not told apart by case, so IAM may answer with the role that has this one
		o.Twin = twinOf(role.Role)
	case role != nil:
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
	o.Problems = append(o.Problems, quotaProblems(r.ID(), *r.desired, detailOf(o))...)
	return o, r.unknownPolicies(ctx, o)
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
func (r *Resource) found(ctx context.Context, role *found) (*resource.Observation, error) {
	var err error
	if _, owned := role.Tags[resource.OwnerTag]; !owned {
		role.NodeGroup, err = r.nodeGroup(ctx, role.ARN)
		if role.NodeGroupsRead = err == nil; err != nil {
			if err := role.refused("", err); err != nil {
				return nil, err
			}
		}
	}
	o := observation(role)
	if role.NodeGroup != "" {
		o.Problems = append(o.Problems, r.nodeGroupProblem(r.ID(), role.NodeGroup))
	}
	r.knownWithout(o)
	return o, nil
}

// knownWithout: that a policy is not declared is known without its document.
func (r *Resource) knownWithout(o *resource.Observation) {
	for name := range detailOf(o).InlinePolicies {
		if r.desired != nil && r.desired.InlinePolicies[name] != "" {
			continue
		}
		for i := range o.Unread {
			if o.Unread[i].Path == inlinePath(name) {
				o.Unread[i].Path = ""
			}
		}
	}
}

// guardProblems are declarations that the guardrails of the account do not allow.
func guardProblems(id resource.ID, d Desired) []resource.Problem {
	var problems []resource.Problem
	if err := d.Guard.Boundary(d.PermissionsBoundaryARN); err != nil {
		problems = append(problems, resource.Problem{Reason: ReasonGuardrail, Path: boundaryPath, Message: fmt.Sprintf("%s: %s", id, err)})
	}
	for _, arn := range listed(d) {
		if !d.Guard.PolicyAllowed(arn) {
			problems = append(problems, resource.Problem{Reason: ReasonGuardrail, Path: managedPath(arn), Message: fmt.Sprintf(
				"%s: managedPolicyARNs lists %s, which the guardrails of the account do not allow; take it off the list or have it allowed", id, arn)})
		}
	}
	return append(problems, inlineGuardProblems(id, d.Guard, d.InlinePolicies)...)
}

// unknownPolicies adds the declared policies that the role does not have yet and that do not exist.
func (r *Resource) unknownPolicies(ctx context.Context, o *resource.Observation) error {
	check := func(field, path, arn string) error {
		_, err := r.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
		switch {
		case err == nil:
		case awsapi.IsNotFound(err):
			o.Problems = append(o.Problems, resource.Problem{Reason: ReasonPolicyNotFound, Path: path, Message: fmt.Sprintf(
				"%s: %s names %s, and there is no such policy; correct the ARN or create the policy", r.ID(), field, arn)})
		case awsapi.OneRefused(err):
			o.Unread = append(o.Unread, resource.Unread{Err: err}) // attaching it shows whether it exists
		default:
			return fmt.Errorf("looking for the managed policy %s: %w", arn, err)
		}
		return nil
	}
	role := detailOf(o)
	for _, arn := range missing(*r.desired, role) {
		if err := check("managedPolicyARNs", managedPath(arn), arn); err != nil {
			return err
		}
	}
	if arn := r.desired.boundary(); arn != "" && arn != role.PermissionsBoundary {
		return check("permissionsBoundaryARN", boundaryPath, arn)
	}
	return nil
}

// listed are the declared managed policies, sorted, each once.
func listed(d Desired) []string {
	return slices.Compact(slices.Sorted(slices.Values(d.ManagedPolicyARNs)))
}
