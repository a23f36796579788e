// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// minRetentionDays is what CloudWatch.16 wants where its parameter is not set
// (https://docs.aws.amazon.com/config/latest/developerguide/cw-loggroup-retention-period-check.html, which passes a group whose
// events never expire).
const minRetentionDays = 365

func keptForAYear(_ *observed.State, g *observed.LogGroup) (Result, string) {
	switch {
	case g.RetentionDays <= 0:
		return Passed, "events never expire"
	case g.RetentionDays < minRetentionDays:
		return Failed, fmt.Sprintf("events are kept for %d days", g.RetentionDays)
	default:
		return Passed, fmt.Sprintf("events are kept for %d days", g.RetentionDays)
	}
}

func logControls() []Control {
	group := func(judge func(*observed.State, *observed.LogGroup) (Result, string)) func(*observed.State) (Result, string) {
		return need("log group", func(s *observed.State) *observed.LogGroup { return s.LogGroup }, judge)
	}
	return []Control{
		{
			ID: "FSO.20", Title: "The log group has a retention", Severity: drift.Medium,
			References:  []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"},
			LooksAt:     "Whether the events of the log group ever expire; how long they are kept is what CloudWatch.16 judges.",
			Remediation: "Set logging.logGroup.retentionDays.",
			Evaluate: group(func(_ *observed.State, g *observed.LogGroup) (Result, string) {
				if g.RetentionDays <= 0 {
					return Failed, "events never expire"
				}
				return Passed, fmt.Sprintf("events are kept for %d days", g.RetentionDays)
			}),
		},
		{
			ID: "CloudWatch.16", Title: "The log group keeps its events for at least a year", Severity: drift.Medium,
			References:  []string{"CloudWatch.16", "prowler:cloudwatch_log_group_retention_policy_specific_days_enabled"},
			LooksAt:     "The retention of the log group, declared or not: less than 365 days fails, events that never expire pass.",
			Remediation: "Set logging.logGroup.retentionDays to 365 or more.",
			Evaluate:    group(keptForAYear),
		},
		{
			ID: "FSO.21", Title: "The log group is encrypted with a customer key", Severity: drift.Low,
			References:  []string{"prowler:cloudwatch_log_group_kms_encryption_enabled"},
			LooksAt:     "The KMS key of the log group; without one AWS encrypts with a key of its own that nobody can revoke.",
			Remediation: "Declare encryption.kmsKey or encryption.keyARN.",
			Evaluate: group(func(_ *observed.State, g *observed.LogGroup) (Result, string) {
				if g.KeyARN == "" {
					return Failed, "no customer key encrypts the log group"
				}
				return Passed, "the key is " + g.KeyARN
			}),
		},
	}
}
