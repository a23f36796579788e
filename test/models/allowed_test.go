// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"slices"
	"strings"
)

// acceptedFor are the rules of botocore's models that the simulator does not enforce, by the reason why not: lines of
// operation, member and kind of violation. The list is exact: TestRequestsThatBreakTheModel fails for one that is
// missing here, and for one that is enforced after all.
var acceptedFor = map[string]string{
	"empty tags are read as none, which is what they mean": `
		eks:CreateCluster tags short
		eks:CreateFargateProfile tags short
		eks:CreateNodegroup tags short
		logs:CreateLogGroup tags short
	`,
	"members that mean something only for what is not modelled: key stores, grants, linked accounts, the machines of node groups": `
		eks:CreateNodegroup amiType enum
		eks:CreateNodegroup scalingConfig.desiredSize short
		eks:CreateNodegroup scalingConfig.maxSize short
		eks:CreateNodegroup scalingConfig.minSize short
		kms:CreateKey CustomKeyStoreId long
		kms:CreateKey CustomKeyStoreId short
		kms:CreateKey XksKeyId long
		kms:CreateKey XksKeyId short
		kms:DescribeKey GrantTokens long
		kms:DescribeKey GrantTokens[] long
		kms:DescribeKey GrantTokens[] short
		kms:ListGrants GrantId long
		kms:ListGrants GrantId short
		kms:ListGrants GranteePrincipal long
		kms:ListGrants GranteePrincipal short
		kms:ListGrants GranteeServicePrincipal long
		kms:ListGrants GranteeServicePrincipal short
		kms:ListGrants Limit long
		kms:ListGrants Limit short
		kms:ListGrants Marker long
		kms:ListKeys ResourceOwners long
		kms:ListKeys ResourceOwners short
		logs:DescribeLogGroups accountIdentifiers long
	`,
	"an empty optional member is read as an absent one": `
		iam:CreatePolicy Path short
		iam:CreateRole Path short
		iam:CreateServiceLinkedRole CustomSuffix short
		iam:ListAttachedRolePolicies PathPrefix short
		iam:ListPolicies PathPrefix short
		iam:ListRoles PathPrefix short
		kms:CreateKey Policy short
		kms:GetKeyPolicy PolicyName short
		kms:ListAliases KeyId short
		kms:PutKeyPolicy PolicyName short
		logs:AssociateKmsKey resourceIdentifier short
		logs:DescribeLogGroups logGroupIdentifiers short
		logs:DescribeLogGroups logGroupNamePrefix short
		logs:DisassociateKmsKey resourceIdentifier short
		sts:AssumeRole Policy short
		sts:AssumeRole ProvidedContexts short
		sts:AssumeRoleWithWebIdentity Policy short
		tagging:GetResources ResourceARNList short
	`,
	"the quota of a policy, without white space and far below the length that the model has, is enforced instead (LimitExceeded)": `
		iam:CreatePolicy PolicyDocument long
		iam:CreatePolicyVersion PolicyDocument long
		iam:CreateRole AssumeRolePolicyDocument long
		iam:PutRolePolicy PolicyDocument long
		iam:UpdateAssumeRolePolicy PolicyDocument long
	`,
	"lengths of text that nothing depends on": `
		iam:ListAttachedRolePolicies PathPrefix long
		iam:ListPolicies PathPrefix long
		iam:ListRoles PathPrefix long
		kms:CreateKey Description long
		logs:DescribeLogGroups logGroupNamePrefix long
	`,
	"an empty page token is read as none: the SDKs never send one": `
		iam:GetAccountAuthorizationDetails Marker short
		iam:ListAttachedRolePolicies Marker short
		iam:ListInstanceProfilesForRole Marker short
		iam:ListPolicies Marker short
		iam:ListRolePolicies Marker short
		iam:ListRoleTags Marker short
		iam:ListRoles Marker short
		kms:ListAliases Marker short
		kms:ListGrants Marker short
		kms:ListKeys Marker short
		kms:ListResourceTags Marker short
		logs:DescribeLogGroups nextToken short
	`,
	"what cannot be there is not found, and nothing changes: keys of tags that are taken off, prefixes and types that are looked for": `
		iam:ListAttachedRolePolicies PathPrefix pattern
		iam:ListPolicies PathPrefix pattern
		iam:ListRoles PathPrefix pattern
		iam:UntagRole TagKeys[] long
		iam:UntagRole TagKeys[] pattern
		iam:UntagRole TagKeys[] short
		kms:UntagResource TagKeys[] long
		kms:UntagResource TagKeys[] short
		logs:DescribeLogGroups logGroupNamePrefix pattern
		logs:UntagResource tagKeys[] long
		logs:UntagResource tagKeys[] pattern
		logs:UntagResource tagKeys[] short
		tagging:GetResources ResourceTypeFilters[] long
	`,
	"the old name of KeySpec, which the simulator reads only where KeySpec is not there": `
		kms:CreateKey CustomerMasterKeySpec enum
	`,
	"lists and lengths that the operator never comes near": `
		iam:UntagRole TagKeys long
		logs:DescribeLogGroups logGroupIdentifiers long
	`,
	"members of an assumed session that the simulator reads and has no use for: the operator sends role, session name, external id and duration, which are enforced": `
		sts:AssumeRole MinimumSessionTokenSize long
		sts:AssumeRole MinimumSessionTokenSize short
		sts:AssumeRole SerialNumber long
		sts:AssumeRole SerialNumber short
		sts:AssumeRole SourceIdentity long
		sts:AssumeRole SourceIdentity short
		sts:AssumeRole TokenCode long
		sts:AssumeRole TokenCode short
		sts:AssumeRole TransitiveTagKeys long
		sts:AssumeRoleWithWebIdentity MinimumSessionTokenSize long
		sts:AssumeRoleWithWebIdentity MinimumSessionTokenSize short
		sts:AssumeRoleWithWebIdentity Policy long
		sts:AssumeRoleWithWebIdentity ProviderId long
		sts:AssumeRoleWithWebIdentity ProviderId short
		sts:AssumeRoleWithWebIdentity WebIdentityToken long
	`,
}

// notEnforced is acceptedFor by violation.
func notEnforced() map[string]string {
	out := map[string]string{}
	for reason, lines := range acceptedFor {
		for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				out[line] = reason
			}
		}
	}
	return out
}

// unmodelledCodes are error codes that AWS answers and botocore's models do not list for the operation, by their source:
// service/code, or service:operation/code. It is exact, too.
var unmodelledCodes = byKey(map[string]string{
	"EC2 API reference, \"Error codes for the Amazon EC2 API\": no operation of EC2 lists its errors": `
	ec2/CannotDelete ec2/DependencyViolation ec2/DryRunOperation ec2/FilterLimitExceeded ec2/InsufficientFreeAddressesInSubnet ec2/InvalidAssociationID.NotFound
	ec2/InvalidGroup.Duplicate ec2/InvalidGroup.NotFound ec2/InvalidGroupId.Malformed ec2/InvalidID ec2/InvalidInternetGatewayID.NotFound ec2/InvalidNatGatewayID.NotFound
	ec2/InvalidNetworkInterfaceID.NotFound ec2/InvalidPaginationToken ec2/InvalidParameter ec2/InvalidParameterCombination ec2/InvalidParameterValue
	ec2/InvalidPermission.Duplicate ec2/InvalidPermission.NotFound ec2/InvalidPrefixListID.NotFound ec2/InvalidRoute.NotFound ec2/InvalidRouteTableID.NotFound
	ec2/InvalidSecurityGroupRuleId.Malformed ec2/InvalidSecurityGroupRuleId.NotFound ec2/InvalidSubnet.Conflict ec2/InvalidSubnet.Range ec2/InvalidSubnetID.NotFound
	ec2/InvalidVpc.Range ec2/InvalidVpcID.NotFound ec2/MissingParameter ec2/OperationNotPermitted ec2/PrefixListMaxEntriesExceeded ec2/Resource.AlreadyAssociated
	ec2/RouteAlreadyExists ec2/RulesPerSecurityGroupLimitExceeded ec2/SecurityGroupsPerInterfaceLimitExceeded ec2/TagLimitExceeded ec2/UnknownParameter ec2/VPCIdNotSpecified
	`,
	"the page \"Common Errors\" of the service's API reference": `
		eks:CreateFargateProfile/AccessDeniedException iam/AccessDenied iam/ValidationError kms/ValidationException logs/AccessDeniedException
		sts/AccessDenied sts/ValidationError iam/MalformedInput iam/UnknownParameter sqs/InvalidParameterValue sqs/MissingParameter
	`,
	"Smithy, protocols awsJson1_1 and restJson1: a body that cannot be read": `
		eks/SerializationException kms/SerializationException logs/SerializationException tagging/SerializationException sqs/SerializationException
	`,
	"terraform-provider-aws#25059 and terraform-aws-eks#866, which quote EKS's answers": `
		eks:CreateFargateProfile/ResourceInUseException eks:DeleteFargateProfile/ResourceInUseException
	`,
	"moto, which answers so from observation; DescribeCluster has it for the same cause: there is no such cluster": `
		eks:CreateFargateProfile/ResourceNotFoundException eks:CreateNodegroup/ResourceNotFoundException
	`,
	"unverified: the code that CreateFargateProfile has for a cluster which is not ACTIVE": `
		eks:DeleteFargateProfile/InvalidRequestException
	`,
	"IAM user guide, \"Using service-linked roles\": UpdateRole and the others have it for a protected role": `
		iam:TagRole/UnmodifiableEntity iam:UntagRole/UnmodifiableEntity
	`,
	"IAM API reference, PutRolePermissionsBoundary, which has it for a boundary that is not there": `
		iam:CreateRole/NoSuchEntity
	`,
	"SQS API reference, GetQueueAttributes, which has it for an attribute that it does not know": `
		sqs:ReceiveMessage/InvalidAttributeName
	`,
	"SQS API reference, DeleteMessage; in a batch it is the code of an entry": `
		sqs:DeleteMessageBatch/ReceiptHandleIsInvalid
	`,
	"never answered: the policy is the simulator's own": `
		iam:CreateServiceLinkedRole/MalformedPolicyDocument
	`,
	"KMS API reference, CreateAlias, \"alias/aws/ is reserved\"; the code is unverified": `
		kms:CreateAlias/NotAuthorizedException kms:UpdateAlias/NotAuthorizedException
	`,
	"KMS API reference, DescribeKey and others, which have it for a key id of the wrong form": `
		kms:CreateAlias/InvalidArnException kms:UpdateAlias/InvalidArnException
	`,
	"not reached: of the two texts of check, UpdateAlias gets the other": `
		kms:UpdateAlias/InvalidAliasNameException
	`,
})

// outsideCodes are the codes that are answered outside of what an operation's own code can reach, by their source:
// function/code. It is exact, too.
var outsideCodes = byKey(map[string]string{
	"the pages \"Common Errors\" of IAM, STS, KMS and CloudWatch Logs, for a request that is refused or comes too often": `
		accessDeniedBecause/AccessDenied accessDeniedBecause/AccessDeniedException throttled/Throttling throttled/ThrottlingException
		unknownKey/InvalidClientTokenId unknownKey/UnrecognizedClientException
	`,
	"the same pages, for a failure on the side of AWS": `
		asAPIError/InternalFailure broken/InternalFailure broken/ServiceUnavailable encodeQuery/InternalFailure
	`,
	"EC2 API reference, \"Error codes for the Amazon EC2 API\"": `
		accessDeniedBecause/UnauthorizedOperation throttled/RequestLimitExceeded unknownKey/AuthFailure
	`,
	"Resource Groups Tagging API reference, GetResources": `
		throttled/ThrottledException
	`,
	"SQS API reference, the errors of each operation": `
		throttled/RequestThrottled
	`,
	"terraform-provider-aws, which tries again on it": `
		throttled/TooManyRequestsException
	`,
	"aws-controllers-k8s/community#1821, which quotes EKS's answer": `
		linkedRoleNeeds/InvalidRequestException
	`,
	"no answer of AWS: the simulator cannot do it, and says so": `
		asOf/AwssimPastNotKept unknownOperation/UnknownOperationException
	`,
	"whatever the test asks for": `
		before/f.Code
	`,
})

func byKey(bySource map[string]string) map[string]string {
	out := map[string]string{}
	for source, keys := range bySource {
		for _, key := range strings.Fields(keys) {
			out[key] = source
		}
	}
	return out
}

// mayAnswer tells whether a code is modelled for an operation or listed, and under which key.
func mayAnswer(all map[string]*model, operation, code string) (key string, ok bool) {
	service, name, _ := strings.Cut(operation, ":")
	if slices.Contains(all[service].errorCodes(name), code) {
		return "", true
	}
	for _, key := range []string{operation + "/" + code, service + "/" + code} {
		if _, listed := unmodelledCodes[key]; listed {
			return key, true
		}
	}
	return "", false
}

// unmodelledAnswers are what TestAnswersAreModelled finds in answers that are right all the same, with the source. It is
// exact.
var unmodelledAnswers = map[string]string{
	`.fargateProfile.tags: its length is 0, and at least 1 in the model`:                                             "examples of the aws command, create-fargate-profile and delete-fargate-profile: a profile without tags has \"tags\": {}",
	`.nodegroup.tags: its length is 0, and at least 1 in the model`:                                                  "examples of the aws command, create-nodegroup and describe-nodegroup: a node group without tags has \"tags\": {}",
	`.RoleDetailList[].PermissionsBoundary.PermissionsBoundaryType: "Policy" is none of [PermissionsBoundaryPolicy]`: "IAM API reference, AttachedPermissionsBoundary: the type can only have a value of Policy",
	`.internetGatewaySet[].attachmentSet[].state: "available" is none of [attaching attached detaching detached]`:    "EC2 API reference, InternetGatewayAttachment: for an internet gateway, the state is available when attached to a VPC",
}
