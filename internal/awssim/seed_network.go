// SPDX-License-Identifier: Apache-2.0

package awssim

import "strings"

// seedNetwork makes a VPC, its subnets and two route tables: rtb-<x>-private,
// the main one, and rtb-<x>-public for the public subnets, where <x> is what
// follows vpc- in the VPC's id; igw-<x> and nat-<x> likewise.
func seedNetwork(st *ec2State, vpc SeedVPC) {
	suffix := strings.TrimPrefix(vpc.ID, "vpc-")
	st.addVPC(vpc.ID, vpc.CIDR)
	var public, private []string
	for _, subnet := range vpc.Subnets {
		st.addSubnet(subnet.ID, vpc.ID, subnet.CIDR, subnet.AZ, subnet.Public)
		if subnet.Public {
			public = append(public, subnet.ID)
		} else {
			private = append(private, subnet.ID)
		}
	}
	var outward []ec2Route
	if len(public) > 0 && len(private) > 0 {
		nat := "nat-" + suffix
		st.nats[nat] = &ec2NAT{ID: nat, SubnetID: public[0], VpcID: vpc.ID, Connectivity: "public", CreatedAt: seeded, Tags: map[string]string{}}
		outward = []ec2Route{{Destination: "0.0.0.0/0", Target: nat}}
	}
	st.addRouteTable("rtb-"+suffix+"-private", vpc.ID, true, private, outward)
	if len(public) > 0 {
		st.addRouteTable("rtb-"+suffix+"-public", vpc.ID, false, public, []ec2Route{{Destination: "0.0.0.0/0", Target: "igw-" + suffix}})
	}
}
