// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// TestEveryFilter uses each filter of each operation once with a value that
// fits exactly one thing, and once with a value that fits nothing.
func TestEveryFilter(t *testing.T) {
	r := newRig(t, Options{})
	st := r.sim.account(DefaultAccount).region(DefaultRegion).ec2
	st.addVPC("vpc-0f", "10.5.0.0/16")
	st.addSubnet("subnet-0f", "vpc-0f", "10.5.0.0/24", "eu-west-1c", true)
	st.addRouteTable("rtb-0f", "vpc-0f", false, []string{"subnet-0f"}, []ec2Route{
		{Destination: "0.0.0.0/0", Target: "igw-0f"}, {Destination: "192.0.2.0/24", Target: "nat-0f"},
	})
	st.addPrefixList("pl-0f", "f", []string{"52.0.0.0/16"})
	g := st.newGroup("sg-0f", "vpc-0f", "f", "of the test", nil)
	g.Tags["f"] = "1"
	eni := st.addInterface("eni-0f", "subnet-0f", "f", "sg-0f")
	association := st.routeTables["rtb-0f"].Associations[0].ID
	r.authorize(t, "sg-0f", permission("17", aws.Int32(5), aws.Int32(6), withCIDR("10.5.0.0/16"), withIPv6("2001:db8::/32"), withList("pl-0f"), withGroup("sg-0f")))

	all := map[string]struct {
		find   func(types.Filter) (int, error)
		values map[string]string
	}{
		"vpcs": {func(f types.Filter) (int, error) {
			out, err := r.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{filter("vpc-id", "vpc-0f"), f}})
			return sizeOf(out, err, func() int { return len(out.Vpcs) })
		}, map[string]string{"cidr": "10.5.0.0/16", "cidr-block-association.cidr-block": "10.5.*", "state": "available", "owner-id": DefaultAccount, "is-default": "false"}},
		"subnets": {func(f types.Filter) (int, error) {
			out, err := r.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("subnet-id", "subnet-0f"), f}})
			return sizeOf(out, err, func() int { return len(out.Subnets) })
		}, map[string]string{
			"subnet-arn": "*:subnet/subnet-0f", "vpc-id": "vpc-0f", "availability-zone": "eu-west-1c", "availability-zone-id": "euw1-az3",
			"cidr-block": "10.5.0.0/24", "state": "available", "owner-id": DefaultAccount, "map-public-ip-on-launch": "true", "default-for-az": "false",
		}},
		"route tables": {func(f types.Filter) (int, error) {
			out, err := r.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{filter("route-table-id", "rtb-0f"), f}})
			return sizeOf(out, err, func() int { return len(out.RouteTables) })
		}, map[string]string{
			"vpc-id": "vpc-0f", "owner-id": DefaultAccount, "association.route-table-association-id": association, "association.route-table-id": "rtb-0f",
			"association.subnet-id": "subnet-0f", "association.main": "false", "route.destination-cidr-block": "0.0.0.0/0",
			"route.gateway-id": "igw-0f", "route.nat-gateway-id": "nat-0f",
		}},
		"internet gateways": {func(f types.Filter) (int, error) {
			out, err := r.ec2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: []string{"igw-0f"}, Filters: []types.Filter{f}})
			return sizeOf(out, err, func() int { return len(out.InternetGateways) })
		}, map[string]string{"internet-gateway-id": "igw-0f", "owner-id": DefaultAccount, "attachment.vpc-id": "vpc-0f", "attachment.state": "available"}},
		"network interfaces": {func(f types.Filter) (int, error) {
			out, err := r.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{filter("network-interface-id", "eni-0f"), f}})
			return sizeOf(out, err, func() int { return len(out.NetworkInterfaces) })
		}, map[string]string{
			"group-id": "sg-0f", "group-name": "f", "subnet-id": "subnet-0f", "vpc-id": "vpc-0f", "availability-zone": "eu-west-1c", "description": "f",
			"owner-id": DefaultAccount, "status": "available", "interface-type": "interface", "private-ip-address": eni.Address, "requester-managed": "false",
		}},
		"prefix lists": {func(f types.Filter) (int, error) {
			out, err := r.ec2.DescribeManagedPrefixLists(ctx, &ec2.DescribeManagedPrefixListsInput{Filters: []types.Filter{filter("prefix-list-id", "pl-0f"), f}})
			return sizeOf(out, err, func() int { return len(out.PrefixLists) })
		}, map[string]string{"owner-id": "AWS", "prefix-list-name": "f"}},
		"security groups": {func(f types.Filter) (int, error) {
			out, err := r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{filter("group-id", "sg-0f"), f}})
			return sizeOf(out, err, func() int { return len(out.SecurityGroups) })
		}, map[string]string{
			"group-name": "f", "vpc-id": "vpc-0f", "description": "of the test", "owner-id": DefaultAccount, "tag:f": "1", "tag-key": "f",
			"ip-permission.group-id": "sg-0f", "ip-permission.user-id": DefaultAccount, "ip-permission.cidr": "10.5.0.0/16",
			"ip-permission.ipv6-cidr": "2001:db8::/32", "ip-permission.prefix-list-id": "pl-0f", "ip-permission.protocol": "udp",
			"ip-permission.from-port": "5", "ip-permission.to-port": "6", "egress.ip-permission.cidr": "0.0.0.0/0", "egress.ip-permission.protocol": "-1",
		}},
	}
	for kind, tc := range all {
		for name, value := range tc.values {
			t.Run(kind+" by "+name, func(t *testing.T) {
				if n, err := tc.find(filter(name, value)); err != nil || n != 1 {
					t.Errorf("found %d, %v", n, err)
				}
				if n, err := tc.find(filter(name, "nothing")); err != nil || n != 0 {
					t.Errorf("found %d that do not fit, %v", n, err)
				}
			})
		}
		if _, err := tc.find(filter("color", "red")); err == nil {
			t.Errorf("%s take any filter", kind)
		}
	}
}

func sizeOf[T any](_ *T, err error, size func() int) (int, error) {
	if err != nil {
		return 0, err
	}
	return size(), nil
}

func TestWildcards(t *testing.T) {
	for _, tc := range []struct {
		pattern, value string
		want           bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "A", false}, {"a", "ab", false},
		{"*", "", true}, {"*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abb", false}, {"**", "x", true},
		{"?", "a", true}, {"?", "", false}, {"a?", "ab", true}, {"a?", "a", false},
		{`\*`, "*", true}, {`\*`, "a", false}, {`\?`, "?", true}, {`\\`, `\`, true}, {`a\`, `a\`, true},
	} {
		if got := wildcardMatch(tc.pattern, tc.value); got != tc.want {
			t.Errorf("%q fits %q: %v", tc.pattern, tc.value, got)
		}
	}
}
