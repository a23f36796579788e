// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// ignoredRequests ask an operation that is served for what it does not do here: it refuses, or does the rest.
var ignoredRequests = attempts{
	"EKS: Outposts": func(t *testing.T, r *rig) string {
		in := clusterInput("new")
		in.OutpostConfig = &ekstypes.OutpostConfigRequest{ControlPlaneInstanceType: aws.String("m5.large"), OutpostArns: []string{"arn:aws:outposts:::outpost/op-0a"}}
		return createdCluster(t, r, in, func(c *ekstypes.Cluster) bool { return c.OutpostConfig != nil })
	},
	"EKS: Auto Mode": func(t *testing.T, r *rig) string {
		in := clusterInput("new")
		in.ComputeConfig = &ekstypes.ComputeConfigRequest{Enabled: aws.Bool(true)}
		return createdCluster(t, r, in, func(c *ekstypes.Cluster) bool { return c.ComputeConfig != nil })
	},
	"EKS: the machines of node groups": func(t *testing.T, r *rig) string {
		got := outcome(r.eks.CreateNodegroup(ctx, &eks.CreateNodegroupInput{
			ClusterName: prod, NodegroupName: some, NodeRole: aws.String(nodeRole), Subnets: []string{"subnet-0a"}, DiskSize: aws.Int32(50), AmiType: "AL2023_x86_64_STANDARD",
		}))
		out := must[*eks.DescribeNodegroupOutput](t)(r.eks.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: prod, NodegroupName: some}))
		return ignored(got, out.Nodegroup.DiskSize != nil || out.Nodegroup.AmiType != "" || out.Nodegroup.Resources != nil)
	},
	"IAM: service-linked roles of other services": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("ecs.amazonaws.com")}))
	},
	"IAM: policies by their usage": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.ListPolicies(ctx, &iam.ListPoliciesInput{PolicyUsageFilter: "PermissionsBoundary"}))
	},
	"IAM: the instance profiles of a role that got none from a seed": func(_ *testing.T, r *rig) string {
		out, err := r.iam.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: aws.String("node")})
		if err == nil && len(out.InstanceProfiles) == 0 {
			return "an empty list"
		}
		return outcome(out, err)
	},
	"SQS: message attributes": func(t *testing.T, r *rig) string {
		url := aws.String(r.url + r.sim.CreateQueue("a"))
		got := outcome(r.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: some, MessageAttributes: map[string]sqstypes.MessageAttributeValue{
			"a": {DataType: aws.String("String"), StringValue: some}}}))
		out := must[*sqs.ReceiveMessageOutput](t)(r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MessageAttributeNames: []string{"All"}}))
		return ignored(got, len(out.Messages[0].MessageAttributes) > 0)
	},
	"EC2: IPv6 blocks": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.7.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)}))
	},
	"EC2: groups by their name": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupNames: []string{"default"}}))
	},
	"EC2: routes to instances": func(t *testing.T, r *rig) string {
		table := must[*ec2.CreateRouteTableOutput](t)(r.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: aws.String("vpc-0b")}))
		return outcome(r.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{
			RouteTableId: table.RouteTable.RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0"), InstanceId: aws.String("i-0a"),
		}))
	},
	"EC2: the network interfaces of a cluster": func(_ *testing.T, r *rig) string {
		out, err := r.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{"vpc-0a"}}}})
		if err == nil && len(out.NetworkInterfaces) == 0 {
			return "an empty list"
		}
		return outcome(out, err)
	},
	"KMS: the grants of a key": func(t *testing.T, r *rig) string {
		key := must[*kms.CreateKeyOutput](t)(r.kms.CreateKey(ctx, &kms.CreateKeyInput{}))
		out, err := r.kms.ListGrants(ctx, &kms.ListGrantsInput{KeyId: key.KeyMetadata.KeyId})
		if err == nil && len(out.Grants) == 0 {
			return "an empty list"
		}
		return outcome(out, err)
	},
	"KMS: imported key material": func(_ *testing.T, r *rig) string {
		return outcome(r.kms.CreateKey(ctx, &kms.CreateKeyInput{Origin: kmstypes.OriginTypeExternal}))
	},
	"KMS: multi-Region keys": func(_ *testing.T, r *rig) string {
		return outcome(r.kms.CreateKey(ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)}))
	},
	"KMS: keys in a key store": func(_ *testing.T, r *rig) string {
		out, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{CustomKeyStoreId: some})
		return ignored(outcome(out, err), err == nil && out.KeyMetadata.CustomKeyStoreId != nil)
	},
	"KMS: AWS managed keys": func(_ *testing.T, r *rig) string {
		return outcome(r.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/aws/ebs")}))
	},
	"Logs: linked accounts": func(t *testing.T, r *rig) string {
		ok(t, r.sim.Seed(Seed{Account: otherAccount}))
		_, err := newClients(r.url, otherAccount, DefaultRegion).logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: some})
		ok(t, err)
		out, err := r.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{IncludeLinkedAccounts: aws.Bool(true), AccountIdentifiers: []string{otherAccount}})
		return ignored(outcome(out, err), err == nil && len(out.LogGroups) > 0)
	},
	"Logs: keys of query results": func(_ *testing.T, r *rig) string {
		return outcome(r.logs.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{
			ResourceIdentifier: aws.String("arn:aws:logs:eu-west-1:111122223333:query-result:*"), KmsKeyId: some,
		}))
	},
	"Tagging: compliance": func(_ *testing.T, r *rig) string {
		out, err := r.tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{IncludeComplianceDetails: aws.Bool(true), ExcludeCompliantResources: aws.Bool(true)})
		return ignored(outcome(out, err), err == nil && out.ResourceTagMappingList[0].ComplianceDetails != nil)
	},
	"Tagging: pages by the number of tags": func(t *testing.T, r *rig) string {
		var tags []ec2types.Tag
		for i := range 40 { // on three resources, which is more than 100
			tags = append(tags, ec2types.Tag{Key: aws.String(fmt.Sprint(i)), Value: some})
		}
		_, err := r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{"vpc-0a", "vpc-0b", "subnet-0a"}, Tags: tags})
		ok(t, err)
		out, err := r.tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{TagsPerPage: aws.Int32(100), ResourceTypeFilters: []string{"ec2"}})
		return ignored(outcome(out, err), err == nil && *out.PaginationToken != "")
	},
}

// createdCluster makes a cluster and tells whether what is not modelled left a trace.
func createdCluster(t *testing.T, r *rig, in *eks.CreateClusterInput, trace func(*ekstypes.Cluster) bool) string {
	t.Helper()
	got := outcome(r.eks.CreateCluster(ctx, in))
	return ignored(got, trace(r.cluster(t, *in.Name)))
}
