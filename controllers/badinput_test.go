// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
)

// badInput is a declaration that cannot or may not be carried out: it must end Stalled, with a message that names
// what is wrong, and without a single write to AWS.
type badInput struct {
	name    string
	account func(*v1alpha1.AWSAccount)
	before  func(r *rig)
	change  func(r *rig, p *profile)
	reason  string
	words   []string
}

var badInputs = []badInput{
	{name: "wrong account id", account: func(a *v1alpha1.AWSAccount) { a.Spec.AccountID = "999988887777" },
		reason: v1alpha1.ReasonAccountMismatch, words: []string{"999988887777", "111122223333", "spec.accountID"}},
	{name: "account that does not exist", change: func(_ *rig, p *profile) { p.Spec.AccountRef.Name = "nowhere" },
		reason: v1alpha1.ReasonAccountNotFound, words: []string{"nowhere", "spec.accountRef"}},
	{name: "namespace that may not use the account", account: func(a *v1alpha1.AWSAccount) {
		a.Spec.AllowedNamespaces = &metav1.LabelSelector{MatchLabels: map[string]string{"use": "other"}}
	}, reason: v1alpha1.ReasonNamespaceNotAllowed, words: []string{"use=other", "label the namespace"}},
	{name: "account for the operator's namespace only", account: func(a *v1alpha1.AWSAccount) { a.Spec.AllowedNamespaces = nil },
		reason: v1alpha1.ReasonNamespaceNotAllowed, words: []string{"spec.allowedNamespaces"}},
	{name: "unknown cluster", change: func(_ *rig, p *profile) { p.Spec.ClusterName = "nowhere" },
		reason: "ClusterNotFound", words: []string{"nowhere"}},
	{name: "cluster that failed", before: func(r *rig) { must(r.sim.SetClusterStatus("prod", "FAILED")) },
		reason: "ClusterNotUsable", words: []string{"prod", "FAILED"}},
	{name: "public subnet", change: func(_ *rig, p *profile) { p.Spec.FargateProfile.SubnetIDs = []string{"subnet-0a", "subnet-0c"} },
		reason: "SubnetPublic", words: []string{"subnet-0c", "internet gateway"}},
	{name: "subnet of another VPC", change: func(_ *rig, p *profile) { p.Spec.FargateProfile.SubnetIDs = []string{"subnet-0d"} },
		reason: "SubnetOtherVPC", words: []string{"subnet-0d", "vpc-0b"}},
	{name: "unknown subnet", change: func(_ *rig, p *profile) { p.Spec.FargateProfile.SubnetIDs = []string{"subnet-0e"} },
		reason: "SubnetNotFound", words: []string{"subnet-0e"}},
	{name: "existing profile of somebody", before: func(r *rig) { r.otherProfile("payments", "else") },
		reason: v1alpha1.ReasonNotOwned, words: []string{"FargateProfile/payments", "adoptionPolicy"}},
	{name: "existing role of somebody", before: func(r *rig) { r.role(roleName, fargateTrust) },
		reason: v1alpha1.ReasonNotOwned, words: []string{roleName, "adoptionPolicy"}},
	{name: "existing group of somebody", before: func(r *rig) {
		r.did(r.aws.EC2.CreateSecurityGroup(r.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("payments-pods"), Description: aws.String("x"), VpcId: aws.String("vpc-0a")}))
	}, reason: v1alpha1.ReasonNotOwned, words: []string{"SecurityGroup/payments-pods"}},
	{name: "existing log group of somebody", before: func(r *rig) {
		r.did(r.aws.Logs.CreateLogGroup(r.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(logGroupName)}))
	}, reason: v1alpha1.ReasonNotOwned, words: []string{logGroupName}},
	{name: "existing key of somebody", before: func(r *rig) { r.otherKey(alias, "") },
		reason: v1alpha1.ReasonNotOwned, words: []string{alias}},
	{name: "object of another installation", before: func(r *rig) { r.otherKey(alias, "op-other/team/payments") },
		reason: v1alpha1.ReasonOwnedByOther, words: []string{alias, "op-other/team/payments"}},
	{name: "role that a node group uses", before: func(r *rig) {
		arn := r.role("shared", strings.Replace(fargateTrust, `"eks-fargate-pods.amazonaws.com"`, `["eks-fargate-pods.amazonaws.com","ec2.amazonaws.com"]`, 1))
		r.nodeGroup("workers", arn)
	}, change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: "arn:aws:iam::111122223333:role/shared"}
	}, reason: "RoleUsedByNodeGroup", words: []string{"shared", "workers"}},
	{name: "existing role without trust in Fargate", before: func(r *rig) {
		r.role("plain", strings.Replace(fargateTrust, "eks-fargate-pods", "ec2", 1))
	}, change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: "arn:aws:iam::111122223333:role/plain"}
	}, reason: "TrustPolicyUnsuitable", words: []string{"plain", "eks-fargate-pods.amazonaws.com"}},
	{name: "existing role that does not exist", change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: "arn:aws:iam::111122223333:role/nobody"}
	}, reason: "RoleNotFound", words: []string{"nobody"}},
	{name: "existing role of another account", change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: "arn:aws:iam::999988887777:role/x"}
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{"999988887777", "existingARN"}},
	{name: "invalid policy JSON", change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole.InlinePolicies[0].Document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",}]}`
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{"inlinePolicies[pull-cache].document"}},
	{name: "policy without actions", change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole.InlinePolicies[0].Document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}`
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{"Action"}},
	{name: "policy with a condition key in two spellings", change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole.InlinePolicies[0].Document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*",` +
			`"Condition":{"StringLike":{"aws:SourceArn":"arn:aws:s3:::a","aws:sourcearn":"*"}}}]}`
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{"inlinePolicies[pull-cache].document", "line 1, column 150", `"aws:sourcearn"`}},
	{name: "unknown managed policy", change: func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole.ManagedPolicyARNs = &[]string{"arn:aws:iam::aws:policy/NoSuchPolicy"}
	}, reason: "PolicyNotFound", words: []string{"NoSuchPolicy"}},
	{name: "existing role without the guardrail's boundary", account: guard(func(g *v1alpha1.Guardrails) { g.PermissionsBoundaryARN = "arn:aws:iam::aws:policy/ReadOnlyAccess" }),
		before: func(r *rig) { r.role("unbounded", fargateTrust) },
		change: func(_ *rig, p *profile) {
			p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: "arn:aws:iam::111122223333:role/unbounded"}
		}, reason: v1alpha1.ReasonGuardrailViolation, words: []string{"unbounded", "ReadOnlyAccess"}},
	{name: "open ingress against the default guardrail", change: func(_ *rig, p *profile) {
		p.Spec.SecurityGroups[0].Ingress[0].CIDR = "0.0.0.0/0"
	}, reason: v1alpha1.ReasonGuardrailViolation, words: []string{"tcp/8443 0.0.0.0/0"}},
	{name: "the same rule twice", change: func(_ *rig, p *profile) {
		rule := p.Spec.SecurityGroups[0].Ingress[0]
		rule.CIDR, rule.Description = "10.0.3.4/16", "the same to AWS"
		p.Spec.SecurityGroups[0].Ingress = append(p.Spec.SecurityGroups[0].Ingress, rule)
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{"ingress[2]", "same rule"}},
	{name: "referenced key that is disabled", before: func(r *rig) {
		r.fixedKey = r.otherKey("alias/ref", "")
		r.did(r.kms().DisableKey(r.ctx, &kms.DisableKeyInput{KeyId: &r.fixedKey}))
	},
		change: referKey, reason: "KeyUnusable", words: []string{"is disabled"}},
	{name: "referenced key that is pending deletion", before: func(r *rig) {
		r.fixedKey = r.otherKey("alias/ref", "")
		r.did(r.aws.KMS.ScheduleKeyDeletion(r.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &r.fixedKey, PendingWindowInDays: aws.Int32(7)}))
	}, change: referKey, reason: "KeyUnusable", words: []string{"is pending deletion"}},
	{name: "key policy statement that is no JSON", change: func(_ *rig, p *profile) {
		p.Spec.Encryption.KMSKey.AdditionalStatements = []string{`{"Effect":"Allow",}`}
	},
		reason: v1alpha1.ReasonInvalidSpec, words: []string{"additionalStatements"}},
	{name: "key policy statement that says a thing twice", change: func(_ *rig, p *profile) {
		p.Spec.Encryption.KMSKey.AdditionalStatements = []string{`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*",` + "\n" +
			`"Condition":{"StringEquals":{"kms:CallerAccount":"111122223333"}},"Condition":{"StringLike":{"kms:CallerAccount":"*"}}}`}
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{"additionalStatements[0]", "line 2, column 67", `"Condition" is there twice`}},
	{name: "key policy that is too long with the operator's own statements", change: func(r *rig, p *profile) {
		p.Spec.Encryption.KMSKey.AdditionalStatements = r.statements(canonical.MaxKeyPolicySize)
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{"additionalStatements", "KMS allows 32768"}},
}

// statements are as long as a key policy may be, if the operator wrote no statement for the log group.
func (r *rig) statements(size int) []string {
	scope := awsapi.Scope{Partition: "aws", AccountID: "111122223333", Region: "eu-west-1"}
	bare, err := kmskey.Policy(scope, nil, nil)
	must(err)
	var list []string
	for left := size - len(bare); left > 0; {
		n := min(left, 8000)
		one := `{"Sid":"","Effect":"Deny","Principal":"*","Action":"kms:Get*","Resource":"*"}`
		list = append(list, strings.Replace(one, `""`, `"`+strings.Repeat("x", n-len(one)-len(","))+`"`, 1))
		left -= n
	}
	if doc, err := kmskey.Policy(scope, nil, list); err != nil || len(doc) != size {
		r.t.Fatalf("the policy without a log group has %d bytes, %v; want %d", len(doc), err, size)
	}
	return list
}

func guard(f func(*v1alpha1.Guardrails)) func(*v1alpha1.AWSAccount) {
	return func(a *v1alpha1.AWSAccount) { a.Spec.Guardrails = &v1alpha1.Guardrails{}; f(a.Spec.Guardrails) }
}

func referKey(r *rig, p *profile) { p.Spec.Encryption = &v1alpha1.EncryptionSpec{KeyARN: r.fixedKey} }

func TestBadInputIsRefusedBeforeTheFirstWrite(t *testing.T) {
	for _, c := range slices.Concat(badInputs, sums) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var account []func(*v1alpha1.AWSAccount)
			if c.account != nil {
				account = append(account, c.account)
			}
			r := newRig(t, account...)
			if c.before != nil {
				c.before(r)
			}
			p := r.full()
			if c.change != nil {
				c.change(r, p)
			}
			r.create(p)
			r.stalled(p, c.reason, c.words...)
			r.read(p)
			if w := r.writes(); len(w) > 0 {
				t.Errorf("wrote %q although the input is bad", w)
			}
			if c.reason != v1alpha1.ReasonAccountNotFound {
				r.gone(p)
			}
		})
	}
}

// TestGoodAgain: what a person puts right goes on by itself.
func TestGoodAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full(func(p *profile) { p.Spec.FargateProfile.SubnetIDs = []string{"subnet-0c"} })
	r.create(p)
	r.stalled(p, "SubnetPublic")
	r.edit(p, func(p *profile) { p.Spec.FargateProfile.SubnetIDs = []string{"subnet-0a"} })
	r.ready(p)
}

func TestUnreachableEndpointIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(a *v1alpha1.AWSAccount) { a.Spec.EndpointURL = "http://127.0.0.1:1" })
	p := r.full()
	r.create(p)
	r.until(p, "waiting for the word", func(p *profile) error {
		c := condition(p, v1alpha1.ReadyCondition)
		if c.Reason != "EndpointUnreachable" || !strings.Contains(c.Message, "127.0.0.1:1") {
			return fmt.Errorf("Ready says %s: %s", c.Reason, c.Message)
		}
		return nil
	})
}

func TestOverlappingSelectorsAreWarnedOf(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.otherProfile("aaa-first", "payments")
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	if c := condition(p, v1alpha1.FargateProfileReadyCondition); !strings.Contains(c.Message, "aaa-first") {
		t.Errorf("the overlap is not named: %+v", c)
	}
}

const fargateTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func (r *rig) role(name, trust string) string {
	out, err := r.aws.IAM.CreateRole(r.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	r.did(out, err)
	return *out.Role.Arn
}

// prefixList makes a managed prefix list and returns its id.
func (r *rig) prefixList(name string, cidrs ...string) string {
	in := &ec2.CreateManagedPrefixListInput{PrefixListName: &name, AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(5)}
	for _, cidr := range cidrs {
		in.Entries = append(in.Entries, ec2types.AddPrefixListEntry{Cidr: &cidr})
	}
	out, err := r.aws.EC2.(*ec2.Client).CreateManagedPrefixList(r.ctx, in)
	r.did(out, err)
	return *out.PrefixList.PrefixListId
}

// otherKey makes a key that is not ours, with an alias, and an owner tag if one is given. It returns the ARN.
func (r *rig) otherKey(alias, owner string) string {
	in := &kms.CreateKeyInput{}
	if owner != "" {
		in.Tags = []kmstypes.Tag{{TagKey: aws.String("fargatesecurity.io/owner"), TagValue: &owner}}
	}
	key, err := r.aws.KMS.CreateKey(r.ctx, in)
	r.did(key, err)
	r.did(r.aws.KMS.CreateAlias(r.ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: key.KeyMetadata.KeyId}))
	return *key.KeyMetadata.Arn
}

// otherProfile makes a Fargate profile that is not ours, with a role of its own.
func (r *rig) otherProfile(name, namespace string) {
	r.t.Helper()
	role := r.role(name+"-role", fargateTrust)
	in := &eks.CreateFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: &name, PodExecutionRoleArn: &role,
		Subnets: []string{"subnet-0a"}, Selectors: selector(namespace)}
	r.eventually("making another profile", func() error {
		_, err := r.aws.EKS.CreateFargateProfile(r.ctx, in)
		return err
	})
	r.activeProfile(name)
}

func (r *rig) nodeGroup(name, role string) {
	r.did(r.aws.EKS.(*eks.Client).CreateNodegroup(r.ctx, &eks.CreateNodegroupInput{ClusterName: aws.String("prod"), NodegroupName: &name, NodeRole: &role, Subnets: []string{"subnet-0a"}}))
}
