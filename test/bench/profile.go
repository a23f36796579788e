// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

const (
	clusterRole = "eks-clusters"
	// operatorRole is what the operator assumes in all accounts but the first.
	operatorRole = "fargate-security-operator"
	// clustersPerAccount is AWS's default quota for a Region.
	// Source: https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
	clustersPerAccount = 100
	// clustersPerVPC is how many EKS clusters share a network.
	clustersPerVPC = 20
	retention      = 90
	team           = "payments"
	pullCache      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}`
)

func accountOf(cluster int) int      { return cluster / clustersPerAccount }
func accountName(n int) string       { return fmt.Sprintf("bench-%02d", n) }
func accountRole(n int) string       { return "arn:aws:iam::" + accountID(n) + ":role/" + operatorRole }
func namespaceOf(cluster int) string { return fmt.Sprintf("team-%04d", cluster) }
func clusterName(n int) string       { return fmt.Sprintf("eks-%04d", n) }
func profileName(n int) string       { return fmt.Sprintf("p-%05d", n) }
func subnetOf(cluster int) string    { return fmt.Sprintf("subnet-%04d", cluster/clustersPerVPC) }

// accountID is the id of an account.
func accountID(n int) string {
	if n == 0 {
		return awssim.DefaultAccount
	}
	return fmt.Sprintf("%012d", 222200000000+n)
}

// seedOf is an EKS cluster, with a network or the roles of an account where it is the first to need them.
func seedOf(cluster int) awssim.Seed {
	account := accountOf(cluster)
	arn := "arn:aws:iam::" + accountID(account) + ":role/" + clusterRole
	seed := awssim.Seed{Account: accountID(account), Clusters: []awssim.SeedCluster{{Name: clusterName(cluster), Version: "1.35", RoleARN: arn, Subnets: []string{subnetOf(cluster)}}}}
	if cluster%clustersPerAccount == 0 {
		seed.Assumable = []awssim.SeedAssumable{{RoleARN: accountRole(account)}}
		seed.Roles = []awssim.SeedRole{{Name: clusterRole, Trust: []byte(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}}
	}
	if cluster%clustersPerVPC == 0 {
		seed.VPCs = []awssim.SeedVPC{{
			ID: fmt.Sprintf("vpc-%04d", cluster/clustersPerVPC), CIDR: "10.0.0.0/16",
			Subnets: []awssim.SeedSubnet{{ID: subnetOf(cluster), CIDR: "10.0.0.0/19", AZ: awssim.DefaultRegion + "a"}},
		}}
	}
	return seed
}

// profileOf is a profile with every section.
func profileOf(n int) *v1alpha1.FargateSecurityProfile {
	name, cluster := profileName(n), n/perCluster
	rule := func(from, to int32, cidr string) v1alpha1.SecurityGroupRule {
		return v1alpha1.SecurityGroupRule{Protocol: "tcp", FromPort: aws.Int32(from), ToPort: aws.Int32(to), CIDR: cidr}
	}
	return &v1alpha1.FargateSecurityProfile{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespaceOf(cluster), Name: name},
		Spec: v1alpha1.FargateSecurityProfileSpec{
			DeclarationSpec:  v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: accountName(accountOf(cluster))}, Tags: map[string]v1alpha1.TagValue{"team": team}},
			ClusterName:      clusterName(cluster),
			FargateProfile:   v1alpha1.FargateProfileSpec{Selectors: []v1alpha1.ProfileSelector{{Namespace: name}}, SubnetIDs: []string{subnetOf(cluster)}},
			PodExecutionRole: v1alpha1.PodExecutionRoleSpec{InlinePolicies: []v1alpha1.InlinePolicy{{Name: "pull-cache", Document: pullCache}}},
			SecurityGroups: []v1alpha1.SecurityGroupSpec{{
				Name:    name,
				Ingress: []v1alpha1.SecurityGroupRule{rule(8443, 8443, "10.0.0.0/16"), rule(9090, 9090, "10.0.0.0/16")},
				Egress:  []v1alpha1.SecurityGroupRule{rule(443, 443, "10.0.0.0/8"), rule(53, 53, "10.0.0.0/8")},
			}},
			PodSecurityGroups: &v1alpha1.PodSecurityGroupsSpec{Namespace: namespaceOf(cluster), PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}},
			Logging:           &v1alpha1.LoggingSpec{LogGroup: v1alpha1.LogGroupSpec{RetentionDays: aws.Int32(retention)}},
			Encryption:        &v1alpha1.EncryptionSpec{KMSKey: &v1alpha1.KMSKeySpec{Alias: "alias/" + name}},
		},
	}
}
