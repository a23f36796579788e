// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// EC2 is what the operator calls of Amazon EC2.
type EC2 interface {
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
	DescribeSecurityGroupRules(context.Context, *ec2.DescribeSecurityGroupRulesInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupRulesOutput, error)
	CreateSecurityGroup(context.Context, *ec2.CreateSecurityGroupInput, ...func(*ec2.Options)) (*ec2.CreateSecurityGroupOutput, error)
	DeleteSecurityGroup(context.Context, *ec2.DeleteSecurityGroupInput, ...func(*ec2.Options)) (*ec2.DeleteSecurityGroupOutput, error)
	AuthorizeSecurityGroupIngress(context.Context, *ec2.AuthorizeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupIngressOutput, error)
	AuthorizeSecurityGroupEgress(context.Context, *ec2.AuthorizeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupEgressOutput, error)
	RevokeSecurityGroupIngress(context.Context, *ec2.RevokeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupIngressOutput, error)
	RevokeSecurityGroupEgress(context.Context, *ec2.RevokeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupEgressOutput, error)
	ModifySecurityGroupRules(context.Context, *ec2.ModifySecurityGroupRulesInput, ...func(*ec2.Options)) (*ec2.ModifySecurityGroupRulesOutput, error)
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
	DeleteTags(context.Context, *ec2.DeleteTagsInput, ...func(*ec2.Options)) (*ec2.DeleteTagsOutput, error)
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
	DescribeRouteTables(context.Context, *ec2.DescribeRouteTablesInput, ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error)
	DescribeNetworkInterfaces(context.Context, *ec2.DescribeNetworkInterfacesInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error)
	DescribeManagedPrefixLists(context.Context, *ec2.DescribeManagedPrefixListsInput, ...func(*ec2.Options)) (*ec2.DescribeManagedPrefixListsOutput, error)
	GetManagedPrefixListEntries(context.Context, *ec2.GetManagedPrefixListEntriesInput, ...func(*ec2.Options)) (*ec2.GetManagedPrefixListEntriesOutput, error)
}

// ec2Service is Amazon EC2. Error codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
// Each operation has a rate limit of its own: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
// (Request rate limiting).
var ec2Service = service{
	id:           ec2.ServiceID,
	client:       reflect.TypeFor[EC2](),
	connect:      func(sdk aws.Config, c *Clients) { c.EC2 = ec2.NewFromConfig(sdk) },
	prefix:       "ec2",
	perOperation: true,
	codes: map[string]failure.Kind{
		"InvalidGroup.NotFound":               failure.NotFound,
		"InvalidGroupId.Malformed":            failure.NotFound,
		"InvalidPrefixListID.NotFound":        failure.NotFound,
		"InvalidPrefixListId.NotFound":        failure.NotFound,
		"InvalidSubnetID.NotFound":            failure.NotFound,
		"InvalidPermission.NotFound":          failure.NotFound,
		"InvalidSecurityGroupRuleId.NotFound": failure.NotFound,

		"InvalidGroup.Duplicate":      failure.Transient,
		"InvalidPermission.Duplicate": failure.Transient,
		"DependencyViolation":         failure.Busy,
		"InternalError":               failure.Transient,
		"RequestLimitExceeded":        failure.Throttled,
		"EC2ThrottledException":       failure.Throttled,
		"UnauthorizedOperation":       failure.AccessDenied,

		"SecurityGroupLimitExceeded":              failure.Quota,
		"RulesPerSecurityGroupLimitExceeded":      failure.Quota,
		"SecurityGroupsPerInterfaceLimitExceeded": failure.Quota,
	},
	exists: []string{"InvalidGroup.Duplicate", "InvalidPermission.Duplicate"},
	policy: grants{
		deletes:   []string{"ec2:DeleteSecurityGroup"},
		deletable: []string{"arn:*:ec2:*:*:security-group/*"},
		writes: []Statement{
			{
				Sid:      "CreateSecurityGroups",
				Why:      "New security groups, in the VPC of the cluster.",
				Action:   []string{"ec2:CreateSecurityGroup"},
				Resource: []string{"arn:*:ec2:*:*:security-group/*", "arn:*:ec2:*:*:vpc/*"},
			},
			{
				Sid:      "TagSecurityGroups",
				Why:      "Owner tags and spec.tags on security groups, at creation too.",
				Action:   []string{"ec2:CreateTags", "ec2:DeleteTags"},
				Resource: []string{"arn:*:ec2:*:*:security-group/*"},
			},
			{
				Sid:      "ManageSecurityGroupRules",
				Why:      "The rules of security groups.",
				Resource: []string{"arn:*:ec2:*:*:prefix-list/*", "arn:*:ec2:*:*:security-group-rule/*", "arn:*:ec2:*:*:security-group/*"},
			},
		},
	},
}
