// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// eksReads answers what reads of clusters and Fargate profiles ask for. EKS describes one at a time.
type eksReads struct {
	awsapi.EKS
	query
}

// DescribeCluster implements awsapi.EKS.
func (r eksReads) DescribeCluster(ctx context.Context, in *eks.DescribeClusterInput, opts ...func(*eks.Options)) (*eks.DescribeClusterOutput, error) {
	return r.view.clusters.get(ctx, r.view.now, r.notBefore, aws.ToString(in.Name), func(ctx context.Context) (*eks.DescribeClusterOutput, error) {
		return r.EKS.DescribeCluster(ctx, in, opts...)
	})
}

// DescribeFargateProfile implements awsapi.EKS.
func (r eksReads) DescribeFargateProfile(ctx context.Context, in *eks.DescribeFargateProfileInput, opts ...func(*eks.Options)) (*eks.DescribeFargateProfileOutput, error) {
	key := aws.ToString(in.ClusterName) + "/" + aws.ToString(in.FargateProfileName)
	return r.view.profiles.get(ctx, r.view.now, r.notBefore, key, func(ctx context.Context) (*eks.DescribeFargateProfileOutput, error) {
		return r.EKS.DescribeFargateProfile(ctx, in, opts...)
	})
}

// ListFargateProfiles implements awsapi.EKS: the first page of a cluster's profiles; further ones are asked for.
func (r eksReads) ListFargateProfiles(ctx context.Context, in *eks.ListFargateProfilesInput, opts ...func(*eks.Options)) (*eks.ListFargateProfilesOutput, error) {
	if in.NextToken != nil {
		return r.EKS.ListFargateProfiles(ctx, in, opts...)
	}
	return r.view.names.get(ctx, r.view.now, r.notBefore, aws.ToString(in.ClusterName), func(ctx context.Context) (*eks.ListFargateProfilesOutput, error) {
		return r.EKS.ListFargateProfiles(ctx, in, opts...)
	})
}
