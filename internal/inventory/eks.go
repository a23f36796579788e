// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// eksReads answers what reads of clusters and Fargate profiles ask for. EKS describes one at a time.
type eksReads struct {
	awsapi.EKS
	view *View
}

// DescribeCluster implements awsapi.EKS.
func (r eksReads) DescribeCluster(ctx context.Context, in *eks.DescribeClusterInput, opts ...func(*eks.Options)) (*eks.DescribeClusterOutput, error) {
	cluster := aws.ToString(in.Name)
	if last, _, ok := r.view.clusters.last(cluster, r.view.now()); ok && clusterChanges(last.Cluster) {
		r.view.Touch(events.Object{Kind: events.Cluster, Name: cluster})
	}
	return one(ctx, r.view, &r.view.clusters, cluster, events.SourceEKS, func(ctx context.Context) (*eks.DescribeClusterOutput, error) {
		return r.EKS.DescribeCluster(ctx, in, opts...)
	}, events.Object{Kind: events.Cluster, Name: cluster})
}

// DescribeFargateProfile implements awsapi.EKS.
func (r eksReads) DescribeFargateProfile(ctx context.Context, in *eks.DescribeFargateProfileInput, opts ...func(*eks.Options)) (*eks.DescribeFargateProfileOutput, error) {
	profile := aws.ToString(in.ClusterName) + "/" + aws.ToString(in.FargateProfileName)
	if last, _, ok := r.view.profiles.last(profile, r.view.now()); ok && profileChanges(last.FargateProfile) {
		r.view.Touch(events.Object{Kind: events.FargateProfile, Name: profile})
	}
	return one(ctx, r.view, &r.view.profiles, profile, events.SourceEKS, func(ctx context.Context) (*eks.DescribeFargateProfileOutput, error) {
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
	return one(ctx, r.view, &r.view.names, aws.ToString(in.ClusterName), "", read)
}

// clusterChanges and profileChanges tell that AWS is at work on something: what was read of it before is of no use, and
// no event tells of its end.
func clusterChanges(c *types.Cluster) bool {
	return c != nil && (c.Status == types.ClusterStatusCreating || c.Status == types.ClusterStatusUpdating || c.Status == types.ClusterStatusDeleting)
}

func profileChanges(p *types.FargateProfile) bool {
	return p != nil && (p.Status == types.FargateProfileStatusCreating || p.Status == types.FargateProfileStatusDeleting)
}

// one answers a question that AWS takes one object at a time: source and objects say which events tell of a change. What
// AWS itself answers is kept, too: nobody shall be told afterwards what was true before.
func one[T any](ctx context.Context, v *View, all *answers[T], key, source string, read func(context.Context) (T, error), objects ...events.Object) (T, error) {
	age, ok := ageOf(ctx)
	_, begun, _ := all.last(key, v.now())
	if !ok {
		return all.renew(ctx, v.now, key, bare(read))
	}
	return all.get(ctx, v.now, v.since(age, begun, source, objects...), key, bare(read))
}

// bare reads an SDK's answer without its metadata: they hold the whole HTTP response with its headers and the request that
// led to it, which is several times as much as was asked for.
func bare[T any](read func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		answer, err := read(ctx)
		if err == nil {
			reflect.ValueOf(answer).Elem().FieldByName("ResultMetadata").SetZero()
		}
		return answer, err
	}
}
