// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"slices"
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
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

const (
	eksAPI  = "https://docs.aws.amazon.com/eks/latest/APIReference/"
	logsAPI = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
	kmsAPI  = "https://docs.aws.amazon.com/kms/latest/APIReference/"
	ec2API  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
	iamAPI  = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
	tagAPI  = "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/"
)

const (
	invalidParameter = "InvalidParameterException"
	noAnswer         = "no answer of AWS's"
)

// divergences are what moto does unlike AWS, as far as it concerns the operator.
var divergences = []divergence{
	{name: "cluster security group", decides: eksAPI + "API_VpcConfigResponse.html (clusterSecurityGroupId, vpcId)",
		onAWS: "sg and vpc", onMoto: "neither",
		probe: func(p *prober) string {
			out, err := p.s.backend.eks.DescribeCluster(background(), &eks.DescribeClusterInput{Name: &p.w.Name})
			did(p.t, out, err)
			if c := out.Cluster.ResourcesVpcConfig; aws.ToString(c.ClusterSecurityGroupId) != "" && aws.ToString(c.VpcId) != "" {
				return "sg and vpc"
			}
			return "neither"
		}},
	{name: "description of a rule between groups", decides: ec2API + "API_SecurityGroupRule.html (description)",
		onAWS: "metrics", onMoto: "", paths: `group\.payments-pods\.ingress\[tcp/9090\]\.Description`},
	{name: "owner of a rule's group", decides: ec2API + "API_SecurityGroupRule.html (groupOwnerId)", paths: `group\..*\.GroupOwnerId`},
	{name: "ARN of a rule", decides: ec2API + "API_SecurityGroupRule.html (securityGroupRuleArn)", paths: `group\..*\.SecurityGroupRuleArn`},
	{name: "key of one Region", decides: kmsAPI + "API_KeyMetadata.html (MultiRegion)", paths: `key\.MultiRegion`},
	{name: "key in the answer about its rotation", decides: kmsAPI + "API_GetKeyRotationStatus.html (KeyId)", paths: `key\.rotation\.KeyId`},
	{name: "class of a log group", decides: logsAPI + "API_LogGroup.html (logGroupClass)", paths: `logGroup\.LogGroupClass`},
	{name: "deletion protection of a log group", decides: logsAPI + "API_LogGroup.html (deletionProtectionEnabled)", paths: `logGroup\.DeletionProtectionEnabled`},
	{name: "key of a log group", decides: logsAPI + "API_AssociateKmsKey.html",
		onAWS: "ok", onMoto: noAnswer,
		probe: func(p *prober) string {
			_, err := p.s.backend.logs.DisassociateKmsKey(background(), &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: p.logGroup("keyed")})
			return code(err)
		}},
	{name: "tags of an existing Fargate profile", decides: eksAPI + "API_TagResource.html",
		onAWS: "ok", onMoto: "ResourceNotFoundException",
		probe: func(p *prober) string {
			_, err := p.s.backend.eks.TagResource(background(), &eks.TagResourceInput{ResourceArn: p.profile().FargateProfileArn, Tags: map[string]string{"a": "b"}})
			return code(err)
		}},
	{name: "Fargate profile is made in the background", decides: "https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html; " + eksAPI + "API_FargateProfile.html (status)",
		onAWS: "CREATING", onMoto: "ACTIVE",
		probe: func(p *prober) string { return string(p.profile().Status) }},
	{name: "pod execution role is checked", decides: eksAPI + "API_CreateFargateProfile.html (podExecutionRoleArn)",
		onAWS: invalidParameter, onMoto: "ok",
		probe: func(p *prober) string {
			return code(p.createProfile("no-role", "arn:aws:iam::"+account+":role/nobody", p.w.Private, 1))
		}},
	{name: "public subnets are refused", decides: eksAPI + "API_CreateFargateProfile.html (subnets)",
		onAWS: invalidParameter, onMoto: "ok",
		probe: func(p *prober) string { return code(p.createProfile("public", p.role(), []string{p.w.Public}, 1)) }},
	{name: "number of selectors", decides: eksAPI + "API_CreateFargateProfile.html (selectors: at most five)",
		onAWS: invalidParameter, onMoto: "ok",
		probe: func(p *prober) string { return code(p.createProfile("six", p.role(), p.w.Private, 6)) }},
	{name: "rotation period", decides: kmsAPI + "API_GetKeyRotationStatus.html (RotationPeriodInDays)",
		onAWS: "365", onMoto: "not given", paths: `key\.rotation\.RotationPeriodInDays`,
		probe: func(p *prober) string {
			key := p.key()
			_, err := p.s.backend.kms.EnableKeyRotation(background(), &kms.EnableKeyRotationInput{KeyId: key, RotationPeriodInDays: aws.Int32(365)})
			did(p.t, nil, err)
			out, err := p.s.backend.kms.GetKeyRotationStatus(background(), &kms.GetKeyRotationStatusInput{KeyId: key})
			did(p.t, out, err)
			if out.RotationPeriodInDays == nil {
				return "not given"
			}
			return fmt.Sprint(*out.RotationPeriodInDays)
		}},
	{name: "state in the answer to ScheduleKeyDeletion", decides: kmsAPI + "API_ScheduleKeyDeletion.html (KeyState)",
		onAWS: "PendingDeletion", onMoto: "(empty)",
		probe: func(p *prober) string {
			out, err := p.s.backend.kms.ScheduleKeyDeletion(background(), &kms.ScheduleKeyDeletionInput{KeyId: p.key(), PendingWindowInDays: aws.Int32(7)})
			did(p.t, out, err)
			return orEmpty(string(out.KeyState))
		}},
	{name: "deletion of a key by its ARN", decides: kmsAPI + "API_ScheduleKeyDeletion.html (KeyId: the key ID or key ARN)",
		onAWS: "ok", onMoto: noAnswer,
		probe: func(p *prober) string {
			arn := "arn:aws:kms:" + region + ":" + account + ":key/" + *p.key()
			_, err := p.s.backend.kms.ScheduleKeyDeletion(background(), &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: aws.Int32(7)})
			return code(err)
		}},
	{name: "a key pending deletion takes no changes", decides: "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html",
		onAWS: "KMSInvalidStateException", onMoto: "ok",
		probe: func(p *prober) string {
			_, err := p.s.backend.kms.EnableKeyRotation(background(), &kms.EnableKeyRotationInput{KeyId: p.pendingKey()})
			return code(err)
		}},
	{name: "days of retention", decides: logsAPI + "API_PutRetentionPolicy.html (retentionInDays)",
		onAWS: invalidParameter, onMoto: "ok",
		probe: func(p *prober) string {
			_, err := p.s.backend.logs.PutRetentionPolicy(background(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: p.logGroup("kept"), RetentionInDays: aws.Int32(91)})
			return code(err)
		}},
	{name: "tags of a log group that does not exist", decides: logsAPI + "API_ListTagsForResource.html",
		onAWS: "ResourceNotFoundException", onMoto: "ok",
		probe: func(p *prober) string {
			_, err := p.s.backend.logs.ListTagsForResource(background(), &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:logs:" + region + ":" + account + ":log-group:/nowhere")})
			return code(err)
		}},
	{name: "syntax of a new role's trust policy", decides: iamAPI + "API_CreateRole.html (MalformedPolicyDocument)",
		onAWS: "MalformedPolicyDocument", onMoto: "ok",
		probe: func(p *prober) string {
			_, err := p.s.backend.iam.CreateRole(background(), &iam.CreateRoleInput{RoleName: aws.String("probe-malformed"), AssumeRolePolicyDocument: aws.String("{not json")})
			return code(err)
		}},
	{name: "host bits of a rule's range", decides: ec2API + "API_AuthorizeSecurityGroupIngress.html (CidrIp is put into canonical form)",
		onAWS: "10.0.0.0/8", onMoto: "10.0.0.1/8",
		probe: func(p *prober) string {
			group := p.securityGroup("hostbits")
			did(p.t, nil, p.authorize(group, cidrRule(1, "10.0.0.1/8")))
			rules := p.rules(group, nil)
			return aws.ToString(rules[0].CidrIpv4)
		}},
	{name: "a group that another one refers to stays", decides: ec2API + "API_DeleteSecurityGroup.html (DependencyViolation)",
		onAWS: "DependencyViolation", onMoto: "ok",
		probe: func(p *prober) string {
			referred, referring := p.securityGroup("referred"), p.securityGroup("referring")
			did(p.t, nil, p.authorize(referring, ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(1),
				UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: referred}}}))
			_, err := p.s.backend.ec2.DeleteSecurityGroup(background(), &ec2.DeleteSecurityGroupInput{GroupId: referred})
			return code(err)
		}},
	{name: "pages of rules", decides: ec2API + "API_DescribeSecurityGroupRules.html (MaxResults)",
		onAWS: "more", onMoto: "all at once",
		probe: func(p *prober) string {
			group := p.securityGroup("many")
			for port := range int32(6) {
				did(p.t, nil, p.authorize(group, cidrRule(port+1, "10.0.0.0/8")))
			}
			out, err := p.s.backend.ec2.DescribeSecurityGroupRules(background(), &ec2.DescribeSecurityGroupRulesInput{MaxResults: aws.Int32(5), Filters: groupFilter(group)})
			did(p.t, out, err)
			if aws.ToString(out.NextToken) == "" {
				return "all at once"
			}
			return "more"
		}},
	{name: "log groups in the Tagging API", decides: tagAPI + "supported-services.html (Amazon CloudWatch Logs: logs:log-group)",
		onAWS: "found", onMoto: "not found",
		probe: func(p *prober) string { return p.foundTagged("logs:log-group", *p.logGroup("tagged")) }},
	{name: "Fargate profiles in the Tagging API", decides: tagAPI + "supported-services.html (Amazon EKS)",
		onAWS: "found", onMoto: "not found",
		probe: func(p *prober) string {
			arn := p.profile().FargateProfileArn
			if slices.Contains(p.tagged("eks:fargateprofile"), *arn) {
				return "found"
			}
			return "not found"
		}},
}

// agreements are answers that the operator relies on, and that moto, which we did not write, gives as awssim does.
var agreements = []divergence{
	{name: "role that exists", onAWS: "EntityAlreadyExists", probe: func(p *prober) string {
		p.role()
		_, err := p.s.backend.iam.CreateRole(background(), &iam.CreateRoleInput{RoleName: aws.String("probe-role"), AssumeRolePolicyDocument: aws.String(trustOf("ec2.amazonaws.com"))})
		return code(err)
	}},
	{name: "role that does not exist", onAWS: "NoSuchEntity", probe: func(p *prober) string {
		_, err := p.s.backend.iam.GetRole(background(), &iam.GetRoleInput{RoleName: aws.String("nobody")})
		return code(err)
	}},
	{name: "role with policies is not deleted", onAWS: "DeleteConflict", probe: func(p *prober) string {
		p.role()
		_, err := p.s.backend.iam.PutRolePolicy(background(), &iam.PutRolePolicyInput{RoleName: aws.String("probe-role"), PolicyName: aws.String("x"), PolicyDocument: aws.String(pullCache)})
		did(p.t, nil, err)
		_, err = p.s.backend.iam.DeleteRole(background(), &iam.DeleteRoleInput{RoleName: aws.String("probe-role")})
		return code(err)
	}},
	{name: "malformed inline policy", onAWS: "MalformedPolicyDocument", probe: func(p *prober) string {
		p.role()
		_, err := p.s.backend.iam.PutRolePolicy(background(), &iam.PutRolePolicyInput{RoleName: aws.String("probe-role"), PolicyName: aws.String("y"), PolicyDocument: aws.String("{")})
		return code(err)
	}},
	{name: "malformed change of a trust policy", onAWS: "MalformedPolicyDocument", probe: func(p *prober) string {
		p.role()
		_, err := p.s.backend.iam.UpdateAssumeRolePolicy(background(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("probe-role"), PolicyDocument: aws.String("{")})
		return code(err)
	}},
	{name: "unknown managed policy", onAWS: "NoSuchEntity", probe: func(p *prober) string {
		p.role()
		_, err := p.s.backend.iam.AttachRolePolicy(background(), &iam.AttachRolePolicyInput{RoleName: aws.String("probe-role"), PolicyArn: aws.String("arn:aws:iam::aws:policy/NoSuchPolicy")})
		return code(err)
	}},
	{name: "security group that exists", onAWS: "InvalidGroup.Duplicate", probe: func(p *prober) string {
		p.securityGroup("twice")
		_, err := p.s.backend.ec2.CreateSecurityGroup(background(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("probe-twice"), Description: aws.String("x"), VpcId: &p.w.VPC})
		return code(err)
	}},
	{name: "rule that exists", onAWS: "InvalidPermission.Duplicate", probe: func(p *prober) string {
		group := p.securityGroup("rules")
		did(p.t, nil, p.authorize(group, cidrRule(1, "10.0.0.0/8")))
		return code(p.authorize(group, cidrRule(1, "10.0.0.0/8")))
	}},
	{name: "unknown security group", onAWS: "InvalidGroup.NotFound", probe: func(p *prober) string {
		_, err := p.s.backend.ec2.DeleteSecurityGroup(background(), &ec2.DeleteSecurityGroupInput{GroupId: aws.String("sg-0123456789abcdef0")})
		return code(err)
	}},
	{name: "log group that exists", onAWS: "ResourceAlreadyExistsException", probe: func(p *prober) string {
		_, err := p.s.backend.logs.CreateLogGroup(background(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: p.logGroup("twice")})
		return code(err)
	}},
	{name: "unknown log group", onAWS: "ResourceNotFoundException", probe: func(p *prober) string {
		_, err := p.s.backend.logs.PutRetentionPolicy(background(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/nowhere"), RetentionInDays: aws.Int32(7)})
		return code(err)
	}},
	{name: "unknown key", onAWS: "NotFoundException", probe: func(p *prober) string {
		_, err := p.s.backend.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: aws.String("alias/nowhere")})
		return code(err)
	}},
	{name: "alias that exists", onAWS: "AlreadyExistsException", probe: func(p *prober) string {
		key := p.key()
		_, err := p.s.backend.kms.CreateAlias(background(), &kms.CreateAliasInput{AliasName: aws.String("alias/probe"), TargetKeyId: key})
		did(p.t, nil, err)
		_, err = p.s.backend.kms.CreateAlias(background(), &kms.CreateAliasInput{AliasName: aws.String("alias/probe"), TargetKeyId: key})
		return code(err)
	}},
	{name: "key that is scheduled for deletion", onAWS: "PendingDeletion", probe: func(p *prober) string {
		out, err := p.s.backend.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: p.pendingKey()})
		did(p.t, out, err)
		return string(out.KeyMetadata.KeyState)
	}},
	{name: "unknown cluster", onAWS: "ResourceNotFoundException", probe: func(p *prober) string {
		_, err := p.s.backend.eks.DescribeCluster(background(), &eks.DescribeClusterInput{Name: aws.String("nowhere")})
		return code(err)
	}},
	{name: "unknown Fargate profile", onAWS: "ResourceNotFoundException", probe: func(p *prober) string {
		_, err := p.s.backend.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &p.w.Name, FargateProfileName: aws.String("nobody")})
		return code(err)
	}},
	{name: "Fargate profile that exists", onAWS: "ResourceInUseException", probe: func(p *prober) string {
		p.profile()
		return code(p.createProfile("probe", p.role(), p.w.Private, 1))
	}},
	{name: "keys in the Tagging API", onAWS: "found", probe: func(p *prober) string { return p.foundTagged("kms:key", p.taggedKey()) }},
	{name: "groups in the Tagging API", onAWS: "found", probe: func(p *prober) string { return p.foundTagged("ec2:security-group", *p.securityGroup("tagged")) }},
}

const pullCache = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}`

func orEmpty(text string) string {
	if text == "" {
		return "(empty)"
	}
	return text
}

// prober holds what probes share. Each thing is made when it is first asked for.
type prober struct {
	t       *testing.T
	s       *suite
	w       *world
	roleARN string
	fargate *ekstypes.FargateProfile
}

func newProber(t *testing.T, s *suite) *prober {
	return &prober{t: t, s: s, w: s.newWorld(t, "probes")}
}

// role is one that Fargate may assume, for long enough.
func (p *prober) role() string {
	if p.roleARN == "" {
		out, err := p.s.backend.iam.CreateRole(background(), &iam.CreateRoleInput{RoleName: aws.String("probe-role"), AssumeRolePolicyDocument: aws.String(trustOf("eks-fargate-pods.amazonaws.com"))})
		did(p.t, out, err)
		p.roleARN = *out.Role.Arn
	}
	return p.roleARN
}

// profile is as CreateFargateProfile answered.
func (p *prober) profile() *ekstypes.FargateProfile {
	if p.fargate != nil {
		return p.fargate
	}
	role := p.role()
	until(p.t, "making a Fargate profile", func() error {
		out, err := p.s.backend.eks.CreateFargateProfile(background(), p.profileInput("probe", role, p.w.Private, 1))
		if err == nil {
			p.fargate = out.FargateProfile
		}
		return err
	}, p.s.backend.process)
	until(p.t, "waiting for the Fargate profile", func() error {
		out, err := p.s.backend.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &p.w.Name, FargateProfileName: aws.String("probe")})
		if err == nil && out.FargateProfile.Status != ekstypes.FargateProfileStatusActive {
			err = errNotYet
		}
		return err
	}, p.s.backend.process)
	return p.fargate
}

func (p *prober) createProfile(name, role string, subnets []string, selectors int) error {
	_, err := p.s.backend.eks.CreateFargateProfile(background(), p.profileInput(name, role, subnets, selectors))
	return err
}

func (p *prober) profileInput(name, role string, subnets []string, selectors int) *eks.CreateFargateProfileInput {
	in := &eks.CreateFargateProfileInput{ClusterName: &p.w.Name, FargateProfileName: &name, PodExecutionRoleArn: &role, Subnets: subnets, Tags: map[string]string{"probe": "yes"}}
	for i := range selectors {
		in.Selectors = append(in.Selectors, ekstypes.FargateProfileSelector{Namespace: aws.String(fmt.Sprintf("%s-%d", name, i))})
	}
	return in
}

func (p *prober) key() *string {
	out, err := p.s.backend.kms.CreateKey(background(), &kms.CreateKeyInput{})
	did(p.t, out, err)
	return out.KeyMetadata.KeyId
}

func (p *prober) taggedKey() string {
	out, err := p.s.backend.kms.CreateKey(background(), &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("probe"), TagValue: aws.String("yes")}}})
	did(p.t, out, err)
	return *out.KeyMetadata.KeyId
}

func (p *prober) pendingKey() *string {
	key := p.key()
	_, err := p.s.backend.kms.ScheduleKeyDeletion(background(), &kms.ScheduleKeyDeletionInput{KeyId: key, PendingWindowInDays: aws.Int32(7)})
	did(p.t, nil, err)
	return key
}

func (p *prober) logGroup(name string) *string {
	name = "/probe/" + name
	_, err := p.s.backend.logs.CreateLogGroup(background(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, Tags: map[string]string{"probe": "yes"}})
	did(p.t, nil, err)
	return &name
}

func (p *prober) securityGroup(name string) *string {
	out, err := p.s.backend.ec2.CreateSecurityGroup(background(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("probe-" + name), Description: aws.String("x"), VpcId: &p.w.VPC,
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: aws.String("probe"), Value: aws.String("yes")}}}}})
	did(p.t, out, err)
	return out.GroupId
}

func (p *prober) authorize(group *string, permission ec2types.IpPermission) error {
	_, err := p.s.backend.ec2.AuthorizeSecurityGroupIngress(background(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []ec2types.IpPermission{permission}})
	return err
}

func cidrRule(port int32, cidr string) ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}}
}

func groupFilter(group *string) []ec2types.Filter {
	return []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{*group}}}
}

func (p *prober) rules(group *string, most *int32) []ec2types.SecurityGroupRule {
	out, err := p.s.backend.ec2.DescribeSecurityGroupRules(background(), &ec2.DescribeSecurityGroupRulesInput{Filters: groupFilter(group), MaxResults: most})
	did(p.t, out, err)
	return slices.DeleteFunc(out.SecurityGroupRules, func(r ec2types.SecurityGroupRule) bool { return aws.ToBool(r.IsEgress) })
}

// tagged lists the ARNs of what is tagged by probes.
func (p *prober) tagged(kind string) []string {
	var arns []string
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(p.s.backend.tagging, &resourcegroupstaggingapi.GetResourcesInput{
		ResourceTypeFilters: []string{kind}, TagFilters: []tagtypes.TagFilter{{Key: aws.String("probe"), Values: []string{"yes"}}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background())
		did(p.t, page, err)
		for _, r := range page.ResourceTagMappingList {
			arns = append(arns, aws.ToString(r.ResourceARN))
		}
	}
	return arns
}

func (p *prober) foundTagged(kind, name string) string {
	for _, arn := range p.tagged(kind) {
		if lastPart(arn) == lastPart(name) {
			return "found"
		}
	}
	return "not found"
}
