// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// Policy is the policy of a key for log groups. The account's root may do everything, which hands the key over to IAM
// and keeps it from being locked away (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html);
// CloudWatch Logs may encrypt and decrypt, for exactly these log groups
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html). Additional statements are JSON
// objects. Without log groups the service is left out.
func Policy(scope awsapi.Scope, logGroupNames, additionalStatements []string) (string, error) {
	all := []any{map[string]any{
		"Sid":       "Enable IAM User Permissions",
		"Effect":    "Allow",
		"Principal": map[string]any{"AWS": "arn:" + scope.Partition + ":iam::" + scope.AccountID + ":root"},
		"Action":    "kms:*",
		"Resource":  "*",
	}}
	if len(logGroupNames) > 0 {
		all = append(all, logsStatement(scope, logGroupNames))
	}
	for i, text := range additionalStatements {
		if err := canonical.ValidateKeyStatement(text); err != nil {
			return "", fmt.Errorf("additionalStatements[%d]: %w", i, err)
		}
		all = append(all, json.RawMessage(text)) // as it was checked: a map would keep one of two equal names
	}
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": all})
	if err != nil {
		return "", fmt.Errorf("writing the key policy: %w", err)
	}
	if n := len(doc); n > canonical.MaxKeyPolicySize {
		return "", fmt.Errorf("additionalStatements: the key policy would have %d bytes, with the statements that the operator writes: KMS allows %d, "+
			"use fewer or shorter statements, or grants", n, canonical.MaxKeyPolicySize)
	}
	if _, err := canonical.Policy(string(doc)); err != nil {
		return "", fmt.Errorf("additionalStatements: %w", err)
	}
	return string(doc), nil
}

func logsStatement(scope awsapi.Scope, names []string) map[string]any {
	var groups []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		groups = append(groups, "arn:"+scope.Partition+":logs:"+scope.Region+":"+scope.AccountID+":log-group:"+name)
	}
	return map[string]any{
		"Sid":       "CloudWatchLogs",
		"Effect":    "Allow",
		"Principal": map[string]any{"Service": "logs." + scope.Region + "." + dnsSuffix(scope.Partition)},
		"Action":    []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
		"Resource":  "*",
		"Condition": map[string]any{"ArnEquals": map[string]any{"kms:EncryptionContext:aws:logs:arn": groups}},
	}
}

// dnsSuffix is the end of the service principal of CloudWatch Logs, one of the few that differ by partition:
// names.ServicePrincipalSuffixForPartition in github.com/hashicorp/terraform-provider-aws.
func dnsSuffix(partition string) string {
	if partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}
