// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"strings"
	"testing"
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
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

const (
	roleName     = "prod-payments-fargate"
	logGroupName = "/aws/eks/prod/fargate/payments"
	alias        = "alias/fargate-payments"
	execution    = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
)

var errNotYet = errors.New("not yet")

// tamper is one field, changed by hand in AWS, and the drift that it must be: exactly that one.
type tamper struct {
	name string
	do   func(r *rig, p *profile)
	// resource and path of the drift; %G and %H stand for the ids of the groups
	// payments-extra and payments-pods, %P for the name of the SecurityGroupPolicy.
	resource, path string
	severity       v1alpha1.Severity
	// stays: cannot be repaired, only reported.
	stays v1alpha1.DriftAction
}

var tampers = []tamper{
	{name: "port 22 opened to the world", resource: "SecurityGroup/payments-pods", path: "ingress[tcp/22 0.0.0.0/0]", severity: "Critical",
		do: func(r *rig, p *profile) { r.authorize(p, "payments-pods", 22, "0.0.0.0/0") }},
	{name: "an inner port opened", resource: "SecurityGroup/payments-pods", path: "ingress[tcp/8080 10.1.0.0/16]",
		do: func(r *rig, p *profile) { r.authorize(p, "payments-pods", 8080, "10.1.0.0/16") }},
	{name: "declared ingress revoked", resource: "SecurityGroup/payments-pods", path: "ingress[tcp/8443 10.0.0.0/16]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EC2.RevokeSecurityGroupIngress(r.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: r.group(p, "payments-pods"),
				IpPermissions: permission(8443, "10.0.0.0/16")}))
		}},
	{name: "rule between groups revoked", resource: "SecurityGroup/payments-pods", path: "ingress[tcp/9090 %G]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EC2.RevokeSecurityGroupIngress(r.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: r.group(p, "payments-pods"),
				IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(9090), ToPort: aws.Int32(9090),
					UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: r.group(p, "payments-extra")}}}}}))
		}},
	{name: "egress opened to the world", resource: "SecurityGroup/payments-pods", path: "egress[all 0.0.0.0/0]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EC2.AuthorizeSecurityGroupEgress(r.ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: r.group(p, "payments-pods"),
				IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}}))
		}},
	{name: "declared egress revoked", resource: "SecurityGroup/payments-pods", path: "egress[all 10.0.0.0/8]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EC2.RevokeSecurityGroupEgress(r.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: r.group(p, "payments-pods"),
				IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}}}}))
		}},
	{name: "rule description changed", resource: "SecurityGroup/payments-pods", path: "ingress[tcp/8443 10.0.0.0/16].description", severity: "Low",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EC2.ModifySecurityGroupRules(r.ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: r.group(p, "payments-pods"),
				SecurityGroupRules: []ec2types.SecurityGroupRuleUpdate{{SecurityGroupRuleId: r.ruleID(p, "payments-pods", 8443),
					SecurityGroupRule: &ec2types.SecurityGroupRuleRequest{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(8443), ToPort: aws.Int32(8443),
						CidrIpv4: aws.String("10.0.0.0/16"), Description: aws.String("changed")}}}}))
		}},
	{name: "trust policy rewritten", resource: "IAMRole/" + roleName, path: "trustPolicy", severity: "Critical",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.UpdateAssumeRolePolicy(r.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(roleName), PolicyDocument: aws.String(
				`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["eks-fargate-pods.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`)}))
		}},
	{name: "managed policy detached", resource: "IAMRole/" + roleName, path: "managedPolicies[" + execution + "]",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.DetachRolePolicy(r.ctx, &iam.DetachRolePolicyInput{RoleName: aws.String(roleName), PolicyArn: aws.String(execution)}))
		}},
	{name: "administrator policy attached", resource: "IAMRole/" + roleName, path: "managedPolicies[arn:aws:iam::aws:policy/AdministratorAccess]", severity: "Critical",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.AttachRolePolicy(r.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(roleName), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}))
		}},
	{name: "inline policy changed", resource: "IAMRole/" + roleName, path: "inlinePolicies[pull-cache]",
		do: func(r *rig, _ *profile) { r.putInline("pull-cache") }},
	{name: "logging policy changed", resource: "IAMRole/" + roleName, path: "inlinePolicies[fargate-logging]",
		do: func(r *rig, _ *profile) { r.putInline("fargate-logging") }},
	{name: "inline policy added", resource: "IAMRole/" + roleName, path: "inlinePolicies[backdoor]",
		do: func(r *rig, _ *profile) { r.putInline("backdoor") }},
	{name: "inline policy deleted", resource: "IAMRole/" + roleName, path: "inlinePolicies[pull-cache]",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.DeleteRolePolicy(r.ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String(roleName), PolicyName: aws.String("pull-cache")}))
		}},
	{name: "permissions boundary added", resource: "IAMRole/" + roleName, path: "permissionsBoundary", severity: "Low", stays: "ReportOnly",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.PutRolePermissionsBoundary(r.ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String(roleName), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))
		}},
	{name: "role tag changed", resource: "IAMRole/" + roleName, path: "tags[team]", severity: "Low",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.TagRole(r.ctx, &iam.TagRoleInput{RoleName: aws.String(roleName), Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("x")}}}))
		}},
	{name: "owner tag taken off the role", resource: "IAMRole/" + roleName, path: "tags[fargatesecurity.io/owner]",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.IAM.UntagRole(r.ctx, &iam.UntagRoleInput{RoleName: aws.String(roleName), TagKeys: []string{"fargatesecurity.io/owner"}}))
		}},
	{name: "group tag deleted", resource: "SecurityGroup/payments-pods", path: "tags[team]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EC2.DeleteTags(r.ctx, &ec2.DeleteTagsInput{Resources: []string{*r.group(p, "payments-pods")}, Tags: []ec2types.Tag{{Key: aws.String("team")}}}))
		}},
	{name: "retention shortened", resource: "LogGroup/" + logGroupName, path: "retentionDays",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.Logs.PutRetentionPolicy(r.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(logGroupName), RetentionInDays: aws.Int32(1)}))
		}},
	{name: "retention taken off", resource: "LogGroup/" + logGroupName, path: "retentionDays",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.Logs.DeleteRetentionPolicy(r.ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: aws.String(logGroupName)}))
		}},
	{name: "log group's key taken off", resource: "LogGroup/" + logGroupName, path: "kmsKey",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.Logs.DisassociateKmsKey(r.ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String(logGroupName)}))
		}},
	{name: "log group deleted", resource: "LogGroup/" + logGroupName, path: "(object)",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.Logs.DeleteLogGroup(r.ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(logGroupName)}))
		}},
	{name: "key rotation disabled", resource: "KMSKey/" + alias, path: "rotation",
		do: func(r *rig, p *profile) {
			r.did(r.kms().DisableKeyRotation(r.ctx, &kms.DisableKeyRotationInput{KeyId: r.key(p)}))
		}},
	{name: "key rotation period changed", resource: "KMSKey/" + alias, path: "rotationPeriodDays",
		do: func(r *rig, p *profile) {
			r.did(r.aws.KMS.EnableKeyRotation(r.ctx, &kms.EnableKeyRotationInput{KeyId: r.key(p), RotationPeriodInDays: aws.Int32(2000)}))
		}},
	{name: "key policy opened", resource: "KMSKey/" + alias, path: "policy",
		do: func(r *rig, p *profile) {
			policy := r.keyPolicy(p)
			opened := strings.Replace(policy, `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"},`, 1)
			r.did(r.aws.KMS.PutKeyPolicy(r.ctx, &kms.PutKeyPolicyInput{KeyId: r.key(p), Policy: &opened}))
		}},
	{name: "key disabled", resource: "KMSKey/" + alias, path: "state", severity: "Critical",
		do: func(r *rig, p *profile) {
			r.did(r.kms().DisableKey(r.ctx, &kms.DisableKeyInput{KeyId: r.key(p)}))
		}},
	{name: "key scheduled for deletion", resource: "KMSKey/" + alias, path: "state", severity: "Critical",
		do: func(r *rig, p *profile) {
			r.did(r.aws.KMS.ScheduleKeyDeletion(r.ctx, &kms.ScheduleKeyDeletionInput{KeyId: r.key(p), PendingWindowInDays: aws.Int32(7)}))
		}},
	{name: "alias moved", resource: "KMSKey/" + alias, path: "alias",
		do: func(r *rig, _ *profile) {
			other, err := r.aws.KMS.CreateKey(r.ctx, &kms.CreateKeyInput{})
			r.did(other, err)
			r.did(r.aws.KMS.UpdateAlias(r.ctx, &kms.UpdateAliasInput{AliasName: aws.String(alias), TargetKeyId: other.KeyMetadata.KeyId}))
		}},
	{name: "alias deleted", resource: "KMSKey/" + alias, path: "alias",
		do: func(r *rig, _ *profile) {
			r.did(r.aws.KMS.DeleteAlias(r.ctx, &kms.DeleteAliasInput{AliasName: aws.String(alias)}))
		}},
	{name: "key tag changed", resource: "KMSKey/" + alias, path: "tags[team]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.KMS.TagResource(r.ctx, &kms.TagResourceInput{KeyId: r.key(p), Tags: []kmstypes.Tag{{TagKey: aws.String("team"), TagValue: aws.String("x")}}}))
		}},
	{name: "pods' groups changed", resource: "SecurityGroupPolicy/%P", path: "groupIDs",
		do: func(r *rig, p *profile) {
			r.changePolicy(p, func(o *unstructured.Unstructured) {
				must(unstructured.SetNestedStringSlice(o.Object, []string{"sg-evil"}, "spec", "securityGroups", "groupIds"))
			})
		}},
	{name: "pod selector changed", resource: "SecurityGroupPolicy/%P", path: "podSelector",
		do: func(r *rig, p *profile) {
			r.changePolicy(p, func(o *unstructured.Unstructured) {
				must(unstructured.SetNestedField(o.Object, "nobody", "spec", "podSelector", "matchLabels", "tier"))
			})
		}},
	{name: "pod groups deleted", resource: "SecurityGroupPolicy/%P", path: "(object)",
		do: func(r *rig, p *profile) { must(kube.Delete(r.ctx, r.policy(p))) }},
	{name: "profile tag changed", resource: "FargateProfile/payments", path: "tags[team]",
		do: func(r *rig, p *profile) {
			r.did(r.aws.EKS.TagResource(r.ctx, &eks.TagResourceInput{ResourceArn: aws.String(r.arn(p, "FargateProfile", "payments")), Tags: map[string]string{"team": "x"}}))
		}},
	{name: "profile deleted", resource: "FargateProfile/payments", path: "(object)",
		do: func(r *rig, p *profile) {
			r.deleteFargateProfile("payments")
		}},
	{name: "profile replaced under its name, with another selector", resource: "FargateProfile/payments", path: "selectors", stays: "RequiresReplacement",
		do: func(r *rig, p *profile) {
			tags := map[string]string{"team": "payments", "fargatesecurity.io/owner": operatorID + "/" + r.ns + "/payments", "fargatesecurity.io/origin": "Created"}
			r.replaceFargateProfile("payments", "everything", p, tags)
		}},
}

// TestEveryFieldDrifts: each field, changed by hand, is seen in Observe as exactly one drift with the right path, and
// repaired in Enforce; then all is silent again.
func TestEveryFieldDrifts(t *testing.T) {
	for _, c := range tampers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p := r.full()
			r.create(p)
			r.ready(p)
			r.edit(p, mode(v1alpha1.ModeObserve))
			r.until(p, "Observe", func(*profile) error { return nil })
			c.do(r, p)
			r.sim.ResetCalls()
			r.read(p)
			r.wantOneDrift(p, c)
			if w := r.writes(); len(w) > 0 {
				t.Fatalf("mode Observe wrote %q", w)
			}
			if c.stays != "" {
				r.reported(p, c)
				return
			}
			r.edit(p, mode(v1alpha1.ModeEnforce))
			r.ready(p)
			if len(p.Status.Repairs) != 1 || p.Status.Repairs[0].Path != r.expand(p, c.path) || p.Status.LastRepair.Fields != 1 {
				t.Errorf("repairs %+v, last %+v: want the one field", p.Status.Repairs, p.Status.LastRepair)
			}
			r.silent(p)
		})
	}
}

// TestWhoeverReadsTheListRepairs: the first periodic pass of an interval reads all SecurityGroupPolicies, in a form that is too
// short to change one of them; it repairs its own all the same.
func TestWhoeverReadsTheListRepairs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	now := time.Now()
	started := justStarted()
	started.Now = func() time.Time { return now }
	request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(p)}
	if _, err := started.Reconcile(r.ctx, request); err != nil { // which looks for what carries the owner tag, too
		t.Fatal(err)
	}
	tamperNamed(t, "pods' groups changed")(r, p)
	now = now.Add(10 * time.Minute)
	if _, err := started.Reconcile(r.ctx, request); err != nil {
		t.Fatal(err)
	}
	if r.get(p); len(p.Status.Repairs) != 1 || condition(p, v1alpha1.ReadyCondition).Status != metav1.ConditionTrue {
		t.Errorf("not repaired at once:\n%s", describe(p))
	}
}

// reported: in Enforce what stays is shown, and not written.
func (r *rig) reported(p *profile, c tamper) {
	r.t.Helper()
	r.edit(p, mode(v1alpha1.ModeEnforce))
	r.read(p)
	r.wantOneDrift(p, c)
	if d := p.Status.Drift[0]; d.Action != c.stays || condition(p, v1alpha1.ReadyCondition).Status != metav1.ConditionFalse {
		r.t.Errorf("action %s, want %s\n%s", d.Action, c.stays, describe(p))
	}
	if c.stays == "RequiresReplacement" {
		r.stalled(p, v1alpha1.ReasonRequiresReplacement, "selectors")
	}
	if w := r.writes(); len(w) > 0 {
		r.t.Errorf("wrote %q", w)
	}
}

func (r *rig) wantOneDrift(p *profile, c tamper) {
	r.t.Helper()
	want := r.expand(p, c.resource) + " " + r.expand(p, c.path)
	if got := driftPaths(p); len(got) != 1 || got[0] != want {
		r.t.Fatalf("drift %q, want only %q", got, want)
	}
	d := p.Status.Drift[0]
	if c.severity != "" && d.Severity != c.severity {
		r.t.Errorf("severity %s, want %s", d.Severity, c.severity)
	}
	if d.Desired == d.Observed || d.FirstObservedTime.IsZero() {
		r.t.Errorf("drift shows nothing: %+v", d)
	}
	if condition(p, v1alpha1.DriftedCondition).Status != metav1.ConditionTrue {
		r.t.Errorf("Drifted is not True:\n%s", describe(p))
	}
}

func (r *rig) expand(p *profile, s string) string {
	return strings.NewReplacer("%G", *r.group(p, "payments-extra"), "%H", *r.group(p, "payments-pods"), "%P", r.workload+"/"+r.ns+".payments").Replace(s)
}

// did fails the test when the tampering itself went wrong.
func (r *rig) did(_ any, err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("tampering: %v", err)
	}
}

func (r *rig) arn(p *profile, kind, name string) string {
	r.t.Helper()
	for _, o := range p.Status.Resources {
		if o.Kind == kind && o.Name == name {
			return o.ARN
		}
	}
	r.t.Fatalf("status has no %s/%s\n%s", kind, name, describe(p))
	return ""
}

func (r *rig) key(p *profile) *string { return aws.String(r.arn(p, "KMSKey", alias)) }

func (r *rig) group(p *profile, name string) *string {
	arn := r.arn(p, "SecurityGroup", name)
	return aws.String(arn[strings.LastIndex(arn, "/")+1:])
}

func (r *rig) ruleID(p *profile, group string, port int32) *string {
	r.t.Helper()
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.aws.EC2, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{*r.group(p, group)}}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(r.ctx)
		r.did(page, err)
		for _, rule := range page.SecurityGroupRules {
			if aws.ToInt32(rule.FromPort) == port {
				return rule.SecurityGroupRuleId
			}
		}
	}
	r.t.Fatalf("group %s has no rule for port %d", group, port)
	return nil
}

func permission(port int32, cidr string) []ec2types.IpPermission {
	return []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(port), ToPort: aws.Int32(port),
		IpRanges: []ec2types.IpRange{{CidrIp: aws.String(cidr)}}}}
}

func (r *rig) authorize(p *profile, group string, port int32, cidr string) {
	r.did(r.aws.EC2.AuthorizeSecurityGroupIngress(r.ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: r.group(p, group), IpPermissions: permission(port, cidr)}))
}

func (r *rig) putInline(name string) {
	r.did(r.aws.IAM.PutRolePolicy(r.ctx, &iam.PutRolePolicyInput{RoleName: aws.String(roleName), PolicyName: aws.String(name),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)}))
}

// kms is the whole client: what the operator never calls is what tampers.
func (r *rig) kms() *kms.Client { return r.aws.KMS.(*kms.Client) }

func (r *rig) keyPolicy(p *profile) string {
	out, err := r.aws.KMS.GetKeyPolicy(r.ctx, &kms.GetKeyPolicyInput{KeyId: r.key(p)})
	r.did(out, err)
	return *out.Policy
}

func (r *rig) policy(p *profile) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: "vpcresources.k8s.aws", Version: "v1beta1", Kind: "SecurityGroupPolicy"})
	o.SetNamespace(r.workload)
	o.SetName(p.Namespace + "." + p.Name)
	return o
}

func (r *rig) changePolicy(p *profile, change func(*unstructured.Unstructured)) {
	o := r.policy(p)
	must(kube.Get(r.ctx, client.ObjectKeyFromObject(o), o))
	change(o)
	must(kube.Update(r.ctx, o))
}

func (r *rig) deleteFargateProfile(name string) {
	r.t.Helper()
	r.did(r.aws.EKS.DeleteFargateProfile(r.ctx, &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: &name}))
	r.eventually("waiting for the profile to go", func() error {
		_, err := r.aws.EKS.DescribeFargateProfile(r.ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: &name})
		if err == nil {
			return errNotYet
		}
		return nil
	})
}

// replaceFargateProfile deletes the profile and makes another one of the same name with another selector.
func (r *rig) replaceFargateProfile(name, namespace string, p *profile, tags map[string]string) {
	r.t.Helper()
	r.deleteFargateProfile(name)
	r.did(r.aws.EKS.CreateFargateProfile(r.ctx, &eks.CreateFargateProfileInput{
		ClusterName: aws.String("prod"), FargateProfileName: &name, Tags: tags,
		PodExecutionRoleArn: aws.String(r.arn(p, "IAMRole", roleName)), Subnets: []string{"subnet-0a", "subnet-0b"},
		Selectors: selector(namespace),
	}))
	r.activeProfile(name)
}

func selector(namespace string) []ekstypes.FargateProfileSelector {
	return []ekstypes.FargateProfileSelector{{Namespace: &namespace}}
}

func (r *rig) activeProfile(name string) {
	r.t.Helper()
	r.eventually("waiting for the profile", func() error {
		out, err := r.aws.EKS.DescribeFargateProfile(r.ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: &name})
		if err == nil && out.FargateProfile.Status != ekstypes.FargateProfileStatusActive {
			err = errNotYet
		}
		return err
	})
}
