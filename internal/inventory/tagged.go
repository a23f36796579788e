// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// tagPage is the most that GetResources gives at a time (its API reference).
const tagPage = 100

// tagged is everything that carries an owner tag, whoever's. IAM roles are not among it.
type tagged struct {
	// tags are those of what does not come with its tags when it is read, by ARN: keys and log groups. Lists of a few pairs
	// take a fraction of the memory of maps.
	tags    map[string][]types.Tag
	byOwner map[string][]string // ARNs
}

func (v *View) readTagged(ctx context.Context) (all tagged, calls int, err error) {
	all = tagged{tags: map[string][]types.Tag{}, byOwner: map[string][]string{}}
	texts := shelf{}
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(v.aws.Load().Tagging, &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters:          []types.TagFilter{{Key: &v.ownerTag}},
		ResourceTypeFilters: []string{KeyType, LogGroupType, SecurityGroupType, FargateProfileType},
		ResourcesPerPage:    aws.Int32(tagPage),
	})
	for ; pages.HasMorePages(); calls++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return tagged{}, 0, fmt.Errorf("reading what carries the tag %s: %w", v.ownerTag, err)
		}
		for _, r := range page.ResourceTagMappingList {
			all.add(r, v.ownerTag, texts)
		}
	}
	return all, calls, nil
}

func (t tagged) add(r types.ResourceTagMapping, ownerTag string, texts shelf) {
	arn, owner := aws.ToString(r.ResourceARN), ""
	for i := range r.Tags {
		tag := &r.Tags[i]
		texts.share(&tag.Key, &tag.Value)
		if aws.ToString(tag.Key) == ownerTag {
			owner = aws.ToString(tag.Value)
		}
	}
	t.byOwner[owner] = append(t.byOwner[owner], arn)
	if strings.Contains(arn, ":kms:") || strings.Contains(arn, ":logs:") {
		t.tags[arn] = slices.Clone(r.Tags)
	}
}

// tagsOf returns the tags of a key or log group that carries an owner tag, nil for any other and where AWS is to be asked.
func (v *View) tagsOf(ctx context.Context, arn string, object events.Object) ([]types.Tag, error) {
	age, ok := v.ageOr(ctx, object)
	if !ok {
		return nil, nil
	}
	all, then, ok, err := v.tagged.get(ctx, v.now, age.written(), 1, v.readTagged)
	if err != nil || !v.serves(then, ok, object) {
		return nil, err
	}
	if all.tags[arn] != nil {
		tell(ctx, asOf{}) // the Tagging API may lag behind the object's own service, however lately it was asked
	}
	return all.tags[arn], nil
}

// Owned returns the ARNs of everything that carries the owner tag with the given value; false where somebody waits for the
// pass and they are being read: a later pass can ask again. What was declared lately makes no difference to what was made
// before, so Age.NotBefore is none to it. Where the context does not say how old answers may be, AWS itself is asked.
func (v *View) Owned(ctx context.Context, owner string) (arns []string, ok bool, err error) {
	age, ok := ageOf(ctx)
	if !ok {
		arns, err = v.ownedNow(ctx, owner)
		return arns, true, err
	}
	age.NotBefore = time.Time{}
	all, _, ok, err := v.tagged.get(ctx, v.now, age.written(), notNow, v.readTagged)
	if err != nil || !ok {
		return nil, false, err
	}
	roles, _, ok, err := v.roles.get(ctx, v.now, age.written(), notNow, v.readRoles)
	if err != nil || !ok {
		return nil, false, err
	}
	tell(ctx, asOf{})
	return slices.Concat(all.byOwner[owner], roles.byOwner[owner]), true, nil
}

// ownedNow is Owned, answered by AWS itself.
func (v *View) ownedNow(ctx context.Context, owner string) ([]string, error) {
	arns, err := withTag(ctx, v.aws.Load().Tagging, v.ownerTag, owner, KeyType, LogGroupType, SecurityGroupType, FargateProfileType)
	if err != nil {
		return nil, err
	}
	all, _, err := v.readRoles(ctx)
	return append(arns, all.byOwner[owner]...), err
}

// OwnedKeys returns the ARNs of the keys among what Owned returns.
func (v *View) OwnedKeys(ctx context.Context, owner string) ([]string, error) {
	if age, ok := ageOf(ctx); ok {
		all, then, ok, err := v.tagged.get(ctx, v.now, age.written(), 1, v.readTagged)
		if ok {
			tell(ctx, then)
			return slices.DeleteFunc(slices.Clone(all.byOwner[owner]), func(arn string) bool { return !strings.Contains(arn, ":kms:") }), err
		}
	}
	return withTag(ctx, v.aws.Load().Tagging, v.ownerTag, owner, KeyType)
}
