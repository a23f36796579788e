// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
	"github.com/fargate-security/fargate-security-operator/internal/resources/fargateprofile"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
	"github.com/fargate-security/fargate-security-operator/internal/resources/loggroup"
	"github.com/fargate-security/fargate-security-operator/internal/resources/securitygroup"
)

// objectsOf lists the AWS objects whose change concerns a profile, as events name them: those in its status, and those
// that its spec names without managing them.
func objectsOf(profile *v1alpha1.FargateSecurityProfile) []events.Object {
	var list []events.Object
	for _, r := range profile.Status.Resources {
		list = append(list, eventObjects(r.Kind, r.Name, r.ARN, profile.Spec.ClusterName)...)
	}
	for _, id := range profile.Spec.FargateProfile.SubnetIDs {
		list = append(list, events.Object{Kind: events.Subnet, Name: id})
	}
	if managed := profile.Spec.PodExecutionRole.ManagedPolicyARNs; managed != nil {
		for _, arn := range *managed {
			list = append(list, events.Object{Kind: events.ManagedPolicy, Name: arn})
		}
	}
	for _, group := range profile.Spec.SecurityGroups {
		for _, rule := range append(append([]v1alpha1.SecurityGroupRule{}, group.Ingress...), group.Egress...) {
			if rule.PrefixListID != "" {
				list = append(list, events.Object{Kind: events.PrefixList, Name: rule.PrefixListID})
			}
		}
	}
	return list
}

// eventObjects are the names by which events may call an object of status.
func eventObjects(kind, name, arn, cluster string) []events.Object {
	switch kind {
	case ekscluster.Kind:
		return []events.Object{{Kind: events.Cluster, Name: name}}
	case fargateprofile.Kind:
		if !strings.Contains(name, "/") { // one that was left in another cluster names it
			name = cluster + "/" + name
		}
		return []events.Object{{Kind: events.FargateProfile, Name: name}}
	case iamrole.Kind:
		return []events.Object{{Kind: events.Role, Name: name}}
	case loggroup.Kind:
		return []events.Object{{Kind: events.LogGroup, Name: name}}
	case securitygroup.Kind:
		return []events.Object{{Kind: events.SecurityGroup, Name: lastPart(arn)}, {Kind: events.SecurityGroup, Name: name}}
	case kmskey.Kind:
		return []events.Object{{Kind: events.Key, Name: lastPart(arn)}, {Kind: events.Alias, Name: name}}
	default:
		return nil
	}
}
