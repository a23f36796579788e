// SPDX-License-Identifier: Apache-2.0

// Package fargateprofile makes and deletes EKS Fargate profiles. A profile is immutable in AWS, and an EKS cluster
// takes one profile operation at a time, so creations and deletions of a cluster's profiles wait for their turn.
package fargateprofile

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is the kind of the Resource in status.
const Kind = "FargateProfile"

// The reasons that this package gives.
const (
	ReasonWaiting        = "WaitingForFargateProfile"
	ReasonWaitingForTurn = "WaitingForTurn"
	ReasonWaitingForRole = "WaitingForRolePropagation"
	ReasonCreateFailed   = "FargateProfileCreateFailed"
	ReasonDeleteFailed   = "FargateProfileDeleteFailed"
	ReasonSubnetNotFound = "SubnetNotFound"
	ReasonSubnetPublic   = "SubnetPublic"
	ReasonSubnetOtherVPC = "SubnetOtherVPC"
	ReasonOverlap        = "SelectorsOverlap"
	ReasonSelectors      = "FargateProfileSelectorsChanged"
	ReasonSubnets        = "FargateProfileSubnetsChanged"
	ReasonRole           = "FargateProfileRoleChanged"
	ReasonUnhealthy      = "FargateProfileUnhealthy"
)

// Desired is a declared Fargate profile.
type Desired struct {
	ClusterName, Name string
	Selectors         []observed.Selector
	// SubnetIDs may be empty: EKS then takes the cluster's private subnets.
	SubnetIDs []string
	// Role gives the ARN of the pod execution role, Cluster the cluster's ARN and VPC.
	Role, Cluster resource.ID
}

// Resource is one Fargate profile.
type Resource struct {
	eks           awsapi.EKS
	ec2           awsapi.EC2
	queue         *Queue
	owner         string
	cluster, name string
	id            string // in status
	// desired is nil for a profile that is only to be deleted.
	desired *Desired
	prior   resource.Prior
	// line is the queue's name of the cluster, once the profile was observed.
	line string
	// neighbours are the names of the cluster's profiles, once they were listed.
	neighbours []string
	listed     bool
	// made is the profile as EKS answered when this pass had it created.
	made *observed.FargateProfile
	// wake has the profile looked at again: its turn has come. Nil: nobody can be woken.
	wake func()
}

var (
	_ resource.Maker        = (*Resource)(nil)
	_ resource.Resource     = (*Resource)(nil)
	_ resource.BeginsItself = (*Resource)(nil)
)

// New returns the Resource of a declared profile. All Resources of one process share a Queue, in which owner, the value of
// the owner tag, says whose places are whose.
func New(eksClient awsapi.EKS, ec2Client awsapi.EC2, queue *Queue, owner string, d Desired, prior resource.Prior) *Resource {
	return &Resource{eks: eksClient, ec2: ec2Client, queue: queue, owner: owner, id: d.Name, cluster: d.ClusterName, name: d.Name, desired: &d, prior: prior}
}

// Wake says how to have the profile looked at again, so that it need not ask all the time whether its turn has come.
func (r *Resource) Wake(wake func()) { r.wake = wake }

// Leftover returns the Resource of a profile that is no longer declared by its owner and only waits for its deletion. The
// name is <cluster>/<profile> for one in another cluster than the declared one, left there by an earlier declaration.
func Leftover(eksClient awsapi.EKS, queue *Queue, owner, clusterName, name string) *Resource {
	id := name
	if cluster, profile, elsewhere := strings.Cut(name, "/"); elsewhere {
		clusterName, name = cluster, profile
	}
	return &Resource{eks: eksClient, queue: queue, owner: owner, id: id, cluster: clusterName, name: name}
}

// ID implements resource.Resource.
func (r *Resource) ID() resource.ID { return resource.ID{Kind: Kind, Name: r.id} }

// Hash implements resource.Resource.
func (r *Resource) Hash() string {
	if r.desired == nil {
		return ""
	}
	return canonical.Hash(map[string]string{
		"cluster": r.cluster, "name": r.name, "role": r.desired.Role.String(),
		"selectors": selectorsText(r.desired.Selectors), "subnets": canonical.List(r.desired.SubnetIDs),
	})
}

// Needs implements resource.Resource.
func (r *Resource) Needs() []resource.Ref {
	if r.desired == nil {
		return nil
	}
	return []resource.Ref{
		{From: r.desired.Cluster, Value: resource.ARN},
		{From: r.desired.Role, Value: resource.ARN},
	}
}

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, v resource.Values) []drift.Difference {
	if r.desired == nil {
		return nil
	}
	return diff(*r.desired, detailOf(o).profile, v)
}

// Tag implements resource.Resource. Tags are the one thing of a profile that can change.
func (r *Resource) Tag(ctx context.Context, o *resource.Observation, set map[string]string, remove []string) error {
	if len(set) > 0 {
		if _, err := r.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &o.ARN, Tags: set}); err != nil {
			return fmt.Errorf("tagging %s: %w", r.ID(), err)
		}
	}
	if len(remove) == 0 {
		return nil
	}
	if _, err := r.eks.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: &o.ARN, TagKeys: remove}); err != nil {
		return fmt.Errorf("removing tags of %s: %w", r.ID(), err)
	}
	return nil
}

// clusterKey names the cluster over all accounts and Regions: its ARN, which a profile's ARN holds as well.
func (r *Resource) clusterKey(profileARN string, v resource.Values) string {
	if r.desired != nil {
		if arn, ok := v.Get(r.desired.Cluster, resource.ARN); ok {
			return arn
		}
	}
	// arn:<partition>:eks:<region>:<account>:fargateprofile/<cluster>/<name>/<id>
	for _, arn := range []string{profileARN, r.prior.ARN} {
		if head, _, ok := strings.Cut(arn, ":fargateprofile/"); ok {
			return head + ":cluster/" + r.cluster
		}
	}
	return r.cluster
}
