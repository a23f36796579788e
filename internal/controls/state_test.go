// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"fmt"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

const (
	executionPolicy = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	// The document is what the policy holds in AWS: reading images.
	executionDocument = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability",` +
		`"ecr:GetDownloadUrlForLayer","ecr:BatchGetImage"],"Resource":"*"}]}`
	logDocument = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],` +
		`"Resource":"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/prod/fargate/payments:*"}]}`
	sources   = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"
	goodTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},` +
		`"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"` + sources + `"}}}]}`
	goodKeyPolicy = `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},` +
		`{"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*"],"Resource":"*",` +
		`"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/prod/*"}}}]}`
)

// good is a state in which every control passes.
func good() *observed.State {
	return &observed.State{
		Cluster: &observed.Cluster{
			Name: "prod", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/prod", Status: "ACTIVE", VPCID: "vpc-1", SecurityGroupID: "sg-cluster",
		},
		Subnets: []observed.Subnet{{ID: "subnet-0a", VPCID: "vpc-1", Found: true}, {ID: "subnet-0b", VPCID: "vpc-1", Found: true}},
		Role: &observed.Role{
			Name: "payments-fargate", ARN: "arn:aws:iam::111122223333:role/payments-fargate", TrustPolicy: goodTrust,
			PermissionsBoundary: "arn:aws:iam::111122223333:policy/fargate-boundary",
			ManagedPolicies:     []observed.ManagedPolicy{{ARN: executionPolicy, Document: executionDocument}},
			InlinePolicies:      map[string]string{"logs": logDocument}, NodeGroupsRead: true,
		},
		SecurityGroups: []observed.SecurityGroup{{
			ID: "sg-pods", Name: "payments-pods", VPCID: "vpc-1",
			Ingress: []observed.Rule{rule("tcp 8443 8443 10.0.0.0/16"), rule("-1 0 0 sg-pods")},
			Egress:  []observed.Rule{rule("-1 0 0 10.0.0.0/8"), rule("tcp 443 443 0.0.0.0/0")},
		}},
		PodSecurityGroups: &observed.PodSecurityGroups{Namespace: "payments", Name: "payments", GroupIDs: []string{"sg-pods", "sg-cluster"}},
		LogGroup:          &observed.LogGroup{Name: "/aws/eks/prod/fargate/payments", RetentionDays: 365, KeyARN: "arn:aws:kms:eu-west-1:111122223333:key/k"},
		Key: &observed.Key{
			ID: "k", Alias: "alias/fargate-payments", AliasTarget: "k", State: "Enabled", Policy: goodKeyPolicy, RotationEnabled: true,
			RotationPeriodDays: 365, CustomerManaged: true, Symmetric: true,
		},
		FargateProfile: &observed.FargateProfile{
			Name: "payments", Status: "ACTIVE", Selectors: []observed.Selector{{Namespace: "payments", Labels: map[string]string{"tier": "backend"}}},
		},
		OtherProfiles: []observed.FargateProfile{{Name: "system", Status: "ACTIVE", Selectors: []observed.Selector{{Namespace: "kube-system"}}}},
	}
}

// rule reads "tcp 22 80 10.0.0.0/8"; what follows are the entries of a prefix list.
func rule(s string) observed.Rule {
	var protocol, peer string
	var from, to int32
	f := strings.Fields(s)
	if _, err := fmt.Sscan(strings.Join(f[:4], " "), &protocol, &from, &to, &peer); err != nil {
		panic(err)
	}
	r, err := canonical.Rule(protocol, &from, &to, peer, "")
	if err != nil {
		panic(err)
	}
	r.PeerCIDRs = f[4:]
	return r
}

func ingress(rules ...string) func(*observed.State) {
	return func(s *observed.State) {
		for _, r := range rules {
			s.SecurityGroups[0].Ingress = append(s.SecurityGroups[0].Ingress, rule(r))
		}
	}
}

func egress(rules ...string) func(*observed.State) {
	return func(s *observed.State) {
		s.SecurityGroups[0].Egress = nil
		for _, r := range rules {
			s.SecurityGroups[0].Egress = append(s.SecurityGroups[0].Egress, rule(r))
		}
	}
}

func noGroups(s *observed.State) { s.SecurityGroups = nil }

func noRole(s *observed.State) { s.Role = nil }

func trust(doc string) func(*observed.State) {
	return func(s *observed.State) { s.Role.TrustPolicy = doc }
}

// trustWith puts other principals and conditions into a trust policy of one statement.
func trustWith(principal, condition string) func(*observed.State) {
	return trust(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + principal + `,"Action":"sts:AssumeRole"` + condition + `}]}`)
}

func inline(statements ...string) func(*observed.State) {
	return func(s *observed.State) {
		s.Role.InlinePolicies["extra"] = `{"Version":"2012-10-17","Statement":[{` + strings.Join(statements, "},{") + `}]}`
	}
}

func managed(arn, doc string) func(*observed.State) {
	return func(s *observed.State) {
		s.Role.ManagedPolicies = append(s.Role.ManagedPolicies, observed.ManagedPolicy{ARN: arn, Document: doc})
	}
}

func keyPolicy(statements ...string) func(*observed.State) {
	return func(s *observed.State) {
		s.Key.Policy = `{"Version":"2012-10-17","Statement":[{` + strings.Join(statements, "},{") + `}]}`
	}
}

func none(*observed.State) {}
