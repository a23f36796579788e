// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// How CloudTrail spells requests was read in records that AWS's documentation
// and others show. Where none was found for an operation, it is spelled as
// those of its service are.

// requestParameters are what a call asks for, as CloudTrail spells it.
func requestParameters(c *call) any {
	switch c.Service {
	case "ec2":
		return ec2Parameters(c.Operation, c.Params)
	case "iam":
		return camel(formTree(c.Params))
	case "eks":
		return eksParameters(c)
	}
	var body any
	_ = json.Unmarshal(c.Body, &body) // what cannot be read was refused, and has no parameters
	if c.Service == "kms" {
		return camel(body)
	}
	return body // of CloudWatch Logs: its members are spelled so, and tags are a map
}

// eksParameters has the labels of the path beside the body, a cluster's as
// name, which it is called in the API's model; the record of CreateCluster is
// https://docs.aws.amazon.com/eks/latest/userguide/understanding-service-name-entries.html
// (an old one, with clusterName). Of Fargate profiles and tags no record was
// found: unverified.
func eksParameters(c *call) any {
	out := map[string]any{}
	_ = json.Unmarshal(c.Body, &out)
	for label, value := range c.Vars {
		if label == "clusterName" {
			label = "name"
		}
		out[label] = value
	}
	if keys := c.Params["tagKeys"]; len(keys) > 0 {
		out["tagKeys"] = keys
	}
	return out
}

// formTree makes maps and lists of a form: Tags.member.1.Key, IpPermissions.1.IpProtocol.
func formTree(form url.Values) map[string]any {
	root := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(form)) {
		if key != "Action" && key != "Version" {
			plant(root, strings.Split(strings.ReplaceAll(key, ".member.", "."), "."), form.Get(key))
		}
	}
	return listed(root).(map[string]any)
}

func plant(at map[string]any, path []string, value string) {
	if len(path) == 1 {
		at[path[0]] = value
		return
	}
	below, ok := at[path[0]].(map[string]any)
	if !ok {
		below = map[string]any{}
		at[path[0]] = below
	}
	plant(below, path[1:], value)
}

// listed makes lists of the maps whose keys are numbers.
func listed(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	var list []any
	for n := 1; m[strconv.Itoa(n)] != nil; n++ {
		list = append(list, listed(m[strconv.Itoa(n)]))
	}
	if list != nil {
		return list
	}
	for key := range m {
		m[key] = listed(m[key])
	}
	return m
}

// camel spells members with a small first letter, but those that begin with
// several capitals (AWSAccountId: https://docs.aws.amazon.com/kms/latest/developerguide/ct-createkey.html).
func camel(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[small(key)] = camel(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = camel(v[i])
		}
		return out
	}
	return v
}

func small(name string) string {
	if len(name) > 1 && unicode.IsUpper(rune(name[1])) {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// ec2Lists are EC2's lists whose name in a record is not that of the request,
// and what an element that is a plain value is called in it. resourcesSet and
// tagSet: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-with-cloudtrail.html
// and https://github.com/cloud-custodian/cloud-custodian, whose modes read
// them. The others are unverified.
var ec2Lists = map[string][2]string{
	"ResourceId":          {"resourcesSet", "resourceId"},
	"Tag":                 {"tagSet", ""},
	"TagSpecification":    {"tagSpecificationSet", ""},
	"SecurityGroupRuleId": {"securityGroupRuleIds", "securityGroupRuleId"},
	"SecurityGroupId":     {"groupSet", "groupId"},
	"Ipv6Ranges":          {"ipv6Ranges", ""},
}

// ec2Parameters spells EC2's requests: https://github.com/cloud-custodian/cloud-custodian/issues/6920
// has AuthorizeSecurityGroupIngress; ModifySecurityGroupRules is wrapped, and in
// the API's own spelling, with a number as tag in each element
// (https://github.com/aws-samples/cloud-trail-lake-query-samples,
// ec2-security-historical-changes.sql).
func ec2Parameters(operation string, form url.Values) any {
	tree := formTree(form)
	if operation == "ModifySecurityGroupRules" {
		return map[string]any{"ModifySecurityGroupRulesRequest": wrappedRules(tree)}
	}
	out := map[string]any{}
	for key, value := range tree {
		name, spelled := ec2Member(key, value)
		out[name] = spelled
	}
	return out
}

// wrappedRules gives the elements of a list their number, and unwraps the only one.
// That several are a list is unverified.
func wrappedRules(tree map[string]any) map[string]any {
	rules, _ := tree["SecurityGroupRule"].([]any)
	for i, rule := range rules {
		if m, ok := rule.(map[string]any); ok {
			m["tag"] = i + 1
			if inner, ok := m["SecurityGroupRule"].(map[string]any); ok {
				ports(inner, "FromPort", "ToPort")
			}
		}
	}
	if len(rules) == 1 {
		tree["SecurityGroupRule"] = rules[0]
	}
	return tree
}

// ports makes numbers of members.
func ports(m map[string]any, names ...string) {
	for _, name := range names {
		if text, ok := m[name].(string); ok {
			if n, err := strconv.Atoi(text); err == nil {
				m[name] = n
			}
		}
	}
}

func ec2Member(key string, value any) (string, any) {
	name, element := small(key), ""
	if known, ok := ec2Lists[key]; ok {
		name, element = known[0], known[1]
	}
	switch v := value.(type) {
	case []any:
		items := []any{}
		for _, one := range v {
			if m, ok := one.(map[string]any); ok {
				items = append(items, ec2Element(m))
				continue
			}
			if element == "" {
				element = small(key)
			}
			items = append(items, map[string]any{element: one})
		}
		return name, map[string]any{"items": items}
	case map[string]any:
		return name, ec2Element(v)
	}
	return name, value
}

// ec2Element is a structure in a request. The tags of a TagSpecification are a plain list.
func ec2Element(m map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range m {
		if tags, ok := value.([]any); ok && key == "Tag" {
			out["tags"] = camel(tags)
			continue
		}
		name, spelled := ec2Member(key, value)
		out[name] = spelled
	}
	ports(out, "fromPort", "toPort")
	return out
}
