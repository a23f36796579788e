// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// callerKeys are the condition keys that say who calls or on whose behalf, and so can close a statement that is open
// to everyone (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
var callerKeys = []string{
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount", "aws:sourcearn",
	"aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "kms:calleraccount",
}

// bindingOperators ask for a value; those with Not, IfExists or ForAllValues also pass without one.
var bindingOperators = []string{
	"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike",
	"ForAnyValue:StringEquals", "ForAnyValue:StringEqualsIgnoreCase", "ForAnyValue:StringLike", "ForAnyValue:ArnEquals", "ForAnyValue:ArnLike",
}

// logsService is CloudWatch Logs, in a Region or not and in any partition.
var logsService = regexp.MustCompile(`^logs\.([a-z0-9-]+\.)?amazonaws\.com(\.cn)?$`)

func keyPolicyControls() []Control {
	return []Control{
		{
			ID: "KMS.5", Title: "The KMS key is not open to everyone", Severity: drift.Critical,
			References: []string{"KMS.5", "prowler:kms_key_not_publicly_accessible"},
			LooksAt: "Allow statements of the key policy for the principal * (or NotPrincipal) without a condition that says who may call; " +
				"Deny statements are left aside.",
			Remediation: "Name the principals, or add a condition such as kms:CallerAccount.",
			Evaluate:    key(notPublic),
		},
		{
			ID: "FSO.25", Title: "The log service may use the KMS key for named log groups only", Severity: drift.Medium,
			References:  []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"},
			LooksAt:     "Allow statements of the key policy for logs.<region>.amazonaws.com without the condition kms:EncryptionContext:aws:logs:arn.",
			Remediation: "Add ArnLike kms:EncryptionContext:aws:logs:arn with the ARNs of the log groups.",
			Evaluate:    key(logsBound),
		},
	}
}

// binds says whether a condition holds one of the keys to values that are more than wildcards.
func (s statement) binds(keys ...string) bool {
	for _, operator := range bindingOperators {
		for key, values := range s.Condition[operator] {
			if slices.Contains(keys, key) && len(values) > 0 && !slices.ContainsFunc(values, boundless) {
				return true
			}
		}
	}
	return false
}

// boundless is true of values that are only wildcards, and of ARNs of any account.
func boundless(value string) bool {
	if parts := strings.Split(value, ":"); parts[0] == "arn" && len(parts) > 4 {
		return onlyWildcards(parts[4])
	}
	return strings.Trim(value, "*?:") == ""
}

func notPublic(_ *observed.State, k *observed.Key) (Result, string) {
	policy, err := statements(k.Policy)
	if err != nil {
		return Unknown, "the key policy cannot be read"
	}
	for _, s := range policy {
		everyone := len(s.NotPrincipal) > 0 || slices.Contains(s.Principal["AWS"], "*")
		if s.Effect == "Allow" && everyone && !s.binds(callerKeys...) {
			return Failed, "a statement of the key policy lets everyone in"
		}
	}
	return Passed, "no statement of the key policy lets everyone in"
}

func logsBound(_ *observed.State, k *observed.Key) (Result, string) {
	policy, err := statements(k.Policy)
	if err != nil {
		return Unknown, "the key policy cannot be read"
	}
	seen := false
	for _, s := range policy {
		if s.Effect != "Allow" || !slices.ContainsFunc(s.Principal["Service"], logsService.MatchString) {
			continue
		}
		seen = true
		if !s.binds("kms:encryptioncontext:aws:logs:arn") {
			return Failed, "the log service may use the key for any log group"
		}
	}
	if !seen {
		return NotApplicable, "the key policy does not name the log service"
	}
	return Passed, "the log service may use the key for named log groups"
}
