// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func endpointUpdate(private bool) *eks.UpdateClusterConfigInput {
	return &eks.UpdateClusterConfigInput{Name: aws.String("prod"), ResourcesVpcConfig: &ekstypes.VpcConfigRequest{EndpointPrivateAccess: aws.Bool(private)}}
}

func clusterInput(name string) *eks.CreateClusterInput {
	return &eks.CreateClusterInput{
		Name: aws.String(name), RoleArn: aws.String(eksRole), Tags: map[string]string{"a": "b"},
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: []string{"subnet-0a", "subnet-0b"}},
	}
}

func TestSeededCluster(t *testing.T) {
	cl := newRig(t, Options{Delays: slow}).cluster(t, "prod")
	wantEqual(t, "status", cl.Status, ekstypes.ClusterStatusActive)
	wantEqual(t, "ARN", *cl.Arn, "arn:aws:eks:eu-west-1:111122223333:cluster/prod")
	wantEqual(t, "VPC", *cl.ResourcesVpcConfig.VpcId, "vpc-0a")
	wantEqual(t, "public access", cl.ResourcesVpcConfig.EndpointPublicAccess, true)
	wantEqual(t, "CIDRs", strings.Join(cl.ResourcesVpcConfig.PublicAccessCidrs, " "), "0.0.0.0/0")
	if !strings.HasPrefix(*cl.ResourcesVpcConfig.ClusterSecurityGroupId, "sg-") {
		t.Fatalf("cluster security group is %s", *cl.ResourcesVpcConfig.ClusterSecurityGroupId)
	}
	if !strings.HasPrefix(*cl.Identity.Oidc.Issuer, "https://oidc.eks.eu-west-1.amazonaws.com/id/") {
		t.Fatalf("issuer is %s", *cl.Identity.Oidc.Issuer)
	}
}

func TestClusterLifecycle(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	in := clusterInput("new")
	in.ClientRequestToken = aws.String("t")
	in.Logging = &ekstypes.Logging{ClusterLogging: []ekstypes.LogSetup{{Types: []ekstypes.LogType{"audit"}, Enabled: aws.Bool(true)}}}
	out, err := r.eks.CreateCluster(ctx, in)
	ok(t, err)
	wantEqual(t, "status", out.Cluster.Status, ekstypes.ClusterStatusCreating)
	_, err = r.eks.CreateCluster(ctx, in)
	ok(t, err) // the same token
	_, err = r.eks.CreateCluster(ctx, clusterInput("new"))
	wantError(t, err, "ResourceInUseException", 409)
	list, err := r.eks.ListClusters(ctx, &eks.ListClustersInput{MaxResults: aws.Int32(1)})
	ok(t, err)
	wantEqual(t, "first page", strings.Join(list.Clusters, " "), "new")
	wantEqual(t, "more", list.NextToken != nil, true)
	r.clock.Advance(slow.ClusterUpdate)
	cl := r.cluster(t, "new")
	wantEqual(t, "status", cl.Status, ekstypes.ClusterStatusActive)
	wantEqual(t, "tag", cl.Tags["a"], "b")
	wantEqual(t, "enabled log types", asText(cl.Logging.ClusterLogging[0].Types), `["audit"]`)
	wantEqual(t, "disabled log types", len(cl.Logging.ClusterLogging[1].Types), 4)
	del := &eks.DeleteClusterInput{Name: aws.String("new")}
	deleted, err := r.eks.DeleteCluster(ctx, del)
	ok(t, err)
	wantEqual(t, "status", deleted.Cluster.Status, ekstypes.ClusterStatusDeleting)
	r.clock.Advance(slow.ClusterUpdate)
	_, err = r.eks.DeleteCluster(ctx, del)
	wantError(t, err, "ResourceNotFoundException", 404)
}

func TestClusterInputRules(t *testing.T) {
	cases := map[string]func(in *eks.CreateClusterInput){
		"bad name":       func(in *eks.CreateClusterInput) { in.Name = aws.String("a.b") },
		"unknown role":   func(in *eks.CreateClusterInput) { in.RoleArn = aws.String(eksRole + "x") },
		"role of others": func(in *eks.CreateClusterInput) { in.RoleArn = aws.String(podRole) },
		"unknown subnet": func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.SubnetIds[0] = "subnet-none" },
		"two VPCs":       func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.SubnetIds[0] = "subnet-0d" },
		"one zone":       func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.SubnetIds[1] = "subnet-0c" },
		"reserved tag":   func(in *eks.CreateClusterInput) { in.Tags["aws:x"] = "" },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			in := clusterInput("new")
			spoil(in)
			_, err := newRig(t, Options{}).eks.CreateCluster(ctx, in)
			wantError(t, err, "InvalidParameterException", 400)
		})
	}
}

func TestClusterDeletionIsRefused(t *testing.T) {
	r := newRig(t, Options{})
	del := func() error {
		_, err := r.eks.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: aws.String("prod")})
		return err
	}
	ok(t, r.createProfile("a"))
	wantError(t, del(), "ResourceInUseException", 409)
	ok(t, r.deleteProfile("a"))
	protect := func(on bool) {
		_, err := r.eks.UpdateClusterConfig(ctx, &eks.UpdateClusterConfigInput{Name: aws.String("prod"), DeletionProtection: aws.Bool(on)})
		ok(t, err)
	}
	protect(true)
	wantError(t, del(), "InvalidRequestException", 400)
	protect(false)
	ok(t, del())
}

func TestClusterUpdate(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	out, err := r.eks.UpdateClusterConfig(ctx, endpointUpdate(true))
	ok(t, err)
	wantEqual(t, "type", out.Update.Type, ekstypes.UpdateTypeEndpointAccessUpdate)
	wantEqual(t, "status", out.Update.Status, ekstypes.UpdateStatusInProgress)
	wantEqual(t, "parameter", asText(out.Update.Params), `[{"Type":"EndpointPrivateAccess","Value":"true"}]`)
	cl := r.cluster(t, "prod")
	wantEqual(t, "cluster status", cl.Status, ekstypes.ClusterStatusUpdating)
	wantEqual(t, "private access", cl.ResourcesVpcConfig.EndpointPrivateAccess, false)
	_, err = r.eks.UpdateClusterConfig(ctx, endpointUpdate(true))
	wantError(t, err, "ResourceInUseException", 409)
	r.clock.Advance(slow.ClusterUpdate)
	cl = r.cluster(t, "prod")
	wantEqual(t, "cluster status", cl.Status, ekstypes.ClusterStatusActive)
	wantEqual(t, "private access", cl.ResourcesVpcConfig.EndpointPrivateAccess, true)
	wantEqual(t, "public access", cl.ResourcesVpcConfig.EndpointPublicAccess, true)
	wantEqual(t, "subnets", len(cl.ResourcesVpcConfig.SubnetIds), 2) // an update leaves the rest alone
	list, err := r.eks.ListUpdates(ctx, &eks.ListUpdatesInput{Name: aws.String("prod")})
	ok(t, err)
	wantEqual(t, "updates", strings.Join(list.UpdateIds, " "), *out.Update.Id)
	update, err := r.eks.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: aws.String("prod"), UpdateId: out.Update.Id})
	ok(t, err)
	wantEqual(t, "status", update.Update.Status, ekstypes.UpdateStatusSuccessful)
	_, err = r.eks.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: aws.String("prod"), UpdateId: aws.String("none")})
	wantError(t, err, "ResourceNotFoundException", 404)
}

func TestClusterUpdateKinds(t *testing.T) {
	logging := &ekstypes.Logging{ClusterLogging: []ekstypes.LogSetup{{Types: []ekstypes.LogType{"api"}, Enabled: aws.Bool(true)}}}
	cases := map[string]struct {
		in   *eks.UpdateClusterConfigInput
		kind ekstypes.UpdateType // "" for refused
	}{
		"logging":    {&eks.UpdateClusterConfigInput{Logging: logging}, ekstypes.UpdateTypeLoggingUpdate},
		"subnets":    {&eks.UpdateClusterConfigInput{ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: []string{"subnet-0b", "subnet-0a"}}}, ekstypes.UpdateTypeVpcConfigUpdate},
		"access":     {&eks.UpdateClusterConfigInput{AccessConfig: &ekstypes.UpdateAccessConfigRequest{AuthenticationMode: "API"}}, ekstypes.UpdateTypeAccessConfigUpdate},
		"support":    {&eks.UpdateClusterConfigInput{UpgradePolicy: &ekstypes.UpgradePolicyRequest{SupportType: "STANDARD"}}, ekstypes.UpdateTypeUpgradePolicyUpdate},
		"protection": {&eks.UpdateClusterConfigInput{DeletionProtection: aws.Bool(true)}, ekstypes.UpdateTypeDeletionProtectionUpdate},
		"two kinds":  {&eks.UpdateClusterConfigInput{Logging: logging, DeletionProtection: aws.Bool(true)}, ""},
		"two kinds of VPC": {&eks.UpdateClusterConfigInput{ResourcesVpcConfig: &ekstypes.VpcConfigRequest{
			EndpointPrivateAccess: aws.Bool(true), SubnetIds: []string{"subnet-0b", "subnet-0a"},
		}}, ""},
		"nothing":   {&eks.UpdateClusterConfigInput{}, ""},
		"no change": {endpointUpdate(false), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{})
			c.in.Name = aws.String("prod")
			before := asText(r.cluster(t, "prod"))
			out, err := r.eks.UpdateClusterConfig(ctx, c.in)
			if c.kind == "" {
				wantError(t, err, "InvalidParameterException", 400)
				wantEqual(t, "cluster", asText(r.cluster(t, "prod")), before)
				return
			}
			ok(t, err)
			wantEqual(t, "type", out.Update.Type, c.kind)
			if asText(r.cluster(t, "prod")) == before {
				t.Fatal("the update changed nothing")
			}
		})
	}
}

func TestNodegroups(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	in := &eks.CreateNodegroupInput{
		ClusterName: aws.String("prod"), NodegroupName: aws.String("ng"), NodeRole: aws.String(nodeRole), Subnets: []string{"subnet-0a"},
		ScalingConfig: &ekstypes.NodegroupScalingConfig{MinSize: aws.Int32(1), MaxSize: aws.Int32(3), DesiredSize: aws.Int32(2)},
		Labels:        map[string]string{"a": "b"}, Tags: map[string]string{"c": "d"}, InstanceTypes: []string{"m7g.large"},
	}
	_, err := r.eks.CreateNodegroup(ctx, in)
	ok(t, err)
	_, err = r.eks.CreateNodegroup(ctx, in)
	wantError(t, err, "ResourceInUseException", 409)
	_, err = r.eks.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: aws.String("prod")})
	wantError(t, err, "ResourceInUseException", 409)
	get := &eks.DescribeNodegroupInput{ClusterName: aws.String("prod"), NodegroupName: aws.String("ng")}
	out, err := r.eks.DescribeNodegroup(ctx, get)
	ok(t, err)
	wantEqual(t, "status", out.Nodegroup.Status, ekstypes.NodegroupStatusCreating)
	r.clock.Advance(slow.ClusterUpdate)
	out, err = r.eks.DescribeNodegroup(ctx, get)
	ok(t, err)
	n := out.Nodegroup
	wantEqual(t, "status", n.Status, ekstypes.NodegroupStatusActive)
	wantEqual(t, "role", *n.NodeRole, nodeRole)
	wantEqual(t, "size", *n.ScalingConfig.MaxSize, 3)
	wantEqual(t, "label, tag and type", n.Labels["a"]+n.Tags["c"]+n.InstanceTypes[0], "bdm7g.large")
	list, err := r.eks.ListNodegroups(ctx, &eks.ListNodegroupsInput{ClusterName: aws.String("prod")})
	ok(t, err)
	wantEqual(t, "names", strings.Join(list.Nodegroups, " "), "ng")
	del := &eks.DeleteNodegroupInput{ClusterName: aws.String("prod"), NodegroupName: aws.String("ng")}
	_, err = r.eks.DeleteNodegroup(ctx, del)
	ok(t, err)
	_, err = r.eks.DeleteNodegroup(ctx, del)
	wantError(t, err, "ResourceInUseException", 409)
	r.clock.Advance(slow.ClusterUpdate)
	_, err = r.eks.DescribeNodegroup(ctx, get)
	wantError(t, err, "ResourceNotFoundException", 404)
}

func TestNodegroupInputRules(t *testing.T) {
	cases := map[string]func(in *eks.CreateNodegroupInput){
		"long name":      func(in *eks.CreateNodegroupInput) { in.NodegroupName = aws.String(strings.Repeat("a", 64)) },
		"unknown subnet": func(in *eks.CreateNodegroupInput) { in.Subnets = []string{"subnet-none"} },
		"no subnet":      func(in *eks.CreateNodegroupInput) { in.Subnets = []string{} },
		"pod role":       func(in *eks.CreateNodegroupInput) { in.NodeRole = aws.String(podRole) },
		"reserved tag":   func(in *eks.CreateNodegroupInput) { in.Tags = map[string]string{"aws:a": ""} },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			in := &eks.CreateNodegroupInput{ClusterName: aws.String("prod"), NodegroupName: aws.String("ng"), NodeRole: aws.String(nodeRole), Subnets: []string{"subnet-0a"}}
			spoil(in)
			_, err := newRig(t, Options{}).eks.CreateNodegroup(ctx, in)
			wantError(t, err, "InvalidParameterException", 400)
		})
	}
}

func TestProfileWithTheRoleOfANodegroup(t *testing.T) {
	r := newRig(t, Options{})
	both := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","eks-fargate-pods.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`
	ok(t, r.sim.Seed(Seed{Roles: []SeedRole{{Name: "both", Trust: []byte(both)}}}))
	role := aws.String("arn:aws:iam::111122223333:role/both")
	_, err := r.eks.CreateNodegroup(ctx, &eks.CreateNodegroupInput{ClusterName: aws.String("prod"), NodegroupName: aws.String("ng"), NodeRole: role, Subnets: []string{"subnet-0a"}})
	ok(t, err)
	in := profileInput("a")
	in.PodExecutionRoleArn = role
	_, err = r.eks.CreateFargateProfile(ctx, in)
	ok(t, err)
	p := r.wantProfile(t, "a", ekstypes.FargateProfileStatusCreateFailed)
	wantEqual(t, "health code", p.Health.Issues[0].Code, ekstypes.FargateProfileIssueCodePodExecutionRoleAlreadyInUse)
}
