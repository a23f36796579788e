// SPDX-License-Identifier: Apache-2.0

package events

import (
	"slices"
	"strings"
)

// The services whose calls are known, by their eventSource in CloudTrail.
const (
	SourceEC2  = "ec2.amazonaws.com"
	SourceEKS  = "eks.amazonaws.com"
	SourceIAM  = "iam.amazonaws.com"
	SourceKMS  = "kms.amazonaws.com"
	SourceLogs = "logs.amazonaws.com"
)

// row: where the records of some calls of a service name the objects that they touch.
type row struct {
	source string
	// calls are eventNames, separated by spaces.
	calls string
	find  find
	// tags: these calls change tags and nothing else.
	tags bool
}

// The table of all calls that change something that the operator looks at, those that it never makes itself included.
// "request" is the record's requestParameters, "response" its responseElements, "resources" its resources; find.go
// says how a path is followed.
//
// AWS documents no schema of these: the spellings are those of records that were published. Where none was found, they
// are the names in the service's API, which is how CloudTrail spells the others. testdata/records.json has a record of
// each call, and says in its "seen" where the spelling is from.
var table = []row{
	// Records: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html. Paths are not part of
	// roleName. A role's attached policies are the role's matter: AttachRolePolicy does not touch the policy.
	{source: SourceIAM, calls: "AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy " +
		"PutRolePermissionsBoundary PutRolePolicy UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
		find: each(role, "request.roleName")},
	{source: SourceIAM, calls: "TagRole UntagRole", find: each(role, "request.roleName"), tags: true},
	{source: SourceIAM, calls: "CreateServiceLinkedRole DeleteServiceLinkedRole", find: each(role, "request.roleName", "response.role.roleName")},
	{source: SourceIAM, calls: "CreatePolicy", find: each(policy, "response.policy.arn")},
	{source: SourceIAM, calls: "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion", find: each(policy, "request.policyArn")},
	{source: SourceIAM, calls: "TagPolicy UntagPolicy", find: each(policy, "request.policyArn"), tags: true},

	// Records: https://docs.aws.amazon.com/eks/latest/userguide/understanding-service-name-entries.html has a
	// CreateCluster of 2018, with clusterName; newer ones have name, as the API's URL does. Both are taken.
	{source: SourceEKS, calls: "CreateFargateProfile DeleteFargateProfile", find: first(
		pair(FargateProfile, "request.clusterName|request.name", "request.fargateProfileName"),
		pair(FargateProfile, "response.fargateProfile.clusterName", "response.fargateProfile.fargateProfileName"))},
	{source: SourceEKS, calls: "CreateNodegroup DeleteNodegroup UpdateNodegroupConfig UpdateNodegroupVersion", find: first(
		pair(Nodegroup, "request.clusterName|request.name", "request.nodegroupName"),
		pair(Nodegroup, "response.nodegroup.clusterName", "response.nodegroup.nodegroupName"))},
	{source: SourceEKS, calls: "AssociateEncryptionConfig CreateCluster DeleteCluster DeregisterCluster RegisterCluster UpdateClusterConfig UpdateClusterVersion",
		find: each(named(Cluster), "request.clusterName", "request.name", "response.cluster.name")},
	{source: SourceEKS, calls: "TagResource UntagResource", find: each(eksARN, "request.resourceArn"), tags: true},

	// Records: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-with-cloudtrail.html. Calls that came with
	// later versions of the API have their parameters under the request's name (ModifySecurityGroupRulesRequest), as
	// https://github.com/aws-samples/cloud-trail-lake-query-samples has it (ec2-security-historical-changes.sql).
	{source: SourceEC2, calls: "AssociateSecurityGroupVpc AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateSecurityGroup DeleteSecurityGroup " +
		"DisassociateSecurityGroupVpc ModifySecurityGroupRules RevokeSecurityGroupEgress RevokeSecurityGroupIngress " +
		"UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress",
		find: both(
			first(
				each(id(SecurityGroup), "request.groupId", "response.groupId", "response.securityGroupRuleSet.groupId", "response.revokedSecurityGroupRuleSet.groupId"),
				each(named(SecurityGroup), "request.groupName")),
			each(id(SecurityGroupRule), "request.securityGroupRule.securityGroupRuleId", "request.securityGroupRuleId", "request.securityGroupRuleIds",
				"request.securityGroupRuleIds.securityGroupRuleId", "request.securityGroupRuleDescriptions.securityGroupRuleId",
				"response.securityGroupRuleSet.securityGroupRuleId", "response.revokedSecurityGroupRuleSet.securityGroupRuleId"))},
	{source: SourceEC2, calls: "CreateTags DeleteTags", find: each(ec2ID, "request.resourcesSet.resourceId"), tags: true},
	{source: SourceEC2, calls: "AssociateSubnetCidrBlock CreateDefaultSubnet CreateSubnet DeleteSubnet DisassociateSubnetCidrBlock ModifySubnetAttribute",
		find: first(each(id(Subnet), "request.subnetId", "response.subnetId", "response.subnet.subnetId"), unknown(Subnet))},
	{source: SourceEC2, calls: "CreateRoute CreateRouteTable DeleteRoute DeleteRouteTable DisableVgwRoutePropagation EnableVgwRoutePropagation ReplaceRoute",
		find: each(id(RouteTable), "request.routeTableId", "response.routeTable.routeTableId")},
	{source: SourceEC2, calls: "AssociateRouteTable", find: both(each(id(RouteTable), "request.routeTableId"), each(id(Subnet), "request.subnetId"))},
	// These name an association, not the table and the subnet that it was between.
	{source: SourceEC2, calls: "DisassociateRouteTable ReplaceRouteTableAssociation", find: both(each(id(RouteTable), "request.routeTableId"), unknown(RouteTable))},
	{source: SourceEC2, calls: "CreateManagedPrefixList DeleteManagedPrefixList ModifyManagedPrefixList RestoreManagedPrefixListVersion",
		find: each(id(PrefixList), "request.prefixListId", "response.prefixList.prefixListId")},

	// Records: https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html, a page for each call.
	// A key may be given by its id, its ARN or an alias. resources has its ARN in most records, and since December 2022
	// responseElements.keyId too. Grants are not looked at for drift, and AWS's services make them all the time.
	{source: SourceKMS, calls: "CancelKeyDeletion CreateAlias CreateKey DeleteAlias DeleteImportedKeyMaterial DisableKey DisableKeyRotation EnableKey " +
		"EnableKeyRotation ImportKeyMaterial PutKeyPolicy ReplicateKey RotateKeyOnDemand ScheduleKeyDeletion UpdateAlias UpdateKeyDescription UpdatePrimaryRegion",
		find: anyKey},
	{source: SourceKMS, calls: "TagResource UntagResource", find: anyKey, tags: true},

	// Records: CreateLogGroup is published (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/logging_cw_api_calls_cwl.html
	// lists the calls that are recorded). An identifier is a name or an ARN.
	{source: SourceLogs, calls: "AssociateKmsKey CreateLogGroup DeleteDataProtectionPolicy DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey " +
		"PutDataProtectionPolicy PutLogGroupDeletionProtection PutRetentionPolicy",
		find: each(logGroup, "request.logGroupName", "request.logGroupIdentifier", "request.resourceIdentifier")},
	{source: SourceLogs, calls: "TagLogGroup TagResource UntagLogGroup UntagResource", find: each(logGroup, "request.logGroupName", "request.resourceArn"), tags: true},
}

// anyKey finds the keys and aliases of a record of KMS.
var anyKey = each(keyOrAlias, "request.keyId", "request.targetKeyId", "request.aliasName",
	"response.keyId", "response.keyMetadata.keyId", "response.replicaKeyMetadata.keyId", "resources.ARN")

// byCall is the table by source and call.
var byCall = func() map[string]map[string]row {
	calls := map[string]map[string]row{}
	for _, r := range table {
		if calls[r.source] == nil {
			calls[r.source] = map[string]row{}
		}
		for _, call := range strings.Fields(r.calls) {
			calls[r.source][call] = r
		}
	}
	return calls
}()

// Calls lists the calls in whose records Parse finds objects: sorted eventNames by eventSource. The EventBridge rules
// in config/aws let these through, and no others.
func Calls() map[string][]string {
	calls := map[string][]string{}
	for source, rows := range byCall {
		for call := range rows {
			calls[source] = append(calls[source], call)
		}
		slices.Sort(calls[source])
	}
	return calls
}
