// SPDX-License-Identifier: Apache-2.0

package awssim

import "maps"

type modifyRulesInput struct {
	ec2DryRun
	GroupID string       `q:"GroupId,required"`
	Updates []ruleUpdate `q:"SecurityGroupRule,required"`
}

type ruleUpdate struct {
	ID   string      `q:"SecurityGroupRuleId"`
	Rule ruleRequest `q:"SecurityGroupRule"`
}

type ruleRequest struct {
	Protocol    string `q:"IpProtocol"`
	From        *int   `q:"FromPort"`
	To          *int   `q:"ToPort"`
	CIDR4       string `q:"CidrIpv4"`
	CIDR6       string `q:"CidrIpv6"`
	PrefixList  string `q:"PrefixListId"`
	RefGroup    string `q:"ReferencedGroupId"`
	Description string `q:"Description"`
}

// permission is the request as the IpPermission that it stands for.
func (r *ruleRequest) permission() permissionInput {
	p := permissionInput{Protocol: r.Protocol, From: r.From, To: r.To}
	if r.CIDR4 != "" {
		p.IPv4 = []rangeInput{{r.CIDR4, r.Description}}
	}
	if r.CIDR6 != "" {
		p.IPv6 = []range6Input{{r.CIDR6, r.Description}}
	}
	if r.PrefixList != "" {
		p.PrefixLists = []prefixListInput{{r.PrefixList, r.Description}}
	}
	if r.RefGroup != "" {
		p.Groups = []pairInput{{GroupID: r.RefGroup, Description: r.Description}}
	}
	return p
}

// modifyRules replaces what rules say; their ids and tags stay (EC2 API
// reference ModifySecurityGroupRules). That all updates are made or none is unverified.
func modifyRules(s *Sim, st *ec2State, c *call, in *modifyRulesInput) (any, error) {
	g, err := st.needGroup(c, in.GroupID)
	if err != nil {
		return nil, err
	}
	after := maps.Clone(st.rules)
	trial := &ec2State{rules: after, groups: st.groups, prefixLists: st.prefixLists}
	for _, u := range in.Updates {
		r, err := s.modified(trial, c, g, u)
		if err != nil {
			return nil, err
		}
		after[u.ID] = r
		if err := trial.checkQuota(g.ID, r.Egress, nil); err != nil {
			return nil, err
		}
	}
	st.rules = after
	return &returnXML{true}, nil
}

// modified is what a rule becomes. The kind of its source cannot change (same page).
func (s *Sim) modified(st *ec2State, c *call, g *ec2Group, u ruleUpdate) (*ec2Rule, error) {
	if err := checkID("InvalidSecurityGroupRuleId.Malformed", u.ID, "sgr-"); err != nil {
		return nil, err
	}
	old := st.rules[u.ID]
	if old == nil || old.GroupID != g.ID {
		return nil, noRule(u.ID)
	}
	rules, err := expand([]permissionInput{u.Rule.permission()}, g.ID, old.Egress)
	if err != nil {
		return nil, err
	}
	r := rules[0]
	if len(rules) != 1 {
		return nil, badEC2("InvalidParameterCombination", "Only one source or destination can be specified for a security group rule")
	}
	if r.source() != old.source() {
		return nil, badEC2("InvalidParameterValue", "The source type of the security group rule %s cannot be changed", old.ID)
	}
	if r.RefGroup == old.RefGroup {
		r.RefUser = old.RefUser
	}
	if err := s.checkPeer(st, c, g, r); err != nil {
		return nil, err
	}
	if same := st.findRule(g.ID, r.key()); same != nil && same.ID != old.ID {
		return nil, duplicateRule(r)
	}
	r.ID, r.Tags = old.ID, old.Tags
	return r, nil
}

// source is the kind of a rule's peer.
func (r *ec2Rule) source() string {
	switch {
	case r.CIDR4 != "":
		return "cidrIpv4"
	case r.CIDR6 != "":
		return "cidrIpv6"
	case r.PrefixList != "":
		return "prefixListId"
	default:
		return "referencedGroupId"
	}
}

type descriptionsInput struct {
	ec2DryRun
	GroupID      string            `q:"GroupId,required"`
	Permissions  []permissionInput `q:"IpPermissions"`
	Descriptions []ruleDescription `q:"SecurityGroupRuleDescription"`
}

type ruleDescription struct {
	ID          string `q:"SecurityGroupRuleId"`
	Description string `q:"Description"`
}

// updateDescriptions: EC2 API reference
// UpdateSecurityGroupRuleDescriptionsIngress. A missing description clears.
func updateDescriptions(egress bool) func(*Sim, *ec2State, *call, *descriptionsInput) (any, error) {
	return func(_ *Sim, st *ec2State, c *call, in *descriptionsInput) (any, error) {
		g, err := st.needGroup(c, in.GroupID)
		if err != nil {
			return nil, err
		}
		if (len(in.Permissions) == 0) == (len(in.Descriptions) == 0) {
			return nil, badEC2("InvalidParameterCombination", "The request must contain either ipPermissions or securityGroupRuleDescriptions")
		}
		rules, texts, err := st.describedRules(g, in, egress)
		if err != nil {
			return nil, err
		}
		for i, r := range rules {
			r.Description = texts[i]
		}
		return &returnXML{true}, nil
	}
}

// describedRules finds the rules that a request describes, and their texts.
func (st *ec2State) describedRules(g *ec2Group, in *descriptionsInput, egress bool) (rules []*ec2Rule, texts []string, err error) {
	if len(in.Permissions) > 0 {
		wanted, err := expand(in.Permissions, g.ID, egress)
		if err != nil {
			return nil, nil, err
		}
		for _, w := range wanted {
			texts = append(texts, w.Description)
		}
		rules, err = st.existing(g, wanted)
		return rules, texts, err
	}
	var ids []string
	for _, d := range in.Descriptions {
		if err := checkRuleDescription(d.Description); err != nil {
			return nil, nil, err
		}
		ids, texts = append(ids, d.ID), append(texts, d.Description)
	}
	rules, err = st.rulesByID(g, ids, egress)
	return rules, texts, err
}
