// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"net/netip"
	"slices"
)

// ec2Interface is one network interface. None is ever attached to anything.
type ec2Interface struct {
	ID, SubnetID, VpcID string
	Description         string
	Address             string
	Groups              []string
	Tags                map[string]string
}

func noInterface(id string) error {
	return badEC2("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", id)
}

func ec2InterfaceOperations() map[string]operation {
	return map[string]operation{
		"CreateNetworkInterface":          ec2Op(true, createNetworkInterface),
		"DescribeNetworkInterfaces":       ec2Op(false, describeNetworkInterfaces),
		"DeleteNetworkInterface":          ec2Op(true, deleteNetworkInterface),
		"ModifyNetworkInterfaceAttribute": ec2Op(true, modifyNetworkInterfaceAttribute),
	}
}

// addInterface puts a network interface in place.
func (st *ec2State) addInterface(id, subnet, description string, groups ...string) *ec2Interface {
	sn := st.subnets[subnet]
	i := &ec2Interface{
		ID: id, SubnetID: subnet, VpcID: sn.VpcID, Description: description, Address: st.nextAddress(sn),
		Groups: groups, Tags: map[string]string{},
	}
	st.interfaces[id] = i
	return i
}

// nextAddress is the first free address of a subnet, "" when it is full; the
// first four and the last are AWS's (VPC user guide "Subnet CIDR blocks").
func (st *ec2State) nextAddress(sn *ec2Subnet) string {
	used := map[string]bool{}
	for _, i := range st.interfaces {
		if i.SubnetID == sn.ID {
			used[i.Address] = true
		}
	}
	p, err := netip.ParsePrefix(sn.CIDR)
	if err != nil {
		return ""
	}
	a := p.Masked().Addr()
	for range 4 {
		a = a.Next()
	}
	for ; p.Contains(a.Next()); a = a.Next() {
		if !used[a.String()] {
			return a.String()
		}
	}
	return ""
}

type interfaceXML struct {
	ID              string         `xml:"networkInterfaceId"`
	SubnetID        string         `xml:"subnetId"`
	VpcID           string         `xml:"vpcId"`
	AZ              string         `xml:"availabilityZone"`
	Description     string         `xml:"description"`
	OwnerID         string         `xml:"ownerId"`
	Type            string         `xml:"interfaceType"`
	Managed         bool           `xml:"requesterManaged"`
	Status          string         `xml:"status"`
	MAC             string         `xml:"macAddress"`
	Address         string         `xml:"privateIpAddress"`
	SourceDestCheck bool           `xml:"sourceDestCheck"`
	Groups          []groupIDXML   `xml:"groupSet>item"`
	Addresses       []privateIPXML `xml:"privateIpAddressesSet>item"`
	Tags            []tagXML       `xml:"tagSet>item"`
}

type groupIDXML struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

type privateIPXML struct {
	Address string `xml:"privateIpAddress"`
	Primary bool   `xml:"primary"`
}

func (st *ec2State) interfaceView(c *call, i *ec2Interface) interfaceXML {
	out := interfaceXML{
		ID: i.ID, SubnetID: i.SubnetID, VpcID: i.VpcID, Description: i.Description, OwnerID: c.Account,
		Type: "interface", Status: "available", MAC: macAddress(i.Address), Address: i.Address, SourceDestCheck: true,
		Addresses: []privateIPXML{{i.Address, true}}, Tags: tagSet(i.Tags),
	}
	if sn := st.subnets[i.SubnetID]; sn != nil {
		out.AZ = sn.AZ
	}
	for _, id := range i.Groups {
		if g := st.groups[id]; g != nil {
			out.Groups = append(out.Groups, groupIDXML{g.ID, g.Name})
		}
	}
	return out
}

// macAddress makes one up from the address.
func macAddress(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	b := a.As4()
	return fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

type createInterfaceInput struct {
	ec2DryRun
	SubnetID    string    `q:"SubnetId,required"`
	Description string    `q:"Description"`
	Groups      []string  `q:"SecurityGroupId"`
	Token       string    `q:"ClientToken"`
	Specs       []tagSpec `q:"TagSpecification"`
}

// createNetworkInterface: EC2 API reference, page of that name, and "Error
// codes", InsufficientFreeAddressesInSubnet.
func createNetworkInterface(_ *Sim, st *ec2State, c *call, in *createInterfaceInput) (any, error) {
	sn := st.subnets[in.SubnetID]
	if sn == nil {
		return nil, noSubnet(in.SubnetID)
	}
	groups, err := st.interfaceGroups(sn, in.Groups)
	if err != nil {
		return nil, err
	}
	tags, err := tagSpecTags(in.Specs, "network-interface")
	if err != nil {
		return nil, err
	}
	if st.nextAddress(sn) == "" {
		return nil, badEC2("InsufficientFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.")
	}
	i := st.addInterface(ec2ID("eni"), sn.ID, in.Description, groups...)
	i.Tags = tags
	c.Resource = c.ec2ARN("network-interface", i.ID)
	return &struct {
		Interface interfaceXML `xml:"networkInterface"`
		Token     string       `xml:"clientToken,omitempty"`
	}{st.interfaceView(c, i), in.Token}, nil
}

// interfaceGroups checks an interface's groups: the VPC's default one if none
// is named, all in the subnet's VPC, at most five (EC2 API reference
// CreateNetworkInterface; VPC user guide "Amazon VPC quotas").
func (st *ec2State) interfaceGroups(sn *ec2Subnet, ids []string) ([]string, error) {
	if len(ids) == 0 {
		if g := st.groupNamed(sn.VpcID, "default"); g != nil {
			return []string{g.ID}, nil
		}
	}
	if len(ids) > 5 {
		return nil, badEC2("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.")
	}
	for _, id := range ids {
		g := st.groups[id]
		if g == nil {
			return nil, badEC2("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
		}
		if g.VpcID != sn.VpcID {
			return nil, badEC2("InvalidParameter", "Security group %s and subnet %s belong to different networks.", id, sn.ID)
		}
	}
	return slices.Clone(ids), nil
}

type describeInterfacesInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"NetworkInterfaceId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeNetworkInterfaces(s *Sim, st *ec2State, c *call, in *describeInterfacesInput) (any, error) {
	found, err := pick(st.interfaces, in.IDs, noInterface)
	if err != nil {
		return nil, err
	}
	var views []interfaceXML
	for _, i := range found {
		views = append(views, st.interfaceView(c, i))
	}
	tags := func(v interfaceXML) map[string]string { return tagMap(v.Tags) }
	views, err = applyFilters(in.Filters, views, tags, interfaceFilter)
	if err != nil {
		return nil, err
	}
	views, next, err := ec2PageOf(s, in.ec2Paging, 5, 1000, views, func(v interfaceXML) string { return v.ID })
	if err != nil {
		return nil, err
	}
	return &struct {
		Interfaces []interfaceXML `xml:"networkInterfaceSet>item"`
		Next       string         `xml:"nextToken,omitempty"`
	}{views, next}, nil
}

// interfaceFilter: some of the filters of EC2 API reference DescribeNetworkInterfaces.
func interfaceFilter(v interfaceXML, name string) ([]string, bool) {
	var ids, names []string
	for _, g := range v.Groups {
		ids, names = append(ids, g.ID), append(names, g.Name)
	}
	switch name {
	case "network-interface-id":
		return []string{v.ID}, true
	case "group-id":
		return ids, true
	case "group-name":
		return names, true
	case "subnet-id":
		return []string{v.SubnetID}, true
	case "vpc-id":
		return []string{v.VpcID}, true
	case "availability-zone":
		return []string{v.AZ}, true
	case "description":
		return []string{v.Description}, true
	case "owner-id":
		return []string{v.OwnerID}, true
	case "status":
		return []string{v.Status}, true
	case "interface-type":
		return []string{v.Type}, true
	case "private-ip-address":
		return []string{v.Address}, true
	case "requester-managed":
		return boolText(v.Managed), true
	}
	return nil, false
}

type interfaceInput struct {
	ec2DryRun
	ID string `q:"NetworkInterfaceId,required"`
}

func deleteNetworkInterface(_ *Sim, st *ec2State, c *call, in *interfaceInput) (any, error) {
	if st.interfaces[in.ID] == nil {
		return nil, noInterface(in.ID)
	}
	c.Resource = c.ec2ARN("network-interface", in.ID)
	delete(st.interfaces, in.ID)
	return &returnXML{true}, nil
}

type attributeText struct {
	Value string `q:"Value"`
}

type modifyInterfaceInput struct {
	ec2DryRun
	ID          string         `q:"NetworkInterfaceId,required"`
	Groups      []string       `q:"SecurityGroupId"`
	Description *attributeText `q:"Description"`
}

func modifyNetworkInterfaceAttribute(_ *Sim, st *ec2State, c *call, in *modifyInterfaceInput) (any, error) {
	i := st.interfaces[in.ID]
	if i == nil {
		return nil, noInterface(in.ID)
	}
	c.Resource = c.ec2ARN("network-interface", in.ID)
	if len(in.Groups) > 0 {
		groups, err := st.interfaceGroups(st.subnets[i.SubnetID], in.Groups)
		if err != nil {
			return nil, err
		}
		i.Groups = groups
	}
	if in.Description != nil {
		i.Description = in.Description.Value
	}
	return &returnXML{true}, nil
}
