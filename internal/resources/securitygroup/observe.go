// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// detail is this package's view of an observation.
type detail struct {
	group observed.SecurityGroup
	// fresh is true for a group that we made and that is still exactly as EC2 makes it.
	fresh bool
}

func detailOf(o *resource.Observation) detail {
	d, _ := o.Detail.(detail)
	return d
}

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, v resource.Values) (*resource.Observation, error) {
	found, twin, err := r.find(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", r.ID(), err)
	}
	lists := newPrefixLists(r.ec2)
	o := &resource.Observation{Twin: twin}
	if found != nil {
		group, err := r.group(ctx, found)
		if err != nil {
			return nil, err
		}
		if err := lists.fill(ctx, group.Ingress); err != nil {
			return nil, err
		}
		r.observation(o, group, r.arn(found, v))
	}
	if r.desired == nil {
		return o, nil
	}
	if o.Problems, err = r.problems(ctx, o, lists, v); err != nil {
		return nil, err
	}
	return o, nil
}

// observation fills o for a group that exists.
func (r *Resource) observation(o *resource.Observation, group observed.SecurityGroup, arn string) {
	o.Exists, o.ARN, o.Tags = true, arn, group.Tags
	o.Gives = map[string]string{resource.ARN: arn, resource.GroupID: group.ID}
	o.Uses = referred(group)
	o.Record = func(s *observed.State) { s.SecurityGroups = append(s.SecurityGroups, group) }
	o.Detail = detail{group: group, fresh: r.fresh(group)}
}

// find returns the group by the id that we know it by, else by its name in the cluster's VPC, else nil and what has its name
// in other letters. A group that was made again, by us before a crash or by somebody, has a new id, so an id that is gone is
// no answer.
func (r *Resource) find(ctx context.Context, v resource.Values) (*types.SecurityGroup, *resource.Twin, error) {
	if r.groupID != "" {
		found, err := r.search(ctx, r.groupID)
		if found != nil || err != nil {
			return found, nil, err
		}
	}
	if r.desired == nil {
		return nil, nil, nil
	}
	vpc, ok := v.Get(r.desired.Cluster, resource.VPCID)
	if !ok {
		return nil, nil, nil
	}
	groups, err := r.list(ctx, filter("group-name", r.name, inAnyCase(r.name)), filter("vpc-id", vpc))
	if err != nil {
		return nil, nil, err
	}
	// A name is unique within a VPC, whatever its letters' case (EC2 API reference, CreateSecurityGroup); the filter finds more
	// than names that are alike.
	var twin *resource.Twin
	for i, g := range groups {
		switch name := aws.ToString(g.GroupName); {
		case name == r.name:
			return &groups[i], nil, nil
		case strings.EqualFold(name, r.name):
			twin = &resource.Twin{Name: name, ARN: aws.ToString(g.GroupId), Tags: tagMap(g.Tags)}
		}
	}
	return nil, twin, nil
}

// inAnyCase is a filter's value for names that are alike but for case, and for others of that length: case counts in filters,
// and ? is any character (EC2 user guide, "List and filter using the CLI and API"). The inventory answers it without those
// others.
func inAnyCase(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) {
			return '?'
		}
		return c
	}, name)
}

func (r *Resource) search(ctx context.Context, id string) (*types.SecurityGroup, error) {
	groups, err := r.list(ctx, filter("group-id", id))
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	return &groups[0], nil
}

// groups returns all groups that pass the filters.
func (r *Resource) groups(ctx context.Context, filters map[string]string) ([]types.SecurityGroup, error) {
	var list []types.Filter
	for _, name := range slices.Sorted(maps.Keys(filters)) {
		list = append(list, filter(name, filters[name]))
	}
	return r.list(ctx, list...)
}

// list is groups for filters of several values; filters, unlike ids, make no error of what is not there.
func (r *Resource) list(ctx context.Context, filters ...types.Filter) ([]types.SecurityGroup, error) {
	in := &ec2.DescribeSecurityGroupsInput{Filters: filters}
	var out []types.SecurityGroup
	for pages := ec2.NewDescribeSecurityGroupsPaginator(r.ec2, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, page.SecurityGroups...)
	}
	return out, nil
}

// group puts a group and its rules into neutral form.
func (r *Resource) group(ctx context.Context, g *types.SecurityGroup) (observed.SecurityGroup, error) {
	out := observed.SecurityGroup{
		ID: aws.ToString(g.GroupId), Name: aws.ToString(g.GroupName), VPCID: aws.ToString(g.VpcId),
		Description: aws.ToString(g.Description), Tags: tagMap(g.Tags),
	}
	in := &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{filter("group-id", out.ID)}}
	for pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.ec2, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return out, fmt.Errorf("reading the rules of %s: %w", r.ID(), err)
		}
		for _, found := range page.SecurityGroupRules {
			rule, err := ruleOf(found)
			if err != nil {
				return out, fmt.Errorf("reading rule %s of %s: %w", aws.ToString(found.SecurityGroupRuleId), r.ID(), err)
			}
			if aws.ToBool(found.IsEgress) {
				out.Egress = append(out.Egress, rule)
			} else {
				out.Ingress = append(out.Ingress, rule)
			}
		}
	}
	byKey := func(a, b observed.Rule) int { return strings.Compare(keyOf(a), keyOf(b)) }
	slices.SortFunc(out.Ingress, byKey)
	slices.SortFunc(out.Egress, byKey)
	return out, nil
}

func tagMap(tags []types.Tag) map[string]string {
	out := map[string]string{}
	for _, tag := range tags {
		out[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

// ruleOf puts a rule into canonical form.
func ruleOf(in types.SecurityGroupRule) (observed.Rule, error) {
	peer := ""
	switch {
	case aws.ToString(in.CidrIpv4) != "":
		peer = *in.CidrIpv4
	case aws.ToString(in.CidrIpv6) != "":
		peer = *in.CidrIpv6
	case aws.ToString(in.PrefixListId) != "":
		peer = *in.PrefixListId
	case in.ReferencedGroupInfo != nil:
		peer = aws.ToString(in.ReferencedGroupInfo.GroupId)
	}
	rule, err := canonical.Rule(aws.ToString(in.IpProtocol), in.FromPort, in.ToPort, peer, aws.ToString(in.Description))
	rule.ID = aws.ToString(in.SecurityGroupRuleId)
	for _, tag := range in.Tags {
		if rule.Tags == nil {
			rule.Tags = map[string]string{}
		}
		rule.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return rule, err
}

// referred returns the ids of the other groups that a group's rules refer to.
func referred(g observed.SecurityGroup) []string {
	var out []string
	for _, rule := range slices.Concat(g.Ingress, g.Egress) {
		if isGroup(rule.Peer) && rule.Peer != g.ID {
			out = append(out, rule.Peer)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fresh says whether a group is ours and still as EC2 makes it: no ingress, and no egress but the allow-all rules
// that every new group has (VPC user guide, "Default outbound rule"). Those we did not declare and nobody added, so
// they are taken away even where unlisted rules are only reported. Once the group was complete, they are somebody's.
func (r *Resource) fresh(g observed.SecurityGroup) bool {
	ours := r.prior.Origin == resource.Created || g.Tags[resource.OriginTag] == string(resource.Created)
	return ours && r.prior.Hash == "" && len(g.Ingress) == 0 && len(g.Egress) > 0 && !slices.ContainsFunc(g.Egress, func(rule observed.Rule) bool {
		return !isDefaultEgress(rule)
	})
}

func isDefaultEgress(rule observed.Rule) bool {
	return rule.Protocol == "-1" && isAnywhere(rule.Peer) && rule.Description == ""
}

// arn returns the group's ARN. Where AWS's answer lacks it (the field is younger than the operation), it is put
// together from the cluster's, which shares partition and Region.
func (r *Resource) arn(g *types.SecurityGroup, v resource.Values) string {
	if arn := aws.ToString(g.SecurityGroupArn); arn != "" {
		return arn
	}
	like := r.prior.ARN
	if like == "" && r.desired != nil {
		like, _ = v.Get(r.desired.Cluster, resource.ARN)
	}
	parts := strings.SplitN(like, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return fmt.Sprintf("arn:%s:ec2:%s:%s:security-group/%s", parts[1], parts[3], aws.ToString(g.OwnerId), aws.ToString(g.GroupId))
}

func idOfARN(arn string) string {
	if _, id, ok := strings.Cut(arn, ":security-group/"); ok {
		return id
	}
	return ""
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

// groupOf returns the group id in a peer, which may stand behind the account that the group is in (111122223333/sg-0a);
// "" when the peer is no group. Group ids are unique beyond accounts, so the id alone identifies a rule.
func groupOf(peer string) (account, id string) {
	account, id, ok := strings.Cut(peer, "/sg-")
	switch {
	case ok:
		return account, "sg-" + id
	case strings.HasPrefix(peer, "sg-"):
		return "", peer
	}
	return "", ""
}

func isGroup(peer string) bool {
	_, id := groupOf(peer)
	return id != ""
}

// Key identifies a declared rule; in brackets behind its direction, it is the rule's path.
func Key(rule observed.Rule) string { return keyOf(rule) }

// keyOf identifies a rule; it is what paths show.
func keyOf(rule observed.Rule) string {
	if _, id := groupOf(rule.Peer); id != "" {
		rule.Peer = id
	}
	return canonical.RuleKey(rule)
}

func isPrefixList(peer string) bool { return strings.HasPrefix(peer, "pl-") }
func isAnywhere(peer string) bool   { return peer == "0.0.0.0/0" || peer == "::/0" }
