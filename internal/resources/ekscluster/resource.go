// SPDX-License-Identifier: Apache-2.0

// Package ekscluster reads the EKS cluster that a profile belongs to. The cluster is only referenced: nothing here
// ever writes, and all that other Resources need of it is its ARN, its VPC and its cluster security group.
package ekscluster

import (
	"context"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is the kind of the Resource in status.
const Kind = "EKSCluster"

// The reasons that this package gives.
const (
	ReasonNotFound  = "ClusterNotFound"
	ReasonNotUsable = "ClusterNotUsable"
	ReasonWaiting   = "WaitingForCluster"
)

// Resource is one EKS cluster by name.
type Resource struct {
	eks  awsapi.EKS
	ec2  awsapi.EC2
	name string
}

var (
	_ resource.Resource   = (*Resource)(nil)
	_ resource.Referencer = (*Resource)(nil)
)

// New returns the Resource of the cluster with that name.
func New(eks awsapi.EKS, ec2 awsapi.EC2, name string) *Resource {
	return &Resource{eks: eks, ec2: ec2, name: name}
}

// ID implements resource.Resource.
func (r *Resource) ID() resource.ID { return resource.ID{Kind: Kind, Name: r.name} }

// Hash is "": the cluster is declared elsewhere.
func (r *Resource) Hash() string { return "" }

// Needs implements resource.Resource: a cluster needs nothing of the profile.
func (r *Resource) Needs() []resource.Ref { return nil }

// Referenced implements resource.Referencer.
func (r *Resource) Referenced() bool { return true }

// Diff finds nothing: of a cluster only its existence and status matter, which Observe reports.
func (r *Resource) Diff(*resource.Observation, resource.Values) []drift.Difference { return nil }

// Create does nothing: the cluster is only read.
func (r *Resource) Create(context.Context, resource.Values, map[string]string) error { return nil }

// Changes lists none: the cluster is only read.
func (r *Resource) Changes(*resource.Observation, resource.Values) []resource.Change { return nil }

// Tag does nothing: the cluster is only read.
func (r *Resource) Tag(context.Context, *resource.Observation, map[string]string, []string) error {
	return nil
}

// Delete does nothing: the cluster is only read.
func (r *Resource) Delete(context.Context, *resource.Observation) error { return nil }
