// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// The most that EC2 gives at a time (EC2 API reference, MaxResults of each operation).
const (
	groupPage  = 1000
	rulePage   = 1000
	subnetPage = 1000
	routePage  = 100
)

// SecurityGroupType is the Tagging API's name of security groups.
const SecurityGroupType = "ec2:security-group"

// ec2Known is what is known of EC2.
type ec2Known struct {
	groups    *sweep[groups]
	rules     *sweep[map[string][]types.SecurityGroupRule] // by group
	subnets   *sweep[map[string]types.Subnet]
	routes    *sweep[map[string][]types.RouteTable] // by VPC
	lists     *answers[*ec2.GetManagedPrefixListEntriesOutput]
	listSizes *answers[*ec2.DescribeManagedPrefixListsOutput]
}

func (v *View) newEC2() ec2Known {
	return ec2Known{
		groups: newSweep(v.now, v.readGroups), rules: newSweep(v.now, v.readRules),
		subnets: newSweep(v.now, v.readSubnets), routes: newSweep(v.now, v.readRoutes),
		lists: newAnswers[*ec2.GetManagedPrefixListEntriesOutput](v.now), listSizes: newAnswers[*ec2.DescribeManagedPrefixListsOutput](v.now),
	}
}

// page is one page of a list, and where the next one begins.
type page[T any] struct {
	items []T
	next  *string
}

// all reads a list of EC2 to its end, and counts its pages.
func all[T any](ctx context.Context, what string, read func(ctx context.Context, token *string) (page[T], error)) (list []T, pages int, err error) {
	for token := (*string)(nil); ; {
		p, err := read(ctx, token)
		if err != nil {
			return nil, 0, fmt.Errorf("reading the account's %s: %w", what, err)
		}
		list = append(list, p.items...)
		pages++
		if token = p.next; aws.ToString(token) == "" {
			return list, pages, nil
		}
	}
}

// groups are all security groups of the Region.
type groups struct {
	byID   map[string]*types.SecurityGroup
	byName map[string]*types.SecurityGroup // by nameInVPC, which is unique
}

// nameInVPC identifies a group: AWS does not tell the names in a VPC apart by case (EC2 API reference, CreateSecurityGroup).
func nameInVPC(vpc, name string) string { return vpc + "/" + strings.ToLower(name) }

// named returns the group of that name, or, if alike, the one whose name differs in case only.
func (g groups) named(vpc, name string, alike bool) *types.SecurityGroup {
	if group := g.byName[nameInVPC(vpc, name)]; group != nil && (alike || aws.ToString(group.GroupName) == name) {
		return group
	}
	return nil
}

func (v *View) readGroups(ctx context.Context) (groups, int, error) {
	list, pages, err := all(ctx, "security groups", func(ctx context.Context, token *string) (page[types.SecurityGroup], error) {
		out, err := v.aws.Load().EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(groupPage), NextToken: token})
		if err != nil {
			return page[types.SecurityGroup]{}, err
		}
		return page[types.SecurityGroup]{out.SecurityGroups, out.NextToken}, nil
	})
	found, texts := groups{byID: map[string]*types.SecurityGroup{}, byName: map[string]*types.SecurityGroup{}}, shelf{}
	for i := range list {
		g := &list[i]
		slimGroup(g, texts)
		found.byID[aws.ToString(g.GroupId)] = g
		found.byName[nameInVPC(aws.ToString(g.VpcId), aws.ToString(g.GroupName))] = g
	}
	return found, pages, err
}

func (v *View) readRules(ctx context.Context) (map[string][]types.SecurityGroupRule, int, error) {
	list, pages, err := all(ctx, "security group rules", func(ctx context.Context, token *string) (page[types.SecurityGroupRule], error) {
		out, err := v.aws.Load().EC2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{MaxResults: aws.Int32(rulePage), NextToken: token})
		if err != nil {
			return page[types.SecurityGroupRule]{}, err
		}
		return page[types.SecurityGroupRule]{out.SecurityGroupRules, out.NextToken}, nil
	})
	byGroup, texts := map[string][]types.SecurityGroupRule{}, shelf{}
	for _, rule := range list {
		slimRule(&rule, texts)
		byGroup[aws.ToString(rule.GroupId)] = append(byGroup[aws.ToString(rule.GroupId)], rule)
	}
	return byGroup, pages, err
}

func (v *View) readSubnets(ctx context.Context) (map[string]types.Subnet, int, error) {
	list, pages, err := all(ctx, "subnets", func(ctx context.Context, token *string) (page[types.Subnet], error) {
		out, err := v.aws.Load().EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{MaxResults: aws.Int32(subnetPage), NextToken: token})
		if err != nil {
			return page[types.Subnet]{}, err
		}
		return page[types.Subnet]{out.Subnets, out.NextToken}, nil
	})
	byID := map[string]types.Subnet{}
	for _, s := range list {
		byID[aws.ToString(s.SubnetId)] = s
	}
	return byID, pages, err
}

func (v *View) readRoutes(ctx context.Context) (map[string][]types.RouteTable, int, error) {
	list, pages, err := all(ctx, "route tables", func(ctx context.Context, token *string) (page[types.RouteTable], error) {
		out, err := v.aws.Load().EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{MaxResults: aws.Int32(routePage), NextToken: token})
		if err != nil {
			return page[types.RouteTable]{}, err
		}
		return page[types.RouteTable]{out.RouteTables, out.NextToken}, nil
	})
	byVPC := map[string][]types.RouteTable{}
	for _, table := range list {
		byVPC[aws.ToString(table.VpcId)] = append(byVPC[aws.ToString(table.VpcId)], table)
	}
	return byVPC, pages, err
}

// ec2Reads answers what reads of groups and subnets ask for, where the answer is all in one sweep.
type ec2Reads struct {
	awsapi.EC2
	view *View
}

// only returns the single values of the named filters, false when the filters are others than these.
func only(filters []types.Filter, names ...string) (map[string]string, bool) {
	values := map[string]string{}
	for _, f := range filters {
		if len(f.Values) != 1 || strings.ContainsAny(f.Values[0], "*?") {
			return nil, false
		}
		values[aws.ToString(f.Name)] = f.Values[0]
	}
	for _, name := range names {
		if _, ok := values[name]; !ok {
			return nil, false
		}
	}
	return values, len(values) == len(names)
}

// exactly takes the second value off a filter of names that asks, beside a name, for all that have its length (? is any
// character), and tells that there was one.
func exactly(filters []types.Filter) (_ []types.Filter, alike bool) {
	filters = slices.Clone(filters)
	for i, f := range filters {
		if aws.ToString(f.Name) == "group-name" && len(f.Values) == 2 && len(f.Values[1]) == len(f.Values[0]) && strings.Contains(f.Values[1], "?") {
			filters[i].Values, alike = f.Values[:1], true
		}
	}
	return filters, alike
}

// DescribeSecurityGroups implements awsapi.EC2: one group by id, or by name and VPC. Where names of a length are asked for
// beside a name, those are told that differ in case only.
func (r ec2Reads) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput, opts ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	filters, alike := exactly(in.Filters)
	byID, isID := only(filters, "group-id")
	byName, isName := only(filters, "group-name", "vpc-id")
	asked := byID["group-id"] + byName["group-name"]
	group, ok, err := ask(ctx, r.view, r.view.ec2.groups, question{
		object: groupObject(asked), unfit: !isID && !isName || len(in.GroupIds)+len(in.GroupNames) > 0, calls: 1,
	}, func(all groups) (*types.SecurityGroup, []events.Object, bool) {
		group := all.byID[byID["group-id"]]
		if isName {
			group = all.named(byName["vpc-id"], byName["group-name"], alike)
		}
		return group, groupObjects(group), true
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		return r.EC2.DescribeSecurityGroups(ctx, in, opts...)
	}
	out := &ec2.DescribeSecurityGroupsOutput{}
	if group != nil {
		out.SecurityGroups = append(out.SecurityGroups, *group)
	}
	return out, nil
}

// CreateSecurityGroup implements awsapi.EC2, and notes that AWS says that there is such a group already.
func (r ec2Reads) CreateSecurityGroup(ctx context.Context, in *ec2.CreateSecurityGroupInput, opts ...func(*ec2.Options)) (*ec2.CreateSecurityGroupOutput, error) {
	out, err := r.EC2.CreateSecurityGroup(ctx, in, opts...)
	vpc, name := aws.ToString(in.VpcId), aws.ToString(in.GroupName)
	if r.view.hidden(nameInVPC(vpc, name), err, "InvalidGroup.Duplicate") {
		return nil, &awsapi.Refused{Reason: ReasonHidden, Message: fmt.Sprintf(
			"AWS says that %s has a group named %q already, in these or in other letters, and has shown none for %s; choose another name, or find out whose the group is: in a shared VPC it may be another account's",
			vpc, name, hiddenAfter)}
	}
	return out, err
}

// groupObject is a group as events name it, by its id or name.
func groupObject(ref string) events.Object {
	return events.Object{Kind: events.SecurityGroup, Name: ref}
}

// groupObjects are the names by which events may call a group; nil has none.
func groupObjects(group *types.SecurityGroup) []events.Object {
	if group == nil {
		return nil
	}
	return []events.Object{groupObject(aws.ToString(group.GroupId)), groupObject(aws.ToString(group.GroupName))}
}

// DescribeSecurityGroupRules implements awsapi.EC2: the rules of one group.
func (r ec2Reads) DescribeSecurityGroupRules(ctx context.Context, in *ec2.DescribeSecurityGroupRulesInput, opts ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupRulesOutput, error) {
	by, isID := only(in.Filters, "group-id")
	rules, ok, err := ask(ctx, r.view, r.view.ec2.rules, question{
		object: groupObject(by["group-id"]), unfit: !isID || len(in.SecurityGroupRuleIds) > 0, calls: 1,
	}, func(all map[string][]types.SecurityGroupRule) ([]types.SecurityGroupRule, []events.Object, bool) {
		rules := all[by["group-id"]]
		return rules, r.ruleObjects(by["group-id"], rules), true
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		return r.EC2.DescribeSecurityGroupRules(ctx, in, opts...)
	}
	return &ec2.DescribeSecurityGroupRulesOutput{SecurityGroupRules: rules}, nil
}

// ruleObjects are what events may name when a group's rules change: the group, by its id or name, or the rule.
func (r ec2Reads) ruleObjects(groupID string, rules []types.SecurityGroupRule) []events.Object {
	groups, _ := r.view.ec2.groups.peek()
	objects := groupObjects(groups.byID[groupID])
	for _, rule := range rules {
		objects = append(objects, events.Object{Kind: events.SecurityGroupRule, Name: aws.ToString(rule.SecurityGroupRuleId)})
	}
	return objects
}

// readAsWhole tells of a kind that many profiles look at the same few of: when one was touched, one sweep serves them all.
func readAsWhole(kind events.Kind) bool { return kind == events.Subnet || kind == events.RouteTable }

// DescribeSubnets implements awsapi.EC2: subnets by id. Where one is unknown EC2 is asked, which has the right error.
func (r ec2Reads) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, opts ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	subnets, ok, err := askAll(ctx, r.view, r.view.ec2.subnets, events.Subnet, len(in.SubnetIds) == 0 || len(in.Filters) > 0)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeSubnetsOutput{}
	for _, id := range in.SubnetIds {
		subnet, known := subnets[id]
		ok = ok && known
		out.Subnets = append(out.Subnets, subnet)
	}
	if !ok {
		return r.EC2.DescribeSubnets(ctx, in, opts...)
	}
	return out, nil
}

// DescribeRouteTables implements awsapi.EC2: the route tables of some VPCs.
func (r ec2Reads) DescribeRouteTables(ctx context.Context, in *ec2.DescribeRouteTablesInput, opts ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error) {
	routes, ok, err := askAll(ctx, r.view, r.view.ec2.routes, events.RouteTable,
		len(in.RouteTableIds) > 0 || len(in.Filters) != 1 || aws.ToString(in.Filters[0].Name) != "vpc-id")
	if err != nil {
		return nil, err
	}
	if !ok {
		return r.EC2.DescribeRouteTables(ctx, in, opts...)
	}
	out := &ec2.DescribeRouteTablesOutput{}
	for _, vpc := range in.Filters[0].Values {
		out.RouteTables = append(out.RouteTables, routes[vpc]...)
	}
	return out, nil
}

// GetManagedPrefixListEntries implements awsapi.EC2: the first page of a list's entries; further ones are asked for.
func (r ec2Reads) GetManagedPrefixListEntries(ctx context.Context, in *ec2.GetManagedPrefixListEntriesInput, opts ...func(*ec2.Options)) (*ec2.GetManagedPrefixListEntriesOutput, error) {
	read := func(ctx context.Context) (*ec2.GetManagedPrefixListEntriesOutput, error) {
		return r.EC2.GetManagedPrefixListEntries(ctx, in, opts...)
	}
	if in.NextToken != nil || in.TargetVersion != nil {
		return read(ctx)
	}
	list := aws.ToString(in.PrefixListId)
	return single(ctx, r.view, r.view.ec2.lists, list, "", read, events.Object{Kind: events.PrefixList, Name: list})
}

// DescribeManagedPrefixLists implements awsapi.EC2: one list by id.
func (r ec2Reads) DescribeManagedPrefixLists(ctx context.Context, in *ec2.DescribeManagedPrefixListsInput, opts ...func(*ec2.Options)) (*ec2.DescribeManagedPrefixListsOutput, error) {
	read := func(ctx context.Context) (*ec2.DescribeManagedPrefixListsOutput, error) {
		return r.EC2.DescribeManagedPrefixLists(ctx, in, opts...)
	}
	if len(in.PrefixListIds) != 1 || len(in.Filters) > 0 || in.NextToken != nil {
		return read(ctx)
	}
	list := in.PrefixListIds[0]
	return single(ctx, r.view, r.view.ec2.listSizes, list, "", read, events.Object{Kind: events.PrefixList, Name: list})
}

// slimGroup leaves out a group's rules in the form that has no ids: the operator reads them by DescribeSecurityGroupRules.
func slimGroup(g *types.SecurityGroup, s shelf) {
	g.IpPermissions, g.IpPermissionsEgress = nil, nil
	s.share(&g.OwnerId, &g.VpcId, &g.Description)
	for i := range g.Tags {
		s.share(&g.Tags[i].Key, &g.Tags[i].Value)
	}
}

func slimRule(r *types.SecurityGroupRule, s shelf) {
	r.SecurityGroupRuleArn, r.GroupOwnerId, r.Tags = nil, nil, nil
	s.share(&r.GroupId, &r.IpProtocol, &r.CidrIpv4, &r.CidrIpv6, &r.PrefixListId, &r.Description)
}
