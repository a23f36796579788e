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

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// tagType is a resource type of the Tagging API that the operator creates. IAM roles are not among those that the API knows.
// Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
type tagType struct {
	name string
	// apart: an object does not come with its tags when it is read, so reads of them are answered by what the Tagging API
	// says.
	apart bool
}

// tagTypes are all of them: what is missing here is not found by its owner tag. TestWhatIsCreatedIsFoundByItsTag holds that
// none is.
var tagTypes = []tagType{
	{KeyType, true},
	{LogGroupType, true},
	{SecurityGroupType, false},
	{FargateProfileType, false},
}

// FoundByTag lists the types, service:type as in ARNs, of which Owned finds what carries an owner tag.
func FoundByTag() []string { return append(tagTypeNames(), "iam:role") }

func tagTypeNames() (names []string) {
	for _, t := range tagTypes {
		names = append(names, t.name)
	}
	return names
}

// typeOf is the Tagging API's name of what an ARN is about: its service and the type of resource.
func typeOf(arn string) string {
	parsed, err := awsapi.ParseARN(arn)
	if err != nil {
		return ""
	}
	kind, _, _ := strings.Cut(strings.ReplaceAll(parsed.Resource, ":", "/"), "/")
	return parsed.Service + ":" + kind
}

// taggingKnown is what is known of tags.
type taggingKnown struct{ all *sweep[tagged] }

func (v *View) newTagging() taggingKnown {
	all := newSweep(v.now, v.readTagged)
	all.lags = true // the Tagging API is eventually consistent
	return taggingKnown{all}
}

// tagPage is the most that GetResources gives at a time (its API reference).
const tagPage = 100

// tagged is everything that carries an owner tag, whoever's. IAM roles are not among it.
type tagged struct {
	// tags are those of what does not come with its tags when it is read (tagType.apart), by ARN. Lists of a few pairs take a
	// fraction of the memory of maps.
	tags    map[string][]types.Tag
	byOwner map[string][]string // ARNs
}

func (v *View) readTagged(ctx context.Context) (all tagged, calls int, err error) {
	all = tagged{tags: map[string][]types.Tag{}, byOwner: map[string][]string{}}
	texts := shelf{}
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(v.aws.Load().Tagging, &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters:          []types.TagFilter{{Key: &v.ownerTag}},
		ResourceTypeFilters: tagTypeNames(),
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
	if slices.Contains(tagTypes, tagType{typeOf(arn), true}) {
		t.tags[arn] = slices.Clone(r.Tags)
	}
}

// tagsOf returns the tags of what carries an owner tag and is of a type whose tags are apart, nil for any other and where AWS
// is to be asked.
func (v *View) tagsOf(ctx context.Context, arn string, object events.Object) ([]types.Tag, error) {
	tags, _, err := ask(ctx, v, v.tagging.all, question{object: object, calls: 1}, func(all tagged) ([]types.Tag, []events.Object, bool) {
		return all.tags[arn], nil, all.tags[arn] != nil
	})
	return tags, err
}

// Owned returns the ARNs of everything that carries the owner tag with the given value; false where somebody waits for the
// pass and they are being read: a later pass can ask again. What was declared lately makes no difference to what was made
// before, so Age.NotBefore is none to it. Where the context does not say how old answers may be, AWS itself is asked.
func (v *View) Owned(ctx context.Context, owner string) (arns []string, ok bool, err error) {
	age, ok := ageOf(ctx, v.now())
	if !ok {
		arns, err = v.ownedNow(ctx, owner)
		return arns, true, err
	}
	age.NotBefore = time.Time{}
	all, _, ok, err := v.tagging.all.get(ctx, age.written(), notNow)
	if err != nil || !ok {
		return nil, false, err
	}
	roles, _, ok, err := v.iam.roles.get(ctx, age.written(), notNow)
	if err != nil || !ok {
		return nil, false, err
	}
	tell(ctx, asOf{})
	return slices.Concat(all.byOwner[owner], roles.byOwner[owner]), true, nil
}

// ownedNow is Owned, answered by AWS itself.
func (v *View) ownedNow(ctx context.Context, owner string) ([]string, error) {
	arns, err := withTag(ctx, v.aws.Load().Tagging, v.ownerTag, owner, tagTypeNames()...)
	if err != nil {
		return nil, err
	}
	all, _, err := v.readRoles(ctx)
	return append(arns, all.byOwner[owner]...), err
}

// ownedOf returns those of one type (tagType) among what Owned returns.
func (v *View) ownedOf(ctx context.Context, owner, resourceType string) ([]string, error) {
	if age, ok := ageOf(ctx, v.now()); ok {
		all, then, ok, err := v.tagging.all.get(ctx, age.written(), 1)
		if ok {
			tell(ctx, then)
			return slices.DeleteFunc(slices.Clone(all.byOwner[owner]), func(arn string) bool { return typeOf(arn) != resourceType }), err
		}
	}
	return withTag(ctx, v.aws.Load().Tagging, v.ownerTag, owner, resourceType)
}

// withTag returns the ARNs of the objects of the given types whose tag key has the given value. The Tagging API is
// eventually consistent: whoever acts on an object reads its own tags first.
// Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
func withTag(ctx context.Context, client awsapi.Tagging, key, value string, resourceTypes ...string) ([]string, error) {
	var arns []string
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(client, &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters:          []types.TagFilter{{Key: aws.String(key), Values: []string{value}}},
		ResourceTypeFilters: resourceTypes,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("looking for objects with the tag %s: %w", key, err)
		}
		for _, r := range page.ResourceTagMappingList {
			arns = append(arns, aws.ToString(r.ResourceARN))
		}
	}
	return arns, nil
}
