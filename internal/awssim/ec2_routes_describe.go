// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"strings"
)

type describeRouteTablesInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"RouteTableId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeRouteTables(s *Sim, st *ec2State, c *call, in *describeRouteTablesInput) (any, error) {
	found, err := pick(st.routeTables, in.IDs, noRouteTable)
	if err != nil {
		return nil, err
	}
	var views []routeTableXML
	for _, t := range found {
		views = append(views, t.view(c))
	}
	tags := func(v routeTableXML) map[string]string { return tagMap(v.Tags) }
	views, err = applyFilters(in.Filters, views, tags, routeTableFilter)
	if err != nil {
		return nil, err
	}
	views, next, err := ec2PageOf(s, in.ec2Paging, 5, 100, views, func(v routeTableXML) string { return v.ID })
	if err != nil {
		return nil, err
	}
	return &struct {
		Tables []routeTableXML `xml:"routeTableSet>item"`
		Next   string          `xml:"nextToken,omitempty"`
	}{views, next}, nil
}

// routeTableFilter: some of the filters of EC2 API reference DescribeRouteTables.
func routeTableFilter(v routeTableXML, name string) ([]string, bool) {
	each := func(of func(associationXML) string) []string {
		var out []string
		for _, a := range v.Associations {
			out = append(out, of(a))
		}
		return out
	}
	route := func(of func(routeXML) string) []string {
		var out []string
		for _, r := range v.Routes {
			out = append(out, of(r))
		}
		return out
	}
	switch name {
	case "route-table-id":
		return []string{v.ID}, true
	case "vpc-id":
		return []string{v.VpcID}, true
	case "owner-id":
		return []string{v.OwnerID}, true
	case "association.route-table-association-id":
		return each(func(a associationXML) string { return a.ID }), true
	case "association.route-table-id":
		return each(func(a associationXML) string { return a.TableID }), true
	case "association.subnet-id":
		return each(func(a associationXML) string { return a.SubnetID }), true
	case "association.main":
		return each(func(a associationXML) string { return boolText(a.Main)[0] }), true
	case "route.destination-cidr-block":
		return route(func(r routeXML) string { return r.IPv4 }), true
	case "route.gateway-id":
		return route(func(r routeXML) string { return r.GatewayID }), true
	case "route.nat-gateway-id":
		return route(func(r routeXML) string { return r.NATID }), true
	}
	return nil, false
}

type routeTableXML struct {
	ID           string           `xml:"routeTableId"`
	VpcID        string           `xml:"vpcId"`
	OwnerID      string           `xml:"ownerId"`
	Routes       []routeXML       `xml:"routeSet>item"`
	Associations []associationXML `xml:"associationSet>item"`
	Tags         []tagXML         `xml:"tagSet>item"`
}

type routeXML struct {
	IPv4       string `xml:"destinationCidrBlock,omitempty"`
	IPv6       string `xml:"destinationIpv6CidrBlock,omitempty"`
	PrefixList string `xml:"destinationPrefixListId,omitempty"`
	GatewayID  string `xml:"gatewayId,omitempty"`
	NATID      string `xml:"natGatewayId,omitempty"`
	Interface  string `xml:"networkInterfaceId,omitempty"`
	Transit    string `xml:"transitGatewayId,omitempty"`
	Peering    string `xml:"vpcPeeringConnectionId,omitempty"`
	EgressOnly string `xml:"egressOnlyInternetGatewayId,omitempty"`
	State      string `xml:"state"`
	Origin     string `xml:"origin"`
}

type associationStateXML struct {
	State string `xml:"state"`
}

type associationXML struct {
	ID       string              `xml:"routeTableAssociationId"`
	TableID  string              `xml:"routeTableId"`
	SubnetID string              `xml:"subnetId,omitempty"`
	Main     bool                `xml:"main"`
	State    associationStateXML `xml:"associationState"`
}

func (t *ec2RouteTable) view(c *call) routeTableXML {
	out := routeTableXML{ID: t.ID, VpcID: t.VpcID, OwnerID: c.Account, Tags: tagSet(t.Tags)}
	for _, r := range t.Routes {
		out.Routes = append(out.Routes, r.view())
	}
	for _, a := range t.Associations {
		out.Associations = append(out.Associations, associationXML{a.ID, t.ID, a.SubnetID, a.Main, associationStateXML{"associated"}})
	}
	return out
}

func (r ec2Route) view() routeXML {
	out := routeXML{State: "active", Origin: cmp.Or(r.origin, "CreateRoute")}
	switch {
	case strings.HasPrefix(r.Destination, "pl-"):
		out.PrefixList = r.Destination
	case strings.Contains(r.Destination, ":"):
		out.IPv6 = r.Destination
	default:
		out.IPv4 = r.Destination
	}
	switch prefix, _, _ := strings.Cut(r.Target, "-"); prefix {
	case "nat":
		out.NATID = r.Target
	case "eni":
		out.Interface = r.Target
	case "tgw":
		out.Transit = r.Target
	case "pcx":
		out.Peering = r.Target
	case "eigw":
		out.EgressOnly = r.Target
	default:
		out.GatewayID = r.Target
	}
	return out
}
