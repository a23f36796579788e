// SPDX-License-Identifier: Apache-2.0

package importing_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
)

var scope = awsapi.Scope{Partition: "aws", AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion}

const (
	executionPolicy = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	readOnly        = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	pullCache       = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}`
	// oddJSON means what a person would write otherwise: no list, no Sid, white space, actions in other letters.
	oddJSON    = "{ \"Statement\" : {\n\t\"Resource\":[\"*\"], \"Action\" : [ \"S3:getobject\",\"s3:ListBucket\" ],\"Effect\":\"Allow\",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":true}} } ,\"Version\":\"2012-10-17\"}"
	plainTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	twoTrust   = `{"Version":"2012-10-17","Statement":[{"Sid":"Pods","Effect":"Allow","Principal":{"Service":["eks-fargate-pods.amazonaws.com","ecs-tasks.amazonaws.com"]},"Action":"sts:AssumeRole"},{"Sid":"People","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`
)

// ownTrust is the trust policy that the operator writes.
func ownTrust(cluster string) string { return iamrole.TrustPolicy(scope, cluster) }

// loggingPolicy is the inline policy that it writes for logging.
func loggingPolicy(group string) string { return iamrole.LoggingPolicy(scope, group) }

// bigPolicy is a document of some 9,000 characters: IAM allows 10,240 for all inline policies of a role.
func bigPolicy() string {
	var resources []string
	for n := range 150 {
		resources = append(resources, fmt.Sprintf(`"arn:aws:s3:::bucket-with-a-rather-long-name-%04d/*"`, n))
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":[` + strings.Join(resources, ",") + `]}]}`
}

type role struct {
	name, path, trust, boundary string
	managed                     []string
	inline                      map[string]string
	tags                        map[string]string
}

func (w *world) role(r role) (arn string) {
	if r.path == "" {
		r.path = "/"
	}
	in := &iam.CreateRoleInput{RoleName: &r.name, Path: &r.path, AssumeRolePolicyDocument: &r.trust}
	if r.boundary != "" {
		in.PermissionsBoundary = &r.boundary
	}
	for key, value := range r.tags {
		in.Tags = append(in.Tags, iamtypes.Tag{Key: &key, Value: &value})
	}
	out, err := w.aws.IAM.CreateRole(w.ctx, in)
	must(err)
	for _, policy := range r.managed {
		_, err := w.aws.IAM.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: &r.name, PolicyArn: &policy})
		must(err)
	}
	for name, document := range r.inline {
		_, err := w.aws.IAM.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: &r.name, PolicyName: &name, PolicyDocument: &document})
		must(err)
	}
	w.clock.Advance(timeForRoles)
	return aws.ToString(out.Role.Arn)
}

type profile struct {
	cluster, name, role string
	selectors           []ekstypes.FargateProfileSelector
	subnets             []string
	tags                map[string]string
	fails               bool
}

func (w *world) profile(p profile) {
	if p.cluster == "" {
		p.cluster = "prod"
	}
	if p.subnets == nil {
		p.subnets = []string{"subnet-0b", "subnet-0a"}
	}
	if p.fails {
		must(w.sim.SetProfileOutcome(p.cluster, p.name, "CREATE_FAILED"))
	}
	_, err := w.aws.EKS.CreateFargateProfile(w.ctx, &eks.CreateFargateProfileInput{
		ClusterName: &p.cluster, FargateProfileName: &p.name, PodExecutionRoleArn: &p.role, Selectors: p.selectors, Subnets: p.subnets, Tags: p.tags,
	})
	must(err)
	w.clock.Advance(timeForProfiles)
}

func selector(namespace string, labels ...string) ekstypes.FargateProfileSelector {
	s := ekstypes.FargateProfileSelector{Namespace: &namespace}
	for n := 0; n < len(labels); n += 2 {
		if s.Labels == nil {
			s.Labels = map[string]string{}
		}
		s.Labels[labels[n]] = labels[n+1]
	}
	return s
}

// group makes a security group with rules in both directions, in place of what EC2 gives a new one.
func (w *world) group(name, description string, ingress, egress []ec2types.IpPermission) (id string) {
	out, err := w.aws.EC2.CreateSecurityGroup(w.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &description, VpcId: aws.String("vpc-0a")})
	must(err)
	if egress != nil {
		_, err = w.aws.EC2.RevokeSecurityGroupEgress(w.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: out.GroupId,
			IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}})
		must(err)
		if len(egress) > 0 {
			_, err = w.aws.EC2.AuthorizeSecurityGroupEgress(w.ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: out.GroupId, IpPermissions: egress})
			must(err)
		}
	}
	if len(ingress) > 0 {
		w.open(aws.ToString(out.GroupId), ingress...)
	}
	return aws.ToString(out.GroupId)
}

func (w *world) open(id string, ingress ...ec2types.IpPermission) {
	_, err := w.aws.EC2.AuthorizeSecurityGroupIngress(w.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: ingress})
	must(err)
}

// from is a rule for a port and a peer: an IPv4 or IPv6 range, a group or a prefix list.
func from(protocol string, port, to int32, peer, description string) ec2types.IpPermission {
	p := ec2types.IpPermission{IpProtocol: &protocol}
	if protocol != "-1" {
		p.FromPort, p.ToPort = &port, &to
	}
	var text *string
	if description != "" {
		text = &description
	}
	switch {
	case strings.HasPrefix(peer, "sg-"):
		p.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: &peer, Description: text}}
	case strings.HasPrefix(peer, "pl-"):
		p.PrefixListIds = []ec2types.PrefixListId{{PrefixListId: &peer, Description: text}}
	case strings.Contains(peer, ":"):
		p.Ipv6Ranges = []ec2types.Ipv6Range{{CidrIpv6: &peer, Description: text}}
	default:
		p.IpRanges = []ec2types.IpRange{{CidrIp: &peer, Description: text}}
	}
	return p
}

type logGroup struct {
	name, key, class string
	retention        int32
	tags             map[string]string
}

func (w *world) logGroup(g logGroup) {
	in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &g.name, Tags: g.tags, LogGroupClass: logstypes.LogGroupClass(g.class)}
	if g.key != "" {
		in.KmsKeyId = &g.key
	}
	_, err := w.aws.Logs.CreateLogGroup(w.ctx, in)
	must(err)
	if g.retention != 0 {
		_, err = w.aws.Logs.PutRetentionPolicy(w.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &g.name, RetentionInDays: &g.retention})
		must(err)
	}
}

type key struct {
	aliases []string
	policy  string
	rotates bool
	period  int32
}

func (w *world) key(k key) (arn string) {
	out, err := w.aws.KMS.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: &k.policy})
	must(err)
	for _, alias := range k.aliases {
		_, err := w.aws.KMS.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: out.KeyMetadata.KeyId})
		must(err)
	}
	if k.rotates {
		in := &kms.EnableKeyRotationInput{KeyId: out.KeyMetadata.KeyId}
		if k.period != 0 {
			in.RotationPeriodInDays = &k.period
		}
		_, err := w.aws.KMS.EnableKeyRotation(w.ctx, in)
		must(err)
	}
	return aws.ToString(out.KeyMetadata.Arn)
}

// keyPolicy is the operator's own for a log group, with further statements.
func keyPolicy(group string, more ...string) string {
	policy, err := kmskey.Policy(scope, []string{group}, more)
	must(err)
	return policy
}

// wideKeyPolicy is what people write: for all log groups.
const wideKeyPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},` +
	`{"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*"}]}`

// decrypt is a statement that lets somebody read the logs.
const decrypt = `{"Sid":"Auditors","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:Decrypt","Resource":"*"}`

// policy makes a SecurityGroupPolicy in the pods' namespace.
func (w *world) policy(name string, selector map[string]any, groups ...string) {
	ids := []any{}
	for _, id := range groups {
		ids = append(ids, id)
	}
	spec := map[string]any{"securityGroups": map[string]any{"groupIds": ids}}
	for field, value := range selector {
		spec[field] = value
	}
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "vpcresources.k8s.aws/v1beta1", "kind": "SecurityGroupPolicy",
		"metadata": map[string]any{"name": name, "namespace": w.pods}, "spec": spec,
	}}
	_, err := dynamik.Resource(policies).Namespace(w.pods).Create(w.ctx, obj, metav1.CreateOptions{})
	must(err)
}

var allPods = map[string]any{"podSelector": map[string]any{"matchLabels": map[string]any{"tier": "backend"}}}

// clusterGroup is the id of the group that EKS has made for a cluster.
func (w *world) clusterGroup(cluster string) string {
	out, err := w.aws.EKS.DescribeCluster(w.ctx, &eks.DescribeClusterInput{Name: &cluster})
	must(err)
	return aws.ToString(out.Cluster.ResourcesVpcConfig.ClusterSecurityGroupId)
}
