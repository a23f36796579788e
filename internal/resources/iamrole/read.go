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

// found is a role as it was read.
type found struct {
	observed.Role
	// unread are the fields that AWS refused to show.
	unread []resource.Unread
}

// refused notes a field that could not be read. It returns the error where the role as a whole cannot be judged.
func (f *found) refused(path string, err error) error {
	if awsapi.IsNotFound(err) || !awsapi.OneRefused(err) {
		return err
	}
	f.unread = append(f.unread, resource.Unread{Path: path, Err: err})
	return nil
}

// read returns the role with all that is attached to it, and nil when there is none. What IAM gives in place of a role of
// that very name is read no further.
func (r reader) read(ctx context.Context, name string) (*found, error) {
	role, err := r.role(ctx, name)
	f := &found{Role: role}
	if err == nil && role.Name != name {
		return f, nil
	}
	if err == nil {
		err = r.attached(ctx, f)
	}
	if err == nil {
		err = r.inline(ctx, f)
	}
	if awsapi.IsNotFound(err) { // from the start, or deleted while it was read
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", Kind, name, err)
	}
	return f, nil
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

// attached lists the managed policies of a role, with their documents. Only the severity of an unlisted policy and the
// posture controls look at a document.
func (r reader) attached(ctx context.Context, f *found) error {
	pages := iam.NewListAttachedRolePoliciesPaginator(r.iam, &iam.ListAttachedRolePoliciesInput{RoleName: &f.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return f.refused(managedPaths, err)
		}
		for _, policy := range page.AttachedPolicies {
			arn := aws.ToString(policy.PolicyArn)
			doc, err := r.cache.Document(ctx, r.iam, arn)
			if err != nil {
				if err := f.refused("", err); err != nil {
					return err
				}
			}
			f.ManagedPolicies = append(f.ManagedPolicies, observed.ManagedPolicy{ARN: arn, Document: doc})
		}
	}
	return nil
}

// inline reads the inline policies of a role.
func (r reader) inline(ctx context.Context, f *found) error {
	f.InlinePolicies = map[string]string{}
	pages := iam.NewListRolePoliciesPaginator(r.iam, &iam.ListRolePoliciesInput{RoleName: &f.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return f.refused(inlinePaths, err)
		}
		for _, policy := range page.PolicyNames {
			out, err := r.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &f.Name, PolicyName: &policy})
			switch {
			case awsapi.IsNotFound(err): // deleted since it was listed
			case err != nil:
				if err := f.refused(inlinePath(policy), err); err != nil {
					return err
				}
				f.InlinePolicies[policy] = ""
			default:
				f.InlinePolicies[policy] = decode(out.PolicyDocument)
			}
		}
	}
	return nil
}

// observation is what every kind of role says of itself.
func observation(f *found) *resource.Observation {
	role := f.Role
	return &resource.Observation{
		Exists: true,
		Unread: f.unread,
		ARN:    role.ARN,
		Tags:   role.Tags,
		Gives:  map[string]string{resource.ARN: role.ARN},
		Detail: role,
		Record: func(s *observed.State) { s.Role = &role },
	}
}
