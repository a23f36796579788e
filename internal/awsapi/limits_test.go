// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// learnt is the rate of a family, 0 when AWS has not throttled it.
func learnt(s *awsapi.Sessions, service, calls string) float64 {
	for _, l := range s.Limits() {
		if l.Service == service && l.Calls == calls {
			return l.Rate
		}
	}
	return 0
}

// TestThrottlesTeachAndQuotasDoNot: each service has its own code for too many calls.
func TestThrottlesTeachAndQuotasDoNot(t *testing.T) {
	sim, cfg := simulator(t)
	for _, c := range []struct {
		action, code   string
		status         int
		service, calls string
		call           func(context.Context, awsapi.Clients) error
		teaches        bool
	}{
		{"ec2:DescribeSecurityGroups", "RequestLimitExceeded", 503, "EC2", "DescribeSecurityGroups", describeGroups, true},
		{"iam:GetRole", "Throttling", 400, "IAM", "reads", getRole, true},
		{"kms:CreateKey", "ThrottlingException", 400, "KMS", "CreateKey", createKey, true},
		{"logs:DescribeLogGroups", "ThrottlingException", 400, "CloudWatch Logs", "DescribeLogGroups", describeLogGroups, true},
		{"eks:DescribeCluster", "TooManyRequestsException", 429, "EKS", "reads", describeCluster, true},
		{"eks:DescribeCluster", "ThrottlingException", 400, "EKS", "reads", describeCluster, true},
		{"tag:GetResources", "ThrottledException", 400, "Resource Groups Tagging API", "reads", getResources, true},
		{"kms:CreateKey", "LimitExceededException", 400, "KMS", "CreateKey", createKey, false},
		{"iam:GetRole", "LimitExceeded", 409, "IAM", "reads", getRole, false},
	} {
		sessions := &awsapi.Sessions{MaxAttempts: 1}
		account, err := sessions.Account(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		sim.Fail(c.action, c.code, "said by a test", c.status, 1)
		if err := c.call(t.Context(), account.Clients); awsapi.Code(err) != c.code {
			t.Errorf("%s: error %v, want %s", c.action, err, c.code)
		}
		if got := learnt(sessions, c.service, c.calls) > 0; got != c.teaches {
			t.Errorf("%s of %s teaches the bucket: %v, want %v; limits %+v", c.code, c.action, got, c.teaches, sessions.Limits())
		}
	}
}

func describeGroups(ctx context.Context, c awsapi.Clients) error {
	_, err := c.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
	return err
}

func getRole(ctx context.Context, c awsapi.Clients) error {
	_, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
	return err
}

func createKey(ctx context.Context, c awsapi.Clients) error {
	_, err := c.KMS.CreateKey(ctx, &kms.CreateKeyInput{})
	return err
}

func describeLogGroups(ctx context.Context, c awsapi.Clients) error {
	_, err := c.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	return err
}

func describeCluster(ctx context.Context, c awsapi.Clients) error {
	_, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("c")})
	return err
}

func getResources(ctx context.Context, c awsapi.Clients) error {
	_, err := c.Tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{})
	return err
}

// TestLimitsOutliveSessions: Verify makes a new session every few minutes, and AWS knows nothing of that. Unlimited
// Sessions learn nothing.
func TestLimitsOutliveSessions(t *testing.T) {
	for _, unlimited := range []bool{false, true} {
		sim, cfg := simulator(t)
		sessions := &awsapi.Sessions{MaxAttempts: 1, Unlimited: unlimited}
		account, err := sessions.Account(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		sim.Fail("iam:GetRole", "Throttling", "Rate exceeded", 400, 1)
		if err := getRole(t.Context(), account.Clients); awsapi.Code(err) != "Throttling" {
			t.Fatal(err)
		}
		before := learnt(sessions, "IAM", "reads")
		again, err := sessions.Verify(t.Context(), cfg)
		if err != nil || again == account {
			t.Fatalf("no new session: %v", err)
		}
		if err := getRole(t.Context(), again.Clients); !awsapi.IsNotFound(err) {
			t.Fatal(err)
		}
		if after := learnt(sessions, "IAM", "reads"); after < before || (after > 0) == unlimited {
			t.Errorf("unlimited %v: the rate was %v, and %v in the new session", unlimited, before, after)
		}
	}
}
