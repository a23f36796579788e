// SPDX-License-Identifier: Apache-2.0

package chaos_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// scenario is something that the operator has to see through.
type scenario struct {
	name string
	// kinds are what goes wrong at each call.
	kinds []kind
	// spec changes the profile with every section.
	spec func(*profile)
	// profiles is how many there are in the cluster; 0 is one.
	profiles int
	// pageSize is how much AWS answers at once; 0: as AWS does.
	pageSize int
	// made: the profile is ready before the scenario begins.
	made bool
	// before prepares AWS; begin starts the scenario. What the operator does after before is counted.
	before, begin func(*world)
	// event is what happens in the middle: before the call eventAt, or where a point says so.
	event   func(*world)
	eventAt int
	// between happens between passes: the first after the first pass, and so on.
	between []func(*world)
	// takesOver are the objects, as "kind name", that the operator may make its own though they carry no owner tag.
	takesOver []string
	// deletes: the declared objects go.
	deletes bool
	// lapses are words of facts that are not declared all the time.
	lapses []string
	// end lists everything that AWS holds in the end.
	end []string
	// mayStay are objects of which AWS may hold one more in the end: where a deletion comes while things are made, it
	// depends on the moment what there is to delete.
	mayStay []string
}

// endsVary tells that not all runs end in the very same way.
func (s scenario) endsVary() bool { return len(s.mayStay) > 0 }

// undisturbed is the run that all others have to end like.
func (s scenario) undisturbed() point {
	if slices.ContainsFunc(s.kinds, func(k kind) bool { return k.happens }) {
		return point{happens, 1}
	}
	return point{}
}

// The objects that AWS holds in the end.
var (
	everything = []string{"role " + roleName + " ours", "group payments-pods ours", "group payments-extra ours", "key Enabled ours",
		"log-group " + logGroupName + " ours", "profile prod/payments ACTIVE ours"}
	adopted = []string{"role payments-role ours", "group payments-pods ours", "group payments-extra ours", "key Enabled ours",
		"log-group " + logGroupName + " ours", "profile prod/payments ACTIVE ours"}
)

const (
	roleName     = "prod-payments-fargate"
	logGroupName = "/aws/eks/prod/fargate/payments"
	alias        = "alias/fargate-payments"
	execution    = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	readOnly     = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	pullCache    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}`
	allOfS3      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	fargateTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	wideTrust    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["eks-fargate-pods.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`
)

// whole are the scenarios in which nothing but the point itself gets in the way.
var whole = []scenario{
	{name: "create", begin: (*world).declare, end: everything},
	{name: "edit", made: true, begin: func(w *world) { w.edit(edited) }, end: []string{
		"role " + roleName + " ours", "group payments-pods ours", "group payments-third ours", "key Enabled ours",
		"log-group " + logGroupName + " ours", "profile prod/payments ACTIVE ours"}},
	{name: "prune", made: true, begin: func(w *world) { w.edit(pruned) }, end: []string{
		"role " + roleName + " ours", "group payments-pods ours", "key PendingDeletion ours",
		"log-group " + logGroupName + " ours", "profile prod/payments ACTIVE ours"}},
	{name: "repair", made: true, before: (*world).tamper, begin: (*world).nextRead, takesOver: []string{"role " + roleName}, end: everything},
	{name: "remake", made: true, before: (*world).demolish, begin: (*world).nextRead, end: append([]string{"key Enabled of nobody"}, everything...)},
	{name: "adopt", spec: adopting, before: (*world).brownfield, begin: (*world).declare, end: adopted,
		takesOver: []string{"role payments-role", "group payments-pods", "log-group " + logGroupName, "key", "profile prod/payments"}},
	{name: "delete", made: true, begin: (*world).delete, deletes: true, end: []string{"key PendingDeletion ours"}},
	// What was adopted is let go, and what was made is deleted.
	{name: "release", spec: adopting, made: true, begin: (*world).delete, deletes: true, end: []string{
		"role payments-role of nobody", "group payments-pods of nobody", "key Enabled of nobody",
		"log-group " + logGroupName + " of nobody", "profile prod/payments ACTIVE of nobody"}},
}

// nextRead has the time come at which nothing is believed any more that was read before.
func (w *world) nextRead() { w.clock.Advance(6 * time.Minute) }

// full is a profile with every section. Only its own name differs from run to run.
func (w *world) full(name string, change func(*profile)) *profile {
	port := aws.Int32
	p := &profile{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v1alpha1.FargateSecurityProfileSpec{
			DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: w.names[0]}, Tags: map[string]v1alpha1.TagValue{"team": "payments"}}, ClusterName: "prod",
			FargateProfile: v1alpha1.FargateProfileSpec{
				Name:      "payments",
				Selectors: []v1alpha1.ProfileSelector{{Namespace: "payments"}},
				SubnetIDs: []string{"subnet-0a"},
			},
			PodExecutionRole: v1alpha1.PodExecutionRoleSpec{
				InlinePolicies: []v1alpha1.InlinePolicy{{Name: "pull-cache", Document: pullCache}}, PermissionsBoundaryARN: readOnly,
			},
			SecurityGroups: []v1alpha1.SecurityGroupSpec{
				{
					Name: "payments-pods", Description: "payments pods",
					Ingress: []v1alpha1.SecurityGroupRule{
						{Protocol: "tcp", FromPort: port(8443), ToPort: port(8443), CIDR: "10.0.0.0/16", Description: "mesh"},
						{Protocol: "tcp", FromPort: port(9090), ToPort: port(9090), SecurityGroupName: "payments-extra"},
					},
					Egress: []v1alpha1.SecurityGroupRule{{Protocol: "-1", CIDR: "10.0.0.0/8"}},
				},
				{
					Name:    "payments-extra", // the two refer to each other
					Ingress: []v1alpha1.SecurityGroupRule{{Protocol: "udp", FromPort: port(53), ToPort: port(53), SecurityGroupName: "payments-pods"}},
				},
			},
			PodSecurityGroups: &v1alpha1.PodSecurityGroupsSpec{
				Namespace: pods, PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "backend"}},
			},
			Logging:    &v1alpha1.LoggingSpec{LogGroup: v1alpha1.LogGroupSpec{RetentionDays: aws.Int32(90)}},
			Encryption: &v1alpha1.EncryptionSpec{KMSKey: &v1alpha1.KMSKeySpec{Alias: alias}},
		},
	}
	if change != nil {
		change(p)
	}
	return p
}

// edited changes every section in what can be changed.
func edited(p *profile) {
	p.Spec.Tags = map[string]v1alpha1.TagValue{"env": "prod"}
	p.Spec.PodExecutionRole.ManagedPolicyARNs = &[]string{execution, readOnly}
	p.Spec.PodExecutionRole.InlinePolicies = []v1alpha1.InlinePolicy{{Name: "bucket", Document: allOfS3}}
	p.Spec.SecurityGroups[0].Ingress[0].Description = "another text"
	p.Spec.SecurityGroups[0].Ingress[1] = v1alpha1.SecurityGroupRule{
		Protocol: "tcp", FromPort: aws.Int32(9091), ToPort: aws.Int32(9091), SecurityGroupName: "payments-third"}
	p.Spec.SecurityGroups[0].Egress = append(p.Spec.SecurityGroups[0].Egress, v1alpha1.SecurityGroupRule{
		Protocol: "tcp", FromPort: aws.Int32(443), ToPort: aws.Int32(443), CIDR: "0.0.0.0/0"})
	p.Spec.SecurityGroups[1] = v1alpha1.SecurityGroupSpec{Name: "payments-third", Ingress: p.Spec.SecurityGroups[1].Ingress}
	p.Spec.PodSecurityGroups.PodSelector.MatchLabels["tier"] = "frontend"
	p.Spec.Logging.LogGroup.RetentionDays = aws.Int32(30)
	p.Spec.Encryption.KMSKey.RotationPeriodDays = 180
	p.Spec.Encryption.KMSKey.AdditionalStatements = []string{`{"Sid":"Audit","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:DescribeKey","Resource":"*"}`}
}

// pruned leaves out all that can be left out.
func pruned(p *profile) {
	p.Spec.SecurityGroups = p.Spec.SecurityGroups[:1]
	p.Spec.SecurityGroups[0].Ingress = p.Spec.SecurityGroups[0].Ingress[:1]
	p.Spec.Encryption, p.Spec.PodSecurityGroups, p.Spec.PodExecutionRole.InlinePolicies, p.Spec.Tags = nil, nil, nil, nil
}

// adopting takes over what brownfield made.
func adopting(p *profile) {
	p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt
	p.Spec.SecurityGroups[0].Ingress = p.Spec.SecurityGroups[0].Ingress[:1]
	p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{Name: "payments-role"}
}

func (w *world) declare() {
	for i, name := range w.names {
		p := w.full(name, w.scenario.spec)
		if i > 0 {
			another(p, i+1)
		}
		w.create(p)
	}
}

func (w *world) delete() {
	p, err := get(w.names[0])
	must(err)
	must(kube.Delete(context.Background(), p))
}

// did ends the test when what it does by hand goes wrong.
func (w *world) did(_ any, err error) {
	if err != nil {
		w.t.Fatalf("by hand: %v", err)
	}
}

// brownfield makes, by hand, a role, a group, a log group, a key and a Fargate profile of the names that are declared.
func (w *world) brownfield() {
	ctx := context.Background()
	role, err := w.aws.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("payments-role"), AssumeRolePolicyDocument: aws.String(fargateTrust)})
	w.did(role, err)
	w.clock.Advance(time.Minute)
	w.did(w.aws.EKS.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("payments"),
		PodExecutionRoleArn: role.Role.Arn, Subnets: []string{"subnet-0a"}, Selectors: []ekstypes.FargateProfileSelector{{Namespace: aws.String("payments")}}}))
	w.clock.Advance(time.Minute)
	group, err := w.aws.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("payments-pods"), Description: aws.String("payments pods"), VpcId: aws.String("vpc-0a")})
	w.did(group, err)
	w.did(w.aws.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group.GroupId, IpPermissions: permission(8443, "10.0.0.0/16")}))
	w.did(w.aws.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(logGroupName)}))
	key, err := w.aws.KMS.CreateKey(ctx, &kms.CreateKeyInput{})
	w.did(key, err)
	w.did(w.aws.KMS.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(alias), TargetKeyId: key.KeyMetadata.KeyId}))
}

func permission(port int32, cidr string) []ec2types.IpPermission {
	return []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}}}
}

// arn is that of one of our objects.
func (w *world) arn(kind, name string) string {
	for _, o := range w.sim.Objects() {
		if o.Kind == kind && (o.Name == name || name == "") && (o.Tags[resource.OwnerTag] == w.owners()[0]) {
			return o.ARN
		}
	}
	w.t.Fatalf("there is no %s %s of ours", kind, name)
	return ""
}

func lastPart(s string) string { return s[strings.LastIndex(s, "/")+1:] }

// tamper changes fields of every object by hand.
func (w *world) tamper() {
	ctx := context.Background()
	group, key := lastPart(w.arn("group", "payments-pods")), w.arn("key", "")
	w.did(w.aws.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permission(22, "0.0.0.0/0")}))
	w.did(w.aws.EC2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permission(8443, "10.0.0.0/16")}))
	w.did(w.aws.EC2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &group,
		IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}}))
	w.did(w.aws.EC2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{group}, Tags: []ec2types.Tag{{Key: aws.String("team")}}}))
	role := aws.String(roleName)
	w.did(w.aws.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: aws.String(wideTrust)}))
	w.did(w.aws.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: aws.String(execution)}))
	w.did(w.aws.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}))
	w.did(w.aws.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("pull-cache"), PolicyDocument: aws.String(allOfS3)}))
	w.did(w.aws.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("backdoor"), PolicyDocument: aws.String(allOfS3)}))
	w.did(w.aws.IAM.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: role}))
	w.did(w.aws.IAM.TagRole(ctx, &iam.TagRoleInput{RoleName: role, Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("x")}}}))
	w.did(w.aws.IAM.UntagRole(ctx, &iam.UntagRoleInput{RoleName: role, TagKeys: []string{resource.OwnerTag}}))
	w.did(w.aws.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(logGroupName), RetentionInDays: aws.Int32(1)}))
	w.did(w.aws.Logs.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String(logGroupName)}))
	policy, err := w.aws.KMS.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &key})
	w.did(policy, err)
	opened := strings.Replace(*policy.Policy, `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"},`, 1)
	w.did(w.aws.KMS.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &opened}))
	w.did(w.aws.KMS.(*kms.Client).DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &key}))
	w.did(w.aws.KMS.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String(alias)}))
	w.did(w.aws.KMS.TagResource(ctx, &kms.TagResourceInput{KeyId: &key, Tags: []kmstypes.Tag{{TagKey: aws.String("team"), TagValue: aws.String("x")}}}))
	w.did(w.aws.KMS.(*kms.Client).DisableKey(ctx, &kms.DisableKeyInput{KeyId: &key}))
	w.did(w.aws.EKS.TagResource(ctx, &eks.TagResourceInput{ResourceArn: aws.String(w.arn("profile", "prod/payments")), Tags: map[string]string{"team": "x"}}))
	pods := w.policy(w.names[0])
	must(unstructured.SetNestedStringSlice(pods.Object, []string{"sg-evil"}, "spec", "securityGroups", "groupIds"))
	must(kube.Update(ctx, pods))
}

// demolish deletes what can be deleted by hand: the operator has to make it anew.
func (w *world) demolish() {
	ctx := context.Background()
	w.did(w.aws.EKS.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("payments")}))
	w.clock.Advance(time.Minute)
	w.did(w.aws.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(logGroupName)}))
	w.did(w.aws.KMS.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(w.arn("key", "")), PendingWindowInDays: aws.Int32(7)}))
	other, err := w.aws.KMS.CreateKey(ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("name"), TagValue: aws.String("somebody's")}}})
	w.did(other, err)
	w.did(w.aws.KMS.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String(alias), TargetKeyId: other.KeyMetadata.KeyId}))
	role := aws.String(roleName)
	w.did(w.aws.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: aws.String(execution)}))
	for _, name := range []string{"pull-cache", "fargate-logging"} {
		w.did(w.aws.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: &name}))
	}
	w.did(w.aws.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role}))
	pods := w.policy(w.names[0])
	must(kube.Delete(ctx, pods))
	groups := []string{lastPart(w.arn("group", "payments-pods")), lastPart(w.arn("group", "payments-extra"))}
	w.did(w.aws.EC2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &groups[1], IpPermissions: []ec2types.IpPermission{{
		IpProtocol: aws.String("udp"), FromPort: aws.Int32(53), ToPort: aws.Int32(53), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &groups[0]}}}}}))
	w.did(w.aws.EC2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &groups[0]}))
}
