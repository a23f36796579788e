// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Object is one object of the simulator's own account and Region, as a test
// looks at it without a call.
type Object struct {
	Kind string // role, group, key, alias, log-group, profile
	Name string // a key's is its id
	ARN  string
	// Status is what AWS changes by itself, such as a profile's ACTIVE.
	Status string
	Tags   map[string]string
	// Facts are what callers can change, sorted, each for itself: a rule, an attached policy, a retention.
	Facts []string
}

// Objects returns the roles, security groups, keys, aliases, log groups and
// Fargate profiles, sorted by kind and name.
func (s *Sim) Objects() []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(s.opts.Account)
	r := a.region(s.opts.Region)
	r.eks.settle(s.now())
	r.kms.settle(s.now())
	list := slices.Concat(a.iam.objects(), r.ec2.objects(r.Name, a.ID), r.kms.objects(), r.logs.objects(), r.eks.objects())
	for i := range list {
		list[i].Tags = maps.Clone(list[i].Tags)
		slices.Sort(list[i].Facts)
	}
	slices.SortFunc(list, func(a, b Object) int { return strings.Compare(a.Kind+" "+a.Name, b.Kind+" "+b.Name) })
	return list
}

func (st *iamState) objects() (list []Object) {
	for _, role := range st.roles {
		o := Object{Kind: "role", Name: role.Name, ARN: role.ARN, Tags: role.Tags, Facts: []string{
			"trust " + role.TrustPolicy, "boundary " + role.Boundary, "description " + role.Description}}
		for arn := range role.Attached {
			o.Facts = append(o.Facts, "attached "+arn)
		}
		for name, document := range role.Inline {
			o.Facts = append(o.Facts, "inline "+name+" "+document)
		}
		list = append(list, o)
	}
	return list
}

func (st *ec2State) objects(region, account string) (list []Object) {
	rules := st.rulesByGroup()
	for id, group := range st.groups {
		o := Object{Kind: "group", Name: group.Name, ARN: arnIn("ec2", region, account, "security-group/"+id), Tags: group.Tags,
			Facts: []string{"vpc " + group.VpcID, "description " + group.Description}}
		for _, rule := range rules[id] {
			direction := "ingress"
			if rule.Egress {
				direction = "egress"
			}
			text := fmt.Sprintf("%s %s %d-%d %s", direction, rule.Protocol, rule.From, rule.To, rule.peer())
			o.Facts = append(o.Facts, text)
			if rule.Description != "" {
				o.Facts = append(o.Facts, "description of "+text+": "+rule.Description)
			}
		}
		list = append(list, o)
	}
	return list
}

func (st *kmsState) objects() (list []Object) {
	for _, key := range st.keys {
		list = append(list, Object{Kind: "key", Name: key.id, ARN: key.arn, Tags: key.tags, Facts: []string{
			"state " + key.state, "policy " + key.policy, "description " + key.description, fmt.Sprintf("rotation %v %d", key.rotation, key.rotationDays)}})
	}
	for _, alias := range st.aliases {
		list = append(list, Object{Kind: "alias", Name: alias.name, ARN: alias.arn, Facts: []string{"target " + alias.target}})
	}
	return list
}

func (st *logsState) objects() (list []Object) {
	for _, group := range st.groups {
		list = append(list, Object{Kind: "log-group", Name: group.name, ARN: group.arn, Tags: group.tags, Facts: []string{
			fmt.Sprintf("retention %d", group.retention), "key " + group.kmsKey}})
	}
	return list
}

func (st *eksState) objects() (list []Object) {
	for _, cluster := range st.clusters {
		for _, p := range cluster.profiles {
			o := Object{Kind: "profile", Name: cluster.Name + "/" + p.Name, ARN: p.ARN, Status: p.Status, Tags: p.Tags, Facts: []string{
				"role " + p.RoleARN, fmt.Sprintf("subnets %q", p.Subnets)}}
			for _, selector := range p.Selectors {
				o.Facts = append(o.Facts, fmt.Sprintf("selector %+v", selector))
			}
			list = append(list, o)
		}
	}
	return list
}
