// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"time"
)

// ec2NAT is one NAT gateway.
type ec2NAT struct {
	ID, SubnetID, VpcID string
	Connectivity        string
	AllocationID        string
	CreatedAt           time.Time
	Tags                map[string]string
}

type gatewayXML struct {
	ID          string                 `xml:"internetGatewayId"`
	OwnerID     string                 `xml:"ownerId"`
	Attachments []gatewayAttachmentXML `xml:"attachmentSet>item"`
	Tags        []tagXML               `xml:"tagSet>item"`
}

type gatewayAttachmentXML struct {
	VpcID string `xml:"vpcId"`
	State string `xml:"state"`
}

func (g *ec2Gateway) view(c *call) gatewayXML {
	out := gatewayXML{ID: g.ID, OwnerID: c.Account, Tags: tagSet(g.Tags)}
	if g.VpcID != "" {
		out.Attachments = []gatewayAttachmentXML{{g.VpcID, "available"}}
	}
	return out
}

type createGatewayInput struct {
	ec2DryRun
	Specs []tagSpec `q:"TagSpecification"`
}

func createInternetGateway(_ *Sim, st *ec2State, c *call, in *createGatewayInput) (any, error) {
	tags, err := tagSpecTags(in.Specs, "internet-gateway")
	if err != nil {
		return nil, err
	}
	g := &ec2Gateway{ID: ec2ID("igw"), Tags: tags}
	st.gateways[g.ID] = g
	c.Resource = c.ec2ARN("internet-gateway", g.ID)
	return &struct {
		Gateway gatewayXML `xml:"internetGateway"`
	}{g.view(c)}, nil
}

type attachGatewayInput struct {
	ec2DryRun
	ID    string `q:"InternetGatewayId,required"`
	VpcID string `q:"VpcId,required"`
}

// attachInternetGateway: one gateway, one VPC (EC2 API reference "Error
// codes", Resource.AlreadyAssociated).
func attachInternetGateway(_ *Sim, st *ec2State, c *call, in *attachGatewayInput) (any, error) {
	g := st.gateways[in.ID]
	if g == nil {
		return nil, noGateway(in.ID)
	}
	c.Resource = c.ec2ARN("internet-gateway", g.ID)
	if st.vpcs[in.VpcID] == nil {
		return nil, noVPC(in.VpcID)
	}
	if g.VpcID != "" {
		return nil, badEC2("Resource.AlreadyAssociated", "resource %s is already attached to network %s", g.ID, g.VpcID)
	}
	for _, other := range st.gateways {
		if other.VpcID == in.VpcID {
			return nil, badEC2("InvalidParameterValue", "Network %s already has an internet gateway attached", in.VpcID)
		}
	}
	g.VpcID = in.VpcID
	return &returnXML{true}, nil
}

type describeGatewaysInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"InternetGatewayId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeInternetGateways(s *Sim, st *ec2State, c *call, in *describeGatewaysInput) (any, error) {
	found, err := pick(st.gateways, in.IDs, noGateway)
	if err != nil {
		return nil, err
	}
	var views []gatewayXML
	for _, g := range found {
		views = append(views, g.view(c))
	}
	tags := func(v gatewayXML) map[string]string { return tagMap(v.Tags) }
	views, err = applyFilters(in.Filters, views, tags, gatewayFilter)
	if err != nil {
		return nil, err
	}
	views, next, err := ec2PageOf(s, in.ec2Paging, 5, 1000, views, func(v gatewayXML) string { return v.ID })
	if err != nil {
		return nil, err
	}
	return &struct {
		Gateways []gatewayXML `xml:"internetGatewaySet>item"`
		Next     string       `xml:"nextToken,omitempty"`
	}{views, next}, nil
}

// gatewayFilter: some of the filters of EC2 API reference DescribeInternetGateways.
func gatewayFilter(v gatewayXML, name string) ([]string, bool) {
	var vpcs, states []string
	for _, a := range v.Attachments {
		vpcs, states = append(vpcs, a.VpcID), append(states, a.State)
	}
	switch name {
	case "internet-gateway-id":
		return []string{v.ID}, true
	case "owner-id":
		return []string{v.OwnerID}, true
	case "attachment.vpc-id":
		return vpcs, true
	case "attachment.state":
		return states, true
	}
	return nil, false
}

type createNATInput struct {
	ec2DryRun
	SubnetID     string    `q:"SubnetId,required"`
	Allocation   string    `q:"AllocationId"`
	Connectivity string    `q:"ConnectivityType"`
	Token        string    `q:"ClientToken"`
	Specs        []tagSpec `q:"TagSpecification"`
}

type natXML struct {
	ID           string   `xml:"natGatewayId"`
	SubnetID     string   `xml:"subnetId"`
	VpcID        string   `xml:"vpcId"`
	State        string   `xml:"state"`
	Connectivity string   `xml:"connectivityType"`
	Created      string   `xml:"createTime"`
	Tags         []tagXML `xml:"tagSet>item"`
}

// createNATGateway gives a gateway that is available at once. Elastic IP
// addresses are not modeled: any allocation id will do, and a public gateway
// needs one (EC2 API reference CreateNatGateway).
func createNATGateway(s *Sim, st *ec2State, c *call, in *createNATInput) (any, error) {
	sn := st.subnets[in.SubnetID]
	if sn == nil {
		return nil, noSubnet(in.SubnetID)
	}
	kind := cmp.Or(in.Connectivity, "public")
	switch {
	case kind != "public" && kind != "private":
		return nil, badEC2("InvalidParameterValue", "Invalid value '%s' for connectivityType", kind)
	case kind == "public" && in.Allocation == "":
		return nil, badEC2("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
	}
	tags, err := tagSpecTags(in.Specs, "natgateway")
	if err != nil {
		return nil, err
	}
	n := &ec2NAT{ID: ec2ID("nat"), SubnetID: sn.ID, VpcID: sn.VpcID, Connectivity: kind, AllocationID: in.Allocation, CreatedAt: s.now(), Tags: tags}
	st.nats[n.ID] = n
	c.Resource = c.ec2ARN("natgateway", n.ID)
	return &struct {
		NAT   natXML `xml:"natGateway"`
		Token string `xml:"clientToken,omitempty"`
	}{natXML{n.ID, n.SubnetID, n.VpcID, "available", kind, xmlTime(n.CreatedAt), tagSet(tags)}, in.Token}, nil
}
