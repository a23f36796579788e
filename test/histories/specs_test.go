// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

var (
	profileNames = []string{"one", "two", "three"}
	clusterNames = []string{"prod", "stage"}
	attachable   = []string{executionPolicy, readOnly, ecrPull}
	documents    = map[string]string{"pull": pullCache, "bucket": allOfS3}
)

// What can be declared, and not be had: a policy that does not exist, and a document that IAM refuses.
const (
	nobodysPolicy = "arn:aws:iam::aws:policy/Nobodys"
	typo          = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3","Resource":"*"}]}`
)

// The names that profiles meet at.
const (
	sharedGroup    = "shared"
	sharedRole     = "shared-role"
	sharedLogGroup = "/shared/logs"
	sharedAlias    = "alias/shared"
)

const (
	executionPolicy = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	readOnly        = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	ecrPull         = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
	pullCache       = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}`
	allOfS3         = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
)

// drawSpec draws what a person declares. own begins the names that no other profile declares.
func drawSpec(t *rapid.T, own string) *v1alpha1.FargateSecurityProfileSpec {
	spec := &v1alpha1.FargateSecurityProfileSpec{
		ClusterName: mostly(t, "cluster", clusterNames[0], clusterNames[1]),
		DeclarationSpec: v1alpha1.DeclarationSpec{
			AccountRef:     v1alpha1.AccountReference{Name: accountName},
			Mode:           mostly(t, "mode", v1alpha1.ModeEnforce, v1alpha1.ModeObserve, v1alpha1.ModeSuspend),
			DeletionPolicy: mostly(t, "deletion", v1alpha1.DeletionPolicyDelete, v1alpha1.DeletionPolicyRetain),
			AdoptionPolicy: mostly(t, "adoption", v1alpha1.AdoptionPolicyRefuse, v1alpha1.AdoptionPolicyAdopt),
		},
		FargateProfile: v1alpha1.FargateProfileSpec{
			Selectors: []v1alpha1.ProfileSelector{{Namespace: from(t, "namespace", []string{"a", "b", "c"})}},
			SubnetIDs: mostly(t, "subnets", []string{"subnet-0a"}, []string{"subnet-0a", "subnet-0b"}, []string{"subnet-0c"}),
		},
		PodExecutionRole: drawRole(t, own),
		SecurityGroups:   drawGroups(t, own),
	}
	if coin(t, "tagged") {
		spec.Tags = map[string]v1alpha1.TagValue{"team": from(t, "team", []v1alpha1.TagValue{"x", "y"})}
	}
	if coin(t, "pods") && len(spec.SecurityGroups) > 0 {
		spec.PodSecurityGroups = &v1alpha1.PodSecurityGroupsSpec{
			Namespace:            podNamespace,
			PodSelector:          &metav1.LabelSelector{MatchLabels: map[string]string{"tier": from(t, "tier", []string{"x", "y"})}},
			ClusterSecurityGroup: mostly(t, "cluster group", v1alpha1.ClusterGroupInclude, v1alpha1.ClusterGroupExclude),
		}
	}
	if coin(t, "logging") {
		spec.Logging = &v1alpha1.LoggingSpec{LogGroup: v1alpha1.LogGroupSpec{
			Name: mostly(t, "log group", "", sharedLogGroup), RetentionDays: aws.Int32(from(t, "retention", []int32{30, 90})),
		}}
	}
	if coin(t, "encryption") {
		spec.Encryption = &v1alpha1.EncryptionSpec{KMSKey: &v1alpha1.KMSKeySpec{
			Alias: mostly(t, "alias", "alias/"+own, sharedAlias, "alias/"+own+"-2"), RotationPeriodDays: from(t, "rotation", []int32{180, 365}),
		}}
	}
	return spec
}

func drawRole(t *rapid.T, own string) v1alpha1.PodExecutionRoleSpec {
	role := v1alpha1.PodExecutionRoleSpec{
		Name:             mostly(t, "role", own+"-role", sharedRole, own+"-role-2"),
		UnlistedPolicies: mostly(t, "unlisted policies", v1alpha1.UnlistedRemove, v1alpha1.UnlistedReport),
	}
	if coin(t, "managed") {
		arns := []string{executionPolicy, mostly(t, "policy that exists", from(t, "policy", attachable[1:]), nobodysPolicy)}
		role.ManagedPolicyARNs = &arns
	}
	for _, name := range []string{"pull", "bucket"} {
		if coin(t, name) {
			role.InlinePolicies = append(role.InlinePolicies, v1alpha1.InlinePolicy{Name: name, Document: mostly(t, "document", documents[name], typo)})
		}
	}
	role.PermissionsBoundaryARN = mostly(t, "boundary", "", readOnly)
	return role
}

func drawGroups(t *rapid.T, own string) []v1alpha1.SecurityGroupSpec {
	var groups []v1alpha1.SecurityGroupSpec
	var names []string
	for _, name := range []string{own + "-web", own + "-db"} {
		if coin(t, "group") {
			names = append(names, name)
		}
	}
	if mostly(t, "shared group", false, true) {
		names = append(names, sharedGroup)
	}
	for _, name := range names {
		groups = append(groups, v1alpha1.SecurityGroupSpec{
			Name:          name,
			UnlistedRules: mostly(t, "unlisted rules", v1alpha1.UnlistedRemove, v1alpha1.UnlistedReport),
			Ingress:       drawRules(t, "ingress", names),
			Egress:        drawRules(t, "egress", names),
		})
	}
	return groups
}

func drawRules(t *rapid.T, direction string, groups []string) []v1alpha1.SecurityGroupRule {
	var rules []v1alpha1.SecurityGroupRule
	// What is forbidden coming in is common going out.
	cidrs := []string{"10.0.0.0/16", "192.168.0.0/24"}
	for n := range pick(t, direction, 3) {
		port := int32(443 + n)
		rule := v1alpha1.SecurityGroupRule{Protocol: "tcp", FromPort: &port, ToPort: &port}
		switch pick(t, direction+" peer", 4) {
		case 0:
			rule.SecurityGroupName = from(t, "group", groups)
		case 1:
			rule.CIDR = mostly(t, "wide", "172.16.0.0/12", "0.0.0.0/0")
		default:
			rule.CIDR = from(t, "cidr", cidrs)
		}
		if coin(t, "described") {
			rule.Description = fmt.Sprintf("%s %d", direction, 1+pick(t, "text", 2))
		}
		rules = append(rules, rule)
	}
	return rules
}
