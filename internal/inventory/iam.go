// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

const (
	// roleCalls is what it takes to read one role by itself: the role, its attached policies, the list of its inline
	// policies, and about two of those.
	roleCalls = 5
	// rolePage is the most that GetAccountAuthorizationDetails gives at a time (IAM API reference).
	rolePage = 1000
)

// roles are all roles of the account, with their policies: GetAccountAuthorizationDetails gives all of it.
type roles struct {
	byName  map[string]*types.RoleDetail
	byFold  map[string]string   // names by their lower-case form, which is unique
	byOwner map[string][]string // ARNs
}

func (v *View) readRoles(ctx context.Context) (roles, int, error) {
	all, pages := roles{byName: map[string]*types.RoleDetail{}, byFold: map[string]string{}, byOwner: map[string][]string{}}, 0
	texts := shelf{}
	in := &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeRole}, MaxItems: aws.Int32(rolePage)}
	for p := iam.NewGetAccountAuthorizationDetailsPaginator(v.aws.Load().IAM, in); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			return roles{}, 0, fmt.Errorf("reading the account's roles: %w", err)
		}
		for i := range page.RoleDetailList {
			role := page.RoleDetailList[i] // a copy: the page goes
			slimRole(&role, texts)
			name := aws.ToString(role.RoleName)
			all.byName[name], all.byFold[strings.ToLower(name)] = &role, name
			for _, tag := range role.Tags {
				if aws.ToString(tag.Key) == v.ownerTag {
					owner := aws.ToString(tag.Value)
					all.byOwner[owner] = append(all.byOwner[owner], aws.ToString(role.Arn))
				}
			}
		}
	}
	return all, pages, nil
}

// RoleLike returns the name of a role that differs from name in case only, as the account's roles were last read, however long
// ago that is: who acts on it reads that role first. "" when there is none. Roles are read for it when they never were, or
// when IAM has said since that there is a role of that name.
func (v *View) RoleLike(ctx context.Context, name string) (string, error) {
	all, _, _, err := v.roles.get(ctx, v.now, after(v.taken.last(foldedRole(name))), always, v.readRoles)
	if other := all.byFold[strings.ToLower(name)]; err == nil && other != name {
		return other, nil
	}
	return "", err
}

// foldedRole identifies a role: IAM does not tell names apart by case (IAM user guide, "IAM name requirements").
func foldedRole(name string) string { return "role/" + strings.ToLower(name) }

// iamReads answers what reads of roles ask for.
type iamReads struct {
	awsapi.IAM
	view *View
}

// role returns a role of the sweep, nil when IAM is to be asked. Errors: *types.NoSuchEntityException where the sweep has
// no such role.
func (r iamReads) role(ctx context.Context, of *string) (*types.RoleDetail, error) {
	name := aws.ToString(of)
	object := events.Object{Kind: events.Role, Name: name}
	age, ok := r.view.ageOr(ctx, object)
	if !ok || !r.view.roles.use.sweepIsCheaper(name, roleCalls, r.view.now()) {
		return nil, nil
	}
	all, then, ok, err := r.view.roles.get(ctx, r.view.now, age.written(), roleCalls, r.view.readRoles)
	if err != nil || !r.view.serves(then, ok, object) {
		return nil, err
	}
	tell(ctx, then)
	if all.byName[name] == nil {
		return nil, &types.NoSuchEntityException{Message: aws.String("there was no role " + name + " when the account's roles were last read")}
	}
	return all.byName[name], nil
}

// GetRole implements awsapi.IAM.
func (r iamReads) GetRole(ctx context.Context, in *iam.GetRoleInput, opts ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	d, err := r.role(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return r.IAM.GetRole(ctx, in, opts...)
	}
	return &iam.GetRoleOutput{Role: &types.Role{
		Arn: d.Arn, RoleName: d.RoleName, RoleId: d.RoleId, Path: d.Path, CreateDate: d.CreateDate,
		AssumeRolePolicyDocument: d.AssumeRolePolicyDocument, PermissionsBoundary: d.PermissionsBoundary, Tags: d.Tags,
	}}, nil
}

// ListAttachedRolePolicies implements awsapi.IAM.
func (r iamReads) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput, opts ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error) {
	d, err := r.role(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return r.IAM.ListAttachedRolePolicies(ctx, in, opts...)
	}
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: d.AttachedManagedPolicies}, nil
}

// ListRolePolicies implements awsapi.IAM.
func (r iamReads) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput, opts ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error) {
	d, err := r.role(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return r.IAM.ListRolePolicies(ctx, in, opts...)
	}
	out := &iam.ListRolePoliciesOutput{}
	for _, p := range d.RolePolicyList {
		out.PolicyNames = append(out.PolicyNames, aws.ToString(p.PolicyName))
	}
	return out, nil
}

// GetRolePolicy implements awsapi.IAM.
func (r iamReads) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput, opts ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error) {
	d, err := r.role(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	if d != nil {
		for _, p := range d.RolePolicyList {
			if aws.ToString(p.PolicyName) == aws.ToString(in.PolicyName) {
				return &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: p.PolicyName, PolicyDocument: p.PolicyDocument}, nil
			}
		}
	}
	return r.IAM.GetRolePolicy(ctx, in, opts...)
}

// GetPolicy implements awsapi.IAM: a managed policy, which many roles have.
func (r iamReads) GetPolicy(ctx context.Context, in *iam.GetPolicyInput, opts ...func(*iam.Options)) (*iam.GetPolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	return one(ctx, r.view, &r.view.managed, arn, "", func(ctx context.Context) (*iam.GetPolicyOutput, error) {
		return r.IAM.GetPolicy(ctx, in, opts...)
	}, events.Object{Kind: events.ManagedPolicy, Name: arn})
}

// CreateRole implements awsapi.IAM, and notes that IAM says that there is such a role already.
func (r iamReads) CreateRole(ctx context.Context, in *iam.CreateRoleInput, opts ...func(*iam.Options)) (*iam.CreateRoleOutput, error) {
	out, err := r.IAM.CreateRole(ctx, in, opts...)
	name := aws.ToString(in.RoleName)
	r.view.taken.note(foldedRole(name), awsapi.Code(err) == "EntityAlreadyExists", r.view.now())
	if r.view.taken.hidden(foldedRole(name), r.view.now()) {
		return nil, &awsapi.Refused{Reason: ReasonHidden, Message: fmt.Sprintf(
			"IAM says that a role named %q exists already, in these or in other letters, and has shown none for %s; choose another name, or find out whose the role is", name, hiddenAfter)}
	}
	return out, err
}
