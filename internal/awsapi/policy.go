// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// The IAM policy of the operator, derived from the interfaces: an operation that is added to one of them is in the
// policy at once. Which actions exist, and which resource types and condition keys they know, is taken from the Service
// Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html); every
// operation of the interfaces has an action of its own name there, but for those in actionOfOperation. None of it was
// tried on an AWS account.

// operationPrefix maps the fields of Clients to the prefixes of IAM actions.
var operationPrefix = map[string]string{
	"EKS": "eks", "IAM": "iam", "EC2": "ec2", "KMS": "kms", "Logs": "logs", "STS": "sts", "SQS": "sqs", "Tagging": "tag",
}

// actionOfOperation has the operations that are checked as an action of another name.
var actionOfOperation = map[string]string{
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
	"sqs:DeleteMessageBatch": "sqs:DeleteMessage",
}

// actionOf is the IAM action of an operation.
func actionOf(prefix, operation string) string {
	name := prefix + ":" + operation
	return cmp.Or(actionOfOperation[name], name)
}

// The actions that AWS checks although no interface has an operation of that name.
const (
	// passRole is checked by eks:CreateFargateProfile, which is given the pod execution role:
	// https://github.com/aws-controllers-k8s/community/issues/1821, https://github.com/aws/aws-cdk/issues/8546.
	passRole = "iam:PassRole"
	// createServiceLinkedRole is checked by the first eks:CreateFargateProfile of an account, which makes
	// AWSServiceRoleForAmazonEKSForFargate:
	// https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles-eks-fargate.html.
	createServiceLinkedRole = "iam:CreateServiceLinkedRole"
	// assumeRole is called by the SDK's credentials provider where an AWSAccount has spec.assumeRole (session.go).
	assumeRole = "sts:AssumeRole"
	// tagSession is checked by sts:AssumeRole when the operator's own session has transitive tags, as that of EKS Pod
	// Identity has: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html. No tags of ours are ever set.
	tagSession = "sts:TagSession"
)

// webIdentity is called by the SDK for the operator's first credentials with IRSA. It is signed by nobody, so no policy of
// the operator allows it: the trust policy of its role does.
const webIdentity = "sts:AssumeRoleWithWebIdentity"

// Not among them, on purpose:
//   - Tags that are given at creation are checked as ec2:CreateTags, eks:TagResource, iam:TagRole, kms:TagResource and
//     logs:TagResource, all of which are operations anyway; so is kms:PutKeyPolicy, which kms:CreateKey demands.
//   - kms:CreateGrant and kms:Decrypt: a log group's key is used by CloudWatch Logs itself, which the key policy allows
//     (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html names no permission of the
//     caller on the key but those to make it and to write its policy).

// ownerTag is resource.OwnerTag, which this package cannot import; a test holds the two together.
const ownerTag = "fargatesecurity.io/owner"

// Statement is one statement of the policy: what one purpose needs.
type Statement struct {
	Sid string
	// Why is a sentence for people; it is no part of the policy.
	Why       string `json:"-"`
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Actions lists the IAM actions that the operator's code can use, sorted.
func Actions() []string {
	actions := []string{passRole, createServiceLinkedRole, assumeRole, tagSession}
	clients := reflect.TypeFor[Clients]()
	for i := range clients.NumField() {
		field := clients.Field(i)
		for j := range field.Type.NumMethod() {
			actions = append(actions, actionOf(operationPrefix[field.Name], field.Type.Method(j).Name))
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// Policy is the IAM policy that the operator needs, as JSON.
func Policy() string { return document(Statements()) }

// ObservePolicy is the IAM policy of an operator that runs with --observe-only, or that has profiles in mode Observe
// only: nothing in it writes, but that messages are taken out of the operator's own queue.
func ObservePolicy() string { return document(Statements()[:2]) }

func document(statements []Statement) string {
	text, err := json.MarshalIndent(struct {
		Version   string
		Statement []Statement
	}{"2012-10-17", statements}, "", "  ")
	if err != nil { // strings, lists and maps of strings always encode
		panic("awsapi: " + err.Error())
	}
	return string(text) + "\n"
}

// Statements are the statements of Policy, those of ObservePolicy first. Each action is in exactly one of them.
func Statements() []Statement {
	rest := Actions()
	statements := []Statement{}
	for _, p := range purposes {
		s := p.Statement
		s.Effect = "Allow"
		for _, action := range rest {
			if p.takes(action) {
				s.Action = append(s.Action, action)
			}
		}
		rest = slices.DeleteFunc(rest, p.takes)
		statements = append(statements, s)
	}
	return statements
}

// purpose takes those of the remaining actions that belong to it.
type purpose struct {
	takes func(action string) bool
	Statement
}

func one(actions ...string) func(string) bool {
	return func(action string) bool { return slices.Contains(actions, action) }
}

func of(prefix string) func(string) bool {
	return func(action string) bool { return strings.HasPrefix(action, prefix+":") }
}

func isRead(action string) bool {
	_, operation, _ := strings.Cut(action, ":")
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List")
}

// everything is for actions that know no resources, or whose resources nobody can know beforehand.
const everything = "*"

// purposes are in the order in which they take their actions.
var purposes = []purpose{
	{isRead, Statement{
		Sid: "ReadEverything",
		Why: "What drift detection and the posture controls look at. Most of these actions know no resource-level permissions. " +
			"iam:GetRole is also checked by EKS, which looks for its service-linked role.",
		Resource: []string{everything},
	}},
	{of("sqs"), Statement{
		Sid:      "TakeChangesFromQueue",
		Why:      "Only for AWSAccounts with spec.driftEvents: taking the records of changes out of the operator's own queue ([events](events.md)). Put the ARN of your queue here if it is named otherwise.",
		Resource: []string{"arn:*:sqs:*:*:fargate-drift*"},
	}},
	// The condition is the third invariant of the design once more: what has no owner tag is not deleted. The resource
	// types of these actions all know aws:ResourceTag (Service Authorization Reference, as above); the operator
	// itself reads the tag before each deletion.
	{one("ec2:DeleteSecurityGroup", "eks:DeleteFargateProfile", "iam:DeleteRole", "kms:ScheduleKeyDeletion", "logs:DeleteLogGroup"), Statement{
		Sid: "DeleteOwned",
		Why: "Deletion, of objects with an owner tag only: AWS refuses to let the operator delete anything else. KMS takes up to five minutes to know a changed tag.",
		Resource: []string{
			"arn:*:ec2:*:*:security-group/*", "arn:*:eks:*:*:fargateprofile/*", "arn:*:iam::*:role/*",
			"arn:*:kms:*:*:key/*", "arn:*:logs:*:*:log-group:*",
		},
		Condition: map[string]map[string][]string{"Null": {"aws:ResourceTag/" + ownerTag: {"false"}}},
	}},
	// Which of the two EKS names as the service is not documented. The pod execution role trusts eks-fargate-pods, while
	// cluster-api-provider-aws creates Fargate profiles with a policy that allows eks.amazonaws.com only
	// (cmd/clusterawsadm/cloudformation/bootstrap/cluster_api_controller.go).
	{one(passRole), Statement{
		Sid:       "PassPodExecutionRole",
		Why:       "Handing the pod execution role to EKS, and to no other service.",
		Resource:  []string{"arn:*:iam::*:role/*"},
		Condition: map[string]map[string][]string{"StringEquals": {"iam:PassedToService": {"eks-fargate-pods.amazonaws.com", "eks.amazonaws.com"}}},
	}},
	{one(createServiceLinkedRole), Statement{
		Sid:       "CreateFargateServiceLinkedRole",
		Why:       "The first Fargate profile of an account makes EKS's service-linked role for Fargate. It can be left out where that role exists.",
		Resource:  []string{"arn:*:iam::*:role/aws-service-role/*"},
		Condition: map[string]map[string][]string{"StringEquals": {"iam:AWSServiceName": {"eks-fargate.amazonaws.com"}}},
	}},
	{one(assumeRole, tagSession), Statement{
		Sid: "AssumeRoleOfAccount",
		Why: "Only for AWSAccounts with spec.assumeRole, and only in the policy of the operator's own identity; the roles that it assumes do not need it. Put the ARNs of your roles here if they are named otherwise. " +
			"sts:TagSession is for the session tags of EKS Pod Identity, which go on to the role; with IRSA it can be left out.",
		Resource: []string{"arn:*:iam::*:role/fargate-security-operator*"},
	}},
	{of("iam"), Statement{
		Sid:      "ManageRoles",
		Why:      "The pod execution roles: trust policy, policies, permissions boundary, tags. See below for how to narrow it.",
		Resource: []string{"arn:*:iam::*:role/*"},
	}},
	// eks:CreateFargateProfile is authorized on the cluster, its tags on the profile.
	{one("eks:CreateFargateProfile"), Statement{
		Sid:      "CreateFargateProfiles",
		Why:      "AWS authorizes the creation of a profile on its cluster: name your clusters here to keep the operator to them.",
		Resource: []string{"arn:*:eks:*:*:cluster/*"},
	}},
	{of("eks"), Statement{
		Sid:      "TagFargateProfiles",
		Why:      "Owner tags and spec.tags on Fargate profiles, at creation too.",
		Resource: []string{"arn:*:eks:*:*:fargateprofile/*"},
	}},
	{one("ec2:CreateSecurityGroup"), Statement{
		Sid:      "CreateSecurityGroups",
		Why:      "New security groups, in the VPC of the cluster.",
		Resource: []string{"arn:*:ec2:*:*:security-group/*", "arn:*:ec2:*:*:vpc/*"},
	}},
	{one("ec2:CreateTags", "ec2:DeleteTags"), Statement{
		Sid:      "TagSecurityGroups",
		Why:      "Owner tags and spec.tags on security groups, at creation too.",
		Resource: []string{"arn:*:ec2:*:*:security-group/*"},
	}},
	{of("ec2"), Statement{
		Sid:      "ManageSecurityGroupRules",
		Why:      "The rules of security groups.",
		Resource: []string{"arn:*:ec2:*:*:prefix-list/*", "arn:*:ec2:*:*:security-group-rule/*", "arn:*:ec2:*:*:security-group/*"},
	}},
	{one("kms:CreateKey"), Statement{
		Sid:      "CreateKeys",
		Why:      "New keys. The action knows no resources.",
		Resource: []string{everything},
	}},
	{of("kms"), Statement{
		Sid:      "ManageKeys",
		Why:      "Key policy, rotation, alias and tags of keys. It takes effect where a key's policy lets the account's IAM policies decide, as the policy of every key that the operator makes does. Nothing here encrypts or decrypts.",
		Resource: []string{"arn:*:kms:*:*:alias/*", "arn:*:kms:*:*:key/*"},
	}},
	{of("logs"), Statement{
		Sid:      "ManageLogGroups",
		Why:      "Log groups: retention, key and tags. Nothing here reads a log event.",
		Resource: []string{"arn:*:logs:*:*:log-group:*"},
	}},
}
