// SPDX-License-Identifier: Apache-2.0

package events

import (
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// SourceEKS is the eventSource of Amazon EKS.
const SourceEKS = "eks.amazonaws.com"

// The kinds of objects of Amazon EKS.
const (
	// Cluster is named by its name.
	Cluster Kind = "Cluster"
	// FargateProfile is named "<cluster>/<profile>".
	FargateProfile Kind = "FargateProfile"
	// Nodegroup is named "<cluster>/<nodegroup>".
	Nodegroup Kind = "Nodegroup"
)

// eksService are the calls of Amazon EKS.
var eksService = service{
	source:  SourceEKS,
	objects: "clusters, Fargate profiles and node groups",
	rows: []row{
		// Records: https://docs.aws.amazon.com/eks/latest/userguide/understanding-service-name-entries.html has a
		// CreateCluster of 2018, with clusterName; newer ones have name, as the API's URL does. Both are taken.
		{calls: "CreateFargateProfile DeleteFargateProfile", find: first(
			pair(FargateProfile, "request.clusterName|request.name", "request.fargateProfileName"),
			pair(FargateProfile, "response.fargateProfile.clusterName", "response.fargateProfile.fargateProfileName"))},
		{calls: "CreateNodegroup DeleteNodegroup UpdateNodegroupConfig UpdateNodegroupVersion", find: first(
			pair(Nodegroup, "request.clusterName|request.name", "request.nodegroupName"),
			pair(Nodegroup, "response.nodegroup.clusterName", "response.nodegroup.nodegroupName"))},
		{calls: "AssociateEncryptionConfig CreateCluster DeleteCluster DeregisterCluster RegisterCluster UpdateClusterConfig UpdateClusterVersion",
			find: each(named(Cluster), "request.clusterName", "request.name", "response.cluster.name")},
		{calls: "TagResource UntagResource", find: each(eksARN, "request.resourceArn"), tags: true},
	},
}

// eksARN takes the ARN of a cluster, a Fargate profile or a node group. Those of the latter two end in an id.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html
func eksARN(value string) (Object, bool) {
	arn, err := awsapi.ParseARN(value)
	if err != nil || !usable(value) {
		return Object{}, false
	}
	parts := strings.Split(arn.Resource, "/")
	switch {
	case len(parts) == 2 && parts[0] == "cluster":
		return Object{Cluster, parts[1]}, parts[1] != ""
	case len(parts) >= 3 && parts[0] == "fargateprofile":
		return Object{FargateProfile, parts[1] + "/" + parts[2]}, true
	case len(parts) >= 3 && parts[0] == "nodegroup":
		return Object{Nodegroup, parts[1] + "/" + parts[2]}, true
	}
	return Object{}, false
}
