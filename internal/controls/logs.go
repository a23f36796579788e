// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

func logControls() []Control {
	group := func(judge func(*observed.State, *observed.LogGroup) (Result, string)) func(*observed.State) (Result, string) {
		return need("log group", func(s *observed.State) *observed.LogGroup { return s.LogGroup }, judge)
	}
	return []Control{
		{
			ID: "FSO.20", Title: "The log group has a retention", Severity: drift.Medium,
			References:  []string{"CloudWatch.16", "prowler:cloudwatch_log_group_retention_policy_specific_days_enabled"},
			LooksAt:     "Whether the events of the log group ever expire; how long they are kept is for logging.logGroup.retentionDays to say.",
			Remediation: "Set logging.logGroup.retentionDays.",
			Evaluate: group(func(_ *observed.State, g *observed.LogGroup) (Result, string) {
				if g.RetentionDays <= 0 {
					return Failed, "events never expire"
				}
				return Passed, fmt.Sprintf("events are kept for %d days", g.RetentionDays)
			}),
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
