// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Changes implements resource.Resource. Each call can be repeated: attaching, putting and detaching are idempotent in
// IAM. A boundary comes before the policies that it is to hold down, and goes after them.
func (r *Resource) Changes(o *resource.Observation, _ resource.Values) []resource.Change {
	if r.desired == nil {
		return nil
	}
	role := detailOf(o)
	return slices.Concat(r.boundary(role), r.trust(role), r.attach(missing(*r.desired, role)), r.put(changedInline(*r.desired, role)),
		r.detach(role), r.deleteInline(role))
}

// Create implements resource.Resource. The boundary is there from the role's first moment. A role that exists after a
// lost answer (EntityAlreadyExists) is observed by the next pass.
func (r *Resource) Create(ctx context.Context, _ resource.Values, tags map[string]string) error {
	in := &iam.CreateRoleInput{
		RoleName:                 &r.name,
		AssumeRolePolicyDocument: &r.desired.TrustPolicy,
		Description:              aws.String(fmt.Sprintf(roleDescriptionPattern, r.desired.ClusterName)),
		Tags:                     tagList(tags),
	}
	if boundary := r.desired.boundary(); boundary != "" {
		in.PermissionsBoundary = &boundary
	}
	out, err := r.iam.CreateRole(ctx, in)
	if err != nil {
		return fmt.Errorf("creating %s: %w", r.ID(), err)
	}
	r.made = aws.ToString(out.Role.Arn)
	for _, change := range slices.Concat(r.attach(missing(*r.desired, observed.Role{})), r.put(changedInline(*r.desired, observed.Role{}))) {
		if err = change.Do(ctx); err != nil {
			break
		}
	}
	if awsapi.IsNotFound(err) {
		// IAM is eventually consistent: a new role may be unknown to the next call.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
		return &resource.Waiting{Reason: ReasonWaitingForRole, Message: fmt.Sprintf("%s was created and is not known everywhere in IAM yet", r.ID())}
	}
	return err
}

// AsMade implements resource.Maker.
func (r *Resource) AsMade() *resource.Observation {
	return &resource.Observation{Exists: true, ARN: r.made, Gives: map[string]string{resource.ARN: r.made}}
}

// boundary sets the boundary, or takes off one that left the declaration: that widens what the role may do, so it waits
// until nothing else differs.
func (r *Resource) boundary(role observed.Role) []resource.Change {
	want := r.desired.boundary()
	change := resource.Change{Paths: []string{boundaryPath}, Order: resource.Set, Do: func(ctx context.Context) error {
		_, err := r.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &r.name, PermissionsBoundary: &want})
		return r.doing("setting the permissions boundary", err)
	}}
	switch {
	case want == role.PermissionsBoundary:
		return nil
	case want == "":
		change.Order, change.Do = resource.Loosen, func(ctx context.Context) error {
			_, err := r.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &r.name})
			return r.doing("removing the permissions boundary", err)
		}
	}
	return []resource.Change{change}
}

func (r *Resource) trust(role observed.Role) []resource.Change {
	if len(diffTrust(*r.desired, role)) == 0 {
		return nil
	}
	return []resource.Change{{Paths: []string{trustPath}, Order: resource.Set, Do: func(ctx context.Context) error {
		_, err := r.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &r.name, PolicyDocument: &r.desired.TrustPolicy})
		return r.doing("setting the trust policy", err)
	}}}
}

func (r *Resource) attach(arns []string) []resource.Change {
	var list []resource.Change
	for _, arn := range arns {
		list = append(list, resource.Change{Paths: []string{managedPath(arn)}, Order: resource.Set, Do: func(ctx context.Context) error {
			_, err := r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &r.name, PolicyArn: &arn})
			return r.doing("attaching "+arn, err)
		}})
	}
	return list
}

func (r *Resource) put(names []string) []resource.Change {
	var list []resource.Change
	for _, name := range names {
		list = append(list, resource.Change{Paths: []string{inlinePath(name)}, Order: resource.Set, Do: func(ctx context.Context) error {
			doc := r.desired.InlinePolicies[name]
			_, err := r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &r.name, PolicyName: &name, PolicyDocument: &doc})
			return r.doing("putting the inline policy "+name, err)
		}})
	}
	return list
}

// detach takes off unlisted policies; those that a guardrail forbids go first.
func (r *Resource) detach(role observed.Role) []resource.Change {
	var list []resource.Change
	for _, policy := range unlisted(*r.desired, role) {
		change := resource.Change{Paths: []string{managedPath(policy.ARN)}, Order: resource.Remove, Do: func(ctx context.Context) error {
			return r.detachOne(ctx, policy.ARN)
		}}
		if !r.desired.Guard.PolicyAllowed(policy.ARN) {
			change.Order = resource.Forbidden
		}
		list = append(list, change)
	}
	return list
}

func (r *Resource) deleteInline(role observed.Role) []resource.Change {
	var list []resource.Change
	for _, name := range unlistedInline(*r.desired, role) {
		change := resource.Change{Paths: []string{inlinePath(name)}, Order: resource.Remove, Do: func(ctx context.Context) error {
			return r.deleteInlineOne(ctx, name)
		}}
		if forbiddenInline(*r.desired, role.InlinePolicies[name]) {
			change.Order = resource.Forbidden
		}
		list = append(list, change)
	}
	return list
}

func (r *Resource) detachOne(ctx context.Context, arn string) error {
	_, err := r.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &r.name, PolicyArn: &arn})
	return r.doing("detaching "+arn, unlessGone(err))
}

func (r *Resource) deleteInlineOne(ctx context.Context, name string) error {
	_, err := r.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &r.name, PolicyName: &name})
	return r.doing("deleting the inline policy "+name, unlessGone(err))
}

// unlessGone takes NotFound for success: what was to be removed is not there.
func unlessGone(err error) error {
	if awsapi.IsNotFound(err) {
		return nil
	}
	return err
}

// doing says what was being done when err came.
func (r *Resource) doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", r.ID(), what, err)
}
