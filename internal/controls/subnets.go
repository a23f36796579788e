// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

func subnetControls() []Control {
	return []Control{
		{
			ID: "EC2.15", Title: "The profile's subnets give no public addresses at launch", Severity: drift.Medium,
			References:  []string{"EC2.15", "prowler:vpc_subnet_no_public_ip_by_default"},
			LooksAt:     "MapPublicIpOnLaunch of each subnet.",
			Remediation: "Turn the setting off: aws ec2 modify-subnet-attribute --subnet-id <id> --no-map-public-ip-on-launch.",
			Evaluate: subnets("public addresses at launch", "no public addresses at launch",
				func(_ *observed.State, n observed.Subnet) bool { return n.MapPublicIPOnLaunch }),
		},
		{
			ID: "FSO.12", Title: "The profile's subnets are private", Severity: drift.High,
			References:  []string{"CIS-5.4", "https://docs.aws.amazon.com/eks/latest/userguide/fargate.html"},
			LooksAt:     "Whether the route table of a subnet leads to an internet gateway; Fargate takes private subnets only.",
			Remediation: "Name subnets whose way out is a NAT gateway or VPC endpoints.",
			Evaluate: subnets("with a route to an internet gateway", "no route to an internet gateway",
				func(_ *observed.State, n observed.Subnet) bool { return n.Public }),
		},
		{
			ID: "FSO.13", Title: "The profile's subnets are in the VPC of the cluster", Severity: drift.Medium,
			References:  []string{"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"},
			LooksAt:     "The VPC of each subnet, and that of the cluster.",
			Remediation: "Name subnets of the cluster's VPC.",
			Evaluate: func(s *observed.State) (Result, string) {
				if s.Cluster == nil || s.Cluster.VPCID == "" {
					return Unknown, "the VPC of the cluster is not known"
				}
				return subnets("in another VPC", "all in the cluster's VPC",
					func(s *observed.State, n observed.Subnet) bool { return n.VPCID != s.Cluster.VPCID })(s)
			},
		},
	}
}

// subnets judges the subnets one by one; of one that AWS does not know, nothing is known.
func subnets(failed, passed string, bad func(*observed.State, observed.Subnet) bool) func(*observed.State) (Result, string) {
	return func(s *observed.State) (Result, string) {
		if len(s.Subnets) == 0 {
			return Unknown, "no subnet was declared or could be read"
		}
		var found, unread []string
		for _, n := range s.Subnets {
			switch {
			case !n.Found:
				unread = append(unread, n.ID)
			case bad(s, n):
				found = append(found, n.ID)
			}
		}
		return verdict(found, unread, failed, passed)
	}
}
