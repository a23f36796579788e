// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/smithy-go"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// TestAnExpiredPageTokenPasses: what every service says of a page token that is good no more is a passing fault, while
// the same code for a first page is for a person to put right.
func TestAnExpiredPageTokenPasses(t *testing.T) {
	sim, cfg := simulator(t)
	if err := sim.Seed(awssim.DefaultSeed()); err != nil {
		t.Fatal(err)
	}
	account, err := (&awsapi.Sessions{}).Account(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	sim.Inject(func(awssim.Call) awssim.Fault { return awssim.Fault{Kind: awssim.ExpireToken} })
	ctx := t.Context()
	for service, read := range map[string]func(token *string) error{
		"ec2": func(token *string) error {
			_, err := account.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{NextToken: token})
			return err
		},
		"eks": func(token *string) error {
			_, err := account.EKS.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: aws.String("prod"), NextToken: token})
			return err
		},
		"iam": func(token *string) error {
			_, err := account.IAM.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{Marker: token})
			return err
		},
		"kms": func(token *string) error {
			_, err := account.KMS.ListAliases(ctx, &kms.ListAliasesInput{Marker: token})
			return err
		},
		"logs": func(token *string) error {
			_, err := account.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{NextToken: token})
			return err
		},
		"tagging": func(token *string) error {
			_, err := account.Tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{PaginationToken: token})
			return err
		},
	} {
		t.Run(service, func(t *testing.T) {
			if err := read(nil); err != nil {
				t.Fatalf("the first page: %v", err)
			}
			err := read(aws.String("old"))
			if f := awsapi.Classify(err); f.Kind != failure.Transient || f.Message == "" {
				t.Errorf("a further page: %v is %s, want %s", err, f.Kind, failure.Transient)
			}
			if awsapi.ActionOf(err) == "" {
				t.Errorf("the error names no action: %v", err)
			}
			code := awsapi.Code(err)
			if f := awsapi.Classify(&smithy.GenericAPIError{Code: code, Fault: smithy.FaultClient}); f.Kind != failure.Invalid {
				t.Errorf("%s of a first page is %s, want %s", code, f.Kind, failure.Invalid)
			}
			sim.Fail(actionOfList[service], "AccessDeniedException", "no", 400, 1)
			if f := awsapi.Classify(read(aws.String("old"))); f.Kind != failure.AccessDenied {
				t.Errorf("a further page that is denied is %s", f.Kind)
			}
		})
	}
}

var actionOfList = map[string]string{"ec2": "ec2:DescribeSecurityGroups", "eks": "eks:ListFargateProfiles", "iam": "iam:GetAccountAuthorizationDetails",
	"kms": "kms:ListAliases", "logs": "logs:DescribeLogGroups", "tagging": "tag:GetResources"}
