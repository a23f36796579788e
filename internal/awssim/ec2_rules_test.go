// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

type peerOption func(*types.IpPermission)

func withGroup(id string) peerOption {
	return func(p *types.IpPermission) {
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, types.UserIdGroupPair{GroupId: &id, Description: aws.String("from a group")})
	}
}

func withCIDR(cidr string) peerOption {
	return func(p *types.IpPermission) {
		p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: &cidr, Description: aws.String("from a range")})
	}
}

func withIPv6(cidr string) peerOption {
	return func(p *types.IpPermission) {
		p.Ipv6Ranges = append(p.Ipv6Ranges, types.Ipv6Range{CidrIpv6: &cidr})
	}
}

func withList(id string) peerOption {
	return func(p *types.IpPermission) {
		p.PrefixListIds = append(p.PrefixListIds, types.PrefixListId{PrefixListId: &id})
	}
}

func permission(protocol string, from, to *int32, peers ...peerOption) types.IpPermission {
	p := types.IpPermission{IpProtocol: &protocol, FromPort: from, ToPort: to}
	for _, peer := range peers {
		peer(&p)
	}
	return p
}

func tcp(port int32, peers ...peerOption) types.IpPermission {
	return permission("tcp", &port, &port, peers...)
}

func (r *rig) tryAuthorize(group string, perms ...types.IpPermission) ([]types.SecurityGroupRule, error) {
	out, err := r.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: perms})
	if err != nil {
		return nil, err
	}
	return out.SecurityGroupRules, nil
}

func (r *rig) authorize(t *testing.T, group string, perms ...types.IpPermission) []types.SecurityGroupRule {
	t.Helper()
	return must[[]types.SecurityGroupRule](t)(r.tryAuthorize(group, perms...))
}

// rulesOf lists a group's ingress rules.
func (r *rig) rulesOf(t *testing.T, group string) (out []types.SecurityGroupRule) {
	t.Helper()
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.ec2, &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{filter("group-id", group)}})
	for pages.HasMorePages() {
		for _, rule := range must[*ec2.DescribeSecurityGroupRulesOutput](t)(pages.NextPage(ctx)).SecurityGroupRules {
			if !*rule.IsEgress {
				out = append(out, rule)
			}
		}
	}
	return out
}

func ruleText(rule types.SecurityGroupRule) string {
	peer := aws.ToString(rule.CidrIpv4) + aws.ToString(rule.CidrIpv6) + aws.ToString(rule.PrefixListId)
	if rule.ReferencedGroupInfo != nil {
		peer += *rule.ReferencedGroupInfo.UserId + "/" + *rule.ReferencedGroupInfo.GroupId
	}
	return fmt.Sprintf("%s %d-%d %s", *rule.IpProtocol, *rule.FromPort, *rule.ToPort, peer)
}

func TestAuthorizeAnswersAllRules(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.account(DefaultAccount).region(DefaultRegion).ec2.addPrefixList("pl-0s3", "com.amazonaws.eu-west-1.s3", []string{"52.0.0.0/16"})
	g := r.createGroup(t, "g")
	out := must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(r.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &g, IpPermissions: []types.IpPermission{
			tcp(443, withCIDR("10.0.0.0/8"), withIPv6("2001:DB8::1/32"), withGroup(g)),
			tcp(80, withList("pl-0s3")),
		},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroupRule, Tags: ec2Tags("k", "v")}},
	}))
	want := []string{"tcp 443-443 10.0.0.0/8", "tcp 443-443 2001:db8::/32", "tcp 443-443 " + DefaultAccount + "/" + g, "tcp 80-80 pl-0s3"}
	for i, rule := range out.SecurityGroupRules {
		if ruleText(rule) != want[i] || *rule.GroupId != g || *rule.GroupOwnerId != DefaultAccount || *rule.Tags[0].Value != "v" ||
			*rule.SecurityGroupRuleArn != "arn:aws:ec2:eu-west-1:111122223333:security-group-rule/"+*rule.SecurityGroupRuleId {
			t.Errorf("rule %d is %s, want %s: %+v", i, ruleText(rule), want[i], rule)
		}
	}
	if len(out.SecurityGroupRules) != 4 {
		t.Fatalf("%d rules", len(out.SecurityGroupRules))
	}
	if got := r.rulesOf(t, g); len(got) != 4 {
		t.Fatalf("%d rules are there", len(got))
	}
	perms := r.group(t, g).IpPermissions
	if len(perms) != 2 {
		t.Fatalf("permissions are %+v", perms)
	}
	for _, p := range perms {
		if *p.FromPort == 443 && (len(p.IpRanges) != 1 || *p.IpRanges[0].Description != "from a range" || len(p.Ipv6Ranges) != 1 || *p.UserIdGroupPairs[0].UserId != DefaultAccount || *p.UserIdGroupPairs[0].Description != "from a group") {
			t.Fatalf("permission is %+v", p)
		}
	}
}

func TestRulesAreMadeCanonical(t *testing.T) {
	r := newRig(t, Options{})
	p := aws.Int32
	for name, tc := range map[string]struct {
		give types.IpPermission
		want string
	}{
		"host bits":        {tcp(443, withCIDR("100.68.0.18/18")), "tcp 443-443 100.68.0.0/18"},
		"IPv6 host bits":   {tcp(443, withIPv6("2001:db8:0:0::1/64")), "tcp 443-443 2001:db8::/64"},
		"6":                {permission("6", p(1), p(2), withCIDR("10.0.0.0/8")), "tcp 1-2 10.0.0.0/8"},
		"17":               {permission("17", p(1), p(2), withCIDR("10.0.0.0/8")), "udp 1-2 10.0.0.0/8"},
		"TCP":              {permission("TCP", p(1), p(2), withCIDR("10.0.0.0/8")), "tcp 1-2 10.0.0.0/8"},
		"1":                {permission("1", p(8), p(-1), withCIDR("10.0.0.0/8")), "icmp 8--1 10.0.0.0/8"},
		"58":               {permission("58", p(128), p(0), withIPv6("::/0")), "icmpv6 128-0 ::/0"},
		"icmpv6, no type":  {permission("icmpv6", nil, nil, withIPv6("::/0")), "icmpv6 -1--1 ::/0"},
		"all":              {permission("-1", p(1), p(65535), withCIDR("10.0.0.0/8")), "-1 -1--1 10.0.0.0/8"},
		"another protocol": {permission("50", p(7), p(9), withCIDR("10.0.0.0/8")), "50 -1--1 10.0.0.0/8"},
	} {
		t.Run(name, func(t *testing.T) {
			g := r.createGroup(t, name)
			if got := ruleText(r.authorize(t, g, tc.give)[0]); got != tc.want {
				t.Fatalf("rule is %q, want %q", got, tc.want)
			}
			perm := r.group(t, g).IpPermissions[0]
			if noPorts := strings.HasPrefix(tc.want, "-1") || strings.HasPrefix(tc.want, "50"); (perm.FromPort == nil) != noPorts {
				t.Fatalf("permission is %+v", perm)
			}
			_, err := r.tryAuthorize(g, tc.give)
			wantError(t, err, "InvalidPermission.Duplicate", 400)
		})
	}
}

func TestRuleInputRules(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	far := must[*ec2.CreateSecurityGroupOutput](t)(r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("far"), Description: aws.String("d"), VpcId: aws.String("vpc-0b")}))
	p, any4 := aws.Int32, withCIDR("0.0.0.0/0")
	bad := func(text string) peerOption {
		return func(p *types.IpPermission) {
			p.IpRanges = []types.IpRange{{CidrIp: aws.String("10.0.0.0/8"), Description: &text}}
		}
	}
	for name, tc := range map[string]struct {
		perm types.IpPermission
		code string
	}{
		"no ports":         {permission("tcp", nil, nil, any4), "InvalidParameterValue"},
		"half a range":     {permission("udp", p(1), nil, any4), "InvalidParameterValue"},
		"port too high":    {permission("tcp", p(1), p(65536), any4), "InvalidParameterValue"},
		"port -1":          {permission("tcp", p(-1), p(-1), any4), "InvalidParameterValue"},
		"upside down":      {permission("tcp", p(2), p(1), any4), "InvalidParameterValue"},
		"icmp, no type":    {permission("icmp", nil, nil, any4), "InvalidParameterValue"},
		"icmp all, a code": {permission("icmp", p(-1), p(0), any4), "InvalidParameterValue"},
		"protocol":         {permission("quic", p(1), p(1), any4), "InvalidParameterValue"},
		"protocol number":  {permission("256", p(1), p(1), any4), "InvalidParameterValue"},
		"no protocol":      {permission("", p(1), p(1), any4), "MissingParameter"},
		"no source":        {tcp(1), "MissingParameter"},
		"CIDR":             {tcp(1, withCIDR("10.0.0.0/33")), "InvalidParameterValue"},
		"address":          {tcp(1, withCIDR("10.0.0.1")), "InvalidParameterValue"},
		"IPv6 as IPv4":     {tcp(1, withCIDR("::/0")), "InvalidParameterValue"},
		"IPv4 as IPv6":     {tcp(1, withIPv6("10.0.0.0/8")), "InvalidParameterValue"},
		"ghost list":       {tcp(1, withList("pl-0fff")), "InvalidPrefixListID.NotFound"},
		"ghost group":      {tcp(1, withGroup("sg-0fff")), "InvalidGroup.NotFound"},
		"not a group":      {tcp(1, withGroup("web")), "InvalidGroupId.Malformed"},
		"no group":         {tcp(1, withGroup("")), "MissingParameter"},
		"group far away":   {tcp(1, withGroup(*far.GroupId)), "InvalidGroup.NotFound"},
		"twice":            {tcp(1, withCIDR("10.0.0.1/8"), withCIDR("10.0.0.2/8")), "InvalidParameterValue"},
		"description":      {tcp(1, bad("a|b")), "InvalidParameterValue"},
		"long description": {tcp(1, bad(strings.Repeat("a", 256))), "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.tryAuthorize(g, tcp(9, any4), tc.perm)
			wantError(t, err, tc.code, 400)
			if got := r.rulesOf(t, g); len(got) != 0 {
				t.Fatalf("a part of the call was done: %+v", got)
			}
		})
	}
	_, err := r.tryAuthorize(g)
	wantError(t, err, "MissingParameter", 400)
	_, err = r.tryAuthorize("sg-0fff", tcp(9, any4))
	wantError(t, err, "InvalidGroup.NotFound", 400)
}

func TestSingleRuleMembers(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	_, err := r.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &g, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("0.0.0.0/0"),
	})
	ok(t, err)
	if got := r.rulesOf(t, g); len(got) != 1 || ruleText(got[0]) != "tcp 22-22 0.0.0.0/0" {
		t.Fatalf("rules are %+v", got)
	}
	_, err = r.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{
		GroupId: &g, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("0.0.0.0/0"),
	})
	ok(t, err)
	if got := r.rulesOf(t, g); len(got) != 0 {
		t.Fatalf("rules are %+v", got)
	}
}

func TestRuleQuota(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	many := tcp(1)
	for i := range 59 {
		withCIDR(fmt.Sprintf("10.0.%d.0/24", i))(&many)
	}
	r.authorize(t, g, many)
	_, err := r.tryAuthorize(g, tcp(2, withCIDR("10.1.0.0/16"), withCIDR("10.2.0.0/16")))
	wantError(t, err, "RulesPerSecurityGroupLimitExceeded", 400)
	if got := r.rulesOf(t, g); len(got) != 59 {
		t.Fatalf("%d rules", len(got))
	}
	r.authorize(t, g, tcp(2, withGroup(g), withIPv6("2001:db8::/32"))) // the 60th of IPv4; IPv6 counts apart
	_, err = r.tryAuthorize(g, tcp(2, withCIDR("10.2.0.0/16")))
	wantError(t, err, "RulesPerSecurityGroupLimitExceeded", 400)

	list := must[*ec2.CreateManagedPrefixListOutput](t)(r.ec2.CreateManagedPrefixList(ctx, &ec2.CreateManagedPrefixListInput{
		PrefixListName: aws.String("offices"), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(59),
		Entries: []types.AddPrefixListEntry{{Cidr: aws.String("192.0.2.0/24")}},
	})).PrefixList
	h := r.createGroup(t, "h")
	r.authorize(t, h, tcp(1, withList(*list.PrefixListId), withCIDR("10.0.0.0/8")))
	_, err = r.tryAuthorize(h, tcp(2, withCIDR("10.0.0.0/8")))
	wantError(t, err, "RulesPerSecurityGroupLimitExceeded", 400)
}

func TestRevoke(t *testing.T) {
	r := newRig(t, Options{})
	g, other := r.createGroup(t, "g"), r.createGroup(t, "other")
	rules := r.authorize(t, g, tcp(1, withCIDR("10.0.0.0/8")), tcp(2, withCIDR("10.0.0.0/8")), tcp(3, withGroup(other)))
	revoke := func(in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
		if in.GroupId == nil {
			in.GroupId = &g
		}
		return r.ec2.RevokeSecurityGroupIngress(ctx, in)
	}
	_, err := revoke(&ec2.RevokeSecurityGroupIngressInput{IpPermissions: []types.IpPermission{tcp(1, withCIDR("10.0.0.0/8")), tcp(9, withCIDR("10.0.0.0/8"))}})
	wantError(t, err, "InvalidPermission.NotFound", 400)
	_, err = revoke(&ec2.RevokeSecurityGroupIngressInput{SecurityGroupRuleIds: []string{*rules[0].SecurityGroupRuleId, "sgr-0fff"}})
	wantError(t, err, "InvalidSecurityGroupRuleId.NotFound", 400)
	_, err = revoke(&ec2.RevokeSecurityGroupIngressInput{GroupId: &other, SecurityGroupRuleIds: []string{*rules[0].SecurityGroupRuleId}})
	wantError(t, err, "InvalidSecurityGroupRuleId.NotFound", 400)
	_, err = revoke(&ec2.RevokeSecurityGroupIngressInput{SecurityGroupRuleIds: []string{"rule"}})
	wantError(t, err, "InvalidSecurityGroupRuleId.Malformed", 400)
	_, err = revoke(&ec2.RevokeSecurityGroupIngressInput{SecurityGroupRuleIds: []string{*rules[0].SecurityGroupRuleId}, IpPermissions: []types.IpPermission{tcp(2, withCIDR("10.0.0.0/8"))}})
	wantError(t, err, "InvalidParameterCombination", 400)
	_, err = revoke(&ec2.RevokeSecurityGroupIngressInput{})
	wantError(t, err, "MissingParameter", 400)
	_, err = r.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &g, SecurityGroupRuleIds: []string{*rules[0].SecurityGroupRuleId}})
	wantError(t, err, "InvalidSecurityGroupRuleId.NotFound", 400)
	if got := r.rulesOf(t, g); len(got) != 3 {
		t.Fatalf("%d rules after calls that failed", len(got))
	}
	bare := types.IpPermission{IpProtocol: aws.String("6"), FromPort: aws.Int32(1), ToPort: aws.Int32(1), IpRanges: []types.IpRange{{CidrIp: aws.String("10.9.9.9/8")}}}
	out := must[*ec2.RevokeSecurityGroupIngressOutput](t)(revoke(&ec2.RevokeSecurityGroupIngressInput{IpPermissions: []types.IpPermission{bare}}))
	if len(out.RevokedSecurityGroupRules) != 1 || *out.RevokedSecurityGroupRules[0].SecurityGroupRuleId != *rules[0].SecurityGroupRuleId || *out.RevokedSecurityGroupRules[0].CidrIpv4 != "10.0.0.0/8" {
		t.Fatalf("revoked %+v", out.RevokedSecurityGroupRules)
	}
	out = must[*ec2.RevokeSecurityGroupIngressOutput](t)(revoke(&ec2.RevokeSecurityGroupIngressInput{SecurityGroupRuleIds: []string{*rules[1].SecurityGroupRuleId, *rules[2].SecurityGroupRuleId}}))
	if len(out.RevokedSecurityGroupRules) != 2 || *out.RevokedSecurityGroupRules[1].ReferencedGroupId != other || len(r.rulesOf(t, g)) != 0 {
		t.Fatalf("revoked %+v", out.RevokedSecurityGroupRules)
	}
	egress := r.group(t, g).IpPermissionsEgress
	_, err = r.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &g, IpPermissions: egress})
	ok(t, err)
	if left := r.group(t, g).IpPermissionsEgress; len(left) != 0 {
		t.Fatalf("egress is %+v", left)
	}
}

func TestDescribeSecurityGroupRulesPagesAndFilters(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	var perms []types.IpPermission
	for i := range 11 {
		perms = append(perms, tcp(int32(i), withCIDR("10.0.0.0/8")))
	}
	rules := r.authorize(t, g, perms...)
	seen, n := map[string]bool{}, 0
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.ec2, &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{filter("group-id", g)}, MaxResults: aws.Int32(5)})
	for pages.HasMorePages() {
		for _, rule := range must[*ec2.DescribeSecurityGroupRulesOutput](t)(pages.NextPage(ctx)).SecurityGroupRules {
			seen[*rule.SecurityGroupRuleId] = true
		}
		n++
	}
	if n != 3 || len(seen) != 12 {
		t.Fatalf("%d rules on %d pages", len(seen), n)
	}
	one := *rules[0].SecurityGroupRuleId
	_, err := r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{one}, Tags: ec2Tags("team", "a")})
	ok(t, err)
	for _, in := range []ec2.DescribeSecurityGroupRulesInput{
		{SecurityGroupRuleIds: []string{one}},
		{Filters: []types.Filter{filter("security-group-rule-id", one)}},
		{Filters: []types.Filter{filter("tag:team", "?")}},
	} {
		if out := must[*ec2.DescribeSecurityGroupRulesOutput](t)(r.ec2.DescribeSecurityGroupRules(ctx, &in)); len(out.SecurityGroupRules) != 1 || *out.SecurityGroupRules[0].SecurityGroupRuleId != one {
			t.Fatalf("found %+v", out.SecurityGroupRules)
		}
	}
	_, err = r.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{filter("vpc-id", "vpc-0a")}})
	wantError(t, err, "InvalidParameterValue", 400)
	_, err = r.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{"sgr-0fff"}})
	wantError(t, err, "InvalidSecurityGroupRuleId.NotFound", 400)
}

func TestModifyRules(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	rules := r.authorize(t, g, tcp(1, withCIDR("10.0.0.0/8")), tcp(2, withCIDR("10.0.0.0/8")))
	first, second := rules[0].SecurityGroupRuleId, rules[1].SecurityGroupRuleId
	modify := func(updates ...types.SecurityGroupRuleUpdate) error {
		_, err := r.ec2.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &g, SecurityGroupRules: updates})
		return err
	}
	request := func(port int32, cidr string) *types.SecurityGroupRuleRequest {
		return &types.SecurityGroupRuleRequest{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, CidrIpv4: &cidr, Description: aws.String("new")}
	}
	ok(t, modify(types.SecurityGroupRuleUpdate{SecurityGroupRuleId: first, SecurityGroupRule: request(7, "192.0.2.9/24")}))
	got := must[*ec2.DescribeSecurityGroupRulesOutput](t)(r.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{*first}})).SecurityGroupRules[0]
	if ruleText(got) != "tcp 7-7 192.0.2.0/24" || *got.Description != "new" {
		t.Fatalf("rule is %s", ruleText(got))
	}
	wantError(t, modify(types.SecurityGroupRuleUpdate{SecurityGroupRuleId: first, SecurityGroupRule: request(2, "10.0.0.0/8")}), "InvalidPermission.Duplicate", 400)
	v6 := request(3, "")
	v6.CidrIpv4, v6.CidrIpv6 = nil, aws.String("::/0")
	wantError(t, modify(types.SecurityGroupRuleUpdate{SecurityGroupRuleId: first, SecurityGroupRule: v6}), "InvalidParameterValue", 400)
	both := request(3, "10.0.0.0/8")
	both.CidrIpv6 = aws.String("::/0")
	wantError(t, modify(types.SecurityGroupRuleUpdate{SecurityGroupRuleId: first, SecurityGroupRule: both}), "InvalidParameterCombination", 400)
	wantError(t, modify(
		types.SecurityGroupRuleUpdate{SecurityGroupRuleId: second, SecurityGroupRule: request(5, "10.0.0.0/8")},
		types.SecurityGroupRuleUpdate{SecurityGroupRuleId: aws.String("sgr-0fff"), SecurityGroupRule: request(6, "10.0.0.0/8")},
	), "InvalidSecurityGroupRuleId.NotFound", 400)
	for _, rule := range r.rulesOf(t, g) {
		if *rule.SecurityGroupRuleId == *second && ruleText(rule) != "tcp 2-2 10.0.0.0/8" {
			t.Fatalf("a part of the call was done: %s", ruleText(rule))
		}
	}
}

func TestUpdateRuleDescriptions(t *testing.T) {
	r := newRig(t, Options{})
	g := r.createGroup(t, "g")
	rule := r.authorize(t, g, tcp(1, withCIDR("10.0.0.0/8")))[0]
	describe := func(want string) {
		t.Helper()
		if got := r.rulesOf(t, g)[0].Description; aws.ToString(got) != want {
			t.Fatalf("description is %q, want %q", aws.ToString(got), want)
		}
	}
	perm := tcp(1, withCIDR("10.0.0.0/8"))
	perm.IpRanges[0].Description = aws.String("by permission")
	_, err := r.ec2.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &g, IpPermissions: []types.IpPermission{perm}})
	ok(t, err)
	describe("by permission")
	byID := func(id string, text *string) error {
		_, err := r.ec2.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{
			GroupId: &g, SecurityGroupRuleDescriptions: []types.SecurityGroupRuleDescription{{SecurityGroupRuleId: &id, Description: text}},
		})
		return err
	}
	ok(t, byID(*rule.SecurityGroupRuleId, aws.String("by id")))
	describe("by id")
	wantError(t, byID("sgr-0fff", aws.String("x")), "InvalidSecurityGroupRuleId.NotFound", 400)
	wantError(t, byID(*rule.SecurityGroupRuleId, aws.String("|")), "InvalidParameterValue", 400)
	ok(t, byID(*rule.SecurityGroupRuleId, nil))
	describe("")
	_, err = r.ec2.UpdateSecurityGroupRuleDescriptionsEgress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsEgressInput{GroupId: &g, IpPermissions: []types.IpPermission{perm}})
	wantError(t, err, "InvalidPermission.NotFound", 400)
	_, err = r.ec2.UpdateSecurityGroupRuleDescriptionsEgress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsEgressInput{GroupId: &g})
	wantError(t, err, "InvalidParameterCombination", 400)
}
