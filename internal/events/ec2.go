// SPDX-License-Identifier: Apache-2.0

package events

import "strings"

// SourceEC2 is the eventSource of Amazon EC2.
const SourceEC2 = "ec2.amazonaws.com"

// The kinds of objects of Amazon EC2.
const (
	// SecurityGroup is named by its id (sg-); by its name in a record that has no id of it.
	SecurityGroup Kind = "SecurityGroup"
	// SecurityGroupRule is named by its id (sgr-).
	SecurityGroupRule Kind = "SecurityGroupRule"
	// Subnet is named by its id (subnet-).
	Subnet Kind = "Subnet"
	// RouteTable is named by its id (rtb-).
	RouteTable Kind = "RouteTable"
	// PrefixList is named by its id (pl-).
	PrefixList Kind = "PrefixList"
)

// ec2Service are the calls of Amazon EC2.
var ec2Service = service{
	source:  SourceEC2,
	objects: "security groups, subnets, route tables and prefix lists",
	rows: []row{
		// Records: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-with-cloudtrail.html. Calls that came with
		// later versions of the API have their parameters under the request's name (ModifySecurityGroupRulesRequest), as
		// https://github.com/aws-samples/cloud-trail-lake-query-samples has it (ec2-security-historical-changes.sql).
		{calls: "AssociateSecurityGroupVpc AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateSecurityGroup DeleteSecurityGroup " +
			"DisassociateSecurityGroupVpc ModifySecurityGroupRules RevokeSecurityGroupEgress RevokeSecurityGroupIngress " +
			"UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress",
			find: both(
				first(
					each(id(SecurityGroup), "request.groupId", "response.groupId", "response.securityGroupRuleSet.groupId", "response.revokedSecurityGroupRuleSet.groupId"),
					each(named(SecurityGroup), "request.groupName")),
				each(id(SecurityGroupRule), "request.securityGroupRule.securityGroupRuleId", "request.securityGroupRuleId", "request.securityGroupRuleIds",
					"request.securityGroupRuleIds.securityGroupRuleId", "request.securityGroupRuleDescriptions.securityGroupRuleId",
					"response.securityGroupRuleSet.securityGroupRuleId", "response.revokedSecurityGroupRuleSet.securityGroupRuleId"))},
		{calls: "CreateTags DeleteTags", find: each(ec2ID, "request.resourcesSet.resourceId"), tags: true},
		{calls: "AssociateSubnetCidrBlock CreateDefaultSubnet CreateSubnet DeleteSubnet DisassociateSubnetCidrBlock ModifySubnetAttribute",
			find: first(each(id(Subnet), "request.subnetId", "response.subnetId", "response.subnet.subnetId"), unknown(Subnet))},
		{calls: "CreateRoute CreateRouteTable DeleteRoute DeleteRouteTable DisableVgwRoutePropagation EnableVgwRoutePropagation ReplaceRoute",
			find: each(id(RouteTable), "request.routeTableId", "response.routeTable.routeTableId")},
		{calls: "AssociateRouteTable", find: both(each(id(RouteTable), "request.routeTableId"), each(id(Subnet), "request.subnetId"))},
		// These name an association, not the table and the subnet that it was between.
		{calls: "DisassociateRouteTable ReplaceRouteTableAssociation", find: both(each(id(RouteTable), "request.routeTableId"), unknown(RouteTable))},
		{calls: "CreateManagedPrefixList DeleteManagedPrefixList ModifyManagedPrefixList RestoreManagedPrefixListVersion",
			find: each(id(PrefixList), "request.prefixListId", "response.prefixList.prefixListId")},
	},
}

// idPrefix tells the kinds of EC2's objects apart.
var idPrefix = map[Kind]string{SecurityGroup: "sg-", SecurityGroupRule: "sgr-", Subnet: "subnet-", RouteTable: "rtb-", PrefixList: "pl-"}

func id(kind Kind) reader {
	return func(value string) (Object, bool) {
		return Object{kind, value}, usable(value) && strings.HasPrefix(value, idPrefix[kind])
	}
}

// ec2ID takes the id of any object; the kind is in the id.
func ec2ID(value string) (Object, bool) {
	for kind := range idPrefix {
		if object, ok := id(kind)(value); ok {
			return object, true
		}
	}
	return Object{}, false
}
