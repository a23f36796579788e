// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

// tagPage is the most that GetResources gives at a time (its API reference).
const tagPage = 100

// tagged is everything that carries an owner tag, whoever's. IAM roles are not among it.
type tagged struct {
	tags    map[string]map[string]string // by ARN
	byOwner map[string][]string          // ARNs
}

func (v *View) readTagged(ctx context.Context) (tagged, error) {
	all := tagged{tags: map[string]map[string]string{}, byOwner: map[string][]string{}}
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(v.aws.Tagging, &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters:          []types.TagFilter{{Key: &v.ownerTag}},
		ResourceTypeFilters: []string{KeyType, LogGroupType, SecurityGroupType, FargateProfileType},
		ResourcesPerPage:    aws.Int32(tagPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return tagged{}, fmt.Errorf("reading what carries the tag %s: %w", v.ownerTag, err)
		}
		for _, r := range page.ResourceTagMappingList {
			tags := map[string]string{}
			for _, tag := range r.Tags {
				tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
			}
			arn, owner := aws.ToString(r.ResourceARN), tags[v.ownerTag]
			all.tags[arn] = tags
			all.byOwner[owner] = append(all.byOwner[owner], arn)
		}
	}
	return all, nil
}

// tagsOf returns the tags of an object that carries an owner tag, nil for any other.
func (q query) tagsOf(ctx context.Context, arn string) (map[string]string, error) {
	all, err := q.view.tagged.get(ctx, q.view.now, q.notBefore, q.view.readTagged)
	return all.tags[arn], err
}

// Owned returns the ARNs of everything that carries the owner tag with the given value, read no earlier than notBefore.
func (v *View) Owned(ctx context.Context, notBefore time.Time, owner string) ([]string, error) {
	all, err := v.tagged.get(ctx, v.now, notBefore, v.readTagged)
	if err != nil {
		return nil, err
	}
	roles, err := v.roles.get(ctx, v.now, notBefore, v.readRoles)
	if err != nil {
		return nil, err
	}
	return slices.Concat(all.byOwner[owner], roles.byOwner[owner]), nil
}
