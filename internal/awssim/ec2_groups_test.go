// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (r *rig) createGroup(t *testing.T, name string, tags ...string) string {
	t.Helper()
	in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: aws.String("made by a test"), VpcId: aws.String("vpc-0a")}
	if len(tags) > 0 {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: ec2Tags(tags...)}}
	}
	out, err := r.ec2.CreateSecurityGroup(ctx, in)
	ok(t, err)
	return *out.GroupId
}

func ec2Tags(pairs ...string) (out []types.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

func (r *rig) group(t *testing.T, id string) types.SecurityGroup {
	t.Helper()
	out, err := r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	ok(t, err)
	return out.SecurityGroups[0]
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func TestSecurityGroupLifecycle(t *testing.T) {
	r := newRig(t, Options{})
	created := must[*ec2.CreateSecurityGroupOutput](t)(r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("team-a"), Description: aws.String("For team A"), VpcId: aws.String("vpc-0a"),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: ec2Tags("team", "a & <b>")}},
	}))
	if len(created.Tags) != 1 || *created.SecurityGroupArn != "arn:aws:ec2:eu-west-1:111122223333:security-group/"+*created.GroupId {
		t.Fatalf("created %+v", created)
	}
	g := r.group(t, *created.GroupId)
	if *g.GroupName != "team-a" || *g.VpcId != "vpc-0a" || *g.OwnerId != DefaultAccount || *g.Tags[0].Value != "a & <b>" || len(g.IpPermissions) != 0 {
		t.Fatalf("group is %+v", g)
	}
	if e := g.IpPermissionsEgress; len(e) != 1 || *e[0].IpProtocol != "-1" || e[0].FromPort != nil || *e[0].IpRanges[0].CidrIp != "0.0.0.0/0" {
		t.Fatalf("egress is %+v", e)
	}
	gone := must[*ec2.DeleteSecurityGroupOutput](t)(r.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: created.GroupId}))
	if *gone.GroupId != *created.GroupId || !*gone.Return {
		t.Fatalf("deleted %+v", gone)
	}
	_, err := r.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: created.GroupId})
	wantError(t, err, "InvalidGroup.NotFound", 400)
	_, err = r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{*created.GroupId}})
	wantError(t, err, "InvalidGroup.NotFound", 400)
	rules := must[*ec2.DescribeSecurityGroupRulesOutput](t)(r.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{filter("group-id", *created.GroupId)}}))
	if len(rules.SecurityGroupRules) != 0 {
		t.Fatal("rules of a deleted group remain")
	}
}

func TestSecurityGroupInputRules(t *testing.T) {
	r := newRig(t, Options{})
	r.createGroup(t, "taken")
	type in = ec2.CreateSecurityGroupInput
	for name, tc := range map[string]struct {
		in   in
		code string
	}{
		"taken but for case": {in{GroupName: aws.String("TAKEN")}, "InvalidGroup.Duplicate"},
		"taken":              {in{GroupName: aws.String("taken")}, "InvalidGroup.Duplicate"},
		"default":            {in{GroupName: aws.String("default")}, "InvalidParameterValue"},
		"sg-":                {in{GroupName: aws.String("sg-x")}, "InvalidParameterValue"},
		"name":               {in{GroupName: aws.String("a|b")}, "InvalidParameterValue"},
		"long name":          {in{GroupName: aws.String(strings.Repeat("a", 256))}, "InvalidParameterValue"},
		"description":        {in{Description: aws.String("a|b")}, "InvalidParameterValue"},
		"long description":   {in{Description: aws.String(strings.Repeat("a", 256))}, "InvalidParameterValue"},
		"no VPC":             {in{VpcId: aws.String("")}, "VPCIdNotSpecified"},
		"ghost VPC":          {in{VpcId: aws.String("vpc-0fff")}, "InvalidVpcID.NotFound"},
		"dry run":            {in{DryRun: aws.Bool(true)}, "DryRunOperation"},
		"tag of another type": {in{TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeVpc, Tags: ec2Tags("a", "b")}}},
			"InvalidParameterValue"},
		"system tag": {in{TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: ec2Tags("aws:a", "b")}}},
			"InvalidParameterValue"},
		"tag twice": {in{TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: ec2Tags("a", "b", "a", "c")}}},
			"InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.in.GroupName == nil {
				tc.in.GroupName = aws.String("x")
			}
			if tc.in.Description == nil {
				tc.in.Description = aws.String("d")
			}
			if tc.in.VpcId == nil {
				tc.in.VpcId = aws.String("vpc-0a")
			}
			_, err := r.ec2.CreateSecurityGroup(ctx, &tc.in)
			status := 400
			if tc.code == "DryRunOperation" {
				status = 412
			}
			wantError(t, err, tc.code, status)
		})
	}
	other := "taken"
	_, err := r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: &other, Description: &other, VpcId: aws.String("vpc-0b")})
	ok(t, err) // the name is free in another VPC
}

func TestSecurityGroupDependencies(t *testing.T) {
	r := newRig(t, Options{})
	a, b := r.createGroup(t, "a"), r.createGroup(t, "b")
	remove := func(id string) error {
		_, err := r.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
		return err
	}
	r.authorize(t, a, tcp(443, withGroup(a))) // its own rule does not hold it
	r.authorize(t, b, tcp(443, withGroup(a)))
	wantError(t, remove(a), "DependencyViolation", 400)
	ok(t, remove(b))
	eni := must[*ec2.CreateNetworkInterfaceOutput](t)(r.ec2.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: aws.String("subnet-0a"), Groups: []string{a}})).NetworkInterface
	wantError(t, remove(a), "DependencyViolation", 400)
	vpcDefault := must[*ec2.DescribeSecurityGroupsOutput](t)(r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{
		Filters: []types.Filter{filter("vpc-id", "vpc-0a"), filter("group-name", "default")},
	})).SecurityGroups
	if len(vpcDefault) != 1 || *vpcDefault[0].IpPermissions[0].UserIdGroupPairs[0].GroupId != *vpcDefault[0].GroupId {
		t.Fatalf("default group is %+v", vpcDefault)
	}
	wantError(t, remove(*vpcDefault[0].GroupId), "CannotDelete", 400)
	_, err := r.ec2.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: eni.NetworkInterfaceId, Groups: []string{*vpcDefault[0].GroupId}})
	ok(t, err)
	ok(t, remove(a))
	wantError(t, remove("group"), "InvalidGroupId.Malformed", 400)
}

func TestDescribeSecurityGroupsFilters(t *testing.T) {
	r := newRig(t, Options{})
	a, b := r.createGroup(t, "web-1", "team", "a", "odd*key", "x"), r.createGroup(t, "web-2", "team", "b")
	r.authorize(t, a, tcp(443, withGroup(b)))
	r.authorize(t, b, tcp(8080, withCIDR("10.9.0.0/16")))
	out := []types.IpPermission{tcp(5432, withGroup(a))}
	_, err := r.ec2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &b, IpPermissions: out})
	ok(t, err)
	for name, tc := range map[string]struct {
		filters []types.Filter
		want    []string
	}{
		"group-id":         {[]types.Filter{filter("group-id", a, b)}, []string{"web-1", "web-2"}},
		"wildcard":         {[]types.Filter{filter("group-name", "web-?")}, []string{"web-1", "web-2"}},
		"case counts":      {[]types.Filter{filter("group-name", "WEB-*")}, nil},
		"tag":              {[]types.Filter{filter("tag:team", "b")}, []string{"web-2"}},
		"tag, many values": {[]types.Filter{filter("tag:team", "b", "a")}, []string{"web-1", "web-2"}},
		"tag-key":          {[]types.Filter{filter("tag-key", "odd\\*key")}, []string{"web-1"}},
		"all filters":      {[]types.Filter{filter("group-name", "web-*"), filter("tag:team", "a")}, []string{"web-1"}},
		"vpc":              {[]types.Filter{filter("vpc-id", "vpc-0b")}, []string{"default"}},
		"referred to":      {[]types.Filter{filter("ip-permission.group-id", b)}, []string{"web-1"}},
		"egress":           {[]types.Filter{filter("egress.ip-permission.group-id", a)}, []string{"web-2"}},
		"cidr":             {[]types.Filter{filter("ip-permission.cidr", "10.9.*")}, []string{"web-2"}},
		"port":             {[]types.Filter{filter("ip-permission.from-port", "443"), filter("ip-permission.protocol", "tcp")}, []string{"web-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: tc.filters})
			ok(t, err)
			var got []string
			for _, g := range found.SecurityGroups {
				got = append(got, *g.GroupName)
			}
			slices.Sort(got)
			if !slices.Equal(got, tc.want) {
				t.Fatalf("found %v, want %v", got, tc.want)
			}
		})
	}
	for _, bad := range []types.Filter{filter("color", "red"), filter("ip-permission.color", "red"), filter("group-id")} {
		_, err := r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{bad}})
		wantError(t, err, "InvalidParameterValue", 400)
	}
	var many []string
	for i := range 201 {
		many = append(many, fmt.Sprint(i))
	}
	_, err = r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{filter("group-id", many...)}})
	wantError(t, err, "FilterLimitExceeded", 400)
}

func TestDescribeSecurityGroupsPages(t *testing.T) {
	r := newRig(t, Options{})
	for i := range 12 {
		r.createGroup(t, fmt.Sprint("g", i), "test", "pages")
	}
	mine := []types.Filter{filter("tag:test", "pages")}
	if all := must[*ec2.DescribeSecurityGroupsOutput](t)(r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: mine})); len(all.SecurityGroups) != 12 || all.NextToken != nil {
		t.Fatalf("%d groups at once", len(all.SecurityGroups))
	}
	seen, n := map[string]bool{}, 0
	pages := ec2.NewDescribeSecurityGroupsPaginator(r.ec2, &ec2.DescribeSecurityGroupsInput{Filters: mine, MaxResults: aws.Int32(5)})
	for pages.HasMorePages() {
		out := must[*ec2.DescribeSecurityGroupsOutput](t)(pages.NextPage(ctx))
		for _, g := range out.SecurityGroups {
			seen[*g.GroupId] = true
		}
		n++
	}
	if n != 3 || len(seen) != 12 {
		t.Fatalf("%d groups on %d pages", len(seen), n)
	}
	for _, size := range []int32{4, 1001} {
		_, err := r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{MaxResults: &size})
		wantError(t, err, "InvalidParameterValue", 400)
	}
	_, err := r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{NextToken: aws.String("%%%")})
	wantError(t, err, "InvalidPaginationToken", 400)
}

func TestSmallPagesEverywhere(t *testing.T) {
	r := newRig(t, Options{PageSize: 1})
	seen := map[string]bool{}
	pages := ec2.NewDescribeSecurityGroupsPaginator(r.ec2, &ec2.DescribeSecurityGroupsInput{})
	for pages.HasMorePages() {
		out := must[*ec2.DescribeSecurityGroupsOutput](t)(pages.NextPage(ctx))
		if len(out.SecurityGroups) != 1 {
			t.Fatalf("a page of %d", len(out.SecurityGroups))
		}
		seen[*out.SecurityGroups[0].GroupId] = true
	}
	if len(seen) != 3 { // two default groups and the cluster's
		t.Fatalf("%d groups", len(seen))
	}
}

func TestClusterSecurityGroup(t *testing.T) {
	r := newRig(t, Options{})
	st := r.sim.account(DefaultAccount).region(DefaultRegion).ec2
	id := st.ensureClusterSecurityGroup("vpc-0a", "other")
	if st.ensureClusterSecurityGroup("vpc-0a", "other") != id || st.ensureClusterSecurityGroup("vpc-0a", "third") == id {
		t.Fatal("not one group for each cluster")
	}
	g := r.group(t, id)
	if !strings.HasPrefix(*g.GroupName, "eks-cluster-sg-other-") || *g.IpPermissions[0].UserIdGroupPairs[0].GroupId != id || len(g.Tags) != 3 {
		t.Fatalf("group is %+v", g)
	}
}
