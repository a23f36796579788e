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

// reader reads roles of one account, and what of one cluster uses them.
type reader struct {
	iam     awsapi.IAM
	eks     awsapi.EKS
	cache   *PolicyCache
	cluster string
}

// read returns the role with all that is attached to it, and false when there is none. What IAM gives in place of a role of
// that very name is read no further.
func (r reader) read(ctx context.Context, name string) (observed.Role, bool, error) {
	role, err := r.role(ctx, name)
	if err == nil && role.Name != name {
		return role, true, nil
	}
	if err == nil {
		role.ManagedPolicies, err = r.attached(ctx, name)
	}
	if err == nil {
		role.InlinePolicies, err = r.inline(ctx, name)
	}
	if awsapi.IsNotFound(err) { // from the start, or deleted while it was read
		return observed.Role{}, false, nil
	}
	if err != nil {
		return observed.Role{}, false, fmt.Errorf("reading %s/%s: %w", Kind, name, err)
	}
	return role, true, nil
}

func (r reader) role(ctx context.Context, name string) (observed.Role, error) {
	out, err := r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return observed.Role{}, err
	}
	role := observed.Role{
		Name:        aws.ToString(out.Role.RoleName),
		ARN:         aws.ToString(out.Role.Arn),
		TrustPolicy: decode(out.Role.AssumeRolePolicyDocument),
		Tags:        map[string]string{},
	}
	if b := out.Role.PermissionsBoundary; b != nil {
		role.PermissionsBoundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	for _, tag := range out.Role.Tags {
		role.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return role, nil
}

// attached lists the managed policies of a role, with their documents.
func (r reader) attached(ctx context.Context, name string) ([]observed.ManagedPolicy, error) {
	var list []observed.ManagedPolicy
	pages := iam.NewListAttachedRolePoliciesPaginator(r.iam, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, policy := range page.AttachedPolicies {
			arn := aws.ToString(policy.PolicyArn)
			doc, err := r.cache.Document(ctx, r.iam, arn)
			if err != nil {
				return nil, err
			}
			list = append(list, observed.ManagedPolicy{ARN: arn, Document: doc})
		}
	}
	return list, nil
}

// inline reads the inline policies of a role.
func (r reader) inline(ctx context.Context, name string) (map[string]string, error) {
	docs := map[string]string{}
	pages := iam.NewListRolePoliciesPaginator(r.iam, &iam.ListRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, policy := range page.PolicyNames {
			out, err := r.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
			if awsapi.IsNotFound(err) { // deleted since it was listed
				continue
			}
			if err != nil {
				return nil, err
			}
			docs[policy] = decode(out.PolicyDocument)
		}
	}
	return docs, nil
}

// observation is what every kind of role says of itself.
func observation(role observed.Role) *resource.Observation {
	return &resource.Observation{
		Exists: true,
		ARN:    role.ARN,
		Tags:   role.Tags,
		Gives:  map[string]string{resource.ARN: role.ARN},
		Detail: role,
		Record: func(s *observed.State) { s.Role = &role },
	}
}
