// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestVPCLifecycle(t *testing.T) {
	r := newRig(t, Options{})
	vpc := must[*ec2.CreateVpcOutput](t)(r.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock: aws.String("10.7.1.0/16"), TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeVpc, Tags: ec2Tags("Name", "x")}},
	})).Vpc
	got := must[*ec2.DescribeVpcsOutput](t)(r.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{filter("tag:Name", "x"), filter("cidr", "10.7.*")}})).Vpcs
	if len(got) != 1 || *got[0].VpcId != *vpc.VpcId || *got[0].CidrBlock != "10.7.0.0/16" || got[0].State != types.VpcStateAvailable {
		t.Fatalf("VPCs are %+v", got)
	}
	subnet := must[*ec2.CreateSubnetOutput](t)(r.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.VpcId, CidrBlock: aws.String("10.7.0.0/24"), AvailabilityZone: aws.String("eu-west-1b")})).Subnet
	_, err := r.ec2.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: subnet.SubnetId, MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: aws.Bool(true)}})
	ok(t, err)
	subnets := must[*ec2.DescribeSubnetsOutput](t)(r.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{*subnet.SubnetId}})).Subnets
	if sn := subnets[0]; !*sn.MapPublicIpOnLaunch || *sn.AvailabilityZone != "eu-west-1b" || *sn.AvailabilityZoneId != "euw1-az2" || *sn.AvailableIpAddressCount != 251 || *sn.VpcId != *vpc.VpcId {
		t.Fatalf("subnet is %+v", sn)
	}
	_, err = r.ec2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: vpc.VpcId})
	wantError(t, err, "DependencyViolation", 400)
	empty := must[*ec2.CreateVpcOutput](t)(r.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.8.0.0/16")})).Vpc
	_, err = r.ec2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: empty.VpcId})
	ok(t, err)
	left := must[*ec2.DescribeRouteTablesOutput](t)(r.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{filter("vpc-id", *empty.VpcId)}}))
	if len(left.RouteTables) != 0 {
		t.Fatal("the route table of a deleted VPC remains")
	}
	_, err = r.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{*empty.VpcId}})
	wantError(t, err, "InvalidVpcID.NotFound", 400)
}

func TestNetworkInputRules(t *testing.T) {
	r := newRig(t, Options{})
	subnet := func(vpc, cidr, az string) error {
		in := &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr}
		if az != "" {
			in.AvailabilityZone = &az
		}
		_, err := r.ec2.CreateSubnet(ctx, in)
		return err
	}
	wantError(t, subnet("vpc-0fff", "10.0.200.0/24", ""), "InvalidVpcID.NotFound", 400)
	wantError(t, subnet("vpc-0a", "10.9.0.0/24", ""), "InvalidSubnet.Range", 400)
	wantError(t, subnet("vpc-0a", "10.0.200.0/29", ""), "InvalidSubnet.Range", 400)
	wantError(t, subnet("vpc-0a", "10.0.1.0/24", ""), "InvalidSubnet.Conflict", 400)
	wantError(t, subnet("vpc-0a", "ten", ""), "InvalidParameterValue", 400)
	wantError(t, subnet("vpc-0a", "10.0.200.0/24", "us-east-1a"), "InvalidParameterValue", 400)
	_, err := r.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/8")})
	wantError(t, err, "InvalidVpc.Range", 400)
	_, err = r.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), InstanceTenancy: types.TenancyDedicated})
	wantError(t, err, "InvalidParameterValue", 400)
	_, err = r.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-0fff"}})
	wantError(t, err, "InvalidSubnetID.NotFound", 400)
	_, err = r.ec2.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: aws.String("subnet-0fff")})
	wantError(t, err, "InvalidSubnetID.NotFound", 400)
}

func TestSubnetFiltersAndPages(t *testing.T) {
	r := newRig(t, Options{PageSize: 2})
	n := 0
	pages := ec2.NewDescribeSubnetsPaginator(r.ec2, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("vpc-id", "vpc-0a"), filter("state", "available")}})
	for pages.HasMorePages() {
		n += len(must[*ec2.DescribeSubnetsOutput](t)(pages.NextPage(ctx)).Subnets)
	}
	if n != 3 {
		t.Fatalf("%d subnets", n)
	}
	one := must[*ec2.DescribeSubnetsOutput](t)(r.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("availability-zone", "eu-west-1b"), filter("cidr-block", "10.0.32.0/19")}}))
	if len(one.Subnets) != 1 || *one.Subnets[0].SubnetId != "subnet-0b" {
		t.Fatalf("found %+v", one.Subnets)
	}
	_, err := r.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("color", "red")}})
	wantError(t, err, "InvalidParameterValue", 400)
}

// TestRoutesMakeASubnetPublic follows a subnet from its VPC's main table to a
// table of its own and back.
func TestRoutesMakeASubnetPublic(t *testing.T) {
	r := newRig(t, Options{})
	st := r.sim.account(DefaultAccount).region(DefaultRegion).ec2
	subnet := must[*ec2.CreateSubnetOutput](t)(r.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: aws.String("vpc-0b"), CidrBlock: aws.String("10.1.5.0/24")})).Subnet.SubnetId
	public := func(want bool) {
		t.Helper()
		r.sim.mu.Lock()
		defer r.sim.mu.Unlock()
		if got := st.hasIGWRoute(*subnet); got != want {
			t.Fatalf("public is %v", got)
		}
	}
	vpc := aws.String("vpc-0b")
	main := must[*ec2.DescribeRouteTablesOutput](t)(r.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{filter("vpc-id", "vpc-0b"), filter("association.main", "true")}})).RouteTables
	if len(main) != 1 || *main[0].Routes[0].GatewayId != "local" || *main[0].Routes[0].DestinationCidrBlock != "10.1.0.0/16" || main[0].Routes[0].State != types.RouteStateActive {
		t.Fatalf("main table is %+v", main)
	}
	public(false)
	igw := must[*ec2.CreateInternetGatewayOutput](t)(r.ec2.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{})).InternetGateway
	route := func(table, dest string) error {
		_, err := r.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: &dest, GatewayId: igw.InternetGatewayId})
		return err
	}
	wantError(t, route(*main[0].RouteTableId, "0.0.0.0/0"), "InvalidParameterValue", 400) // not attached
	_, err := r.ec2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: igw.InternetGatewayId, VpcId: vpc})
	ok(t, err)
	_, err = r.ec2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: igw.InternetGatewayId, VpcId: vpc})
	wantError(t, err, "Resource.AlreadyAssociated", 400)
	gateways := must[*ec2.DescribeInternetGatewaysOutput](t)(r.ec2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: []types.Filter{filter("attachment.vpc-id", "vpc-0b")}})).InternetGateways
	if len(gateways) != 1 || *gateways[0].Attachments[0].VpcId != "vpc-0b" {
		t.Fatalf("gateways are %+v", gateways)
	}
	ok(t, route(*main[0].RouteTableId, "0.0.0.0/0"))
	wantError(t, route(*main[0].RouteTableId, "0.0.0.0/0"), "RouteAlreadyExists", 400)
	public(true)

	own := must[*ec2.CreateRouteTableOutput](t)(r.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: vpc})).RouteTable
	assoc := must[*ec2.AssociateRouteTableOutput](t)(r.ec2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: own.RouteTableId, SubnetId: subnet}))
	public(false)
	_, err = r.ec2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: main[0].RouteTableId, SubnetId: subnet})
	wantError(t, err, "Resource.AlreadyAssociated", 400)
	found := must[*ec2.DescribeRouteTablesOutput](t)(r.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{filter("association.subnet-id", *subnet)}})).RouteTables
	if len(found) != 1 || *found[0].RouteTableId != *own.RouteTableId || *found[0].Associations[0].Main {
		t.Fatalf("tables are %+v", found)
	}
	moved := must[*ec2.ReplaceRouteTableAssociationOutput](t)(r.ec2.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: assoc.AssociationId, RouteTableId: main[0].RouteTableId}))
	public(true)
	_, err = r.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: assoc.AssociationId})
	wantError(t, err, "InvalidAssociationID.NotFound", 400)
	_, err = r.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: moved.NewAssociationId})
	ok(t, err)
	public(true)
	_, err = r.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: main[0].Associations[0].RouteTableAssociationId})
	wantError(t, err, "InvalidParameterValue", 400)
	remove := func(dest string) error {
		_, err := r.ec2.DeleteRoute(ctx, &ec2.DeleteRouteInput{RouteTableId: main[0].RouteTableId, DestinationCidrBlock: &dest})
		return err
	}
	ok(t, remove("0.0.0.0/0"))
	wantError(t, remove("0.0.0.0/0"), "InvalidRoute.NotFound", 400)
	wantError(t, remove("10.1.0.0/16"), "InvalidParameterValue", 400)
	public(false)
}

func TestSeededRoutes(t *testing.T) {
	r := newRig(t, Options{})
	st := r.sim.account(DefaultAccount).region(DefaultRegion).ec2
	if st.hasIGWRoute("subnet-0a") || !st.hasIGWRoute("subnet-0c") {
		t.Fatal("the seeded subnets are not private and public as they should be")
	}
}

func TestRouteInputRules(t *testing.T) {
	r := newRig(t, Options{})
	table := must[*ec2.CreateRouteTableOutput](t)(r.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: aws.String("vpc-0a")})).RouteTable.RouteTableId
	type in = ec2.CreateRouteInput
	any4 := aws.String("0.0.0.0/0")
	for name, tc := range map[string]struct {
		in   in
		code string
	}{
		"ghost table":   {in{RouteTableId: aws.String("rtb-0fff"), DestinationCidrBlock: any4}, "InvalidRouteTableID.NotFound"},
		"ghost gateway": {in{DestinationCidrBlock: any4, GatewayId: aws.String("igw-0fff")}, "InvalidInternetGatewayID.NotFound"},
		"ghost NAT":     {in{DestinationCidrBlock: any4, NatGatewayId: aws.String("nat-0fff")}, "InvalidNatGatewayID.NotFound"},
		"ghost ENI":     {in{DestinationCidrBlock: any4, NetworkInterfaceId: aws.String("eni-0fff")}, "InvalidNetworkInterfaceID.NotFound"},
		"ghost list":    {in{DestinationPrefixListId: aws.String("pl-0fff"), TransitGatewayId: aws.String("tgw-0a")}, "InvalidPrefixListID.NotFound"},
		"no target":     {in{DestinationCidrBlock: any4}, "InvalidParameterCombination"},
		"no dest":       {in{TransitGatewayId: aws.String("tgw-0a")}, "InvalidParameterCombination"},
		"dest":          {in{DestinationCidrBlock: aws.String("::/0"), TransitGatewayId: aws.String("tgw-0a")}, "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.in.RouteTableId == nil {
				tc.in.RouteTableId = table
			}
			_, err := r.ec2.CreateRoute(ctx, &tc.in)
			wantError(t, err, tc.code, 400)
		})
	}
	_, err := r.ec2.CreateRoute(ctx, &in{RouteTableId: table, DestinationCidrBlock: aws.String("100.68.0.18/18"), TransitGatewayId: aws.String("tgw-0a")})
	ok(t, err)
	got := must[*ec2.DescribeRouteTablesOutput](t)(r.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{*table}})).RouteTables[0].Routes[1]
	if *got.DestinationCidrBlock != "100.68.0.0/18" || *got.TransitGatewayId != "tgw-0a" || got.Origin != types.RouteOriginCreateRoute {
		t.Fatalf("route is %+v", got)
	}
}

func TestNATGateway(t *testing.T) {
	r := newRig(t, Options{})
	create := func(in ec2.CreateNatGatewayInput) (*ec2.CreateNatGatewayOutput, error) {
		if in.SubnetId == nil {
			in.SubnetId = aws.String("subnet-0c")
		}
		return r.ec2.CreateNatGateway(ctx, &in)
	}
	nat := must[*ec2.CreateNatGatewayOutput](t)(create(ec2.CreateNatGatewayInput{AllocationId: aws.String("eipalloc-0a")})).NatGateway
	if nat.State != types.NatGatewayStateAvailable || *nat.VpcId != "vpc-0a" || nat.ConnectivityType != types.ConnectivityTypePublic {
		t.Fatalf("NAT gateway is %+v", nat)
	}
	_, err := create(ec2.CreateNatGatewayInput{})
	wantError(t, err, "MissingParameter", 400)
	_, err = create(ec2.CreateNatGatewayInput{SubnetId: aws.String("subnet-0fff")})
	wantError(t, err, "InvalidSubnetID.NotFound", 400)
	table := must[*ec2.CreateRouteTableOutput](t)(r.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: aws.String("vpc-0a")})).RouteTable
	_, err = r.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: table.RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: nat.NatGatewayId})
	ok(t, err)
}

func TestNetworkInterfaces(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	create := func(groups ...string) (*ec2.CreateNetworkInterfaceOutput, error) {
		return r.ec2.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: aws.String("subnet-0a"), Groups: groups, Description: aws.String("d")})
	}
	a := must[*ec2.CreateNetworkInterfaceOutput](t)(create(g)).NetworkInterface
	b := must[*ec2.CreateNetworkInterfaceOutput](t)(create()).NetworkInterface
	if *b.Groups[0].GroupName != "default" || *a.PrivateIpAddress == *b.PrivateIpAddress || *a.VpcId != "vpc-0a" || a.Status != types.NetworkInterfaceStatusAvailable {
		t.Fatalf("interfaces are %+v and %+v", a, b)
	}
	found := must[*ec2.DescribeNetworkInterfacesOutput](t)(r.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{filter("group-id", g)}})).NetworkInterfaces
	if len(found) != 1 || *found[0].NetworkInterfaceId != *a.NetworkInterfaceId || *found[0].AvailabilityZone != "eu-west-1a" || *found[0].Description != "d" {
		t.Fatalf("found %+v", found)
	}
	_, err := create("sg-0fff")
	wantError(t, err, "InvalidGroup.NotFound", 400)
	_, err = create(g, g, g, g, g, g)
	wantError(t, err, "SecurityGroupsPerInterfaceLimitExceeded", 400)
	far := must[*ec2.DescribeSecurityGroupsOutput](t)(r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{filter("vpc-id", "vpc-0b")}})).SecurityGroups[0]
	_, err = create(*far.GroupId)
	wantError(t, err, "InvalidParameter", 400)
	_, err = r.ec2.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: a.NetworkInterfaceId})
	ok(t, err)
	_, err = r.ec2.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: a.NetworkInterfaceId})
	wantError(t, err, "InvalidNetworkInterfaceID.NotFound", 400)
	_, err = r.ec2.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: b.NetworkInterfaceId, Groups: []string{g}, Description: &types.AttributeValue{Value: aws.String("new")}})
	ok(t, err)
	got := must[*ec2.DescribeNetworkInterfacesOutput](t)(r.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{*b.NetworkInterfaceId}})).NetworkInterfaces[0]
	if *got.Groups[0].GroupId != g || *got.Description != "new" {
		t.Fatalf("interface is %+v", got)
	}
}

func TestInterfacesUseUpASubnet(t *testing.T) {
	r := newRig(t, Options{})
	st := r.sim.account(DefaultAccount).region(DefaultRegion).ec2
	st.addSubnet("subnet-0e", "vpc-0b", "10.1.9.0/28", "eu-west-1a", false)
	for i := range 12 {
		_, err := r.ec2.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: aws.String("subnet-0e")})
		if i < 11 {
			ok(t, err)
		} else {
			wantError(t, err, "InsufficientFreeAddressesInSubnet", 400)
		}
	}
}

func TestPrefixLists(t *testing.T) {
	r := newRig(t, Options{})
	st := r.sim.account(DefaultAccount).region(DefaultRegion).ec2
	st.addPrefixList("pl-0s3", "com.amazonaws.eu-west-1.s3", []string{"52.0.0.0/16", "3.0.0.0/16"})
	type in = ec2.CreateManagedPrefixListInput
	mine := must[*ec2.CreateManagedPrefixListOutput](t)(r.ec2.CreateManagedPrefixList(ctx, &in{
		PrefixListName: aws.String("mine"), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(3),
		Entries: []types.AddPrefixListEntry{{Cidr: aws.String("192.0.2.7/24"), Description: aws.String("office")}},
	})).PrefixList
	if mine.State != types.PrefixListStateCreateComplete || *mine.OwnerId != DefaultAccount || *mine.MaxEntries != 3 {
		t.Fatalf("list is %+v", mine)
	}
	got := must[*ec2.DescribeManagedPrefixListsOutput](t)(r.ec2.DescribeManagedPrefixLists(ctx, &ec2.DescribeManagedPrefixListsInput{Filters: []types.Filter{filter("owner-id", "AWS"), filter("prefix-list-name", "*.s3")}})).PrefixLists
	if len(got) != 1 || *got[0].PrefixListArn != "arn:aws:ec2:eu-west-1:aws:prefix-list/pl-0s3" {
		t.Fatalf("lists are %+v", got)
	}
	n := 0
	pages := ec2.NewGetManagedPrefixListEntriesPaginator(r.ec2, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: aws.String("pl-0s3"), MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		n += len(must[*ec2.GetManagedPrefixListEntriesOutput](t)(pages.NextPage(ctx)).Entries)
	}
	entries := must[*ec2.GetManagedPrefixListEntriesOutput](t)(r.ec2.GetManagedPrefixListEntries(ctx, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: mine.PrefixListId})).Entries
	if n != 2 || len(entries) != 1 || *entries[0].Cidr != "192.0.2.0/24" || *entries[0].Description != "office" {
		t.Fatalf("%d entries and %+v", n, entries)
	}
	for name, tc := range map[string]struct {
		in   in
		code string
	}{
		"reserved":  {in{PrefixListName: aws.String("com.amazonaws.x")}, "InvalidParameterValue"},
		"family":    {in{AddressFamily: aws.String("IPv5")}, "InvalidParameterValue"},
		"max":       {in{MaxEntries: aws.Int32(0)}, "InvalidParameterValue"},
		"too many":  {in{MaxEntries: aws.Int32(1), Entries: []types.AddPrefixListEntry{{Cidr: aws.String("10.0.0.0/8")}, {Cidr: aws.String("11.0.0.0/8")}}}, "PrefixListMaxEntriesExceeded"},
		"bad entry": {in{Entries: []types.AddPrefixListEntry{{Cidr: aws.String("::/0")}}}, "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.in.PrefixListName == nil {
				tc.in.PrefixListName = aws.String("x")
			}
			if tc.in.AddressFamily == nil {
				tc.in.AddressFamily = aws.String("IPv4")
			}
			if tc.in.MaxEntries == nil {
				tc.in.MaxEntries = aws.Int32(5)
			}
			_, err := r.ec2.CreateManagedPrefixList(ctx, &tc.in)
			wantError(t, err, tc.code, 400)
		})
	}
	_, err := r.ec2.GetManagedPrefixListEntries(ctx, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: aws.String("pl-0fff")})
	wantError(t, err, "InvalidPrefixListID.NotFound", 400)
}

func TestEC2Tags(t *testing.T) {
	r := newRig(t, Options{PageSize: 2})
	g := r.createGroup(t, "g", "a", "1")
	rule := *r.authorize(t, g, tcp(1, withCIDR("10.0.0.0/8")))[0].SecurityGroupRuleId
	all := []string{g, rule, "subnet-0a", "vpc-0a"}
	_, err := r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: all, Tags: ec2Tags("a", "2", "b", "")})
	ok(t, err)
	count := func(filters ...types.Filter) (n int) {
		pages := ec2.NewDescribeTagsPaginator(r.ec2, &ec2.DescribeTagsInput{Filters: filters})
		for pages.HasMorePages() {
			n += len(must[*ec2.DescribeTagsOutput](t)(pages.NextPage(ctx)).Tags)
		}
		return n
	}
	if n := count(filter("resource-id", all...)); n != 8 {
		t.Fatalf("%d tags", n)
	}
	if n := count(filter("tag:a", "2"), filter("resource-type", "security-group*")); n != 2 {
		t.Fatalf("%d tags", n)
	}
	if n := count(filter("key", "b"), filter("value", ""), filter("resource-id", "vpc-0a")); n != 1 {
		t.Fatalf("%d tags", n)
	}
	untag := func(tags ...types.Tag) {
		t.Helper()
		_, err := r.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{g}, Tags: tags})
		ok(t, err)
	}
	untag(types.Tag{Key: aws.String("a"), Value: aws.String("other value")}, types.Tag{Key: aws.String("nothing")})
	if n := count(filter("resource-id", g)); n != 2 {
		t.Fatalf("%d tags", n)
	}
	untag(types.Tag{Key: aws.String("a")})
	if n := count(filter("resource-id", g)); n != 1 {
		t.Fatalf("%d tags", n)
	}
	untag()
	if n := count(filter("resource-id", g)); n != 0 {
		t.Fatalf("%d tags", n)
	}
	tagged := r.sim.account(DefaultAccount).region(DefaultRegion).ec2.taggedResources(DefaultRegion, DefaultAccount)
	if len(tagged) < 3 || tagged[0].ARN == "" {
		t.Fatalf("tagged resources are %+v", tagged)
	}
}

func TestEC2TagRules(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	tag := func(id string, tags ...types.Tag) error {
		_, err := r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{g, id}, Tags: tags})
		return err
	}
	for id, code := range map[string]string{
		"sg-0fff": "InvalidGroup.NotFound", "sgr-0fff": "InvalidSecurityGroupRuleId.NotFound", "subnet-0fff": "InvalidSubnetID.NotFound",
		"vpc-0fff": "InvalidVpcID.NotFound", "rtb-0fff": "InvalidRouteTableID.NotFound", "igw-0fff": "InvalidInternetGatewayID.NotFound",
		"eni-0fff": "InvalidNetworkInterfaceID.NotFound", "pl-0fff": "InvalidPrefixListID.NotFound", "x-0fff": "InvalidID", "thing": "InvalidID",
	} {
		wantError(t, tag(id, ec2Tags("a", "b")...), code, 400)
	}
	wantError(t, tag(g, ec2Tags("aws:a", "b")...), "InvalidParameterValue", 400)
	wantError(t, tag(g, ec2Tags("", "b")...), "InvalidParameterValue", 400)
	var many []types.Tag
	for i := range 51 {
		many = append(many, ec2Tags(fmt.Sprint("k", i), "v")...)
	}
	wantError(t, tag(g, many...), "TagLimitExceeded", 400)
	if tags := r.group(t, g).Tags; len(tags) != 0 {
		t.Fatalf("calls that failed left %+v", tags)
	}
	ok(t, tag(g, many[:50]...))
}
