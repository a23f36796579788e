// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

const (
	podRole  = "pod-exec"
	podTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

// wired asks a service for what does not exist, and creates what exists once it was created, by the service's id.
var wired = map[string]struct {
	missing func(context.Context, Clients) error
	create  func(context.Context, Clients) error
}{
	iam.ServiceID: {
		missing: func(ctx context.Context, c Clients) error {
			_, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("none")})
			return err
		},
		create: func(ctx context.Context, c Clients) error {
			_, err := c.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("twice"), AssumeRolePolicyDocument: aws.String(podTrust)})
			return err
		},
	},
	eks.ServiceID: {
		missing: func(ctx context.Context, c Clients) error {
			_, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("none")})
			return err
		},
		create: func(ctx context.Context, c Clients) error {
			_, err := c.EKS.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{
				ClusterName: aws.String("prod"), FargateProfileName: aws.String("twice"), PodExecutionRoleArn: aws.String("arn:aws:iam::" + awssim.DefaultAccount + ":role/" + podRole),
				Subnets: []string{"subnet-0a"}, Selectors: []ekstypes.FargateProfileSelector{{Namespace: aws.String("shop")}},
			})
			return err
		},
	},
	ec2.ServiceID: {
		missing: func(ctx context.Context, c Clients) error {
			_, err := c.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"sg-0123456789abcdef0"}})
			return err
		},
		create: func(ctx context.Context, c Clients) error {
			_, err := c.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("twice"), Description: aws.String("twice"), VpcId: aws.String("vpc-0a")})
			return err
		},
	},
	kms.ServiceID: {
		missing: func(ctx context.Context, c Clients) error {
			_, err := c.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/none")})
			return err
		},
		create: func(ctx context.Context, c Clients) error { // a key has no name; its alias does
			key, err := c.KMS.CreateKey(ctx, &kms.CreateKeyInput{})
			if err != nil {
				return err
			}
			_, err = c.KMS.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/twice"), TargetKeyId: key.KeyMetadata.KeyId})
			return err
		},
	},
	cloudwatchlogs.ServiceID: {
		missing: func(ctx context.Context, c Clients) error {
			_, err := c.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("none")})
			return err
		},
		create: func(ctx context.Context, c Clients) error {
			_, err := c.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("twice")})
			return err
		},
	},
}

// TestCodesOnTheWire: what each service answers for what does not exist, and for what exists already, is what its file
// says that it answers.
func TestCodesOnTheWire(t *testing.T) {
	clients := simulated(t)
	for _, s := range services {
		calls, ok := wired[s.id]
		if !ok && s.noNotFound == "" {
			t.Errorf("the service %s lacks its calls in wired", s.id)
		}
		if !ok {
			continue
		}
		if err := calls.missing(t.Context(), clients); s.codes[Code(err)] != failure.NotFound || !IsNotFound(err) {
			t.Errorf("%s says of what does not exist %v, which is %s", s.id, err, kindOf(err))
		}
		if err := calls.create(t.Context(), clients); err != nil {
			t.Fatal(err)
		}
		if err := calls.create(t.Context(), clients); !slices.Contains(s.exists, Code(err)) || Classify(err).Kind == failure.Invalid {
			t.Errorf("%s says of what exists already %v, which is %s and not among %v", s.id, err, kindOf(err), s.exists)
		}
	}
}

// simulated are the clients of a session with the simulator, which has the role for pods.
func simulated(t *testing.T) Clients {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOPERATOR")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CA_BUNDLE", "")
	sim := awssim.New(awssim.Options{})
	seed := awssim.DefaultSeed()
	seed.Roles = []awssim.SeedRole{{Name: podRole, Trust: []byte(podTrust)}}
	if err := sim.Seed(seed); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	account, err := (&Sessions{MaxAttempts: 1}).Account(t.Context(), Config{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url})
	if err != nil {
		t.Fatal(err)
	}
	return account.Clients
}
