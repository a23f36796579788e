// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// usersShown is how many users of a key a message names.
const usersShown = 3

// Delete implements resource.Resource: it schedules the deletion, once no log group and no grant uses the key. The
// alias goes after it, so that a key which may not be deleted stays whole, and only when it points to this key.
func (r *Resource) Delete(ctx context.Context, o *resource.Observation) error {
	if !o.Exists {
		return nil
	}
	d := detailOf(o)
	if !pending(d.key.State) {
		if err := r.inUse(ctx, d.key.ARN); err != nil {
			return err
		}
		_, err := r.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &d.key.ARN, PendingWindowInDays: aws.Int32(r.window())})
		if err != nil && !awsapi.IsNotFound(err) {
			return r.doing("scheduling the deletion", err)
		}
	}
	for _, alias := range r.ownAliases(d) {
		if _, err := r.kms.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &alias}); err != nil && !awsapi.IsNotFound(err) {
			return r.doing("deleting the alias "+alias, err)
		}
	}
	return nil
}

func (r *Resource) window() int32 {
	if r.desired == nil {
		return defaultWindowDays
	}
	return cmp.Or(r.desired.DeletionWindowDays, defaultWindowDays)
}

// ownAliases are the aliases that go with the key: ours, if it points to the key, or all where ours is not known.
func (r *Resource) ownAliases(d detail) []string {
	switch {
	case r.alias == "":
		return d.aliases
	case d.key.AliasTarget == d.key.ID:
		return []string{r.alias}
	default:
		return nil
	}
}

// inUse returns a Waiting that names what uses the key, or nil.
func (r *Resource) inUse(ctx context.Context, arn string) error {
	users, err := r.logGroups(ctx, arn)
	if err == nil && len(users) < usersShown {
		var grants []string
		grants, err = r.grants(ctx, arn)
		users = append(users, grants...)
	}
	if err != nil || len(users) == 0 {
		return err
	}
	return &resource.Waiting{Reason: ReasonInUse, Message: fmt.Sprintf(
		"%s is still used by %s", r.ID(), strings.Join(users[:min(len(users), usersShown)], ", "))}
}

// logGroups names the first log groups that the key encrypts. CloudWatch Logs cannot be asked by key.
func (r *Resource) logGroups(ctx context.Context, arn string) ([]string, error) {
	var users []string
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(r.logs, &cloudwatchlogs.DescribeLogGroupsInput{})
	for pages.HasMorePages() && len(users) < usersShown {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, r.doing("looking for log groups that use it", err)
		}
		for _, group := range page.LogGroups {
			if aws.ToString(group.KmsKeyId) == arn {
				users = append(users, "log group "+aws.ToString(group.LogGroupName))
			}
		}
	}
	return users, nil
}

// grants names the first grants on the key: AWS services hold them for what they encrypt with it.
func (r *Resource) grants(ctx context.Context, arn string) ([]string, error) {
	var users []string
	pages := kms.NewListGrantsPaginator(r.kms, &kms.ListGrantsInput{KeyId: &arn})
	for pages.HasMorePages() && len(users) < usersShown {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, r.doing("looking for grants", err)
		}
		for _, grant := range page.Grants {
			users = append(users, "the grant of "+aws.ToString(grant.GranteePrincipal))
		}
	}
	return users, nil
}
