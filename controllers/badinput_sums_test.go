// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// policyOf is a valid policy of about so many characters.
func policyOf(size int) string {
	var names []string
	for i := 0; len(strings.Join(names, ",")) < size-120; i++ {
		names = append(names, fmt.Sprintf(`"arn:aws:s3:::bucket-%06d/*"`, i))
	}
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": [` + strings.Join(names, ", ") + `]}]}`
}

func inline(docs ...string) func(*rig, *profile) {
	return func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole.InlinePolicies = nil
		for i, doc := range docs {
			p.Spec.PodExecutionRole.InlinePolicies = append(p.Spec.PodExecutionRole.InlinePolicies, v1alpha1.InlinePolicy{Name: fmt.Sprint("part-", i), Document: doc})
		}
	}
}

// somePolicies makes so many managed policies and declares them all.
func somePolicies(n int) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		var arns []string
		for i := range n {
			out, err := r.aws.IAM.(*iam.Client).CreatePolicy(r.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(fmt.Sprint("part-", i)), PolicyDocument: aws.String(pullCache)})
			r.did(out, err)
			arns = append(arns, *out.Policy.Arn)
		}
		p.Spec.PodExecutionRole.ManagedPolicyARNs = &arns
	}
}

func firstRule(change func(*v1alpha1.SecurityGroupRule)) func(*rig, *profile) {
	return func(_ *rig, p *profile) {
		rule := &p.Spec.SecurityGroups[0].Ingress[0]
		rule.FromPort, rule.ToPort = nil, nil
		change(rule)
	}
}

func roleTagged(name string, tags map[string]string) func(*rig) {
	return func(r *rig) {
		in := &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(fargateTrust)}
		for key, value := range tags {
			in.Tags = append(in.Tags, iamtypes.Tag{Key: &key, Value: &value})
		}
		r.did(r.aws.IAM.CreateRole(r.ctx, in))
	}
}

func groupTagged(name string, tags map[string]string) func(*rig) {
	return func(r *rig) {
		in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: aws.String("x"), VpcId: aws.String("vpc-0a")}
		for key, value := range tags {
			in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: &key, Value: &value}}}}
		}
		r.did(r.aws.EC2.CreateSecurityGroup(r.ctx, in))
	}
}

func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint("t", i)] = "x"
	}
	return tags
}

// sums are declarations of which each part is fine, and not all of it together; and names that AWS compares without case.
// A row is one of the field reports that issue 12 came from.
var sums = []badInput{
	{name: "row 2a, inline policies too long together", change: inline(policyOf(6000), policyOf(6000)),
		reason: v1alpha1.ReasonInvalidSpec, words: []string{"spec.podExecutionRole.inlinePolicies have 1", "IAM allows 10240", "(part-0)", "which the operator writes for spec.logging"}},
	{name: "an inline policy too long with the operator's own", change: inline(policyOf(10150)),
		reason: v1alpha1.ReasonInvalidSpec, words: []string{"spec.podExecutionRole.inlinePolicies have 10", "which the operator writes for spec.logging"}},
	{name: "row 1, eleven managed policies", change: somePolicies(11),
		reason: "QuotaExceeded", words: []string{"managedPolicyARNs lists 11 policies", "have 10", "spec.quotas.managedPoliciesPerRole"}},
	{name: "more rules than AWS counts", change: func(r *rig, p *profile) {
		rule := p.Spec.SecurityGroups[0].Ingress[0]
		rule.CIDR, rule.PrefixListID = "", r.prefixList("partners", "10.7.0.0/16")
		for i := range int32(58) {
			port := 2000 + i
			other := p.Spec.SecurityGroups[0].Ingress[0]
			other.FromPort, other.ToPort = &port, &port
			p.Spec.SecurityGroups[0].Ingress = append(p.Spec.SecurityGroups[0].Ingress, other)
		}
		p.Spec.SecurityGroups[0].Ingress[0] = rule
	}, reason: "QuotaExceeded", words: []string{"ingress would have 64 rules for IPv4", "counts as 5", "have 60", "spec.quotas.rulesPerSecurityGroup"}},
	{name: "row 8, tags that differ in case only", change: func(_ *rig, p *profile) { p.Spec.Tags["Team"] = "payments" },
		reason: v1alpha1.ReasonInvalidSpec, words: []string{"spec.tags", `"Team" and "team"`}},
	{name: "more tags than an object can have", before: roleTagged(roleName, manyTags(48)),
		change: func(_ *rig, p *profile) { p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt },
		reason: "QuotaExceeded", words: []string{"48 tags of others", "are 51 together", "AWS allows 50"}},
	{name: "row 18, ICMP with IPv6", change: firstRule(func(rule *v1alpha1.SecurityGroupRule) { rule.Protocol, rule.CIDR = "icmp", "2001:db8::/32" }),
		reason: v1alpha1.ReasonInvalidSpec, words: []string{"ingress[0]", "2001:db8::/32", "protocol must be icmpv6"}},
	{name: "row 18, ICMPv6 with IPv4, by number", change: firstRule(func(rule *v1alpha1.SecurityGroupRule) { rule.Protocol = "58" }),
		reason: v1alpha1.ReasonInvalidSpec, words: []string{"ingress[0]", "10.0.0.0/16", "protocol must be icmp"}},
	{name: "row 4, somebody's role in other letters", before: roleTagged("Prod-Payments-Fargate", nil),
		reason: v1alpha1.ReasonNotOwned, words: []string{"IAMRole/prod-payments-fargate", "arn:aws:iam::111122223333:role/Prod-Payments-Fargate", `write it as "Prod-Payments-Fargate"`}},
	{name: "row 4, another's role in other letters", before: roleTagged("Prod-Payments-Fargate", map[string]string{ownerKey: "op-other/team/payments"}),
		reason: v1alpha1.ReasonOwnedByOther, words: []string{"role/Prod-Payments-Fargate", "op-other/team/payments"}},
	{name: "row 5, somebody's group in other letters", before: groupTagged("Payments-Pods", nil),
		reason: v1alpha1.ReasonNotOwned, words: []string{"SecurityGroup/payments-pods", "sg-", `write it as "Payments-Pods"`}},
	{name: "row 5, another's group in other letters", before: groupTagged("Payments-Pods", map[string]string{ownerKey: "op-other/team/payments"}),
		reason: v1alpha1.ReasonOwnedByOther, words: []string{"SecurityGroup/payments-pods", "op-other/team/payments"}},
	{name: "two groups whose names differ in case only", change: func(_ *rig, p *profile) {
		p.Spec.SecurityGroups = append(p.Spec.SecurityGroups, v1alpha1.SecurityGroupSpec{Name: "Payments-Extra"})
	}, reason: v1alpha1.ReasonInvalidSpec, words: []string{`"payments-extra" and "Payments-Extra"`}},
	{name: "another account without a group", change: firstRule(func(rule *v1alpha1.SecurityGroupRule) {
		rule.Protocol, rule.CIDR, rule.SecurityGroupName, rule.SecurityGroupAccountID = "-1", "", "payments-extra", "444455556666"
	}), reason: v1alpha1.ReasonInvalidSpec, words: []string{"ingress[0]", "securityGroupAccountID goes with securityGroupID"}},
	{name: "unknown group of the account itself", change: firstRule(func(rule *v1alpha1.SecurityGroupRule) {
		rule.Protocol, rule.CIDR, rule.SecurityGroupID, rule.SecurityGroupAccountID = "-1", "", "sg-0dead", "111122223333"
	}), reason: "SecurityGroupNotFound", words: []string{"sg-0dead", "securityGroupID"}},
}

// TestQuotasThatWereRaised: what AWS has granted is no problem once the account says so.
func TestQuotasThatWereRaised(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	somePolicies(11)(r, p)
	r.create(p)
	r.stalled(p, "QuotaExceeded", "managedPolicyARNs lists 11 policies")
	r.editAccount(func(a *v1alpha1.AWSAccount) { a.Spec.Quotas = &v1alpha1.Quotas{ManagedPoliciesPerRole: 11} })
	// The simulator has the default quota, so that now IAM says it.
	r.stalled(p, "QuotaExceeded", "iam:AttachRolePolicy", "PoliciesPerRole")
}

// TestGroupOfAPeeredVPC (14a): EC2 is asked before anything is said to be wrong, and what it refuses is said with the rule.
func TestGroupOfAPeeredVPC(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	firstRule(func(rule *v1alpha1.SecurityGroupRule) {
		rule.Protocol, rule.CIDR, rule.SecurityGroupID, rule.SecurityGroupAccountID = "-1", "", "sg-0aaaabbbb", "444455556666"
	})(r, p)
	r.create(p)
	r.ready(p)
	r.silent(p)

	other := r.small("other", func(p *profile) {
		p.Spec.SecurityGroups = []v1alpha1.SecurityGroupSpec{{Name: "other-pods", Ingress: []v1alpha1.SecurityGroupRule{{Protocol: "-1", SecurityGroupID: "sg-0dead"}}}}
	})
	r.create(other)
	r.stalled(other, "SecurityGroupNotFound", "rule all sg-0dead", "securityGroupAccountID")
	r.gone(other)
}
