// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// EKS is what the operator calls of Amazon EKS.
type EKS interface {
	DescribeCluster(context.Context, *eks.DescribeClusterInput, ...func(*eks.Options)) (*eks.DescribeClusterOutput, error)
	ListFargateProfiles(context.Context, *eks.ListFargateProfilesInput, ...func(*eks.Options)) (*eks.ListFargateProfilesOutput, error)
	DescribeFargateProfile(context.Context, *eks.DescribeFargateProfileInput, ...func(*eks.Options)) (*eks.DescribeFargateProfileOutput, error)
	CreateFargateProfile(context.Context, *eks.CreateFargateProfileInput, ...func(*eks.Options)) (*eks.CreateFargateProfileOutput, error)
	DeleteFargateProfile(context.Context, *eks.DeleteFargateProfileInput, ...func(*eks.Options)) (*eks.DeleteFargateProfileOutput, error)
	ListNodegroups(context.Context, *eks.ListNodegroupsInput, ...func(*eks.Options)) (*eks.ListNodegroupsOutput, error)
	DescribeNodegroup(context.Context, *eks.DescribeNodegroupInput, ...func(*eks.Options)) (*eks.DescribeNodegroupOutput, error)
	TagResource(context.Context, *eks.TagResourceInput, ...func(*eks.Options)) (*eks.TagResourceOutput, error)
	UntagResource(context.Context, *eks.UntagResourceInput, ...func(*eks.Options)) (*eks.UntagResourceOutput, error)
}

// eksService is Amazon EKS. Error codes: the "Errors" of each operation in
// https://docs.aws.amazon.com/eks/latest/APIReference/API_Operations.html, and ResourceInUseException, which
// CreateFargateProfile answers although its model does not list it: for a name that is taken, and while another profile
// of the cluster is being created or deleted.
var eksService = service{
	id:      eks.ServiceID,
	client:  reflect.TypeFor[EKS](),
	connect: func(sdk aws.Config, c *Clients) { c.EKS = eks.NewFromConfig(sdk) },
	prefix:  "eks",
	codes: map[string]failure.Kind{
		"ResourceNotFoundException":      failure.NotFound,
		"ResourceInUseException":         failure.Busy,
		"ResourceLimitExceededException": failure.Quota,
		"ServerException":                failure.Transient,
	},
	exists: []string{"ResourceInUseException"},
	policy: grants{
		deletes:   []string{"eks:DeleteFargateProfile"},
		deletable: []string{"arn:*:eks:*:*:fargateprofile/*"},
		writes: []Statement{
			// eks:CreateFargateProfile is authorized on the cluster, its tags on the profile.
			{
				Sid:      "CreateFargateProfiles",
				Why:      "AWS authorizes the creation of a profile on its cluster: name your clusters here to keep the operator to them.",
				Action:   []string{"eks:CreateFargateProfile"},
				Resource: []string{"arn:*:eks:*:*:cluster/*"},
			},
			{
				Sid:      "TagFargateProfiles",
				Why:      "Owner tags and spec.tags on Fargate profiles, at creation too.",
				Resource: []string{"arn:*:eks:*:*:fargateprofile/*"},
			},
		},
	},
}
