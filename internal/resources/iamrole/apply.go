// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Apply implements resource.Resource. Each call of it can be repeated: attaching, putting and detaching are idempotent
// in IAM, and a role that exists after a lost answer (EntityAlreadyExists) is observed by the next pass.
func (r *Resource) Apply(ctx context.Context, o *resource.Observation, _ resource.Values, tags map[string]string) error {
	if r.desired == nil {
		return nil
	}
	if !o.Exists {
		return r.create(ctx, tags)
	}
	role := detailOf(o)
	for _, step := range []func(context.Context, observed.Role) error{
		r.setBoundary, r.setTrust, r.attach, r.put, r.detach, r.deleteInline, r.dropBoundary,
	} {
		if err := step(ctx, role); err != nil {
			return err
		}
	}
	return nil
}

// create makes the role; its tags and its boundary are there from its first moment.
func (r *Resource) create(ctx context.Context, tags map[string]string) error {
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
	err = r.attach(ctx, observed.Role{})
	if err == nil {
		err = r.put(ctx, observed.Role{})
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

func (r *Resource) setBoundary(ctx context.Context, role observed.Role) error {
	want := r.desired.boundary()
	if want == "" || want == role.PermissionsBoundary {
		return nil
	}
	_, err := r.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &r.name, PermissionsBoundary: &want})
	return r.doing("setting the permissions boundary", err)
}

// dropBoundary removes a boundary only when neither the profile nor the guardrails want one, and after the
// policies that it held down are gone.
func (r *Resource) dropBoundary(ctx context.Context, role observed.Role) error {
	if r.desired.boundary() != "" || role.PermissionsBoundary == "" {
		return nil
	}
	_, err := r.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &r.name})
	return r.doing("removing the permissions boundary", err)
}

func (r *Resource) setTrust(ctx context.Context, role observed.Role) error {
	if len(diffTrust(*r.desired, role)) == 0 {
		return nil
	}
	_, err := r.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &r.name, PolicyDocument: &r.desired.TrustPolicy})
	return r.doing("setting the trust policy", err)
}

func (r *Resource) attach(ctx context.Context, role observed.Role) error {
	for _, arn := range missing(*r.desired, role) {
		_, err := r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &r.name, PolicyArn: &arn})
		if err != nil {
			return r.doing("attaching "+arn, err)
		}
	}
	return nil
}

func (r *Resource) put(ctx context.Context, role observed.Role) error {
	for _, name := range changedInline(*r.desired, role) {
		doc := r.desired.InlinePolicies[name]
		_, err := r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &r.name, PolicyName: &name, PolicyDocument: &doc})
		if err != nil {
			return r.doing("putting the inline policy "+name, err)
		}
	}
	return nil
}

func (r *Resource) detach(ctx context.Context, role observed.Role) error {
	for _, policy := range unlisted(*r.desired, role) {
		if !removes(*r.desired, policy.ARN) {
			continue
		}
		if err := r.detachOne(ctx, policy.ARN); err != nil {
			return err
		}
	}
	return nil
}

func (r *Resource) deleteInline(ctx context.Context, role observed.Role) error {
	if !r.desired.RemoveUnlisted {
		return nil
	}
	for _, name := range unlistedInline(*r.desired, role) {
		if err := r.deleteInlineOne(ctx, name); err != nil {
			return err
		}
	}
	return nil
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
