// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// IAM is what the operator calls of AWS Identity and Access Management.
type IAM interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	CreateRole(context.Context, *iam.CreateRoleInput, ...func(*iam.Options)) (*iam.CreateRoleOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput, ...func(*iam.Options)) (*iam.DeleteRoleOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput, ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error)
	TagRole(context.Context, *iam.TagRoleInput, ...func(*iam.Options)) (*iam.TagRoleOutput, error)
	UntagRole(context.Context, *iam.UntagRoleInput, ...func(*iam.Options)) (*iam.UntagRoleOutput, error)
	PutRolePermissionsBoundary(context.Context, *iam.PutRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutRolePermissionsBoundaryOutput, error)
	DeleteRolePermissionsBoundary(context.Context, *iam.DeleteRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.DeleteRolePermissionsBoundaryOutput, error)
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error)
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput, ...func(*iam.Options)) (*iam.AttachRolePolicyOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput, ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error)
	ListInstanceProfilesForRole(context.Context, *iam.ListInstanceProfilesForRoleInput, ...func(*iam.Options)) (*iam.ListInstanceProfilesForRoleOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput, ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error)
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput, ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error)
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
	GetAccountAuthorizationDetails(context.Context, *iam.GetAccountAuthorizationDetailsInput, ...func(*iam.Options)) (*iam.GetAccountAuthorizationDetailsOutput, error)
}

// iamService is AWS Identity and Access Management. Error codes: the "Errors" of each operation in
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html.
var iamService = service{
	id:      iam.ServiceID,
	client:  reflect.TypeFor[IAM](),
	connect: func(sdk aws.Config, c *Clients) { c.IAM = iam.NewFromConfig(sdk) },
	prefix:  "iam",
	global:  true,
	codes: map[string]failure.Kind{
		"NoSuchEntity":           failure.NotFound,
		"NoSuchEntityException":  failure.NotFound,
		"EntityAlreadyExists":    failure.Transient,
		"DeleteConflict":         failure.Busy,
		"ConcurrentModification": failure.Busy,
		"LimitExceeded":          failure.Quota,
		"ServiceFailure":         failure.Transient,
	},
	exists:  []string{"EntityAlreadyExists"},
	implied: []string{passRole, createServiceLinkedRole},
	policy: grants{
		deletes:   []string{"iam:DeleteRole"},
		deletable: []string{"arn:*:iam::*:role/*"},
		roles: []Statement{
			// Which of the two EKS names as the service is not documented. The pod execution role trusts eks-fargate-pods, while
			// cluster-api-provider-aws creates Fargate profiles with a policy that allows eks.amazonaws.com only
			// (cmd/clusterawsadm/cloudformation/bootstrap/cluster_api_controller.go).
			{
				Sid:       "PassPodExecutionRole",
				Why:       "Handing the pod execution role to EKS, and to no other service.",
				Action:    []string{passRole},
				Resource:  []string{"arn:*:iam::*:role/*"},
				Condition: map[string]map[string][]string{"StringEquals": {"iam:PassedToService": {"eks-fargate-pods.amazonaws.com", "eks.amazonaws.com"}}},
			},
			{
				Sid:       "CreateFargateServiceLinkedRole",
				Why:       "The first Fargate profile of an account makes EKS's service-linked role for Fargate. It can be left out where that role exists.",
				Action:    []string{createServiceLinkedRole},
				Resource:  []string{"arn:*:iam::*:role/aws-service-role/*"},
				Condition: map[string]map[string][]string{"StringEquals": {"iam:AWSServiceName": {"eks-fargate.amazonaws.com"}}},
			},
		},
		writes: []Statement{{
			Sid:      "ManageRoles",
			Why:      "The pod execution roles: trust policy, policies, permissions boundary, tags. See below for how to narrow it.",
			Resource: []string{"arn:*:iam::*:role/*"},
		}},
	},
}

const (
	// passRole is checked by eks:CreateFargateProfile, which is given the pod execution role:
	// https://github.com/aws-controllers-k8s/community/issues/1821, https://github.com/aws/aws-cdk/issues/8546.
	passRole = "iam:PassRole"
	// createServiceLinkedRole is checked by the first eks:CreateFargateProfile of an account, which makes
	// AWSServiceRoleForAmazonEKSForFargate:
	// https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles-eks-fargate.html.
	createServiceLinkedRole = "iam:CreateServiceLinkedRole"
)
