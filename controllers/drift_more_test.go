// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func init() { tampers = append(tampers, moreTampers...) }

const ownerKey, originKey = "fargatesecurity.io/owner", "fargatesecurity.io/origin"

// ingress opens one rule on the group payments-pods.
func ingress(permission ec2types.IpPermission) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		r.did(r.aws.EC2.AuthorizeSecurityGroupIngress(r.ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: r.group(p, "payments-pods"), IpPermissions: []ec2types.IpPermission{permission}}))
	}
}

func egress(permission ec2types.IpPermission) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		r.did(r.aws.EC2.AuthorizeSecurityGroupEgress(r.ctx, &ec2.AuthorizeSecurityGroupEgressInput{
			GroupId: r.group(p, "payments-pods"), IpPermissions: []ec2types.IpPermission{permission}}))
	}
}

func v6(protocol string, port int32, cidr string) ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: &protocol, FromPort: &port, ToPort: &port, Ipv6Ranges: []ec2types.Ipv6Range{{CidrIpv6: &cidr}}}
}

func v4(protocol string, from, to int32, cidr string) ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: &protocol, FromPort: &from, ToPort: &to, IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}}
}

func trust(document string) func(*rig, *profile) {
	return func(r *rig, _ *profile) {
		r.did(r.aws.IAM.UpdateAssumeRolePolicy(r.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(roleName), PolicyDocument: &document}))
	}
}

func groupTag(key string, value *string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		ids, tags := []string{*r.group(p, "payments-pods")}, []ec2types.Tag{{Key: &key, Value: value}}
		if value == nil {
			r.did(r.aws.EC2.DeleteTags(r.ctx, &ec2.DeleteTagsInput{Resources: ids, Tags: tags}))
			return
		}
		r.did(r.aws.EC2.CreateTags(r.ctx, &ec2.CreateTagsInput{Resources: ids, Tags: tags}))
	}
}

func untagRole(key string) func(*rig, *profile) {
	return func(r *rig, _ *profile) {
		r.did(r.aws.IAM.UntagRole(r.ctx, &iam.UntagRoleInput{RoleName: aws.String(roleName), TagKeys: []string{key}}))
	}
}

func untagKey(key string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		r.did(r.aws.KMS.UntagResource(r.ctx, &kms.UntagResourceInput{KeyId: r.key(p), TagKeys: []string{key}}))
	}
}

func untagLogs(key string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		r.did(r.aws.Logs.UntagResource(r.ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: aws.String(r.arn(p, "LogGroup", logGroupName)), TagKeys: []string{key}}))
	}
}

func untagProfile(key string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		r.did(r.aws.EKS.UntagResource(r.ctx, &eks.UntagResourceInput{ResourceArn: aws.String(r.arn(p, "FargateProfile", "payments")), TagKeys: []string{key}}))
	}
}

func annotate(key string, value *string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		r.changePolicy(p, func(o *unstructured.Unstructured) {
			annotations := o.GetAnnotations()
			delete(annotations, key)
			if value != nil {
				annotations[key] = *value
			}
			o.SetAnnotations(annotations)
		})
	}
}

func keyPolicyWith(statement string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		policy := strings.Replace(r.keyPolicy(p), `"Statement":[`, `"Statement":[`+statement+`,`, 1)
		r.did(r.aws.KMS.PutKeyPolicy(r.ctx, &kms.PutKeyPolicyInput{KeyId: r.key(p), Policy: &policy}))
	}
}

var (
	group = "SecurityGroup/payments-pods"
	role  = "IAMRole/" + roleName
	key   = "KMSKey/" + alias
	logs  = "LogGroup/" + logGroupName
)

var moreTampers = []tamper{
	{name: "HTTPS opened to the IPv6 world", resource: group, path: "ingress[tcp/443 ::/0]", do: ingress(v6("tcp", 443, "::/0"))},
	{name: "RDP opened to the world", resource: group, path: "ingress[tcp/3389 0.0.0.0/0]", severity: "Critical", do: ingress(v4("tcp", 3389, 3389, "0.0.0.0/0"))},
	{name: "a range of ports opened", resource: group, path: "ingress[tcp/8000-8100 10.2.0.0/16]", do: ingress(v4("tcp", 8000, 8100, "10.2.0.0/16"))},
	{name: "all traffic opened to a neighbour", resource: group, path: "ingress[all 10.2.0.0/16]",
		do: ingress(ec2types.IpPermission{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.2.0.0/16")}}})},
	{name: "ping opened", resource: group, path: "ingress[icmp/8:-1 10.2.0.0/16]", do: ingress(v4("icmp", 8, -1, "10.2.0.0/16"))},
	{name: "UDP opened", resource: group, path: "ingress[udp/161 10.2.0.0/16]", do: ingress(v4("udp", 161, 161, "10.2.0.0/16"))},
	{name: "opened to another group", resource: group, path: "ingress[tcp/22 %G]",
		do: func(r *rig, p *profile) {
			ingress(ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22),
				UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: r.group(p, "payments-extra")}}})(r, p)
		}},
	{name: "egress to one more port", resource: group, path: "egress[tcp/443 172.16.0.0/12]", do: egress(v4("tcp", 443, 443, "172.16.0.0/12"))},
	{name: "egress to the IPv6 world", resource: group, path: "egress[tcp/443 ::/0]", do: egress(v6("tcp", 443, "::/0"))},
	{name: "group tag changed", resource: group, path: "tags[team]", do: groupTag("team", aws.String("x"))},
	{name: "owner tag taken off the group", resource: group, path: "tags[" + ownerKey + "]", do: groupTag(ownerKey, nil)},
	{name: "origin tag of the group changed", resource: group, path: "tags[" + originKey + "]", do: groupTag(originKey, aws.String("Adopted"))},
	{name: "rule of the other group revoked", resource: "SecurityGroup/payments-extra", path: "ingress[udp/53 %H]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EC2.RevokeSecurityGroupIngress(r.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: r.group(p, "payments-extra"),
				SecurityGroupRuleIds: []string{*r.ruleID(p, "payments-extra", 53)}}))
		}},
	{name: "trust without its condition", resource: role, path: "trustPolicy", do: trust(fargateTrust)},
	{name: "trust in everybody", resource: role, path: "trustPolicy", severity: "Critical",
		do: trust(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}`)},
	{name: "reading policy attached", resource: role, path: "managedPolicies[arn:aws:iam::aws:policy/ReadOnlyAccess]",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.AttachRolePolicy(r.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(roleName), PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))
		}},
	{name: "logging policy deleted", resource: role, path: "inlinePolicies[fargate-logging]",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.DeleteRolePolicy(r.ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String(roleName), PolicyName: aws.String("fargate-logging")}))
		}},
	{name: "role tag taken off", resource: role, path: "tags[team]", do: untagRole("team")},
	{name: "origin tag taken off the role", resource: role, path: "tags[" + originKey + "]", do: untagRole(originKey)},
	{name: "origin tag of the role changed", resource: role, path: "tags[" + originKey + "]",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.TagRole(r.ctx, &iam.TagRoleInput{RoleName: aws.String(roleName), Tags: []iamtypes.Tag{{Key: aws.String(originKey), Value: aws.String("x")}}}))
		}},
	{name: "retention lengthened", resource: logs, path: "retentionDays",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.Logs.PutRetentionPolicy(r.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(logGroupName), RetentionInDays: aws.Int32(3653)}))
		}},
	{name: "log group given another key", resource: logs, path: "kmsKey",
		do: func(r *rig, p *profile) {
			other, policy := r.otherKey("alias/other", ""), r.keyPolicy(p)
			r.did(r.aws.KMS.PutKeyPolicy(r.ctx, &kms.PutKeyPolicyInput{KeyId: &other, Policy: &policy}))
			r.did(r.aws.Logs.AssociateKmsKey(r.ctx, &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: aws.String(logGroupName), KmsKeyId: &other}))
		}},
	{name: "log group's tag taken off", resource: logs, path: "tags[team]", do: untagLogs("team")},
	{name: "owner tag taken off the log group", resource: logs, path: "tags[" + ownerKey + "]", do: untagLogs(ownerKey)},
	{name: "key given away", resource: key, path: "policy",
		do: keyPolicyWith(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"kms:*","Resource":"*"}`)},
	{name: "key taken from the log service", resource: key, path: "policy",
		do: func(r *rig, p *profile) {
			policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*","Sid":"Enable IAM User Permissions"}]}`
			r.did(r.aws.KMS.PutKeyPolicy(r.ctx, &kms.PutKeyPolicyInput{KeyId: r.key(p), Policy: &policy}))
		}},
	{name: "key tag taken off", resource: key, path: "tags[team]", do: untagKey("team")},
	{name: "owner tag taken off the key", resource: key, path: "tags[" + ownerKey + "]", do: untagKey(ownerKey)},
	{name: "pod groups' tag changed", resource: "SecurityGroupPolicy/%P", path: "tags[team]", do: annotate("team", aws.String("x"))},
	{name: "owner taken off the pod groups", resource: "SecurityGroupPolicy/%P", path: "tags[" + ownerKey + "]", do: annotate(ownerKey, nil)},
	{name: "profile's tag taken off", resource: "FargateProfile/payments", path: "tags[team]", do: untagProfile("team")},
	{name: "owner tag taken off the profile", resource: "FargateProfile/payments", path: "tags[" + ownerKey + "]", do: untagProfile(ownerKey)},
}
