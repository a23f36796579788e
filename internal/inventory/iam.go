// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"net/url"
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

// iamKnown is what is known of IAM.
type iamKnown struct {
	roles   *sweep[roles]
	managed *answers[*iam.GetPolicyOutput]
}

func (v *View) newIAM() iamKnown {
	return iamKnown{roles: newSweep(v.now, v.readRoles), managed: newAnswers[*iam.GetPolicyOutput](v.now)}
}

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
	all, _, _, err := v.iam.roles.get(ctx, after(v.names.Last(foldedRole(name))), always)
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
	role, ok, err := ask(ctx, r.view, r.view.iam.roles, question{
		object: events.Object{Kind: events.Role, Name: name}, calls: roleCalls, few: true,
	}, func(all roles) (*types.RoleDetail, []events.Object, bool) { return all.byName[name], nil, true })
	if err != nil || !ok {
		return nil, err
	}
	if role == nil {
		return nil, &types.NoSuchEntityException{Message: aws.String("there was no role " + name + " when the account's roles were last read")}
	}
	return role, nil
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
	return single(ctx, r.view, r.view.iam.managed, arn, "", func(ctx context.Context) (*iam.GetPolicyOutput, error) {
		return r.IAM.GetPolicy(ctx, in, opts...)
	}, events.Object{Kind: events.ManagedPolicy, Name: arn})
}

// CreateRole implements awsapi.IAM, and notes that IAM says that there is such a role already.
func (r iamReads) CreateRole(ctx context.Context, in *iam.CreateRoleInput, opts ...func(*iam.Options)) (*iam.CreateRoleOutput, error) {
	out, err := r.IAM.CreateRole(ctx, in, opts...)
	name := aws.ToString(in.RoleName)
	if r.view.hidden(foldedRole(name), err, "EntityAlreadyExists") {
		return nil, &awsapi.Refused{Reason: ReasonHidden, Message: fmt.Sprintf(
			"IAM says that a role named %q exists already, in these or in other letters, and has shown none for %s; choose another name, or find out whose the role is", name, hiddenAfter)}
	}
	return out, err
}

// slimRole leaves out who uses a role, and takes documents out of the URL encoding in which IAM gives them.
func slimRole(r *types.RoleDetail, s shelf) {
	r.InstanceProfileList, r.RoleLastUsed = nil, nil
	r.AssumeRolePolicyDocument = plain(r.AssumeRolePolicyDocument)
	s.share(&r.Path, &r.AssumeRolePolicyDocument)
	for i := range r.RolePolicyList {
		p := &r.RolePolicyList[i]
		p.PolicyDocument = plain(p.PolicyDocument)
		s.share(&p.PolicyName, &p.PolicyDocument)
	}
	for i := range r.AttachedManagedPolicies {
		s.share(&r.AttachedManagedPolicies[i].PolicyArn, &r.AttachedManagedPolicies[i].PolicyName)
	}
	for i := range r.Tags {
		s.share(&r.Tags[i].Key, &r.Tags[i].Value)
	}
}

// plain is a document as it was written, where it is encoded as IAM does it (RFC 3986).
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
func plain(doc *string) *string {
	if !strings.HasPrefix(aws.ToString(doc), "%7B") {
		return doc
	}
	text, err := url.PathUnescape(*doc)
	if err != nil {
		return doc
	}
	return &text
}
