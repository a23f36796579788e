// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

const podGroupsPage = "https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html"

func podControls() []Control {
	pods := func(judge func(*observed.State, *observed.PodSecurityGroups) (Result, string)) func(*observed.State) (Result, string) {
		return need("SecurityGroupPolicy", func(s *observed.State) *observed.PodSecurityGroups { return s.PodSecurityGroups }, judge)
	}
	return []Control{
		{
			ID: "FSO.18", Title: "Pods have a security group of their own", Severity: drift.Medium,
			References: []string{"CIS-5.4", podGroupsPage},
			LooksAt: "The groups of the SecurityGroupPolicy: without one, or with the cluster security group only, pods can reach whatever nodes and " +
				"control plane can.",
			Remediation: "Declare podSecurityGroups with a group from securityGroups.",
			Evaluate:    pods(ownGroups),
		},
		{
			ID: "FSO.19", Title: "Pods with their own security groups can reach the control plane and DNS", Severity: drift.High,
			References: []string{podGroupsPage},
			LooksAt: "Whether the SecurityGroupPolicy includes the cluster security group, or else whether the egress of its groups lets TCP 443 and " +
				"UDP 53 out to anywhere.",
			Remediation: "Include the cluster security group, or add egress for TCP 443 and UDP 53 and let the cluster security group accept it.",
			Evaluate:    pods(wayOut),
		},
	}
}

func ownGroups(s *observed.State, p *observed.PodSecurityGroups) (Result, string) {
	if len(p.GroupIDs) == 0 {
		return Failed, "the SecurityGroupPolicy names no group"
	}
	if s.Cluster == nil || s.Cluster.SecurityGroupID == "" {
		return Unknown, "the cluster security group is not known"
	}
	if !slices.ContainsFunc(p.GroupIDs, func(id string) bool { return id != s.Cluster.SecurityGroupID }) {
		return Failed, "the pods have the cluster security group only"
	}
	return Passed, "the pods have a security group of their own"
}

func wayOut(s *observed.State, p *observed.PodSecurityGroups) (Result, string) {
	if s.Cluster == nil || s.Cluster.SecurityGroupID == "" {
		return Unknown, "the cluster security group is not known"
	}
	if slices.Contains(p.GroupIDs, s.Cluster.SecurityGroupID) {
		return Passed, "the cluster security group is included"
	}
	var egress []observed.Rule
	var unread []string
	for _, id := range p.GroupIDs {
		i := slices.IndexFunc(s.SecurityGroups, func(g observed.SecurityGroup) bool { return g.ID == id })
		if i < 0 {
			unread = append(unread, id)
			continue
		}
		egress = append(egress, s.SecurityGroups[i].Egress...)
	}
	var missing []string
	if !slices.ContainsFunc(egress, func(r observed.Rule) bool { return opensPort(r, portTLS, "tcp") }) {
		missing = append(missing, "TCP 443 to the control plane")
	}
	if !slices.ContainsFunc(egress, func(r observed.Rule) bool { return opensPort(r, portDNS, "udp") }) {
		missing = append(missing, "UDP 53 to DNS")
	}
	switch {
	case len(missing) == 0:
		return Passed, "egress lets TCP 443 and UDP 53 out"
	case len(unread) > 0:
		return verdict(nil, unread, "", "")
	default:
		return Failed, "the cluster security group is left out, and no egress lets out " + strings.Join(missing, " and ")
	}
}
