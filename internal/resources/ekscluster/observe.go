// SPDX-License-Identifier: Apache-2.0

package ekscluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	out, err := r.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &r.name})
	if awsapi.IsNotFound(err) {
		return &resource.Observation{Problems: []resource.Problem{r.notFound()}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading EKS cluster %s: %w", r.name, err)
	}
	cluster, err := r.cluster(ctx, out.Cluster)
	if err != nil {
		return nil, err
	}
	return r.observation(cluster, out.Cluster.Tags), nil
}

// cluster puts AWS's answer into neutral form.
func (r *Resource) cluster(ctx context.Context, c *types.Cluster) (observed.Cluster, error) {
	out := observed.Cluster{Name: r.name, ARN: aws.ToString(c.Arn), Status: string(c.Status)}
	vpc := c.ResourcesVpcConfig
	if vpc == nil {
		return out, nil
	}
	out.VPCID, out.SecurityGroupID = aws.ToString(vpc.VpcId), aws.ToString(vpc.ClusterSecurityGroupId)
	if out.VPCID != "" || len(vpc.SubnetIds) == 0 {
		return out, nil
	}
	id, err := r.vpcOf(ctx, vpc.SubnetIds[0])
	out.VPCID = id
	return out, err
}

// vpcOf returns the VPC of a subnet. EKS itself always names a cluster's VPC; moto does not. All subnets of a cluster
// are in one VPC (EKS user guide, "View Amazon EKS networking requirements"), so one of them is enough.
func (r *Resource) vpcOf(ctx context.Context, subnetID string) (string, error) {
	out, err := r.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{subnetID}})
	if awsapi.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading subnet %s of EKS cluster %s: %w", subnetID, r.name, err)
	}
	if len(out.Subnets) == 0 {
		return "", nil
	}
	return aws.ToString(out.Subnets[0].VpcId), nil
}

func (r *Resource) observation(c observed.Cluster, tags map[string]string) *resource.Observation {
	o := &resource.Observation{
		Exists: true,
		ARN:    c.ARN,
		State:  StateWord(c.Status),
		Tags:   tags,
		Gives: map[string]string{
			resource.ARN:            c.ARN,
			resource.VPCID:          c.VPCID,
			resource.ClusterGroupID: c.SecurityGroupID,
			resource.ClusterStatus:  c.Status,
		},
		Record: func(s *observed.State) { s.Cluster = &c },
	}
	o.Busy, o.Problems = Usable(c.Name, c.Status)
	if len(o.Problems) == 0 && o.Busy == nil && c.VPCID == "" {
		o.Problems = []resource.Problem{{
			Reason:  ReasonNotUsable,
			Message: fmt.Sprintf("EKSCluster/%s: AWS names no VPC for the cluster, so its security groups have no place to be; check the cluster's subnets.", c.Name),
		}}
	}
	return o
}

// Usable says what stands in the way of work on a cluster with that status: nothing, a wait, or a problem.
// The statuses are those of the EKS API reference, Cluster.status.
func Usable(name, status string) (*resource.Waiting, []resource.Problem) {
	switch types.ClusterStatus(status) {
	case types.ClusterStatusCreating, types.ClusterStatusUpdating, types.ClusterStatusPending:
		return &resource.Waiting{
			Reason:  ReasonWaiting,
			Message: fmt.Sprintf("EKSCluster/%s has status %s; waiting until it is ACTIVE.", name, status),
		}, nil
	case types.ClusterStatusDeleting, types.ClusterStatusFailed:
		return nil, []resource.Problem{{
			Reason:  ReasonNotUsable,
			Message: fmt.Sprintf("EKSCluster/%s has status %s and must be ACTIVE; name another cluster in spec.clusterName, or make the cluster anew.", name, status),
		}}
	}
	return nil, nil
}

func (r *Resource) notFound() resource.Problem {
	return resource.Problem{
		Reason: ReasonNotFound,
		Message: fmt.Sprintf("EKSCluster/%s: the account has no EKS cluster with this name in this Region; create the cluster, "+
			"or set spec.clusterName and spec.accountRef to where it is.", r.name),
	}
}

// StateWord turns AWS's status into the CamelCase of status.resources[].state: CREATE_FAILED becomes CreateFailed.
func StateWord(status string) string {
	var b strings.Builder
	for _, word := range strings.Split(status, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
		}
	}
	return b.String()
}
