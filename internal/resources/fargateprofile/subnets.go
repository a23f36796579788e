// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// subnets reads the declared subnets and how they are routed, sorted by id.
func (r *Resource) subnets(ctx context.Context) ([]observed.Subnet, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(r.desired.SubnetIDs)))
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := r.describeSubnets(ctx, ids)
	if err != nil {
		return nil, err
	}
	vpcs := map[string]bool{}
	for _, s := range found {
		vpcs[aws.ToString(s.VpcId)] = true
	}
	routes := routing{public: map[string]bool{}, explicit: map[string]string{}, main: map[string]string{}}
	if err := routes.read(ctx, r.ec2, slices.Sorted(maps.Keys(vpcs))); err != nil {
		return nil, err
	}
	out := make([]observed.Subnet, 0, len(ids))
	for _, id := range ids {
		subnet := observed.Subnet{ID: id}
		if s, ok := found[id]; ok {
			subnet.Found, subnet.VPCID, subnet.MapPublicIPOnLaunch = true, aws.ToString(s.VpcId), aws.ToBool(s.MapPublicIpOnLaunch)
			subnet.Public = routes.isPublic(id, subnet.VPCID)
		}
		out = append(out, subnet)
	}
	return out, nil
}

// describeSubnets asks for all at once; one unknown id makes AWS refuse the whole call, so then each is asked for alone.
func (r *Resource) describeSubnets(ctx context.Context, ids []string) (map[string]types.Subnet, error) {
	out, err := r.readSubnets(ctx, ids)
	if !awsapi.IsNotFound(err) {
		return out, err
	}
	out = map[string]types.Subnet{}
	for _, id := range ids {
		one, err := r.readSubnets(ctx, []string{id})
		if err != nil && !awsapi.IsNotFound(err) {
			return nil, err
		}
		maps.Copy(out, one)
	}
	return out, nil
}

func (r *Resource) readSubnets(ctx context.Context, ids []string) (map[string]types.Subnet, error) {
	out := map[string]types.Subnet{}
	for pages := ec2.NewDescribeSubnetsPaginator(r.ec2, &ec2.DescribeSubnetsInput{SubnetIds: ids}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading subnets %s: %w", canonical.List(ids), err)
		}
		for _, s := range page.Subnets {
			out[aws.ToString(s.SubnetId)] = s
		}
	}
	return out, nil
}

// routing says which route table a subnet has: the one that is associated with it, else its VPC's main one (VPC user
// guide, "Subnet route tables").
type routing struct {
	public   map[string]bool   // by route table
	explicit map[string]string // subnet to route table
	main     map[string]string // VPC to route table
}

func (t *routing) read(ctx context.Context, client awsapi.EC2, vpcs []string) error {
	if len(vpcs) == 0 {
		return nil
	}
	in := &ec2.DescribeRouteTablesInput{Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: vpcs}}}
	for pages := ec2.NewDescribeRouteTablesPaginator(client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("reading the route tables of %s: %w", canonical.List(vpcs), err)
		}
		for _, table := range page.RouteTables {
			t.add(table)
		}
	}
	return nil
}

func (t *routing) add(table types.RouteTable) {
	id := aws.ToString(table.RouteTableId)
	for _, association := range table.Associations {
		if aws.ToBool(association.Main) {
			t.main[aws.ToString(table.VpcId)] = id
		}
		if subnet := aws.ToString(association.SubnetId); subnet != "" {
			t.explicit[subnet] = id
		}
	}
	for _, route := range table.Routes {
		if strings.HasPrefix(aws.ToString(route.GatewayId), "igw-") {
			t.public[id] = true
		}
	}
}

func (t *routing) isPublic(subnet, vpc string) bool {
	table, ok := t.explicit[subnet]
	if !ok {
		table = t.main[vpc]
	}
	return t.public[table]
}

// subnetProblems says which subnets EKS would refuse: Fargate takes private subnets of the cluster's VPC only (EKS user
// guide, "Simplify compute management with AWS Fargate"). For a profile that was made already they are warnings.
func subnetProblems(id resource.ID, subnets []observed.Subnet, clusterVPC string, warning bool) []resource.Problem {
	var out []resource.Problem
	add := func(reason, format string, args ...any) {
		out = append(out, resource.Problem{Warning: warning, Reason: reason, Message: id.String() + ": " + fmt.Sprintf(format, args...)})
	}
	for _, s := range subnets {
		switch {
		case !s.Found:
			add(ReasonSubnetNotFound, "subnet %s does not exist in this account and Region; correct spec.fargateProfile.subnetIDs.", s.ID)
		case clusterVPC != "" && s.VPCID != clusterVPC:
			add(ReasonSubnetOtherVPC, "subnet %s is in %s, and the cluster in %s; name private subnets of the cluster's VPC in spec.fargateProfile.subnetIDs.",
				s.ID, s.VPCID, clusterVPC)
		case s.Public:
			add(ReasonSubnetPublic, "subnet %s is public, its route table leads to an internet gateway, and Fargate takes private subnets only; "+
				"name private ones in spec.fargateProfile.subnetIDs, or route this one through a NAT gateway.", s.ID)
		}
	}
	return out
}
