// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// The error codes that decide what happens next: EC2 API reference, "Error codes for the Amazon EC2 API".
const (
	codeGroupExists   = "InvalidGroup.Duplicate"
	codeGroupNotFound = "InvalidGroup.NotFound"
	codeRuleExists    = "InvalidPermission.Duplicate"
	codeInUse         = "DependencyViolation"
)

// Changes implements resource.Resource: rules are added before others are taken away, in both directions.
func (r *Resource) Changes(o *resource.Observation, v resource.Values) []resource.Change {
	if r.desired == nil {
		return nil
	}
	return r.changes(detailOf(o), v)
}

func (r *Resource) changes(d detail, v resource.Values) []resource.Change {
	in, out := plans(*r.desired, d.group, d.fresh, v)
	ingress := &direction{r: r, groupID: d.group.ID, plan: in}
	egress := &direction{r: r, groupID: d.group.ID, plan: out, egress: true}
	return slices.Concat(ingress.changes(), egress.changes())
}

// Create implements resource.Resource.
func (r *Resource) Create(ctx context.Context, v resource.Values, tags map[string]string) error {
	vpc, _ := v.Get(r.desired.Cluster, resource.VPCID)
	out, err := r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: &r.name, VpcId: &vpc, Description: aws.String(r.description()),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: tagsOf(tags)}},
	})
	if awsapi.Code(err) == codeGroupExists {
		// We looked for it by name and did not see it: EC2's answers are eventually consistent (EC2 developer guide,
		// "Ensuring idempotency" and "Eventual consistency").
		return &resource.Waiting{
			Reason:  ReasonWaiting,
			Message: fmt.Sprintf("%s: AWS says that %s has a group of this name already, but does not show it yet; looking again.", r.ID(), vpc),
		}
	}
	if err != nil {
		return fmt.Errorf("creating %s in %s: %w", r.ID(), vpc, err)
	}
	r.groupID = aws.ToString(out.GroupId)
	return r.fill(ctx, v, &types.SecurityGroup{
		GroupId: out.GroupId, SecurityGroupArn: out.SecurityGroupArn, GroupName: &r.name, VpcId: &vpc, Tags: tagsOf(tags),
	})
}

// fill gives a new group its rules, in place of those that EC2 gives it. While EC2 does not show those, or a rule waits
// for another group, the group is read like any other before it is gone on with.
func (r *Resource) fill(ctx context.Context, v resource.Values, made *types.SecurityGroup) error {
	group, err := r.group(ctx, made)
	if err != nil {
		return err
	}
	if !r.fresh(group) {
		return nil
	}
	for _, change := range resource.InOrder(r.changes(detail{group: group, fresh: true}, v)) {
		if err := change.Do(ctx); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(diff(*r.desired, group, true, v), func(d drift.Difference) bool { return d.WaitsFor != "" }) {
		return nil
	}
	o := &resource.Observation{}
	r.observation(o, group, r.arn(made, v))
	o.Record, o.Detail, o.Uses = nil, nil, nil // these are of before the rules
	r.made = o
	return nil
}

// AsMade implements resource.Maker.
func (r *Resource) AsMade() *resource.Observation { return r.made }

// description is what a new group gets: EC2 demands one.
func (r *Resource) description() string { return cmp.Or(r.desired.Description, r.name) }

// direction repairs the rules of one direction of a group.
type direction struct {
	r       *Resource
	groupID string
	plan    plan
	egress  bool
}

func (d *direction) word() string {
	if d.egress {
		return "egress"
	}
	return "ingress"
}

func (d *direction) path(rule observed.Rule) string {
	if d.egress {
		return egressPath(rule)
	}
	return ingressPath(rule)
}

// changes are one call for each kind of change. Each can be taken apart, rule by rule.
func (d *direction) changes() []resource.Change {
	return slices.Concat(
		together(d.plan.removable(true), func(rules ...unlistedRule) resource.Change { return d.revoking(resource.Forbidden, rules...) }),
		together(d.plan.missing, d.authorizing),
		together(d.plan.changed, d.describing),
		together(d.plan.removable(false), func(rules ...unlistedRule) resource.Change { return d.revoking(resource.Remove, rules...) }))
}

// together makes one change of all rules, and one of each to take it apart into.
func together[R any](rules []R, change func(...R) resource.Change) []resource.Change {
	if len(rules) == 0 {
		return nil
	}
	all := change(rules...)
	for _, rule := range rules {
		all.Singly = append(all.Singly, change(rule))
	}
	return []resource.Change{all}
}

// authorizing adds rules. Those that are there already are taken as added: after a lost answer they are.
func (d *direction) authorizing(rules ...observed.Rule) resource.Change {
	c := resource.Change{Order: resource.Set}
	for _, rule := range rules {
		c.Paths = append(c.Paths, d.path(rule))
	}
	c.Do = func(ctx context.Context) error {
		err := d.add(ctx, rules)
		if awsapi.Code(err) == codeRuleExists {
			err = d.addEach(ctx, rules)
		}
		return err
	}
	return c
}

// addEach adds rule by rule.
func (d *direction) addEach(ctx context.Context, rules []observed.Rule) error {
	for _, rule := range rules {
		err := d.add(ctx, []observed.Rule{rule})
		if err != nil && awsapi.Code(err) != codeRuleExists {
			return err
		}
	}
	return nil
}

func (d *direction) add(ctx context.Context, rules []observed.Rule) error {
	permissions := make([]types.IpPermission, 0, len(rules))
	for _, rule := range rules {
		permissions = append(permissions, permission(rule))
	}
	var err error
	if d.egress {
		_, err = d.r.ec2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &d.groupID, IpPermissions: permissions})
	} else {
		_, err = d.r.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &d.groupID, IpPermissions: permissions})
	}
	return d.wrap("authorizing", d.r.unknownPeer(d.groupID, rules, err))
}

// describing sets descriptions. Modifying a rule by its id, with everything else as it is, keeps it in force.
func (d *direction) describing(rules ...changedRule) resource.Change {
	c := resource.Change{Order: resource.Set}
	updates := make([]types.SecurityGroupRuleUpdate, 0, len(rules))
	for _, rule := range rules {
		c.Paths = append(c.Paths, descriptionOf(d.path(rule.Rule)))
		updates = append(updates, types.SecurityGroupRuleUpdate{SecurityGroupRuleId: aws.String(rule.ID), SecurityGroupRule: request(rule.Rule)})
	}
	c.Do = func(ctx context.Context) error {
		_, err := d.r.ec2.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &d.groupID, SecurityGroupRules: updates})
		return d.wrap("describing", err)
	}
	return c
}

// revoking takes away what is not declared.
func (d *direction) revoking(order resource.Order, rules ...unlistedRule) resource.Change {
	c := resource.Change{Order: order}
	var ids []string
	for _, rule := range rules {
		c.Paths, ids = append(c.Paths, d.path(rule.Rule)), append(ids, rule.ID)
	}
	c.Do = func(ctx context.Context) error { return d.wrap("revoking", d.r.revoke(ctx, d.groupID, d.egress, ids)) }
	return c
}

// removable are the unlisted rules that may go, at first or later; one that waits for a group's id may be a declared one.
func (p plan) removable(first bool) []unlistedRule {
	return slices.DeleteFunc(slices.Clone(p.unlisted), func(rule unlistedRule) bool {
		return !rule.remove || rule.waitsFor != "" || rule.first != first
	})
}

// revoke takes rules of one direction away. Rules that are gone already are what was wanted; the next pass sees the rest.
func (r *Resource) revoke(ctx context.Context, groupID string, egress bool, ids []string) error {
	var err error
	if egress {
		_, err = r.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &groupID, SecurityGroupRuleIds: ids})
	} else {
		_, err = r.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &groupID, SecurityGroupRuleIds: ids})
	}
	if awsapi.IsNotFound(err) {
		return nil
	}
	return err
}

func (d *direction) wrap(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s rules of %s: %w", verb, d.word(), d.r.ID(), err)
}

// permission is a rule as the authorize operations take it.
func permission(rule observed.Rule) types.IpPermission {
	out := types.IpPermission{IpProtocol: aws.String(rule.Protocol)}
	out.FromPort, out.ToPort = ports(rule)
	description := optional(rule.Description)
	account, group := groupOf(rule.Peer)
	switch {
	case group != "":
		out.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: &group, UserId: optional(account), Description: description}}
	case isPrefixList(rule.Peer):
		out.PrefixListIds = []types.PrefixListId{{PrefixListId: aws.String(rule.Peer), Description: description}}
	case isIPv6(rule.Peer):
		out.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: aws.String(rule.Peer), Description: description}}
	default:
		out.IpRanges = []types.IpRange{{CidrIp: aws.String(rule.Peer), Description: description}}
	}
	return out
}

// request is a rule as ModifySecurityGroupRules takes it: whole, or EC2 clears what is left out.
func request(rule observed.Rule) *types.SecurityGroupRuleRequest {
	out := &types.SecurityGroupRuleRequest{IpProtocol: aws.String(rule.Protocol), Description: aws.String(rule.Description)}
	out.FromPort, out.ToPort = ports(rule)
	_, group := groupOf(rule.Peer)
	switch {
	case group != "":
		out.ReferencedGroupId = &group
	case isPrefixList(rule.Peer):
		out.PrefixListId = aws.String(rule.Peer)
	case isIPv6(rule.Peer):
		out.CidrIpv6 = aws.String(rule.Peer)
	default:
		out.CidrIpv4 = aws.String(rule.Peer)
	}
	return out
}

// ports are given for the protocols that have them: EC2 API reference, IpPermission (for any other protocol traffic on
// all ports is allowed, whatever is given).
func ports(rule observed.Rule) (from, to *int32) {
	switch rule.Protocol {
	case "tcp", "udp", "icmp", "icmpv6":
		return aws.Int32(rule.FromPort), aws.Int32(rule.ToPort)
	}
	return nil, nil
}

func isIPv6(peer string) bool { return strings.Contains(peer, ":") }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
