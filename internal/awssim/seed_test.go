// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestDemoSeedIsTheDefaultOne(t *testing.T) {
	text, err := os.ReadFile("../../hack/demo-seed.yaml")
	ok(t, err)
	seed, err := ParseSeed(text)
	ok(t, err)
	if !reflect.DeepEqual(seed, DefaultSeed()) {
		t.Fatalf("hack/demo-seed.yaml is %+v, want %+v", seed, DefaultSeed())
	}
}

func TestSeededNetwork(t *testing.T) {
	r := newRig(t, Options{})
	out, err := r.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-0a", "subnet-0c"}})
	ok(t, err)
	wantEqual(t, "subnets", len(out.Subnets), 2)
	tables, err := r.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{"rtb-0a-private", "rtb-0a-public"}})
	ok(t, err)
	for _, table := range tables.RouteTables {
		targets := ""
		for _, route := range table.Routes {
			targets += aws.ToString(route.GatewayId) + aws.ToString(route.NatGatewayId) + " "
		}
		want := map[string]string{"rtb-0a-private": "nat-0a", "rtb-0a-public": "igw-0a"}[*table.RouteTableId]
		if !strings.Contains(targets, want) {
			t.Fatalf("routes of %s lead to %s, want %s", *table.RouteTableId, targets, want)
		}
	}
	net := r.sim.account(DefaultAccount).region(DefaultRegion).ec2
	for id, public := range map[string]bool{"subnet-0a": false, "subnet-0b": false, "subnet-0c": true, "subnet-0d": false} {
		wantEqual(t, id+" is public", net.hasIGWRoute(id), public)
	}
}

func TestSeedFromYAML(t *testing.T) {
	seed, err := ParseSeed([]byte(`
policies:
- name: extra
  document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
roles:
- name: seeded
  trust: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
  attached: [arn:aws:iam::111122223333:policy/extra, arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy]
  tags: {a: b}
assumable: [{roleArn: "arn:aws:iam::444455556666:role/x", externalId: ext}]
accessKeys: [{id: CAROL, arn: "arn:aws:iam::444455556666:user/carol"}]
others:
- account: "444455556666"
  region: us-east-1
  vpcs: [{id: vpc-1, cidr: 10.2.0.0/16, subnets: [{id: subnet-1, cidr: 10.2.0.0/24, az: us-east-1a}]}]
`))
	ok(t, err)
	r := newRig(t, Options{})
	ok(t, r.sim.Seed(seed))
	role, err := r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("seeded")})
	ok(t, err)
	wantEqual(t, "role", *role.Role.Arn, "arn:aws:iam::111122223333:role/seeded")
	attached, err := r.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("seeded")})
	ok(t, err)
	wantEqual(t, "attached policies", len(attached.AttachedPolicies), 2)
	_, err = r.assume("arn:aws:iam::444455556666:role/x", "ext")
	ok(t, err)
	carol := newClients(r.url, "CAROL", "us-east-1")
	who, err := carol.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	ok(t, err)
	wantEqual(t, "caller", *who.Arn, "arn:aws:iam::444455556666:user/carol")
	subnets, err := carol.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	ok(t, err)
	wantEqual(t, "subnet", *subnets.Subnets[0].SubnetId, "subnet-1")
}

func TestBadSeeds(t *testing.T) {
	for name, text := range map[string]string{
		"unknown field":  "vpc: []",
		"VPC without id": "vpcs: [{cidr: 10.0.0.0/16}]",
		"bad CIDR":       "vpcs: [{id: vpc-1, cidr: 10.0.0.0/99}]",
		"subnet, no AZ":  "vpcs: [{id: vpc-1, cidr: 10.0.0.0/16, subnets: [{id: s, cidr: 10.0.0.0/24}]}]",
		"bad trust":      "roles: [{name: a, trust: '{not json'}]",
		"no such policy": "roles: [{name: a, trust: '" + serviceTrust("ec2.amazonaws.com") + "', attached: [arn:aws:iam::aws:policy/None]}]",
		"no subnets":     "clusters: [{name: a}]",
		"unknown subnet": "clusters: [{name: a, subnets: [subnet-none]}]",
		"other is bad":   "others: [{clusters: [{name: a}]}]",
	} {
		t.Run(name, func(t *testing.T) {
			seed, err := ParseSeed([]byte(text))
			if err == nil {
				err = New(Options{}).Seed(seed)
			}
			if err == nil {
				t.Fatal("the seed was taken")
			}
		})
	}
}
