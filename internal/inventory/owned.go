// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// The resource types of the Tagging API that the operator creates. IAM roles are not among those that it knows.
const (
	KeyType            = "kms:key"
	LogGroupType       = "logs:log-group"
	SecurityGroupType  = "ec2:security-group"
	FargateProfileType = "eks:fargateprofile"
)

// withTag returns the ARNs of the objects of the given types whose tag key has the given value. The Tagging API is
// eventually consistent: whoever acts on an object reads its own tags first.
// Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
func withTag(ctx context.Context, client awsapi.Tagging, key, value string, types ...string) ([]string, error) {
	var arns []string
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(client, &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters:          []tagtypes.TagFilter{{Key: aws.String(key), Values: []string{value}}},
		ResourceTypeFilters: types,
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
