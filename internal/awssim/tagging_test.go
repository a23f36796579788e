// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

// tagged makes one resource of each kind with owner=a, and an untagged group.
func tagged(t *testing.T, r *rig) (profile, key, group, sg string) {
	t.Helper()
	in := profileInput("p")
	in.Tags = map[string]string{"owner": "a"}
	p, err := r.eks.CreateFargateProfile(ctx, in)
	ok(t, err)
	k, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("owner"), TagValue: aws.String("a")}}})
	ok(t, err)
	_, err = r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/g"), Tags: map[string]string{"owner": "a", "more": "x"}})
	ok(t, err)
	_, err = r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/untagged")})
	ok(t, err)
	s, err := r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("g"), Description: aws.String("d"), VpcId: aws.String("vpc-0a"),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: aws.String("owner"), Value: aws.String("a")}}}},
	})
	ok(t, err)
	return *p.FargateProfile.FargateProfileArn, *k.KeyMetadata.Arn, logGroupARN(DefaultRegion, DefaultAccount, "/g"), "arn:aws:ec2:eu-west-1:111122223333:security-group/" + *s.GroupId
}

func owner(values ...string) []taggingtypes.TagFilter {
	return []taggingtypes.TagFilter{{Key: aws.String("owner"), Values: values}}
}

func TestGetResources(t *testing.T) {
	r := newRig(t, Options{})
	profile, key, group, sg := tagged(t, r)
	all := []string{profile, key, group, sg}
	cases := map[string]struct {
		in   *tagging.GetResourcesInput
		want []string
	}{
		"tag":               {&tagging.GetResourcesInput{TagFilters: owner("a")}, all},
		"any value":         {&tagging.GetResourcesInput{TagFilters: owner()}, all},
		"one of two values": {&tagging.GetResourcesInput{TagFilters: owner("b", "a")}, all},
		"other value":       {&tagging.GetResourcesInput{TagFilters: owner("b")}, nil},
		"two tags": {&tagging.GetResourcesInput{TagFilters: append(owner("a"), taggingtypes.TagFilter{
			Key: aws.String("more"), Values: []string{"x"},
		})}, []string{group}},
		"profiles":        {&tagging.GetResourcesInput{ResourceTypeFilters: []string{"eks:fargateprofile"}}, []string{profile}},
		"keys":            {&tagging.GetResourcesInput{ResourceTypeFilters: []string{"kms:key"}}, []string{key}},
		"log groups":      {&tagging.GetResourcesInput{ResourceTypeFilters: []string{"logs:log-group"}}, []string{group}},
		"security groups": {&tagging.GetResourcesInput{ResourceTypeFilters: []string{"ec2:security-group"}, TagFilters: owner("a")}, []string{sg}},
		"two services":    {&tagging.GetResourcesInput{ResourceTypeFilters: []string{"kms", "logs"}}, []string{key, group}},
		"by ARN":          {&tagging.GetResourcesInput{ResourceARNList: []string{sg, "arn:aws:kms:eu-west-1:111122223333:key/none"}}, []string{sg}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			wantEqual(t, "resources", strings.Join(getAll(t, r, c.in), "\n"), strings.Join(slices.Sorted(slices.Values(c.want)), "\n"))
		})
	}
}

// getAll returns the ARNs of all pages in order.
func getAll(t *testing.T, r *rig, in *tagging.GetResourcesInput) []string {
	t.Helper()
	var got []string
	pages := tagging.NewGetResourcesPaginator(r.tagging, in)
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		ok(t, err)
		for _, m := range out.ResourceTagMappingList {
			got = append(got, *m.ResourceARN)
		}
	}
	slices.Sort(got)
	return got
}

func TestGetResourcesInPages(t *testing.T) {
	r := newRig(t, Options{PageSize: 1})
	tagged(t, r)
	out, err := r.tagging.GetResources(ctx, &tagging.GetResourcesInput{TagFilters: owner("a")})
	ok(t, err)
	wantEqual(t, "first page", len(out.ResourceTagMappingList), 1)
	wantEqual(t, "all", len(getAll(t, r, &tagging.GetResourcesInput{TagFilters: owner("a")})), 4)
}

func TestGetResourcesSeesChanges(t *testing.T) {
	r := newRig(t, Options{})
	profile, _, _, _ := tagged(t, r)
	_, err := r.eks.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: &profile, TagKeys: []string{"owner"}})
	ok(t, err)
	wantEqual(t, "all", len(getAll(t, r, &tagging.GetResourcesInput{TagFilters: owner("a")})), 3)
}

func TestGetResourcesInputRules(t *testing.T) {
	r := newRig(t, Options{})
	for name, in := range map[string]*tagging.GetResourcesInput{
		"ARNs and tags": {ResourceARNList: []string{"arn:aws:kms:eu-west-1:111122223333:key/a"}, TagFilters: owner("a")},
		"page size":     {ResourcesPerPage: aws.Int32(101)},
		"values":        {TagFilters: owner(slices.Repeat([]string{"a"}, 21)...)},
		"empty key":     {TagFilters: []taggingtypes.TagFilter{{Values: []string{"a"}}}},
		"many filters":  {TagFilters: slices.Repeat(owner("a"), 51)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.tagging.GetResources(ctx, in)
			wantError(t, err, "InvalidParameterException", 400)
		})
	}
	_, err := r.tagging.GetResources(ctx, &tagging.GetResourcesInput{PaginationToken: aws.String("***")})
	wantError(t, err, "PaginationTokenExpiredException", 400)
}
