// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// nodeGroup names a node group of the cluster that uses the role, or "".
func (r reader) nodeGroup(ctx context.Context, roleARN string) (string, error) {
	pages := eks.NewListNodegroupsPaginator(r.eks, &eks.ListNodegroupsInput{ClusterName: &r.cluster})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if awsapi.IsNotFound(err) { // no cluster, no node groups
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("listing the node groups of cluster %s: %w", r.cluster, err)
		}
		for _, name := range page.Nodegroups {
			out, err := r.eks.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &r.cluster, NodegroupName: &name})
			if awsapi.IsNotFound(err) {
				continue
			}
			if err != nil {
				return "", fmt.Errorf("reading node group %s of cluster %s: %w", name, r.cluster, err)
			}
			if aws.ToString(out.Nodegroup.NodeRole) == roleARN {
				return name, nil
			}
		}
	}
	return "", nil
}

// fargateProfile names a Fargate profile of the cluster that uses the role, or "".
func (r reader) fargateProfile(ctx context.Context, roleARN string) (string, error) {
	pages := eks.NewListFargateProfilesPaginator(r.eks, &eks.ListFargateProfilesInput{ClusterName: &r.cluster})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if awsapi.IsNotFound(err) { // no cluster, no profiles
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("listing the Fargate profiles of cluster %s: %w", r.cluster, err)
		}
		for _, name := range page.FargateProfileNames {
			out, err := r.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: &r.cluster, FargateProfileName: &name})
			if awsapi.IsNotFound(err) {
				continue
			}
			if err != nil {
				return "", fmt.Errorf("reading Fargate profile %s of cluster %s: %w", name, r.cluster, err)
			}
			if aws.ToString(out.FargateProfile.PodExecutionRoleArn) == roleARN {
				return name, nil
			}
		}
	}
	return "", nil
}

// nodeGroupProblem: EKS refuses pods of a profile whose role is a node role too (health issue
// PodExecutionRoleAlreadyInUse), since the kubelet's identity is mapped by role:
// https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html
func (r reader) nodeGroupProblem(id resource.ID, nodeGroup string) resource.Problem {
	return resource.Problem{
		Reason: ReasonUsedByNodeGroup,
		Message: fmt.Sprintf("%s is the node role of node group %s of cluster %s, and EKS does not take a node role as pod execution role; declare a role of its own",
			id, nodeGroup, r.cluster),
	}
}

// inUse returns a Waiting that says what uses the role, or nil. A role of a custom resource that is about no cluster is used
// by nothing in EKS.
func (r reader) inUse(ctx context.Context, id resource.ID, roleARN string) error {
	if r.cluster == "" {
		return nil
	}
	profile, err := r.fargateProfile(ctx, roleARN)
	if err != nil {
		return err
	}
	if profile != "" {
		return &resource.Waiting{Reason: ReasonInUse, Message: fmt.Sprintf("%s is still used by Fargate profile %s of cluster %s", id, profile, r.cluster)}
	}
	group, err := r.nodeGroup(ctx, roleARN)
	if err != nil {
		return err
	}
	if group != "" {
		return &resource.Waiting{Reason: ReasonInUse, Message: fmt.Sprintf("%s is still used by node group %s of cluster %s", id, group, r.cluster)}
	}
	return nil
}
