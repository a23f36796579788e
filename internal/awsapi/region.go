// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// regionError says in which Region a call was refused, which the SDK's errors do not tell.
type regionError struct {
	region string
	err    error
}

// Error implements error.
func (e *regionError) Error() string { return e.err.Error() }

// Unwrap returns the SDK's error.
func (e *regionError) Unwrap() error { return e.err }

func regionOf(err error) string {
	var in *regionError
	if errors.As(err, &in) {
		return in.region
	}
	return ""
}

// alwaysOn are the Regions that every account has; others have to be enabled for an account first
// (https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html). A new Region is always one of those.
var alwaysOn = []string{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
	"eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

// optIn tells a Region that an account has to enable. Those of other partitions need it not.
func optIn(region string) bool {
	for _, other := range []string{"cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-"} {
		if strings.HasPrefix(region, other) {
			return false
		}
	}
	return region != "" && !slices.Contains(alwaysOn, region)
}

// unknownKeys are the codes by which a Region that is not enabled for the account refuses its keys as unknown: it does not
// have them (https://repost.aws/knowledge-center/iam-validate-access-credentials).
var unknownKeys = map[string]bool{"AuthFailure": true, "InvalidClientTokenId": true, "UnrecognizedClientException": true}

// enableRegion is how a Region is enabled
// (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html).
func enableRegion(region string) string {
	return fmt.Sprintf("aws account enable-region --region-name %s, which takes minutes to hours", region)
}
