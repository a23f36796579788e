// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
)

// maxHealth bounds what is shown of AWS's health text.
const maxHealth = 300

// detail is this package's view of an observation.
type detail struct {
	profile observed.FargateProfile
	// cluster is the queue's name of the cluster.
	cluster string
}

func detailOf(o *resource.Observation) detail {
	d, _ := o.Detail.(detail)
	return d
}

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, v resource.Values) (*resource.Observation, error) {
	profile, err := r.describe(ctx, r.name)
	if err != nil {
		return nil, err
	}
	o := &resource.Observation{}
	if profile != nil {
		r.observation(o, *profile)
	}
	cluster := r.clusterKey(o.ARN, v)
	if profile != nil {
		r.queue.remember(cluster, *profile)
	}
	r.line = cluster
	o.Detail = detail{profile: deref(profile), cluster: cluster}
	r.queue.Saw(cluster, r.name, o.Exists, o.Busy != nil)
	if o.Busy != nil {
		o.Busy.After = r.queue.pause(cluster, r.name)
	}
	if r.desired == nil {
		return o, nil
	}
	err = r.surroundings(ctx, o, cluster, v)
	if !awsapi.OneRefused(err) {
		return o, err
	}
	o.Unread = []resource.Unread{{Err: err}} // the profile itself was read
	return o, nil
}

// surroundings looks at what the profile must fit in with: subnets, and the other profiles of the cluster.
func (r *Resource) surroundings(ctx context.Context, o *resource.Observation, cluster string, v resource.Values) error {
	subnets, err := r.subnets(ctx)
	if err != nil {
		return err
	}
	vpc, _ := v.Get(r.desired.Cluster, resource.VPCID)
	others, err := r.others(ctx, cluster)
	if err != nil {
		return err
	}
	o.Problems = append(o.Problems, subnetProblems(r.ID(), subnets, vpc, settled(o))...)
	o.Problems = append(o.Problems, overlapProblems(r.name, r.desired.Selectors, others)...)
	recordProfile := o.Record
	o.Record = func(s *observed.State) {
		if recordProfile != nil {
			recordProfile(s)
		}
		s.Subnets, s.OtherProfiles = subnets, others
	}
	return nil
}

// settled says that the profile was made: what is wrong with its declaration then no longer stands in the way.
func settled(o *resource.Observation) bool {
	status := types.FargateProfileStatus(detailOf(o).profile.Status)
	return o.Exists && status != types.FargateProfileStatusCreating && status != types.FargateProfileStatusCreateFailed
}

// describe reads a profile; nil where it, or its cluster, does not exist.
func (r *Resource) describe(ctx context.Context, name string) (*observed.FargateProfile, error) {
	out, err := r.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: &r.cluster, FargateProfileName: &name})
	if awsapi.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading FargateProfile/%s of cluster %s: %w", name, r.cluster, err)
	}
	return profileOf(out.FargateProfile), nil
}

// profileOf puts AWS's answer into neutral form, without what changes from call to call in its words.
func profileOf(p *types.FargateProfile) *observed.FargateProfile {
	out := &observed.FargateProfile{
		Name: aws.ToString(p.FargateProfileName), ARN: aws.ToString(p.FargateProfileArn), Status: string(p.Status),
		RoleARN: aws.ToString(p.PodExecutionRoleArn), SubnetIDs: slices.Sorted(slices.Values(p.Subnets)), Tags: p.Tags,
	}
	for _, s := range p.Selectors {
		out.Selectors = append(out.Selectors, observed.Selector{Namespace: aws.ToString(s.Namespace), Labels: s.Labels})
	}
	if p.Health != nil {
		for _, issue := range p.Health.Issues {
			out.HealthIssues = append(out.HealthIssues, observed.HealthIssue{Code: string(issue.Code), Message: awsapi.Sanitize(aws.ToString(issue.Message))})
		}
	}
	return out
}

// observation fills o for a profile that exists.
func (r *Resource) observation(o *resource.Observation, p observed.FargateProfile) {
	o.Exists, o.ARN, o.State, o.Tags = true, p.ARN, ekscluster.StateWord(p.Status), p.Tags
	o.Gives = map[string]string{resource.ARN: p.ARN, resource.ProfileRoleARN: p.RoleARN}
	o.Uses = append([]string{p.RoleARN}, p.SubnetIDs...)
	o.Record = func(s *observed.State) { s.FargateProfile = &p }
	switch types.FargateProfileStatus(p.Status) {
	case types.FargateProfileStatusCreating:
		o.Busy = r.waiting(ReasonWaiting, "%s is being created by EKS, which takes a few minutes.", r.ID())
	case types.FargateProfileStatusDeleting:
		o.Busy = r.waiting(ReasonWaiting, "%s is being deleted by EKS, which takes a few minutes and stops the pods that run on it.", r.ID())
	case types.FargateProfileStatusCreateFailed:
		o.Problems = append(o.Problems, r.failed(ReasonCreateFailed, "be created", p,
			"correct what AWS names and delete the profile (aws eks delete-fargate-profile); it is then made again"))
	case types.FargateProfileStatusDeleteFailed:
		o.Problems = append(o.Problems, r.failed(ReasonDeleteFailed, "be deleted", p,
			"correct what AWS names and delete the profile again"))
	}
}

func (r *Resource) failed(reason, what string, p observed.FargateProfile, remedy string) resource.Problem {
	health := "AWS gives no reason"
	if len(p.HealthIssues) > 0 {
		health = "AWS says " + canonical.Text(healthText(p.HealthIssues), maxHealth)
	}
	return resource.Problem{
		Reason:  reason,
		Message: fmt.Sprintf("%s of cluster %s could not %s (status %s): %s; %s.", r.ID(), r.cluster, what, p.Status, health, remedy),
	}
}

func healthText(issues []observed.HealthIssue) string {
	var parts []string
	for _, issue := range issues {
		parts = append(parts, issue.Code+" ("+issue.Message+")")
	}
	return canonical.List(parts)
}

func (r *Resource) waiting(reason, format string, args ...any) *resource.Waiting {
	return &resource.Waiting{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func deref(p *observed.FargateProfile) observed.FargateProfile {
	if p == nil {
		return observed.FargateProfile{}
	}
	return *p
}
