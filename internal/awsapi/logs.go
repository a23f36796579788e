// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// Logs is what the operator calls of Amazon CloudWatch Logs.
type Logs interface {
	DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
	CreateLogGroup(context.Context, *cloudwatchlogs.CreateLogGroupInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogGroupOutput, error)
	DeleteLogGroup(context.Context, *cloudwatchlogs.DeleteLogGroupInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteLogGroupOutput, error)
	PutRetentionPolicy(context.Context, *cloudwatchlogs.PutRetentionPolicyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutRetentionPolicyOutput, error)
	DeleteRetentionPolicy(context.Context, *cloudwatchlogs.DeleteRetentionPolicyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error)
	AssociateKmsKey(context.Context, *cloudwatchlogs.AssociateKmsKeyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.AssociateKmsKeyOutput, error)
	DisassociateKmsKey(context.Context, *cloudwatchlogs.DisassociateKmsKeyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DisassociateKmsKeyOutput, error)
	ListTagsForResource(context.Context, *cloudwatchlogs.ListTagsForResourceInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error)
	TagResource(context.Context, *cloudwatchlogs.TagResourceInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.TagResourceOutput, error)
	UntagResource(context.Context, *cloudwatchlogs.UntagResourceInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.UntagResourceOutput, error)
}

// logsService is Amazon CloudWatch Logs. Error codes: the "Errors" of each operation in
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html. Each operation has a rate
// limit of its own: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html.
var logsService = service{
	id:           cloudwatchlogs.ServiceID,
	client:       reflect.TypeFor[Logs](),
	connect:      func(sdk aws.Config, c *Clients) { c.Logs = cloudwatchlogs.NewFromConfig(sdk) },
	prefix:       "logs",
	perOperation: true,
	codes: map[string]failure.Kind{
		"ResourceNotFoundException":      failure.NotFound,
		"ResourceAlreadyExistsException": failure.Transient,
		"OperationAbortedException":      failure.Busy,
		"LimitExceededException":         failure.Quota,
	},
	exists: []string{"ResourceAlreadyExistsException"},
	policy: grants{
		deletes:   []string{"logs:DeleteLogGroup"},
		deletable: []string{"arn:*:logs:*:*:log-group:*"},
		writes: []Statement{{
			Sid:      "ManageLogGroups",
			Why:      "Log groups: retention, key and tags. Nothing here reads a log event.",
			Resource: []string{"arn:*:logs:*:*:log-group:*"},
		}},
	},
}
