// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// logPage is the most that DescribeLogGroups gives at a time (CloudWatch Logs API reference).
const logPage = 50

// LogGroupType is the Tagging API's name of log groups.
const LogGroupType = "logs:log-group"

// logsKnown is what is known of CloudWatch Logs.
type logsKnown struct{ groups *sweep[logGroups] }

func (v *View) newLogs() logsKnown { return logsKnown{groups: newSweep(v.now, v.readLogGroups)} }

// logGroups are all log groups of the Region by name.
type logGroups map[string]types.LogGroup

func (v *View) readLogGroups(ctx context.Context) (logGroups, int, error) {
	all, pages := logGroups{}, 0
	for p := cloudwatchlogs.NewDescribeLogGroupsPaginator(v.aws.Load().Logs, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(logPage)}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("reading the account's log groups: %w", err)
		}
		for _, group := range page.LogGroups {
			group.LogGroupArn = nil // Arn is the same with ":*" at its end
			all[aws.ToString(group.LogGroupName)] = group
		}
	}
	return all, pages, nil
}

// logsReads answers what reads of log groups ask for.
type logsReads struct {
	awsapi.Logs
	view *View
}

// DescribeLogGroups implements awsapi.Logs for a prefix that is a whole name: that group alone, or none.
func (r logsReads) DescribeLogGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	name := aws.ToString(in.LogGroupNamePrefix)
	found, ok, err := ask(ctx, r.view, r.view.logs.groups, question{
		object: events.Object{Kind: events.LogGroup, Name: name}, unfit: name == "" || in.NextToken != nil, calls: 1, few: true,
	}, func(all logGroups) (found []types.LogGroup, _ []events.Object, _ bool) {
		if group, known := all[name]; known {
			found = append(found, group)
		}
		return found, nil, true
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		return r.Logs.DescribeLogGroups(ctx, in, opts...)
	}
	return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: found}, nil
}

// ListTagsForResource implements awsapi.Logs.
func (r logsReads) ListTagsForResource(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	tags, err := r.view.tagsOf(ctx, aws.ToString(in.ResourceArn), events.Object{Kind: events.LogGroup, Name: nameOf(aws.ToString(in.ResourceArn))})
	if err != nil {
		return nil, err
	}
	if tags == nil {
		return r.Logs.ListTagsForResource(ctx, in, opts...)
	}
	out := &cloudwatchlogs.ListTagsForResourceOutput{Tags: make(map[string]string, len(tags))}
	for _, tag := range tags {
		out.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out, nil
}

// nameOf is the name in a log group's ARN.
func nameOf(arn string) string {
	_, name, _ := strings.Cut(arn, ":log-group:")
	return strings.TrimSuffix(name, ":*")
}
