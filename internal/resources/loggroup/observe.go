// SPDX-License-Identifier: Apache-2.0

package loggroup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	found, err := r.find(ctx)
	if err != nil {
		return nil, r.doing("reading", err)
	}
	if found == nil {
		return &resource.Observation{}, nil
	}
	group := observed.LogGroup{
		Name:          r.name,
		ARN:           canonical.LogGroupARN(aws.ToString(found.Arn)),
		RetentionDays: aws.ToInt32(found.RetentionInDays),
		KeyARN:        aws.ToString(found.KmsKeyId),
		Class:         string(found.LogGroupClass),
		Protected:     aws.ToBool(found.DeletionProtectionEnabled),
	}
	tags, err := r.logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &group.ARN})
	if awsapi.IsNotFound(err) { // deleted since it was found
		return &resource.Observation{}, nil
	}
	if err != nil {
		return nil, r.doing("reading the tags", err)
	}
	group.Tags = tags.Tags
	return observation(group), nil
}

// find returns the group of exactly this name: CloudWatch Logs can only be asked for names that begin with it.
func (r *Resource) find(ctx context.Context) (*types.LogGroup, error) {
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(r.logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &r.name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for i := range page.LogGroups {
			if aws.ToString(page.LogGroups[i].LogGroupName) == r.name {
				return &page.LogGroups[i], nil
			}
		}
	}
	return nil, nil
}

func observation(group observed.LogGroup) *resource.Observation {
	o := &resource.Observation{
		Exists: true,
		ARN:    group.ARN,
		Tags:   group.Tags,
		Gives:  map[string]string{resource.ARN: group.ARN},
		Detail: group,
		Record: func(s *observed.State) { s.LogGroup = &group },
	}
	if group.KeyARN != "" {
		o.Uses = []string{group.KeyARN}
	}
	return o
}
