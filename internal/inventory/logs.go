// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// logPage is the most that DescribeLogGroups gives at a time (CloudWatch Logs API reference).
const logPage = 50

// logGroups are all log groups of the Region by name.
type logGroups map[string]types.LogGroup

func (v *View) readLogGroups(ctx context.Context) (logGroups, error) {
	all, pages := logGroups{}, 0
	for p := cloudwatchlogs.NewDescribeLogGroupsPaginator(v.aws.Logs, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(logPage)}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the account's log groups: %w", err)
		}
		for _, group := range page.LogGroups {
			all[aws.ToString(group.LogGroupName)] = group
		}
	}
	v.logUse.swept(pages, v.now())
	return all, nil
}

// logsReads answers what reads of log groups ask for.
type logsReads struct {
	awsapi.Logs
	query
}

// DescribeLogGroups implements awsapi.Logs for a prefix that is a whole name: that group alone. Where there is none by
// that very name, CloudWatch Logs is asked.
func (r logsReads) DescribeLogGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	name := aws.ToString(in.LogGroupNamePrefix)
	if name == "" || in.NextToken != nil || !r.view.logUse.sweepIsCheaper(name, 1, r.view.now()) {
		return r.Logs.DescribeLogGroups(ctx, in, opts...)
	}
	all, err := r.view.logGroups.get(ctx, r.view.now, r.notBefore, r.view.readLogGroups)
	if err != nil {
		return nil, err
	}
	group, known := all[name]
	if !known {
		return r.Logs.DescribeLogGroups(ctx, in, opts...)
	}
	return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{group}}, nil
}

// ListTagsForResource implements awsapi.Logs.
func (r logsReads) ListTagsForResource(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	tags, err := r.tagsOf(ctx, aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	if tags == nil {
		return r.Logs.ListTagsForResource(ctx, in, opts...)
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: maps.Clone(tags)}, nil
}
