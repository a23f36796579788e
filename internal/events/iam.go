// SPDX-License-Identifier: Apache-2.0

package events

import (
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// SourceIAM is the eventSource of IAM.
const SourceIAM = "iam.amazonaws.com"

// The kinds of objects of IAM.
const (
	// Role is named by its name, without the path.
	Role Kind = "Role"
	// ManagedPolicy is named by its ARN.
	ManagedPolicy Kind = "ManagedPolicy"
)

// iamService are the calls of IAM.
var iamService = service{
	source:  SourceIAM,
	objects: "roles and managed policies",
	rows: []row{
		// Records: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html. Paths are not part of
		// roleName. A role's attached policies are the role's matter: AttachRolePolicy does not touch the policy.
		{calls: "AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy " +
			"PutRolePermissionsBoundary PutRolePolicy UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
			find: each(role, "request.roleName")},
		{calls: "TagRole UntagRole", find: each(role, "request.roleName"), tags: true},
		{calls: "CreateServiceLinkedRole DeleteServiceLinkedRole", find: each(role, "request.roleName", "response.role.roleName")},
		{calls: "CreatePolicy", find: each(policy, "response.policy.arn")},
		{calls: "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion", find: each(policy, "request.policyArn")},
		{calls: "TagPolicy UntagPolicy", find: each(policy, "request.policyArn"), tags: true},
	},
}

// role takes a name or an ARN, whose path is not part of the name.
func role(value string) (Object, bool) {
	if arn, err := awsapi.ParseARN(value); err == nil {
		if !strings.HasPrefix(arn.Resource, "role/") {
			return Object{}, false
		}
		value = arn.Resource[strings.LastIndex(arn.Resource, "/")+1:]
	}
	return Object{Role, value}, usable(value)
}

func policy(value string) (Object, bool) {
	arn, err := awsapi.ParseARN(value)
	return Object{ManagedPolicy, value}, err == nil && usable(value) && strings.HasPrefix(arn.Resource, "policy/")
}
