// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ec2Group is one security group.
type ec2Group struct {
	ID, VpcID, Name, Description string
	Tags                         map[string]string
}

func noGroup(id string) error {
	return badEC2("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}

// newGroup creates a group with the rule that lets everything out (VPC user
// guide "Default rules for security groups").
func (st *ec2State) newGroup(id, vpc, name, description string, tags map[string]string) *ec2Group {
	if tags == nil {
		tags = map[string]string{}
	}
	g := &ec2Group{ID: id, VpcID: vpc, Name: name, Description: description, Tags: tags}
	st.groups[id] = g
	out := &ec2Rule{ID: ec2ID("sgr"), GroupID: id, Egress: true, Protocol: "-1", From: -1, To: -1, CIDR4: "0.0.0.0/0", Tags: map[string]string{}}
	st.rules[out.ID] = out
	return g
}

// dropGroup removes a group with its rules, whatever refers to it.
func (st *ec2State) dropGroup(id string) {
	delete(st.groups, id)
	for ruleID, r := range st.rules {
		if r.GroupID == id {
			delete(st.rules, ruleID)
		}
	}
}

// groupNamed finds a group by name in its VPC. Names are unique there without
// regard to case: EC2 API reference CreateSecurityGroup, GroupName.
func (st *ec2State) groupNamed(vpc, name string) *ec2Group {
	for _, g := range st.groups {
		if g.VpcID == vpc && strings.EqualFold(g.Name, name) {
			return g
		}
	}
	return nil
}

// ensureClusterSecurityGroup returns the group that EKS makes for a cluster:
// all traffic within the group, all traffic out, and these tags (EKS user
// guide "View Amazon EKS security group requirements for clusters").
func (st *ec2State) ensureClusterSecurityGroup(vpcID, clusterName string) string {
	const ownedBy = "aws:eks:cluster-name"
	for _, g := range inOrder(st.groups) {
		if g.VpcID == vpcID && g.Tags[ownedBy] == clusterName {
			return g.ID
		}
	}
	id := ec2ID("sg")
	name := fmt.Sprintf("eks-cluster-sg-%s-%s", clusterName, strings.TrimPrefix(id, "sg-0")[:9])
	g := st.newGroup(id, vpcID, name, "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.",
		map[string]string{"Name": name, ownedBy: clusterName, "kubernetes.io/cluster/" + clusterName: "owned"})
	self := &ec2Rule{ID: ec2ID("sgr"), GroupID: g.ID, Protocol: "-1", From: -1, To: -1, RefGroup: g.ID, Tags: map[string]string{}}
	st.rules[self.ID] = self
	return id
}

func ec2GroupOperations() map[string]operation {
	return map[string]operation{
		"CreateSecurityGroup":    ec2Op(true, createSecurityGroup),
		"DeleteSecurityGroup":    ec2Op(true, deleteSecurityGroup),
		"DescribeSecurityGroups": ec2Op(false, describeSecurityGroups),
	}
}

// needGroup returns a group or its error.
func (st *ec2State) needGroup(c *call, id string) (*ec2Group, error) {
	if err := checkID("InvalidGroupId.Malformed", id, "sg-"); err != nil {
		return nil, err
	}
	c.Resource = c.ec2ARN("security-group", id)
	if g := st.groups[id]; g != nil {
		return g, nil
	}
	return nil, noGroup(id)
}

type createGroupInput struct {
	ec2DryRun
	Name        string    `q:"GroupName,required"`
	Description string    `q:"GroupDescription,required"`
	VpcID       string    `q:"VpcId"`
	Specs       []tagSpec `q:"TagSpecification"`
}

// createSecurityGroup: EC2 API reference, page of that name; the codes are of
// its page "Error codes".
func createSecurityGroup(_ *Sim, st *ec2State, c *call, in *createGroupInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.VpcID == "" {
		return nil, badEC2("VPCIdNotSpecified", "No default VPC for this user") // there is no default VPC here
	}
	if st.vpcs[in.VpcID] == nil {
		return nil, noVPC(in.VpcID)
	}
	if st.groupNamed(in.VpcID, in.Name) != nil {
		return nil, badEC2("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", in.Name, in.VpcID)
	}
	tags, err := tagSpecTags(in.Specs, "security-group")
	if err != nil {
		return nil, err
	}
	g := st.newGroup(ec2ID("sg"), in.VpcID, in.Name, in.Description, tags)
	c.Resource = c.ec2ARN("security-group", g.ID)
	return &struct {
		ID   string   `xml:"groupId"`
		ARN  string   `xml:"securityGroupArn"`
		Tags []tagXML `xml:"tagSet>item"`
	}{g.ID, c.Resource, tagSet(tags)}, nil
}

// groupTextPattern: names and descriptions, up to 255 of these characters (EC2
// API reference CreateSecurityGroup, "Constraints").
var groupTextPattern = regexp.MustCompile(`^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}$`)

// check: the same constraints. That the name default is refused with
// InvalidParameterValue is unverified.
func (in *createGroupInput) check() error {
	switch {
	case !groupTextPattern.MatchString(in.Name):
		return badEC2("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Valid names are strings of at most 255 characters from a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", in.Name)
	case strings.HasPrefix(in.Name, "sg-"):
		return badEC2("InvalidParameterValue", "Invalid value '%s' for groupName. Group names may not be in the format sg-*.", in.Name)
	case in.Name == "default":
		return badEC2("InvalidParameterValue", "Cannot use reserved security group name: default")
	case !groupTextPattern.MatchString(in.Description):
		return badEC2("InvalidParameterValue", "Value (%s) for parameter GroupDescription is invalid. Valid descriptions are strings of at most 255 characters from a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", in.Description)
	}
	return nil
}

type groupInput struct {
	ec2DryRun
	ID string `q:"GroupId,required"`
}

// deleteSecurityGroup refuses while a network interface or another group's
// rule refers to the group (EC2 API reference DeleteSecurityGroup).
func deleteSecurityGroup(_ *Sim, st *ec2State, c *call, in *groupInput) (any, error) {
	g, err := st.needGroup(c, in.ID)
	if err != nil {
		return nil, err
	}
	if g.Name == "default" {
		return nil, badEC2("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", g.ID)
	}
	if st.groupInUse(g.ID) {
		return nil, badEC2("DependencyViolation", "resource %s has a dependent object", g.ID)
	}
	st.dropGroup(g.ID)
	return &struct {
		Return bool   `xml:"return"`
		ID     string `xml:"groupId"`
	}{true, g.ID}, nil
}

func (st *ec2State) groupInUse(id string) bool {
	for _, i := range st.interfaces {
		if slices.Contains(i.Groups, id) {
			return true
		}
	}
	for _, r := range st.rules {
		if r.RefGroup == id && r.GroupID != id {
			return true
		}
	}
	return false
}

type groupXML struct {
	OwnerID     string          `xml:"ownerId"`
	ID          string          `xml:"groupId"`
	ARN         string          `xml:"securityGroupArn"`
	Name        string          `xml:"groupName"`
	Description string          `xml:"groupDescription"`
	VpcID       string          `xml:"vpcId"`
	Ingress     []permissionXML `xml:"ipPermissions>item"`
	Egress      []permissionXML `xml:"ipPermissionsEgress>item"`
	Tags        []tagXML        `xml:"tagSet>item"`
}

// permissionXML is all rules of one protocol and port range.
type permissionXML struct {
	Protocol    string       `xml:"ipProtocol"`
	From        *int         `xml:"fromPort"`
	To          *int         `xml:"toPort"`
	Groups      []pairXML    `xml:"groups>item"`
	IPv4        []rangeXML   `xml:"ipRanges>item"`
	IPv6        []range6XML  `xml:"ipv6Ranges>item"`
	PrefixLists []listRefXML `xml:"prefixListIds>item"`
}

type pairXML struct {
	UserID      string `xml:"userId"`
	GroupID     string `xml:"groupId"`
	Description string `xml:"description,omitempty"`
}

type rangeXML struct {
	CIDR        string `xml:"cidrIp"`
	Description string `xml:"description,omitempty"`
}

type range6XML struct {
	CIDR        string `xml:"cidrIpv6"`
	Description string `xml:"description,omitempty"`
}

type listRefXML struct {
	ID          string `xml:"prefixListId"`
	Description string `xml:"description,omitempty"`
}

func (g *ec2Group) view(c *call, rules []*ec2Rule) groupXML {
	out := groupXML{
		OwnerID: c.Account, ID: g.ID, ARN: c.ec2ARN("security-group", g.ID), Name: g.Name, Description: g.Description,
		VpcID: g.VpcID, Tags: tagSet(g.Tags),
	}
	for _, r := range rules {
		if r.Egress {
			out.Egress = r.addTo(out.Egress, c.Account)
		} else {
			out.Ingress = r.addTo(out.Ingress, c.Account)
		}
	}
	return out
}

// addTo puts a rule into the permission of its protocol and ports. A rule for
// all protocols has no ports there (EC2 API reference, data type IpPermission).
func (r *ec2Rule) addTo(perms []permissionXML, account string) []permissionXML {
	from, to := &r.From, &r.To
	if !r.hasPorts() {
		from, to = nil, nil
	}
	i := slices.IndexFunc(perms, func(p permissionXML) bool {
		return p.Protocol == r.Protocol && (from == nil || (*p.From == *from && *p.To == *to))
	})
	if i < 0 {
		perms, i = append(perms, permissionXML{Protocol: r.Protocol, From: from, To: to}), len(perms)
	}
	p := &perms[i]
	switch {
	case r.RefGroup != "":
		p.Groups = append(p.Groups, pairXML{cmp.Or(r.RefUser, account), r.RefGroup, r.Description})
	case r.CIDR4 != "":
		p.IPv4 = append(p.IPv4, rangeXML{r.CIDR4, r.Description})
	case r.CIDR6 != "":
		p.IPv6 = append(p.IPv6, range6XML{r.CIDR6, r.Description})
	default:
		p.PrefixLists = append(p.PrefixLists, listRefXML{r.PrefixList, r.Description})
	}
	return perms
}

type describeGroupsInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"GroupId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeSecurityGroups(s *Sim, st *ec2State, c *call, in *describeGroupsInput) (any, error) {
	for _, id := range in.IDs {
		if err := checkID("InvalidGroupId.Malformed", id, "sg-"); err != nil {
			return nil, err
		}
	}
	if len(in.IDs) == 1 {
		c.Resource = c.ec2ARN("security-group", in.IDs[0])
	}
	groups := st.groups
	if len(in.IDs) == 0 {
		groups = narrow(groups, in.Filters, plainGroup)
	}
	found, err := pick(groups, in.IDs, noGroup)
	if err != nil {
		return nil, err
	}
	rules := st.rulesOf(found)
	var views []groupXML
	for _, g := range found {
		views = append(views, g.view(c, rules[g.ID]))
	}
	tags := func(v groupXML) map[string]string { return tagMap(v.Tags) }
	views, err = applyFilters(in.Filters, views, tags, groupFilter)
	if err != nil {
		return nil, err
	}
	views, next, err := ec2PageOf(s, in.ec2Paging, 5, 1000, views, func(v groupXML) string { return v.ID })
	if err != nil {
		return nil, err
	}
	return &struct {
		Groups []groupXML `xml:"securityGroupInfo>item"`
		Next   string     `xml:"nextToken,omitempty"`
	}{views, next}, nil
}

// plainGroup are the filters of groupFilter that a field answers.
func plainGroup(g *ec2Group, name string) ([]string, bool) {
	if g == nil {
		g = &ec2Group{}
	}
	switch name {
	case "group-id":
		return []string{g.ID}, true
	case "group-name":
		return []string{g.Name}, true
	case "vpc-id":
		return []string{g.VpcID}, true
	}
	return nil, false
}

// groupFilter: the filters of EC2 API reference DescribeSecurityGroups.
func groupFilter(v groupXML, name string) ([]string, bool) {
	if rest, ok := strings.CutPrefix(name, "egress.ip-permission."); ok {
		return permissionFilter(v.Egress, rest)
	}
	if rest, ok := strings.CutPrefix(name, "ip-permission."); ok {
		return permissionFilter(v.Ingress, rest)
	}
	switch name {
	case "group-id":
		return []string{v.ID}, true
	case "group-name":
		return []string{v.Name}, true
	case "vpc-id":
		return []string{v.VpcID}, true
	case "description":
		return []string{v.Description}, true
	case "owner-id":
		return []string{v.OwnerID}, true
	}
	return nil, false
}

func permissionFilter(perms []permissionXML, name string) (out []string, ok bool) {
	for _, p := range append(perms[:len(perms):len(perms)], permissionXML{}) {
		values, known := p.filterValues(name)
		if !known {
			return nil, false
		}
		out = append(out, values...)
	}
	return out, true
}

// filterValues of the empty permission are none for any name that is known.
func (p permissionXML) filterValues(name string) (out []string, known bool) {
	switch name {
	case "group-id":
		for _, g := range p.Groups {
			out = append(out, g.GroupID)
		}
	case "user-id":
		for _, g := range p.Groups {
			out = append(out, g.UserID)
		}
	case "cidr":
		for _, r := range p.IPv4 {
			out = append(out, r.CIDR)
		}
	case "ipv6-cidr":
		for _, r := range p.IPv6 {
			out = append(out, r.CIDR)
		}
	case "prefix-list-id":
		for _, l := range p.PrefixLists {
			out = append(out, l.ID)
		}
	case "protocol":
		out = appendIf(out, p.Protocol != "", p.Protocol)
	case "from-port":
		out = appendPort(out, p.From)
	case "to-port":
		out = appendPort(out, p.To)
	default:
		return nil, false
	}
	return out, true
}

func appendIf(out []string, yes bool, v string) []string {
	if yes {
		return append(out, v)
	}
	return out
}

func appendPort(out []string, port *int) []string {
	if port == nil {
		return out
	}
	return append(out, fmt.Sprint(*port))
}
