// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ec2Rule is one rule of a security group, in the form in which EC2 keeps it.
// Without ports (all protocols, or one that has none) From and To are -1.
type ec2Rule struct {
	ID, GroupID              string
	Egress                   bool
	Protocol                 string
	From, To                 int
	CIDR4, CIDR6, PrefixList string
	RefGroup, RefUser        string
	Description              string
	Tags                     map[string]string
}

// ruleKey is what makes a rule of a group that rule: all but the description
// (EC2 API reference RevokeSecurityGroupIngress).
type ruleKey struct {
	egress   bool
	protocol string
	from, to int
	peer     string
}

func (r *ec2Rule) key() ruleKey { return ruleKey{r.Egress, r.Protocol, r.From, r.To, r.peer()} }

func (r *ec2Rule) peer() string { return cmp.Or(r.CIDR4, r.CIDR6, r.PrefixList, r.RefGroup) }

// hasPorts tells whether ports (or ICMP's type and code) mean anything.
func (r *ec2Rule) hasPorts() bool {
	return slices.Contains([]string{"tcp", "udp", "icmp", "icmpv6"}, r.Protocol)
}

// rulesByGroup sorts all rules by their groups.
func (st *ec2State) rulesByGroup() map[string][]*ec2Rule {
	return byGroup(st.rules)
}

// rulesOf is rulesByGroup for some groups.
func (st *ec2State) rulesOf(groups []*ec2Group) map[string][]*ec2Rule {
	wanted := map[string]bool{}
	for _, g := range groups {
		wanted[g.ID] = true
	}
	rules := map[string]*ec2Rule{}
	for id, r := range st.rules {
		if wanted[r.GroupID] {
			rules[id] = r
		}
	}
	return byGroup(rules)
}

func byGroup(rules map[string]*ec2Rule) map[string][]*ec2Rule {
	out := map[string][]*ec2Rule{}
	for _, r := range inOrder(rules) {
		out[r.GroupID] = append(out[r.GroupID], r)
	}
	return out
}

// findRule returns a group's rule with that key, nil if there is none.
func (st *ec2State) findRule(group string, key ruleKey) *ec2Rule {
	for _, r := range st.rules {
		if r.GroupID == group && r.key() == key {
			return r
		}
	}
	return nil
}

// permissionInput is one IpPermission of a request.
type permissionInput struct {
	Protocol    string            `q:"IpProtocol"`
	From        *int              `q:"FromPort"`
	To          *int              `q:"ToPort"`
	Groups      []pairInput       `q:"Groups"`
	IPv4        []rangeInput      `q:"IpRanges"`
	IPv6        []range6Input     `q:"Ipv6Ranges"`
	PrefixLists []prefixListInput `q:"PrefixListIds"`
}

type pairInput struct {
	GroupID     string `q:"GroupId"`
	UserID      string `q:"UserId"`
	Description string `q:"Description"`
}

type rangeInput struct {
	CIDR        string `q:"CidrIp"`
	Description string `q:"Description"`
}

type range6Input struct {
	CIDR        string `q:"CidrIpv6"`
	Description string `q:"Description"`
}

type prefixListInput struct {
	ID          string `q:"PrefixListId"`
	Description string `q:"Description"`
}

// expand turns permissions into canonical rules, one for each peer: EC2 user
// guide "Security group rules". A permission without a peer is
// MissingParameter: EC2 API reference "Error codes"; the words are unverified.
func expand(perms []permissionInput, group string, egress bool) ([]*ec2Rule, error) {
	var out []*ec2Rule
	for _, p := range perms {
		base, err := canonicalPorts(p.Protocol, p.From, p.To)
		if err != nil {
			return nil, err
		}
		base.GroupID, base.Egress = group, egress
		rules, err := p.peers(*base)
		if err != nil {
			return nil, err
		}
		if len(rules) == 0 {
			return nil, badEC2("MissingParameter", "Missing source specification: include source security group or CIDR information")
		}
		out = append(out, rules...)
	}
	return out, nil
}

// peers gives a rule like base for each peer of the permission.
func (p *permissionInput) peers(base ec2Rule) ([]*ec2Rule, error) {
	var out []*ec2Rule
	add := func(description string, set func(*ec2Rule)) {
		r := base
		r.Description, r.Tags = description, map[string]string{}
		set(&r)
		out = append(out, &r)
	}
	for _, v := range p.IPv4 {
		cidr, err := canonicalCIDR(v.CIDR, true)
		if err != nil {
			return nil, err
		}
		add(v.Description, func(r *ec2Rule) { r.CIDR4 = cidr })
	}
	for _, v := range p.IPv6 {
		cidr, err := canonicalCIDR(v.CIDR, false)
		if err != nil {
			return nil, err
		}
		add(v.Description, func(r *ec2Rule) { r.CIDR6 = cidr })
	}
	for _, v := range p.PrefixLists {
		add(v.Description, func(r *ec2Rule) { r.PrefixList = v.ID })
	}
	for _, v := range p.Groups {
		if v.GroupID == "" {
			return nil, badEC2("MissingParameter", "The request must contain the parameter groupId")
		}
		add(v.Description, func(r *ec2Rule) { r.RefGroup, r.RefUser = v.GroupID, v.UserID })
	}
	for _, r := range out {
		if err := checkRuleDescription(r.Description); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// canonicalCIDR clears host bits: EC2 API reference
// AuthorizeSecurityGroupIngress ("100.68.0.18/18" becomes "100.68.0.0/18").
func canonicalCIDR(text string, v4 bool) (string, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().Is4() != v4 {
		return "", badEC2("InvalidParameterValue", "CIDR block %s is malformed", text)
	}
	return p.Masked().String(), nil
}

var ruleDescriptionPattern = regexp.MustCompile(`^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)

// checkRuleDescription: EC2 API reference, data type IpRange.
func checkRuleDescription(text string) error {
	if !ruleDescriptionPattern.MatchString(text) {
		return badEC2("InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
	}
	return nil
}

// protocolNames are the numbers that EC2 gives back as names: EC2 API
// reference, data type IpPermission, IpProtocol.
var protocolNames = map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}

// canonicalPorts checks protocol and ports (same page: tcp and udp need both
// ports, all other protocols than those four have none).
func canonicalPorts(protocol string, from, to *int) (*ec2Rule, error) {
	name := strings.ToLower(protocol)
	if known, ok := protocolNames[name]; ok {
		name = known
	}
	r := &ec2Rule{Protocol: name, From: -1, To: -1}
	switch name {
	case "":
		return nil, badEC2("MissingParameter", "The request must contain the parameter ipProtocol")
	case "tcp", "udp":
		return r, r.setPorts(from, to)
	case "icmp", "icmpv6":
		return r, r.setICMP(from, to)
	case "-1":
		return r, nil
	}
	if n, err := strconv.Atoi(name); err != nil || n < 0 || n > 255 {
		return nil, badEC2("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", protocol)
	}
	return r, nil
}

func (r *ec2Rule) setPorts(from, to *int) error {
	if from == nil || to == nil {
		return badEC2("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
	}
	for _, port := range []int{*from, *to} {
		if port < 0 || port > 65535 {
			return badEC2("InvalidParameterValue", "TCP/UDP port (%d) out of range", port)
		}
	}
	if *from > *to {
		return badEC2("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", *from, *to)
	}
	r.From, r.To = *from, *to
	return nil
}

// setICMP: type and code, -1 for all; optional for icmpv6 alone; all types
// means all codes (EC2 API reference, data type IpPermission).
func (r *ec2Rule) setICMP(from, to *int) error {
	if from == nil && to == nil && r.Protocol == "icmpv6" {
		return nil
	}
	if from == nil || to == nil {
		return badEC2("InvalidParameterValue", "Invalid value 'Must specify both type and code with ICMP.' for portRange.")
	}
	if *from < -1 || *from > 255 || *to < -1 || *to > 255 || (*from == -1 && *to != -1) {
		return badEC2("InvalidParameterValue", "ICMP type (%d) and code (%d) are not valid", *from, *to)
	}
	r.From, r.To = *from, *to
	return nil
}

type ruleXML struct {
	ID          string         `xml:"securityGroupRuleId"`
	ARN         string         `xml:"securityGroupRuleArn"`
	GroupID     string         `xml:"groupId"`
	OwnerID     string         `xml:"groupOwnerId"`
	Egress      bool           `xml:"isEgress"`
	Protocol    string         `xml:"ipProtocol"`
	From        int            `xml:"fromPort"`
	To          int            `xml:"toPort"`
	CIDR4       string         `xml:"cidrIpv4,omitempty"`
	CIDR6       string         `xml:"cidrIpv6,omitempty"`
	PrefixList  string         `xml:"prefixListId,omitempty"`
	Referenced  *referencedXML `xml:"referencedGroupInfo"`
	Description string         `xml:"description,omitempty"`
	Tags        []tagXML       `xml:"tagSet>item"`
}

type referencedXML struct {
	GroupID string `xml:"groupId"`
	UserID  string `xml:"userId"`
}

func (r *ec2Rule) view(c *call) ruleXML {
	out := ruleXML{
		ID: r.ID, ARN: c.ec2ARN("security-group-rule", r.ID), GroupID: r.GroupID, OwnerID: c.Account, Egress: r.Egress,
		Protocol: r.Protocol, From: r.From, To: r.To, CIDR4: r.CIDR4, CIDR6: r.CIDR6, PrefixList: r.PrefixList,
		Description: r.Description, Tags: tagSet(r.Tags),
	}
	if r.RefGroup != "" {
		out.Referenced = &referencedXML{r.RefGroup, cmp.Or(r.RefUser, c.Account)}
	}
	return out
}
