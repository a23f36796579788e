// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"pgregory.net/rapid"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// change is something that a person does to an object in AWS by hand. What AWS refuses is no matter.
type change struct {
	name string
	do   func(ctx context.Context, a *hand, o awssim.Object) error
}

// hand is a person at the console.
type hand struct {
	w *world
	t *rapid.T
}

const (
	fargateTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	wideTrust    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["eks-fargate-pods.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`
)

// changes are what can be done to each kind of object.
var changes = map[string][]change{
	"group": {
		{"open to the world", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: groupID(o), IpPermissions: permission(22, "0.0.0.0/0")}))
		}},
		{"add a rule", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.EC2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: groupID(o), IpPermissions: permission(8080, "10.1.0.0/16")}))
		}},
		{"revoke a rule", revokeRule},
		{"change a tag", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.EC2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{*groupID(o)}, Tags: []ec2types.Tag{{Key: aws.String("team"), Value: aws.String("z")}}}))
		}},
		{"strip the owner", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.EC2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{*groupID(o)}, Tags: []ec2types.Tag{{Key: aws.String(resource.OwnerTag)}}}))
		}},
		{"delete", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.EC2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: groupID(o)}))
		}},
	},
	"role": {
		{"detach a policy", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &o.Name, PolicyArn: aws.String(from(a.t, "policy", attachable))}))
		}},
		{"make an administrator", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &o.Name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}))
		}},
		{"put an inline policy", func(ctx context.Context, a *hand, o awssim.Object) error {
			name := from(a.t, "name", []string{"pull", "bucket", "backdoor", "fargate-logging"})
			return failed(a.w.aws.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &o.Name, PolicyName: &name, PolicyDocument: aws.String(allOfS3)}))
		}},
		{"delete an inline policy", func(ctx context.Context, a *hand, o awssim.Object) error {
			name := from(a.t, "name", []string{"pull", "bucket", "fargate-logging"})
			return failed(a.w.aws.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &o.Name, PolicyName: &name}))
		}},
		{"widen the trust", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &o.Name, PolicyDocument: aws.String(wideTrust)}))
		}},
		{"set a boundary", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.IAM.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &o.Name, PermissionsBoundary: aws.String(ecrPull)}))
		}},
		{"drop the boundary", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.IAM.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &o.Name}))
		}},
		{"strip the owner", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.IAM.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &o.Name, TagKeys: []string{resource.OwnerTag}}))
		}},
		{"delete", deleteRole},
	},
	"log-group": {
		{"set the retention", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &o.Name, RetentionInDays: aws.Int32(1)}))
		}},
		{"take the key away", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.Logs.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: &o.Name}))
		}},
		{"delete", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &o.Name}))
		}},
	},
	"key": {
		{"stop the rotation", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.KMS.(*kms.Client).DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &o.Name}))
		}},
		{"disable", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.KMS.(*kms.Client).DisableKey(ctx, &kms.DisableKeyInput{KeyId: &o.Name}))
		}},
		{"schedule its deletion", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.KMS.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &o.Name, PendingWindowInDays: aws.Int32(30)}))
		}},
		{"strip the owner", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.KMS.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &o.Name, TagKeys: []string{resource.OwnerTag}}))
		}},
		{"change a tag", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.KMS.TagResource(ctx, &kms.TagResourceInput{KeyId: &o.Name, Tags: []kmstypes.Tag{{TagKey: aws.String("team"), TagValue: aws.String("z")}}}))
		}},
	},
	"alias": {
		{"delete", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.KMS.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &o.Name}))
		}},
	},
	"profile": {
		{"change a tag", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.EKS.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &o.ARN, Tags: map[string]string{"team": "z"}}))
		}},
		{"strip the owner", func(ctx context.Context, a *hand, o awssim.Object) error {
			return failed(a.w.aws.EKS.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: &o.ARN, TagKeys: []string{resource.OwnerTag}}))
		}},
		{"delete", func(ctx context.Context, a *hand, o awssim.Object) error {
			cluster, name, _ := strings.Cut(o.Name, "/")
			return failed(a.w.aws.EKS.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: &cluster, FargateProfileName: &name}))
		}},
	},
}

func failed(_ any, err error) error { return err }

func groupID(o awssim.Object) *string { return aws.String(lastPart(o.ARN)) }

func permission(port int32, cidr string) []ec2types.IpPermission {
	return []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}}}
}

func revokeRule(ctx context.Context, a *hand, o awssim.Object) error {
	out, err := a.w.aws.EC2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{*groupID(o)}}}})
	if err != nil || len(out.SecurityGroupRules) == 0 {
		return err
	}
	rule := out.SecurityGroupRules[pick(a.t, "rule", len(out.SecurityGroupRules))]
	ids := []string{*rule.SecurityGroupRuleId}
	if *rule.IsEgress {
		return failed(a.w.aws.EC2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: groupID(o), SecurityGroupRuleIds: ids}))
	}
	return failed(a.w.aws.EC2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: groupID(o), SecurityGroupRuleIds: ids}))
}

// deleteRole empties a role and deletes it.
func deleteRole(ctx context.Context, a *hand, o awssim.Object) error {
	for _, fact := range o.Facts {
		if arn, ok := strings.CutPrefix(fact, "attached "); ok {
			_, _ = a.w.aws.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &o.Name, PolicyArn: &arn})
		}
		if rest, ok := strings.CutPrefix(fact, "inline "); ok {
			name, _, _ := strings.Cut(rest, " ")
			_, _ = a.w.aws.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &o.Name, PolicyName: &name})
		}
	}
	return failed(a.w.aws.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &o.Name}))
}

// tamper does one thing by hand to one of the objects that the operators may care about.
func (w *world) tamper(t *rapid.T) {
	var targets []awssim.Object
	for _, o := range w.sim.Objects() {
		if len(changes[o.Kind]) == 0 || strings.HasPrefix(o.Name, "eks-cluster-sg-") || o.Name == "default" || strings.HasSuffix(o.Name, "-cluster") {
			continue
		}
		if o.Kind != "key" || !pending(o) {
			targets = append(targets, o)
		}
	}
	if len(targets) == 0 {
		return
	}
	// The ids of keys are not the same in each run: their place in the list is all that is drawn.
	o := targets[pick(t, "object", len(targets))]
	list := changes[o.Kind]
	c := list[pick(t, "change", len(list))]
	err := c.do(context.Background(), &hand{w, t}, o)
	w.noted("by hand: %s %s: %v", c.name, id(o), err)
	outcomes.count("changes by hand")
}

// brownfield makes something by hand that a profile may declare: without an owner, or with somebody else's.
func (w *world) brownfield(t *rapid.T) {
	ctx := context.Background()
	owner := ""
	if pick(t, "owned", 4) == 0 {
		owner = "op-of-others/team/thing"
	}
	var err error
	kind := from(t, "kind", []string{"role", "group", "log group", "alias"})
	var name string
	switch kind {
	case "role":
		name = from(t, "name", []string{sharedRole, "op-1-one-role"})
		in := &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(fargateTrust)}
		if owner != "" {
			in.Tags = []iamtypes.Tag{{Key: aws.String(resource.OwnerTag), Value: &owner}}
		}
		_, err = w.aws.IAM.CreateRole(ctx, in)
	case "group":
		name = from(t, "name", []string{sharedGroup, "op-1-one-web"})
		in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: aws.String("by hand"), VpcId: aws.String("vpc-0a")}
		if owner != "" {
			in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup,
				Tags: []ec2types.Tag{{Key: aws.String(resource.OwnerTag), Value: &owner}}}}
		}
		_, err = w.aws.EC2.CreateSecurityGroup(ctx, in)
	case "log group":
		name = from(t, "name", []string{sharedLogGroup, "/aws/eks/prod/fargate/one"})
		in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}
		if owner != "" {
			in.Tags = map[string]string{resource.OwnerTag: owner}
		}
		_, err = w.aws.Logs.CreateLogGroup(ctx, in)
	case "alias":
		name = from(t, "name", []string{sharedAlias, "alias/op-1-one"})
		if slices.ContainsFunc(w.sim.Objects(), func(o awssim.Object) bool { return o.Kind == "alias" && o.Name == name }) {
			return
		}
		key, failure := w.aws.KMS.CreateKey(ctx, &kms.CreateKeyInput{})
		must(failure)
		_, err = w.aws.KMS.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: key.KeyMetadata.KeyId})
	}
	w.noted("by hand: make %s %s, owner %q: %v", kind, name, owner, err)
}
