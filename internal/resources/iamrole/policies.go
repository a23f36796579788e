// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"encoding/json"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// fargatePods is the service that assumes a pod execution role. It is the same in every partition: EKS user guide,
// "Amazon EKS Pod execution IAM role" (security-iam.adoc), and names.ServicePrincipalSuffixForPartition of
// hashicorp/terraform-provider-aws for the partitions.
const fargatePods = "eks-fargate-pods.amazonaws.com"

type document struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal map[string]string            `json:",omitempty"`
	Action    []string                     `json:",omitempty"`
	Resource  []string                     `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

func (d document) String() string {
	d.Version = "2012-10-17"
	text, err := json.Marshal(d)
	if err != nil { // strings, lists and maps of strings always encode
		panic("iamrole: " + err.Error())
	}
	return string(text)
}

// TrustPolicy is the trust policy of a pod execution role: only EKS's Fargate service may assume it, and only on
// behalf of the Fargate profiles of that cluster.
// Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html#check-pod-execution-role
func TrustPolicy(scope awsapi.Scope, clusterName string) string {
	source := "arn:" + scope.Partition + ":eks:" + scope.Region + ":" + scope.AccountID + ":fargateprofile/" + clusterName + "/*"
	return document{Statement: []statement{{
		Effect:    "Allow",
		Principal: map[string]string{"Service": fargatePods},
		Action:    []string{"sts:AssumeRole"},
		Condition: map[string]map[string]string{"ArnLike": {"aws:SourceArn": source}},
	}}}.String()
}

// LoggingPolicy lets Fargate's log router write into one log group. logs:CreateLogGroup is left out on purpose: a
// group that the router makes has neither retention nor key, and with auto_create_group off it never asks for it. What
// remains is the list in "Permissions" of github.com/aws/amazon-cloudwatch-logs-for-fluent-bit (the cloudwatch
// plugin); the C plugin cloudwatch_logs calls CreateLogStream and PutLogEvents only.
//
// logs:DescribeLogStreams and CreateLogStream are authorised on the group, PutLogEvents on its streams
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html), so both ARNs
// are named.
func LoggingPolicy(scope awsapi.Scope, logGroupName string) string {
	group := "arn:" + scope.Partition + ":logs:" + scope.Region + ":" + scope.AccountID + ":log-group:" + logGroupName
	return document{Statement: []statement{{
		Sid:      "FargateLogRouter",
		Effect:   "Allow",
		Action:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
		Resource: []string{group, group + ":*"},
	}}}.String()
}
