// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// Tagging is what the operator calls of the Resource Groups Tagging API. GetResources knows every resource type that
// the operator creates but IAM roles.
// Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
type Tagging interface {
	GetResources(context.Context, *resourcegroupstaggingapi.GetResourcesInput, ...func(*resourcegroupstaggingapi.Options)) (*resourcegroupstaggingapi.GetResourcesOutput, error)
}

// taggingService is the Resource Groups Tagging API. Error codes:
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html.
var taggingService = service{
	id:         resourcegroupstaggingapi.ServiceID,
	client:     reflect.TypeFor[Tagging](),
	connect:    func(sdk aws.Config, c *Clients) { c.Tagging = resourcegroupstaggingapi.NewFromConfig(sdk) },
	prefix:     "tag",
	codes:      map[string]failure.Kind{"ThrottledException": failure.Throttled},
	noNotFound: "GetResources searches by tag, and finds nothing where there is nothing",
}
