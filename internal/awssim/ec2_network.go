// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// ec2VPC is one VPC.
type ec2VPC struct {
	ID, CIDR string
	Tags     map[string]string
}

// ec2Subnet is one subnet.
type ec2Subnet struct {
	ID, VpcID, CIDR, AZ string
	MapPublicIP         bool
	Tags                map[string]string
}

func noVPC(id string) error {
	return badEC2("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
}

func noSubnet(id string) error {
	return badEC2("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
}

// subnet returns the subnet with that id, nil if there is none.
func (st *ec2State) subnet(id string) *ec2Subnet { return st.subnets[id] }

// addVPC puts a VPC in place, with what AWS makes along with one: a main route
// table and a default security group (VPC user guide "How Amazon VPC works").
func (st *ec2State) addVPC(id, cidr string) *ec2VPC {
	v := &ec2VPC{ID: id, CIDR: cidr, Tags: map[string]string{}}
	st.vpcs[id] = v
	st.addRouteTable(ec2ID("rtb"), id, true, nil, nil)
	group := st.newGroup(ec2ID("sg"), id, "default", "default VPC security group", nil)
	self := &ec2Rule{ID: ec2ID("sgr"), GroupID: group.ID, Protocol: "-1", From: -1, To: -1, RefGroup: group.ID, Tags: map[string]string{}}
	st.rules[self.ID] = self
	return v
}

// addSubnet puts a subnet in place.
func (st *ec2State) addSubnet(id, vpc, cidr, az string, mapPublicIP bool) *ec2Subnet {
	sn := &ec2Subnet{ID: id, VpcID: vpc, CIDR: cidr, AZ: az, MapPublicIP: mapPublicIP, Tags: map[string]string{}}
	st.subnets[id] = sn
	return sn
}

func ec2NetworkOperations() map[string]operation {
	return map[string]operation{
		"CreateVpc":             ec2Op(true, createVPC),
		"DescribeVpcs":          ec2Op(false, describeVPCs),
		"DeleteVpc":             ec2Op(true, deleteVPC),
		"CreateSubnet":          ec2Op(true, createSubnet),
		"DescribeSubnets":       ec2Op(false, describeSubnets),
		"ModifySubnetAttribute": ec2Op(true, modifySubnetAttribute),
	}
}

type vpcXML struct {
	VpcID           string   `xml:"vpcId"`
	OwnerID         string   `xml:"ownerId"`
	State           string   `xml:"state"`
	CIDR            string   `xml:"cidrBlock"`
	DHCPOptions     string   `xml:"dhcpOptionsId"`
	InstanceTenancy string   `xml:"instanceTenancy"`
	IsDefault       bool     `xml:"isDefault"`
	Tags            []tagXML `xml:"tagSet>item"`
}

func (v *ec2VPC) view(c *call) vpcXML {
	return vpcXML{
		VpcID: v.ID, OwnerID: c.Account, State: "available", CIDR: v.CIDR, DHCPOptions: "dopt-0aws51m0default",
		InstanceTenancy: "default", Tags: tagSet(v.Tags),
	}
}

type createVPCInput struct {
	ec2DryRun
	CIDR    string    `q:"CidrBlock,required"`
	Tenancy string    `q:"InstanceTenancy"`
	Specs   []tagSpec `q:"TagSpecification"`
}

// createVPC: EC2 API reference CreateVpc.
func createVPC(_ *Sim, st *ec2State, c *call, in *createVPCInput) (any, error) {
	cidr, err := blockCIDR(in.CIDR, "InvalidVpc.Range")
	if err != nil {
		return nil, err
	}
	if in.Tenancy != "" && in.Tenancy != "default" {
		return nil, badEC2("InvalidParameterValue", "awssim models the instance tenancy default only")
	}
	tags, err := tagSpecTags(in.Specs, "vpc")
	if err != nil {
		return nil, err
	}
	v := st.addVPC(ec2ID("vpc"), cidr.String())
	v.Tags = tags
	c.Resource = c.ec2ARN("vpc", v.ID)
	return &struct {
		VPC vpcXML `xml:"vpc"`
	}{v.view(c)}, nil
}

// blockCIDR parses the range of a VPC or subnet: /16 to /28, host bits are
// cleared (VPC user guide "VPC CIDR blocks"; EC2 API reference CreateVpc).
func blockCIDR(text, code string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() {
		return p, badEC2("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", text)
	}
	if p.Bits() < 16 || p.Bits() > 28 {
		return p, badEC2(code, "The CIDR '%s' is invalid.", text)
	}
	return p.Masked(), nil
}

type describeVPCsInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"VpcId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeVPCs(s *Sim, st *ec2State, c *call, in *describeVPCsInput) (any, error) {
	found, err := pick(st.vpcs, in.IDs, noVPC)
	if err != nil {
		return nil, err
	}
	var views []vpcXML
	for _, v := range found {
		views = append(views, v.view(c))
	}
	tags := func(v vpcXML) map[string]string { return tagMap(v.Tags) }
	views, err = applyFilters(in.Filters, views, tags, func(v vpcXML, name string) ([]string, bool) {
		switch name {
		case "vpc-id":
			return []string{v.VpcID}, true
		case "cidr", "cidr-block-association.cidr-block":
			return []string{v.CIDR}, true
		case "state":
			return []string{v.State}, true
		case "owner-id":
			return []string{v.OwnerID}, true
		case "is-default", "isDefault":
			return boolText(v.IsDefault), true
		}
		return nil, false
	})
	if err != nil {
		return nil, err
	}
	views, next, err := ec2PageOf(s, in.ec2Paging, 5, 1000, views, func(v vpcXML) string { return v.VpcID })
	if err != nil {
		return nil, err
	}
	return &struct {
		VPCs []vpcXML `xml:"vpcSet>item"`
		Next string   `xml:"nextToken,omitempty"`
	}{views, next}, nil
}

func tagMap(tags []tagXML) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}

type vpcInput struct {
	ec2DryRun
	VpcID string `q:"VpcId,required"`
}

// deleteVPC refuses while anything is in the VPC but what came with it (EC2
// API reference DeleteVpc).
func deleteVPC(_ *Sim, st *ec2State, c *call, in *vpcInput) (any, error) {
	if st.vpcs[in.VpcID] == nil {
		return nil, noVPC(in.VpcID)
	}
	c.Resource = c.ec2ARN("vpc", in.VpcID)
	if st.vpcInUse(in.VpcID) {
		return nil, badEC2("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", in.VpcID)
	}
	for _, g := range inOrder(st.groups) {
		if g.VpcID == in.VpcID {
			st.dropGroup(g.ID)
		}
	}
	for id, t := range st.routeTables {
		if t.VpcID == in.VpcID {
			delete(st.routeTables, id)
		}
	}
	delete(st.vpcs, in.VpcID)
	return &returnXML{true}, nil
}

func (st *ec2State) vpcInUse(vpc string) bool {
	for _, sn := range st.subnets {
		if sn.VpcID == vpc {
			return true
		}
	}
	for _, g := range st.gateways {
		if g.VpcID == vpc {
			return true
		}
	}
	for _, g := range st.groups {
		if g.VpcID == vpc && g.Name != "default" {
			return true
		}
	}
	for _, t := range st.routeTables {
		if t.VpcID == vpc && !t.main() {
			return true
		}
	}
	return false
}

type subnetXML struct {
	SubnetID    string   `xml:"subnetId"`
	ARN         string   `xml:"subnetArn"`
	State       string   `xml:"state"`
	OwnerID     string   `xml:"ownerId"`
	VpcID       string   `xml:"vpcId"`
	CIDR        string   `xml:"cidrBlock"`
	Free        int      `xml:"availableIpAddressCount"`
	AZ          string   `xml:"availabilityZone"`
	AZID        string   `xml:"availabilityZoneId"`
	DefaultAZ   bool     `xml:"defaultForAz"`
	MapPublicIP bool     `xml:"mapPublicIpOnLaunch"`
	AssignIPv6  bool     `xml:"assignIpv6AddressOnCreation"`
	Tags        []tagXML `xml:"tagSet>item"`
}

func (st *ec2State) subnetView(c *call, sn *ec2Subnet) subnetXML {
	return subnetXML{
		SubnetID: sn.ID, ARN: c.ec2ARN("subnet", sn.ID), State: "available", OwnerID: c.Account, VpcID: sn.VpcID,
		CIDR: sn.CIDR, Free: st.freeAddresses(sn), AZ: sn.AZ, AZID: zoneID(sn.AZ), MapPublicIP: sn.MapPublicIP, Tags: tagSet(sn.Tags),
	}
}

// freeAddresses: five addresses of each subnet are AWS's (VPC user guide
// "Subnet CIDR blocks").
func (st *ec2State) freeAddresses(sn *ec2Subnet) int {
	p, err := netip.ParsePrefix(sn.CIDR)
	if err != nil {
		return 0
	}
	n := 1<<(32-p.Bits()) - 5
	for _, i := range st.interfaces {
		if i.SubnetID == sn.ID {
			n--
		}
	}
	return n
}

// zoneID is an id such as euw1-az1 for eu-west-1a. Which zone has which id
// differs by account (EC2 user guide "Regions and Zones"); here a is always 1.
func zoneID(az string) string {
	parts := strings.Split(az, "-")
	if len(parts) != 3 || len(parts[2]) != 2 {
		return ""
	}
	return parts[0] + parts[1][:1] + parts[2][:1] + "-az" + string('1'+parts[2][1]-'a')
}

type createSubnetInput struct {
	ec2DryRun
	VpcID string    `q:"VpcId,required"`
	CIDR  string    `q:"CidrBlock,required"`
	AZ    string    `q:"AvailabilityZone"`
	Specs []tagSpec `q:"TagSpecification"`
}

// createSubnet: EC2 API reference CreateSubnet. Each Region has three zones
// here, and the default one is a: AWS chooses.
func createSubnet(_ *Sim, st *ec2State, c *call, in *createSubnetInput) (any, error) {
	vpc := st.vpcs[in.VpcID]
	if vpc == nil {
		return nil, noVPC(in.VpcID)
	}
	cidr, err := blockCIDR(in.CIDR, "InvalidSubnet.Range")
	if err != nil {
		return nil, err
	}
	if err := st.checkSubnetRange(vpc, cidr); err != nil {
		return nil, err
	}
	az := cmp.Or(in.AZ, c.Region+"a")
	zones := []string{c.Region + "a", c.Region + "b", c.Region + "c"}
	if !slices.Contains(zones, az) {
		return nil, badEC2("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.", az, strings.Join(zones, ", "))
	}
	tags, err := tagSpecTags(in.Specs, "subnet")
	if err != nil {
		return nil, err
	}
	sn := st.addSubnet(ec2ID("subnet"), in.VpcID, cidr.String(), az, false)
	sn.Tags = tags
	c.Resource = c.ec2ARN("subnet", sn.ID)
	return &struct {
		Subnet subnetXML `xml:"subnet"`
	}{st.subnetView(c, sn)}, nil
}

// checkSubnetRange: within the VPC and apart from its other subnets (EC2 API
// reference "Error codes", InvalidSubnet.Range and InvalidSubnet.Conflict).
func (st *ec2State) checkSubnetRange(vpc *ec2VPC, cidr netip.Prefix) error {
	outer, err := netip.ParsePrefix(vpc.CIDR)
	if err != nil || !outer.Contains(cidr.Addr()) || outer.Bits() > cidr.Bits() {
		return badEC2("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	for _, sn := range st.subnets {
		if other, err := netip.ParsePrefix(sn.CIDR); err == nil && sn.VpcID == vpc.ID && other.Overlaps(cidr) {
			return badEC2("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	return nil
}

type describeSubnetsInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"SubnetId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeSubnets(s *Sim, st *ec2State, c *call, in *describeSubnetsInput) (any, error) {
	found, err := pick(st.subnets, in.IDs, noSubnet)
	if err != nil {
		return nil, err
	}
	var views []subnetXML
	for _, sn := range found {
		views = append(views, st.subnetView(c, sn))
	}
	tags := func(v subnetXML) map[string]string { return tagMap(v.Tags) }
	views, err = applyFilters(in.Filters, views, tags, subnetFilter)
	if err != nil {
		return nil, err
	}
	views, next, err := ec2PageOf(s, in.ec2Paging, 5, 1000, views, func(v subnetXML) string { return v.SubnetID })
	if err != nil {
		return nil, err
	}
	return &struct {
		Subnets []subnetXML `xml:"subnetSet>item"`
		Next    string      `xml:"nextToken,omitempty"`
	}{views, next}, nil
}

// subnetFilter: some of the filters of EC2 API reference DescribeSubnets.
func subnetFilter(v subnetXML, name string) ([]string, bool) {
	switch name {
	case "subnet-id":
		return []string{v.SubnetID}, true
	case "subnet-arn":
		return []string{v.ARN}, true
	case "vpc-id":
		return []string{v.VpcID}, true
	case "availability-zone", "availabilityZone":
		return []string{v.AZ}, true
	case "availability-zone-id", "availabilityZoneId":
		return []string{v.AZID}, true
	case "cidr-block", "cidr", "cidrBlock":
		return []string{v.CIDR}, true
	case "state":
		return []string{v.State}, true
	case "owner-id":
		return []string{v.OwnerID}, true
	case "map-public-ip-on-launch":
		return boolText(v.MapPublicIP), true
	case "default-for-az", "defaultForAz":
		return boolText(v.DefaultAZ), true
	}
	return nil, false
}

type attributeBool struct {
	Value bool `q:"Value"`
}

type modifySubnetInput struct {
	SubnetID    string         `q:"SubnetId,required"`
	MapPublicIP *attributeBool `q:"MapPublicIpOnLaunch"`
}

func modifySubnetAttribute(_ *Sim, st *ec2State, c *call, in *modifySubnetInput) (any, error) {
	sn := st.subnets[in.SubnetID]
	if sn == nil {
		return nil, noSubnet(in.SubnetID)
	}
	c.Resource = c.ec2ARN("subnet", sn.ID)
	if in.MapPublicIP != nil {
		sn.MapPublicIP = in.MapPublicIP.Value
	}
	return &returnXML{true}, nil
}
