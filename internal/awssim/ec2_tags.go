// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

func ec2TagOperations() map[string]operation {
	return map[string]operation{
		"CreateTags":   ec2Op(true, createTags),
		"DeleteTags":   ec2Op(true, deleteTags),
		"DescribeTags": ec2Op(false, describeTags),
	}
}

type tagXML struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func tagSet(tags map[string]string) []tagXML {
	var out []tagXML
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tagXML{k, tags[k]})
	}
	return out
}

// tagSpec are the tags of something that is about to be created.
type tagSpec struct {
	ResourceType string     `q:"ResourceType"`
	Tags         []queryTag `q:"Tag"`
}

// taggable is a resource as the tagging operations see it.
type taggable struct {
	ID, Type string
	Tags     map[string]string
}

// taggables lists everything that can carry tags.
func (st *ec2State) taggables() map[string]taggable {
	out := map[string]taggable{}
	add := func(id, kind string, tags map[string]string) { out[id] = taggable{id, kind, tags} }
	for id, v := range st.vpcs {
		add(id, "vpc", v.Tags)
	}
	for id, v := range st.subnets {
		add(id, "subnet", v.Tags)
	}
	for id, v := range st.gateways {
		add(id, "internet-gateway", v.Tags)
	}
	for id, v := range st.nats {
		add(id, "natgateway", v.Tags)
	}
	for id, v := range st.routeTables {
		add(id, "route-table", v.Tags)
	}
	for id, v := range st.interfaces {
		add(id, "network-interface", v.Tags)
	}
	for id, v := range st.prefixLists {
		add(id, "prefix-list", v.Tags)
	}
	for id, v := range st.groups {
		add(id, "security-group", v.Tags)
	}
	for id, v := range st.rules {
		add(id, "security-group-rule", v.Tags)
	}
	return out
}

// taggedResources lists what has tags, for the Resource Groups Tagging API.
func (st *ec2State) taggedResources(region, account string) []taggedResource {
	var out []taggedResource
	for _, t := range inOrder(st.taggables()) {
		if len(t.Tags) > 0 {
			out = append(out, taggedResource{ARN: ec2ARN(region, account, t.Type, t.ID), Type: "ec2:" + t.Type, Tags: maps.Clone(t.Tags)})
		}
	}
	return out
}

// tagSpecTags returns the tags for a new resource of a kind. A specification
// for another kind is an error (EC2 API reference, TagSpecification).
func tagSpecTags(specs []tagSpec, kind string) (map[string]string, error) {
	tags := map[string]string{}
	for _, spec := range specs {
		if spec.ResourceType != kind {
			return nil, badEC2("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		if err := checkEC2Tags(spec.Tags); err != nil {
			return nil, err
		}
		for _, t := range spec.Tags {
			if _, twice := tags[t.Key]; twice {
				return nil, badEC2("InvalidParameterValue", "Tag keys must be unique. Duplicate key: %s", t.Key)
			}
			tags[t.Key] = t.value()
		}
	}
	return tags, checkTagCount(tags)
}

// checkEC2Tags: EC2 user guide "Tag your Amazon EC2 resources", restrictions.
func checkEC2Tags(tags []queryTag) error {
	for _, t := range tags {
		switch {
		case t.Key == "":
			return badEC2("InvalidParameterValue", "Tag key cannot be null or empty.")
		case utf8.RuneCountInString(t.Key) > 128:
			return badEC2("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters")
		case utf8.RuneCountInString(t.value()) > 256:
			return badEC2("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return badEC2("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		}
	}
	return nil
}

// checkTagCount: at most 50 tags that the user has set (same page).
func checkTagCount(tags map[string]string) error {
	n := 0
	for k := range tags {
		if !strings.HasPrefix(k, "aws:") {
			n++
		}
	}
	if n > 50 {
		return badEC2("TagLimitExceeded", "More than 50 tags specified")
	}
	return nil
}

// missingResource is the error for an id that names nothing, by its kind: EC2
// API reference "Error codes".
func missingResource(id string) error {
	prefix, _, ok := strings.Cut(id, "-")
	switch {
	case !ok:
		return badEC2("InvalidID", "The ID '%s' is not valid", id)
	case prefix == "sg":
		return noGroup(id)
	case prefix == "sgr":
		return noRule(id)
	case prefix == "vpc":
		return noVPC(id)
	case prefix == "subnet":
		return noSubnet(id)
	case prefix == "rtb":
		return noRouteTable(id)
	case prefix == "igw":
		return noGateway(id)
	case prefix == "eni":
		return noInterface(id)
	case prefix == "pl":
		return noPrefixList(id)
	default:
		return badEC2("InvalidID", "The ID '%s' is not valid", id)
	}
}

type tagsInput struct {
	ec2DryRun
	Resources []string   `q:"ResourceId,required"`
	Tags      []queryTag `q:"Tag"`
}

// findTaggables returns the resources with these ids, all or none.
func (st *ec2State) findTaggables(c *call, ids []string) ([]taggable, error) {
	found, err := pick(st.taggables(), ids, missingResource)
	if err != nil {
		return nil, err
	}
	for _, t := range found {
		c.Resource = c.ec2ARN(t.Type, t.ID)
		if t.Type == "prefix-list" && st.prefixLists[t.ID].AWS {
			return nil, badEC2("OperationNotPermitted", "The prefix list %s is managed by AWS", t.ID)
		}
	}
	return found, nil
}

// createTags overwrites: EC2 API reference CreateTags. That all resources are
// tagged or none is unverified.
func createTags(_ *Sim, st *ec2State, c *call, in *tagsInput) (any, error) {
	found, err := st.findTaggables(c, in.Resources)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, badEC2("MissingParameter", "The request must contain the parameter tagSet")
	}
	if err := checkEC2Tags(in.Tags); err != nil {
		return nil, err
	}
	for _, t := range found {
		after := maps.Clone(t.Tags)
		for _, tag := range in.Tags {
			after[tag.Key] = tag.value()
		}
		if err := checkTagCount(after); err != nil {
			return nil, err
		}
	}
	for _, t := range found {
		for _, tag := range in.Tags {
			t.Tags[tag.Key] = tag.value()
		}
	}
	return &returnXML{true}, nil
}

// deleteTags: without tags all go; with a value only a tag of that value goes;
// what is not there is no error (EC2 API reference DeleteTags).
func deleteTags(_ *Sim, st *ec2State, c *call, in *tagsInput) (any, error) {
	found, err := st.findTaggables(c, in.Resources)
	if err != nil {
		return nil, err
	}
	if err := checkEC2Tags(in.Tags); err != nil {
		return nil, err
	}
	for _, t := range found {
		if len(in.Tags) == 0 {
			maps.DeleteFunc(t.Tags, func(k, _ string) bool { return !strings.HasPrefix(k, "aws:") })
		}
		for _, tag := range in.Tags {
			if v, has := t.Tags[tag.Key]; has && (tag.Value == nil || *tag.Value == v) {
				delete(t.Tags, tag.Key)
			}
		}
	}
	return &returnXML{true}, nil
}

type tagDescriptionXML struct {
	ResourceID   string `xml:"resourceId"`
	ResourceType string `xml:"resourceType"`
	Key          string `xml:"key"`
	Value        string `xml:"value"`
}

type describeTagsInput struct {
	ec2DryRun
	ec2Paging
	Filters []ec2Filter `q:"Filter"`
}

func describeTags(s *Sim, st *ec2State, _ *call, in *describeTagsInput) (any, error) {
	var all []tagDescriptionXML
	for _, t := range inOrder(st.taggables()) {
		for _, tag := range tagSet(t.Tags) {
			all = append(all, tagDescriptionXML{t.ID, t.Type, tag.Key, tag.Value})
		}
	}
	one := func(t tagDescriptionXML) map[string]string { return map[string]string{t.Key: t.Value} }
	all, err := applyFilters(in.Filters, all, one, func(t tagDescriptionXML, name string) ([]string, bool) {
		switch name {
		case "key":
			return []string{t.Key}, true
		case "value":
			return []string{t.Value}, true
		case "resource-id":
			return []string{t.ResourceID}, true
		case "resource-type":
			return []string{t.ResourceType}, true
		}
		return nil, false
	})
	if err != nil {
		return nil, err
	}
	all, next, err := ec2PageOf(s, in.ec2Paging, 5, 1000, all, func(t tagDescriptionXML) string { return t.ResourceID + "\x00" + t.Key })
	if err != nil {
		return nil, err
	}
	return &struct {
		Tags []tagDescriptionXML `xml:"tagSet>item"`
		Next string              `xml:"nextToken,omitempty"`
	}{all, next}, nil
}
