// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/netip"
	"slices"
	"strings"
)

// ec2Gateway is one internet gateway.
type ec2Gateway struct {
	ID    string
	VpcID string // "" while it is detached
	Tags  map[string]string
}

// ec2RouteTable is one route table.
type ec2RouteTable struct {
	ID, VpcID    string
	Routes       []ec2Route
	Associations []ec2Association
	Tags         map[string]string
}

// ec2Route is one route. Destination is an IPv4 or IPv6 range or the id of a
// prefix list; Target is the id of where it leads (igw-, nat-, eni-, tgw-, ...).
type ec2Route struct {
	Destination, Target string
	origin              string
}

// ec2Association ties a table to a subnet, or to the VPC as its main table.
type ec2Association struct {
	ID       string
	SubnetID string
	Main     bool
}

func noRouteTable(id string) error {
	return badEC2("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", id)
}

func noGateway(id string) error {
	return badEC2("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist", id)
}

func (t *ec2RouteTable) main() bool {
	return slices.ContainsFunc(t.Associations, func(a ec2Association) bool { return a.Main })
}

// addRouteTable puts a route table in place, and the gateways that its routes
// lead to. A main table takes the place of the one that the VPC had.
func (st *ec2State) addRouteTable(id, vpc string, main bool, subnets []string, routes []ec2Route) *ec2RouteTable {
	t := st.newRouteTable(id, vpc)
	if main {
		for old, other := range st.routeTables {
			if other.VpcID == vpc && other.main() {
				delete(st.routeTables, old)
			}
		}
		t.Associations = append(t.Associations, ec2Association{ID: ec2ID("rtbassoc"), Main: true})
	}
	for _, sn := range subnets {
		t.Associations = append(t.Associations, ec2Association{ID: ec2ID("rtbassoc"), SubnetID: sn})
	}
	for _, r := range routes {
		if strings.HasPrefix(r.Target, "igw-") && st.gateways[r.Target] == nil {
			st.gateways[r.Target] = &ec2Gateway{ID: r.Target, VpcID: vpc, Tags: map[string]string{}}
		}
		r.origin = "CreateRoute"
		t.Routes = append(t.Routes, r)
	}
	return t
}

// newRouteTable creates a table with the route that every table has (VPC user
// guide "Route tables": the local route).
func (st *ec2State) newRouteTable(id, vpc string) *ec2RouteTable {
	t := &ec2RouteTable{ID: id, VpcID: vpc, Tags: map[string]string{}}
	if v := st.vpcs[vpc]; v != nil {
		t.Routes = []ec2Route{{Destination: v.CIDR, Target: "local", origin: "CreateRouteTable"}}
	}
	st.routeTables[id] = t
	return t
}

// routeTableOf is the table that a subnet uses: its own, else the VPC's main
// one (VPC user guide "Subnet route tables").
func (st *ec2State) routeTableOf(subnetID string) *ec2RouteTable {
	var main *ec2RouteTable
	sn := st.subnets[subnetID]
	for _, t := range st.routeTables {
		for _, a := range t.Associations {
			if a.SubnetID == subnetID {
				return t
			}
			if a.Main && sn != nil && t.VpcID == sn.VpcID {
				main = t
			}
		}
	}
	return main
}

// hasIGWRoute tells whether a subnet is public: a route leads to an internet
// gateway (VPC user guide "Subnet types").
func (st *ec2State) hasIGWRoute(subnetID string) bool {
	t := st.routeTableOf(subnetID)
	return t != nil && slices.ContainsFunc(t.Routes, func(r ec2Route) bool { return strings.HasPrefix(r.Target, "igw-") })
}

func ec2RouteOperations() map[string]operation {
	return map[string]operation{
		"CreateInternetGateway":        ec2Op(true, createInternetGateway),
		"AttachInternetGateway":        ec2Op(true, attachInternetGateway),
		"DescribeInternetGateways":     ec2Op(false, describeInternetGateways),
		"CreateNatGateway":             ec2Op(true, createNATGateway),
		"CreateRouteTable":             ec2Op(true, createRouteTable),
		"AssociateRouteTable":          ec2Op(true, associateRouteTable),
		"ReplaceRouteTableAssociation": ec2Op(true, replaceRouteTableAssociation),
		"DisassociateRouteTable":       ec2Op(true, disassociateRouteTable),
		"CreateRoute":                  ec2Op(true, createRoute),
		"DeleteRoute":                  ec2Op(true, deleteRoute),
		"DescribeRouteTables":          ec2Op(false, describeRouteTables),
	}
}

// needRouteTable returns a route table or its error.
func (st *ec2State) needRouteTable(c *call, id string) (*ec2RouteTable, error) {
	c.Resource = c.ec2ARN("route-table", id)
	if t := st.routeTables[id]; t != nil {
		return t, nil
	}
	return nil, noRouteTable(id)
}

type createRouteTableInput struct {
	ec2DryRun
	VpcID string    `q:"VpcId,required"`
	Token string    `q:"ClientToken"`
	Specs []tagSpec `q:"TagSpecification"`
}

func createRouteTable(_ *Sim, st *ec2State, c *call, in *createRouteTableInput) (any, error) {
	if st.vpcs[in.VpcID] == nil {
		return nil, noVPC(in.VpcID)
	}
	tags, err := tagSpecTags(in.Specs, "route-table")
	if err != nil {
		return nil, err
	}
	t := st.newRouteTable(ec2ID("rtb"), in.VpcID)
	t.Tags = tags
	c.Resource = c.ec2ARN("route-table", t.ID)
	return &struct {
		Table routeTableXML `xml:"routeTable"`
		Token string        `xml:"clientToken,omitempty"`
	}{t.view(c), in.Token}, nil
}

type associateInput struct {
	ec2DryRun
	TableID  string `q:"RouteTableId,required"`
	SubnetID string `q:"SubnetId,required"`
}

// associateRouteTable: a subnet has one table at a time (EC2 API reference
// "Error codes", Resource.AlreadyAssociated), of its VPC; the code for another
// VPC is unverified.
func associateRouteTable(_ *Sim, st *ec2State, c *call, in *associateInput) (any, error) {
	t, err := st.needRouteTable(c, in.TableID)
	if err != nil {
		return nil, err
	}
	sn := st.subnets[in.SubnetID]
	if sn == nil {
		return nil, noSubnet(in.SubnetID)
	}
	if sn.VpcID != t.VpcID {
		return nil, badEC2("InvalidParameterValue", "Route table %s and network %s belong to different networks", t.ID, sn.ID)
	}
	if old := st.routeTableOf(sn.ID); old != nil && old.associationOf(sn.ID) >= 0 {
		return nil, badEC2("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", t.ID)
	}
	a := ec2Association{ID: ec2ID("rtbassoc"), SubnetID: sn.ID}
	t.Associations = append(t.Associations, a)
	return &struct {
		ID    string              `xml:"associationId"`
		State associationStateXML `xml:"associationState"`
	}{a.ID, associationStateXML{"associated"}}, nil
}

func (t *ec2RouteTable) associationOf(subnet string) int {
	return slices.IndexFunc(t.Associations, func(a ec2Association) bool { return a.SubnetID == subnet })
}

// findAssociation returns the table that holds an association, and where.
func (st *ec2State) findAssociation(id string) (*ec2RouteTable, int, error) {
	for _, t := range st.routeTables {
		if i := slices.IndexFunc(t.Associations, func(a ec2Association) bool { return a.ID == id }); i >= 0 {
			return t, i, nil
		}
	}
	return nil, 0, badEC2("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
}

type replaceAssociationInput struct {
	ec2DryRun
	ID      string `q:"AssociationId,required"`
	TableID string `q:"RouteTableId,required"`
}

// replaceRouteTableAssociation also moves the VPC's main table (EC2 API
// reference, page of that name).
func replaceRouteTableAssociation(_ *Sim, st *ec2State, c *call, in *replaceAssociationInput) (any, error) {
	to, err := st.needRouteTable(c, in.TableID)
	if err != nil {
		return nil, err
	}
	from, i, err := st.findAssociation(in.ID)
	if err != nil {
		return nil, err
	}
	if from.VpcID != to.VpcID {
		return nil, badEC2("InvalidParameterValue", "Route table %s and association %s belong to different networks", to.ID, in.ID)
	}
	a := from.Associations[i]
	from.Associations = slices.Delete(from.Associations, i, i+1)
	a.ID = ec2ID("rtbassoc")
	to.Associations = append(to.Associations, a)
	return &struct {
		ID    string              `xml:"newAssociationId"`
		State associationStateXML `xml:"associationState"`
	}{a.ID, associationStateXML{"associated"}}, nil
}

type disassociateInput struct {
	ec2DryRun
	ID string `q:"AssociationId,required"`
}

// disassociateRouteTable: a VPC keeps its main table (VPC user guide "Route
// tables"); the code is unverified.
func disassociateRouteTable(_ *Sim, st *ec2State, c *call, in *disassociateInput) (any, error) {
	t, i, err := st.findAssociation(in.ID)
	if err != nil {
		return nil, err
	}
	c.Resource = c.ec2ARN("route-table", t.ID)
	if t.Associations[i].Main {
		return nil, badEC2("InvalidParameterValue", "cannot disassociate the main route table association %s", in.ID)
	}
	t.Associations = slices.Delete(t.Associations, i, i+1)
	return &returnXML{true}, nil
}

type destinationInput struct {
	ec2DryRun
	TableID    string `q:"RouteTableId,required"`
	IPv4       string `q:"DestinationCidrBlock"`
	IPv6       string `q:"DestinationIpv6CidrBlock"`
	PrefixList string `q:"DestinationPrefixListId"`
}

// destination is the one destination, in canonical form (EC2 API reference
// CreateRoute: "100.68.0.18/18" becomes "100.68.0.0/18").
func (in *destinationInput) destination(st *ec2State) (string, error) {
	given := slices.DeleteFunc([]string{in.IPv4, in.IPv6, in.PrefixList}, func(s string) bool { return s == "" })
	if len(given) != 1 {
		return "", badEC2("InvalidParameterCombination", "The request must contain exactly one of: destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId")
	}
	if in.PrefixList != "" {
		if st.prefixLists[in.PrefixList] == nil {
			return "", noPrefixList(in.PrefixList)
		}
		return in.PrefixList, nil
	}
	p, err := netip.ParsePrefix(given[0])
	if err != nil || p.Addr().Is4() != (in.IPv4 != "") {
		return "", badEC2("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", given[0])
	}
	return p.Masked().String(), nil
}

type createRouteInput struct {
	destinationInput
	Gateway    string `q:"GatewayId"`
	NAT        string `q:"NatGatewayId"`
	Interface  string `q:"NetworkInterfaceId"`
	Transit    string `q:"TransitGatewayId"`
	Peering    string `q:"VpcPeeringConnectionId"`
	EgressOnly string `q:"EgressOnlyInternetGatewayId"`
}

// createRoute takes one destination and exactly one target (EC2 API reference
// CreateRoute); the codes are of its page "Error codes".
func createRoute(_ *Sim, st *ec2State, c *call, in *createRouteInput) (any, error) {
	t, err := st.needRouteTable(c, in.TableID)
	if err != nil {
		return nil, err
	}
	dest, err := in.destination(st)
	if err != nil {
		return nil, err
	}
	targets := slices.DeleteFunc([]string{in.Gateway, in.NAT, in.Interface, in.Transit, in.Peering, in.EgressOnly}, func(s string) bool { return s == "" })
	if len(targets) != 1 {
		return nil, badEC2("InvalidParameterCombination", "The request must contain exactly one route target")
	}
	if err := st.checkTarget(t, targets[0]); err != nil {
		return nil, err
	}
	if t.routeTo(dest) >= 0 {
		return nil, badEC2("RouteAlreadyExists", "The route identified by %s already exists.", dest)
	}
	t.Routes = append(t.Routes, ec2Route{Destination: dest, Target: targets[0], origin: "CreateRoute"})
	return &returnXML{true}, nil
}

// checkTarget checks those targets that the simulator knows.
func (st *ec2State) checkTarget(t *ec2RouteTable, target string) error {
	switch prefix, _, _ := strings.Cut(target, "-"); prefix {
	case "igw":
		g := st.gateways[target]
		if g == nil {
			return noGateway(target)
		}
		if g.VpcID != t.VpcID {
			return badEC2("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, target)
		}
	case "nat":
		if st.nats[target] == nil {
			return badEC2("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", target)
		}
	case "eni":
		if st.interfaces[target] == nil {
			return noInterface(target)
		}
	}
	return nil
}

func (t *ec2RouteTable) routeTo(dest string) int {
	return slices.IndexFunc(t.Routes, func(r ec2Route) bool { return r.Destination == dest })
}

// deleteRoute: EC2 API reference "Error codes", InvalidRoute.NotFound. The code
// for the local route, which stays (VPC user guide "Route tables"), is unverified.
func deleteRoute(_ *Sim, st *ec2State, c *call, in *destinationInput) (any, error) {
	t, err := st.needRouteTable(c, in.TableID)
	if err != nil {
		return nil, err
	}
	dest, err := in.destination(st)
	if err != nil {
		return nil, err
	}
	i := t.routeTo(dest)
	if i < 0 {
		return nil, badEC2("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", dest, t.ID)
	}
	if t.Routes[i].Target == "local" {
		return nil, badEC2("InvalidParameterValue", "cannot remove local route %s in route table %s", dest, t.ID)
	}
	t.Routes = slices.Delete(t.Routes, i, i+1)
	return &returnXML{true}, nil
}
