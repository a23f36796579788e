// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// FargateProfileType is the Tagging API's name of Fargate profiles.
const FargateProfileType = "eks:fargateprofile"

// eksKnown is what is known of EKS.
type eksKnown struct {
	clusters *answers[*eks.DescribeClusterOutput]
	names    *answers[*eks.ListFargateProfilesOutput]
	profiles *answers[*eks.DescribeFargateProfileOutput]
}

func (v *View) newEKS() eksKnown {
	return eksKnown{
		clusters: newAnswers[*eks.DescribeClusterOutput](v.now), names: newAnswers[*eks.ListFargateProfilesOutput](v.now),
		profiles: newAnswers[*eks.DescribeFargateProfileOutput](v.now),
	}
}

// eksReads answers what reads of clusters and Fargate profiles ask for. EKS describes one at a time.
type eksReads struct {
	awsapi.EKS
	view *View
}

// DescribeCluster implements awsapi.EKS.
func (r eksReads) DescribeCluster(ctx context.Context, in *eks.DescribeClusterInput, opts ...func(*eks.Options)) (*eks.DescribeClusterOutput, error) {
	cluster := aws.ToString(in.Name)
	if last, _, ok := r.view.eks.clusters.last(cluster); ok && clusterChanges(last.Cluster) {
		r.view.Touch(events.Object{Kind: events.Cluster, Name: cluster})
	}
	return single(ctx, r.view, r.view.eks.clusters, cluster, events.SourceEKS, func(ctx context.Context) (*eks.DescribeClusterOutput, error) {
		return r.EKS.DescribeCluster(ctx, in, opts...)
	}, events.Object{Kind: events.Cluster, Name: cluster})
}

// DescribeFargateProfile implements awsapi.EKS.
func (r eksReads) DescribeFargateProfile(ctx context.Context, in *eks.DescribeFargateProfileInput, opts ...func(*eks.Options)) (*eks.DescribeFargateProfileOutput, error) {
	profile := aws.ToString(in.ClusterName) + "/" + aws.ToString(in.FargateProfileName)
	if last, _, ok := r.view.eks.profiles.last(profile); ok && profileChanges(last.FargateProfile) {
		r.view.Touch(events.Object{Kind: events.FargateProfile, Name: profile})
	}
	return single(ctx, r.view, r.view.eks.profiles, profile, events.SourceEKS, func(ctx context.Context) (*eks.DescribeFargateProfileOutput, error) {
		out, err := r.EKS.DescribeFargateProfile(ctx, in, opts...)
		if err == nil {
			slimProfile(out.FargateProfile)
		}
		return out, err
	}, events.Object{Kind: events.FargateProfile, Name: profile})
}

// ListFargateProfiles implements awsapi.EKS: the first page of a cluster's profiles; further ones are asked for. Any
// profile's event may be that of a new one.
func (r eksReads) ListFargateProfiles(ctx context.Context, in *eks.ListFargateProfilesInput, opts ...func(*eks.Options)) (*eks.ListFargateProfilesOutput, error) {
	read := func(ctx context.Context) (*eks.ListFargateProfilesOutput, error) {
		return r.EKS.ListFargateProfiles(ctx, in, opts...)
	}
	if in.NextToken != nil {
		return read(ctx)
	}
	return single(ctx, r.view, r.view.eks.names, aws.ToString(in.ClusterName), "", read)
}

// clusterChanges and profileChanges tell that AWS is at work on something: what was read of it before is of no use, and
// no event tells of its end.
func clusterChanges(c *types.Cluster) bool {
	return c != nil && (c.Status == types.ClusterStatusCreating || c.Status == types.ClusterStatusUpdating || c.Status == types.ClusterStatusDeleting)
}

func profileChanges(p *types.FargateProfile) bool {
	return p != nil && (p.Status == types.FargateProfileStatusCreating || p.Status == types.FargateProfileStatusDeleting)
}

// slimProfile keeps what profiles have in common once; they are read one by one, so there is no sweep's shelf.
func slimProfile(p *types.FargateProfile) {
	if p == nil {
		return
	}
	memo.Share(p.ClusterName, p.FargateProfileName)
	memo.ShareAll(p.Subnets)
	for i := range p.Selectors {
		memo.Share(p.Selectors[i].Namespace)
	}
	p.Tags = memo.Shared(p.Tags)
}
