// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"maps"
	"strings"
)

func ec2RuleOperations() map[string]operation {
	return map[string]operation{
		"AuthorizeSecurityGroupIngress":              ec2Op(true, authorizeRules(false)),
		"AuthorizeSecurityGroupEgress":               ec2Op(true, authorizeRules(true)),
		"RevokeSecurityGroupIngress":                 ec2Op(true, revokeRules(false)),
		"RevokeSecurityGroupEgress":                  ec2Op(true, revokeRules(true)),
		"DescribeSecurityGroupRules":                 ec2Op(false, describeRules),
		"ModifySecurityGroupRules":                   ec2Op(true, modifyRules),
		"UpdateSecurityGroupRuleDescriptionsIngress": ec2Op(true, updateDescriptions(false)),
		"UpdateSecurityGroupRuleDescriptionsEgress":  ec2Op(true, updateDescriptions(true)),
	}
}

// rulesPerGroup is the default quota, for each direction and address family
// (VPC user guide "Amazon VPC quotas", "Inbound or outbound rules per security group").
const rulesPerGroup = 60

func noRule(id string) error {
	return badEC2("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
}

// simpleRule are the members with which a request gives a single IPv4 rule.
type simpleRule struct {
	Protocol string `q:"IpProtocol"`
	From     *int   `q:"FromPort"`
	To       *int   `q:"ToPort"`
	CIDR     string `q:"CidrIp"`
}

// permissions joins the two ways to give rules.
func (r simpleRule) permissions(perms []permissionInput) []permissionInput {
	if r.Protocol == "" && r.CIDR == "" {
		return perms
	}
	return append(perms, permissionInput{Protocol: r.Protocol, From: r.From, To: r.To, IPv4: []rangeInput{{CIDR: r.CIDR}}})
}

type authorizeInput struct {
	ec2DryRun
	simpleRule
	GroupID     string            `q:"GroupId,required"`
	Permissions []permissionInput `q:"IpPermissions"`
	Specs       []tagSpec         `q:"TagSpecification"`
}

type ruleSetXML struct {
	Return bool      `xml:"return"`
	Rules  []ruleXML `xml:"securityGroupRuleSet>item"`
}

// authorizeRules adds all rules of a call or none. EC2 API reference
// AuthorizeSecurityGroupIngress does not say so: unverified.
func authorizeRules(egress bool) func(*Sim, *ec2State, *call, *authorizeInput) (any, error) {
	return func(s *Sim, st *ec2State, c *call, in *authorizeInput) (any, error) {
		g, err := st.needGroup(c, in.GroupID)
		if err != nil {
			return nil, err
		}
		rules, err := s.newRules(st, c, g, in.permissions(in.Permissions), egress)
		if err != nil {
			return nil, err
		}
		tags, err := tagSpecTags(in.Specs, "security-group-rule")
		if err != nil {
			return nil, err
		}
		if err := st.checkQuota(g.ID, egress, rules); err != nil {
			return nil, err
		}
		out := &ruleSetXML{Return: true}
		for _, r := range rules {
			r.ID, r.Tags = ec2ID("sgr"), maps.Clone(tags)
			st.rules[r.ID] = r
			out.Rules = append(out.Rules, r.view(c))
		}
		return out, nil
	}
}

// newRules checks the rules that shall be added to a group.
// terraform-provider-aws#2587 quotes what a rule that is there twice gets.
func (s *Sim) newRules(st *ec2State, c *call, g *ec2Group, perms []permissionInput, egress bool) ([]*ec2Rule, error) {
	if len(perms) == 0 {
		return nil, badEC2("MissingParameter", "The request must contain the parameter ipPermissions")
	}
	rules, err := expand(perms, g.ID, egress)
	if err != nil {
		return nil, err
	}
	seen := map[ruleKey]bool{}
	for _, r := range rules {
		if err := s.checkPeer(st, c, g, r); err != nil {
			return nil, err
		}
		if seen[r.key()] {
			return nil, badEC2("InvalidParameterValue", "The same permission must not appear multiple times")
		}
		seen[r.key()] = true
		if st.findRule(g.ID, r.key()) != nil {
			return nil, duplicateRule(r)
		}
	}
	return rules, nil
}

// duplicateRule: EC2 API reference "Error codes", InvalidPermission.Duplicate.
func duplicateRule(r *ec2Rule) error {
	ports := ""
	if r.hasPorts() {
		ports = fmt.Sprintf(", from port: %d, to port: %d", r.From, r.To)
	}
	protocol := strings.ToUpper(r.Protocol)
	if r.Protocol == "-1" {
		protocol = "ALL"
	}
	return badEC2("InvalidPermission.Duplicate", "the specified rule \"peer: %s, %s%s, ALLOW\" already exists", r.peer(), protocol, ports)
}

// checkQuota counts for IPv4 and IPv6 apart: a group counts for both, a
// prefix list with its weight (same page as rulesPerGroup).
func (st *ec2State) checkQuota(group string, egress bool, added []*ec2Rule) error {
	v4, v6 := 0, 0
	count := func(r *ec2Rule) {
		switch {
		case r.CIDR4 != "":
			v4++
		case r.CIDR6 != "":
			v6++
		case r.RefGroup != "":
			v4++
			v6++
		case st.prefixLists[r.PrefixList].Family == "IPv6":
			v6 += st.prefixLists[r.PrefixList].weight()
		default:
			v4 += st.prefixLists[r.PrefixList].weight()
		}
	}
	for _, r := range st.rules {
		if r.GroupID == group && r.Egress == egress {
			count(r)
		}
	}
	for _, r := range added {
		count(r)
	}
	if v4 > rulesPerGroup || v6 > rulesPerGroup {
		return badEC2("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	return nil
}

type revokeInput struct {
	ec2DryRun
	simpleRule
	GroupID     string            `q:"GroupId,required"`
	Permissions []permissionInput `q:"IpPermissions"`
	RuleIDs     []string          `q:"SecurityGroupRuleId"`
}

type revokedXML struct {
	ID          string `xml:"securityGroupRuleId"`
	GroupID     string `xml:"groupId"`
	Egress      bool   `xml:"isEgress"`
	Protocol    string `xml:"ipProtocol"`
	From        int    `xml:"fromPort"`
	To          int    `xml:"toPort"`
	CIDR4       string `xml:"cidrIpv4,omitempty"`
	CIDR6       string `xml:"cidrIpv6,omitempty"`
	PrefixList  string `xml:"prefixListId,omitempty"`
	Referenced  string `xml:"referencedGroupId,omitempty"`
	Description string `xml:"description,omitempty"`
}

type revokedSetXML struct {
	Return bool         `xml:"return"`
	Rules  []revokedXML `xml:"revokedSecurityGroupRuleSet>item"`
}

// revokeRules removes all rules of a call or none: EC2 API reference
// RevokeSecurityGroupIngress says so of rules that are given by their values.
func revokeRules(egress bool) func(*Sim, *ec2State, *call, *revokeInput) (any, error) {
	return func(_ *Sim, st *ec2State, c *call, in *revokeInput) (any, error) {
		g, err := st.needGroup(c, in.GroupID)
		if err != nil {
			return nil, err
		}
		rules, err := st.rulesToRevoke(g, in, egress)
		if err != nil {
			return nil, err
		}
		out := &revokedSetXML{Return: true}
		for _, r := range rules {
			delete(st.rules, r.ID)
			out.Rules = append(out.Rules, revokedXML{r.ID, r.GroupID, r.Egress, r.Protocol, r.From, r.To, r.CIDR4, r.CIDR6, r.PrefixList, r.RefGroup, r.Description})
		}
		return out, nil
	}
}

func (st *ec2State) rulesToRevoke(g *ec2Group, in *revokeInput, egress bool) ([]*ec2Rule, error) {
	perms := in.permissions(in.Permissions)
	switch {
	case len(in.RuleIDs) > 0 && len(perms) > 0:
		return nil, badEC2("InvalidParameterCombination", "The parameters ipPermissions and securityGroupRuleIds cannot be used together")
	case len(in.RuleIDs) > 0:
		return st.rulesByID(g, in.RuleIDs, egress)
	case len(perms) == 0:
		return nil, badEC2("MissingParameter", "The request must contain the parameter ipPermissions")
	}
	wanted, err := expand(perms, g.ID, egress)
	if err != nil {
		return nil, err
	}
	return st.existing(g, wanted)
}

// existing finds the rules that are equal to the wanted ones. In a VPC that is
// not the default one a rule that is not there fails the call (EC2 API
// reference RevokeSecurityGroupIngress).
func (st *ec2State) existing(g *ec2Group, wanted []*ec2Rule) ([]*ec2Rule, error) {
	var out []*ec2Rule
	for _, w := range wanted {
		r := st.findRule(g.ID, w.key())
		if r == nil {
			return nil, badEC2("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		out = append(out, r)
	}
	return out, nil
}

// rulesByID finds a group's rules of one direction by id.
func (st *ec2State) rulesByID(g *ec2Group, ids []string, egress bool) ([]*ec2Rule, error) {
	var out []*ec2Rule
	for _, id := range ids {
		if err := checkID("InvalidSecurityGroupRuleId.Malformed", id, "sgr-"); err != nil {
			return nil, err
		}
		r := st.rules[id]
		if r == nil || r.GroupID != g.ID || r.Egress != egress {
			return nil, noRule(id)
		}
		out = append(out, r)
	}
	return out, nil
}

type describeRulesInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"SecurityGroupRuleId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeRules(s *Sim, st *ec2State, c *call, in *describeRulesInput) (any, error) {
	for _, id := range in.IDs {
		if err := checkID("InvalidSecurityGroupRuleId.Malformed", id, "sgr-"); err != nil {
			return nil, err
		}
	}
	rules := st.rules
	if len(in.IDs) == 0 {
		rules = narrow(rules, in.Filters, ruleFilter)
	}
	found, err := pick(rules, in.IDs, noRule)
	if err != nil {
		return nil, err
	}
	tags := func(r *ec2Rule) map[string]string { return r.Tags }
	found, err = applyFilters(in.Filters, found, tags, ruleFilter)
	if err != nil {
		return nil, err
	}
	found, next, err := ec2PageOf(s, in.ec2Paging, 5, 1000, found, func(r *ec2Rule) string { return r.ID })
	if err != nil {
		return nil, err
	}
	out := &struct {
		Rules []ruleXML `xml:"securityGroupRuleSet>item"`
		Next  string    `xml:"nextToken,omitempty"`
	}{Next: next}
	for _, r := range found {
		out.Rules = append(out.Rules, r.view(c))
	}
	return out, nil
}

// ruleFilter: there are no others (EC2 API reference DescribeSecurityGroupRules).
func ruleFilter(r *ec2Rule, name string) ([]string, bool) {
	if r == nil {
		r = &ec2Rule{}
	}
	switch name {
	case "group-id":
		return []string{r.GroupID}, true
	case "security-group-rule-id":
		return []string{r.ID}, true
	}
	return nil, false
}
