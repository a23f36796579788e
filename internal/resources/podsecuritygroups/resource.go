// SPDX-License-Identifier: Apache-2.0

// Package podsecuritygroups keeps a SecurityGroupPolicy of the workload cluster: it says which security groups the
// pods that a selector matches get. Its "tags" are annotations.
package podsecuritygroups

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is the kind of the Resource in status.
const Kind = "SecurityGroupPolicy"

// APIVersion is the version of the SecurityGroupPolicy API that is read and written.
// Source: EKS user guide, "Assign security groups to individual Pods".
const APIVersion = "vpcresources.k8s.aws/v1beta1"

// The reasons that this package gives.
const (
	ReasonCRDMissing        = "SecurityGroupPolicyCRDMissing"
	ReasonNamespaceNotFound = "NamespaceNotFound"
	ReasonTooManyGroups     = "TooManySecurityGroups"
	ReasonGroups            = "PodSecurityGroupsChanged"
	ReasonSelector          = "PodSelectorChanged"
)

// maxGroups is how many groups a SecurityGroupPolicy can name: the schema of AWS's CRD
// (aws/amazon-vpc-resource-controller-k8s, SecurityGroupPolicySpec, maxItems).
const maxGroups = 5

// GVR is the API resource of SecurityGroupPolicies.
var GVR = schema.GroupVersionResource{Group: "vpcresources.k8s.aws", Version: "v1beta1", Resource: "securitygrouppolicies"}

// Desired is a declared SecurityGroupPolicy.
type Desired struct {
	Namespace, Name string
	// PodSelector and ServiceAccountSelector say which pods are meant; nil: not given.
	PodSelector, ServiceAccountSelector *metav1.LabelSelector
	// Groups are the declared groups, in order.
	Groups []resource.ID
	// IncludeClusterGroup adds the cluster security group, without which pods need their own way to the control plane.
	IncludeClusterGroup bool
	Cluster             resource.ID
}

// Resource is one SecurityGroupPolicy.
type Resource struct {
	policies        *Policies
	namespace, name string
	// desired is nil for a policy that is only to be deleted.
	desired *Desired
}

var _ resource.Resource = (*Resource)(nil)

// New returns the Resource of a declared policy.
func New(policies *Policies, d Desired) *Resource {
	return &Resource{policies: policies, namespace: d.Namespace, name: d.Name, desired: &d}
}

// Leftover returns the Resource of a policy that is no longer declared and only waits for its deletion.
func Leftover(policies *Policies, namespace, name string) *Resource {
	return &Resource{policies: policies, namespace: namespace, name: name}
}

// ID implements resource.Resource.
func (r *Resource) ID() resource.ID {
	return resource.ID{Kind: Kind, Name: r.namespace + "/" + r.name}
}

// Hash implements resource.Resource.
func (r *Resource) Hash() string {
	if r.desired == nil {
		return ""
	}
	d := r.desired
	return canonical.Hash(map[string]any{
		"name": r.ID().Name, "pods": selectorText(d.PodSelector), "serviceAccounts": selectorText(d.ServiceAccountSelector),
		"groups": groupNames(d), "cluster": d.Cluster.Name,
	})
}

// Needs implements resource.Resource: the ids of all groups, since AWS's controller holds pods back while a policy
// names a group that does not exist.
func (r *Resource) Needs() []resource.Ref {
	if r.desired == nil {
		return nil
	}
	return r.desired.refs()
}

// refs are the values that make up groupIds, in order: the declared groups, then the cluster's.
func (d *Desired) refs() []resource.Ref {
	var out []resource.Ref
	for _, id := range d.Groups {
		out = append(out, resource.Ref{From: id, Value: resource.GroupID})
	}
	if d.IncludeClusterGroup {
		out = append(out, resource.Ref{From: d.Cluster, Value: resource.ClusterGroupID})
	}
	return out
}

func groupNames(d *Desired) []string {
	var out []string
	for _, ref := range d.refs() {
		out = append(out, ref.From.String())
	}
	return out
}

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, v resource.Values) []drift.Difference {
	if r.desired == nil {
		return nil
	}
	return diff(*r.desired, detailOf(o).policy, v)
}

func (r *Resource) problems() []resource.Problem {
	if r.desired == nil || len(r.desired.refs()) <= maxGroups {
		return nil
	}
	return []resource.Problem{{
		Reason: ReasonTooManyGroups, Path: "groupIDs",
		Message: fmt.Sprintf("%s would name %d security groups, the cluster security group included, and a SecurityGroupPolicy takes at most %d; "+
			"declare fewer groups, or set spec.podSecurityGroups.clusterSecurityGroup to Exclude.", r.ID(), len(r.desired.refs()), maxGroups),
	}}
}
