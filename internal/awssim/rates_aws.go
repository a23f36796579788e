// SPDX-License-Identifier: Apache-2.0

package awssim

import "maps"

// AWSRates are the limits that AWS documents for a new account.
func AWSRates() Rates {
	out := Rates{}
	for _, documented := range []Rates{ec2Rates, logsRates, otherRates, unpublishedRates} {
		maps.Copy(out, documented)
	}
	for operation, perSecond := range kmsPerSecond {
		out["kms:"+operation] = Rate{perSecond, perSecond}
	}
	return out
}

// ec2Rates: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html,
// "Request token bucket sizes and refill rates". Resource-intensive actions
// (AuthorizeSecurityGroupIngress among them) have the numbers of mutating ones.
var ec2Rates = Rates{
	"ec2:read":                            {100, 20},
	"ec2:unfiltered":                      {50, 10},
	"ec2:write":                           {50, 5},
	"ec2:CreateTags":                      {100, 10},
	"ec2:DeleteTags":                      {100, 10},
	"ec2:CreateNetworkInterface":          {100, 5},
	"ec2:DeleteNetworkInterface":          {100, 5},
	"ec2:ModifyNetworkInterfaceAttribute": {100, 5},
	"ec2:CreateNatGateway":                {10, 1},
}

// kmsPerSecond: https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html,
// "Request quotas for each AWS KMS API operation". A quota is for each interval
// of a second, so a bucket holds one second's tokens.
var kmsPerSecond = map[string]float64{
	"CancelKeyDeletion": 5, "CreateAlias": 5, "CreateKey": 5, "DeleteAlias": 15, "DescribeKey": 2000, "DisableKey": 5, "DisableKeyRotation": 5,
	"EnableKey": 5, "EnableKeyRotation": 15, "GetKeyPolicy": 1000, "GetKeyRotationStatus": 1000, "ListAliases": 500, "ListGrants": 100, "ListKeys": 500,
	"ListResourceTags": 2000, "PutKeyPolicy": 15, "ScheduleKeyDeletion": 15, "TagResource": 10, "UntagResource": 5, "UpdateAlias": 5,
}

// logsRates: https://docs.aws.amazon.com/general/latest/gr/cwl_region.html has
// DescribeLogGroups; https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
// has (in older versions of the page) 5 for CreateLogGroup and DeleteLogGroup.
// The rates of the others are unverified, and taken to be the same.
var logsRates = Rates{
	"logs:DescribeLogGroups": {10, 10},
	"logs":                   {5, 5},
}

// otherRates: https://docs.aws.amazon.com/general/latest/gr/arg.html has
// GetResources (read in excerpts only: unverified), and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// has STS. SQS has next to none for standard queues:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
var otherRates = Rates{
	"tagging:GetResources": {15, 15},
	"sts":                  {600, 600},
}

// unpublishedRates are cautious and unverified: AWS publishes none for IAM and
// EKS. Both are said to have a bucket for each API, and users of EKS report
// TooManyRequestsException from DescribeCluster when many nodes start at once:
// https://github.com/awslabs/amazon-eks-ami/issues/218
var unpublishedRates = Rates{
	"iam:read":  {50, 10},
	"iam:write": {25, 5},
	"eks:read":  {50, 10},
	"eks:write": {10, 2},
}
