// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// maxRotationDays is the period of KMS where none is set, and what CIS and Security Hub take for enough
// (https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html).
const maxRotationDays = 365

func key(judge func(*observed.State, *observed.Key) (Result, string)) func(*observed.State) (Result, string) {
	return need("KMS key", func(s *observed.State) *observed.Key { return s.Key }, judge)
}

func keyControls() []Control {
	return []Control{
		{
			ID: "KMS.3", Title: "The KMS key is not about to be deleted", Severity: drift.Critical,
			References:  []string{"KMS.3", "prowler:kms_cmk_not_deleted_unintentionally"},
			LooksAt:     "The state of the key: a key pending deletion already encrypts and decrypts nothing.",
			Remediation: "Cancel it while there is time: aws kms cancel-key-deletion, then aws kms enable-key.",
			Evaluate:    key(notPendingDeletion),
		},
		{
			ID: "KMS.4", Title: "The KMS key is rotated every year", Severity: drift.Medium,
			References:  []string{"KMS.4", "prowler:kms_cmk_rotation_enabled"},
			LooksAt:     "Whether rotation is on, for symmetric customer keys; AWS rotates its own, and asymmetric ones cannot be rotated.",
			Remediation: "Turn rotation on: aws kms enable-key-rotation.",
			Evaluate:    key(rotates),
		},
		{
			ID: "FSO.22", Title: "The rotation period of the KMS key is at most a year", Severity: drift.Low,
			References:  []string{"https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"},
			LooksAt:     "The rotation period in days of a key whose rotation is on.",
			Remediation: "Set encryption.kmsKey.rotationPeriodDays to 365 or less.",
			Evaluate:    key(rotatesOften),
		},
		{
			ID: "FSO.23", Title: "The KMS key is enabled", Severity: drift.High,
			References:  []string{"https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"},
			LooksAt:     "The state of the key; in any other state than Enabled, what it encrypts cannot be read.",
			Remediation: "Enable the key: aws kms enable-key.",
			Evaluate:    key(enabled),
		},
		{
			ID: "FSO.24", Title: "The alias points to the KMS key", Severity: drift.High,
			References:  []string{"https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html"},
			LooksAt:     "The key that the alias points to now; an alias can be moved to a key of somebody else's choice.",
			Remediation: "Point the alias back: aws kms update-alias.",
			Evaluate:    key(aliased),
		},
	}
}

func notPendingDeletion(_ *observed.State, k *observed.Key) (Result, string) {
	switch k.State {
	case "":
		return Unknown, "the state of the key is not known"
	case "PendingDeletion", "PendingReplicaDeletion":
		return Failed, "the key is " + k.State
	default:
		return Passed, "the key is " + k.State
	}
}

// rotatable says whether rotation is the customer's to decide, and if not, why.
func rotatable(k *observed.Key) (bool, string) {
	switch {
	case !k.CustomerManaged:
		return false, "AWS manages and rotates the key"
	case !k.Symmetric:
		return false, "KMS rotates symmetric keys only"
	default:
		return true, ""
	}
}

func rotates(_ *observed.State, k *observed.Key) (Result, string) {
	if ok, why := rotatable(k); !ok {
		return NotApplicable, why
	}
	if !k.RotationEnabled {
		return Failed, "rotation is off"
	}
	return Passed, "rotation is on"
}

func rotatesOften(_ *observed.State, k *observed.Key) (Result, string) {
	if ok, why := rotatable(k); !ok {
		return NotApplicable, why
	}
	switch {
	case !k.RotationEnabled:
		return NotApplicable, "rotation is off, which KMS.4 judges"
	case k.RotationPeriodDays <= 0:
		return Unknown, "the rotation period is not known"
	case k.RotationPeriodDays > maxRotationDays:
		return Failed, fmt.Sprintf("the key is rotated every %d days", k.RotationPeriodDays)
	default:
		return Passed, fmt.Sprintf("the key is rotated every %d days", k.RotationPeriodDays)
	}
}

func enabled(_ *observed.State, k *observed.Key) (Result, string) {
	switch k.State {
	case "":
		return Unknown, "the state of the key is not known"
	case "Enabled":
		return Passed, "the key is Enabled"
	default:
		return Failed, "the key is " + k.State
	}
}

func aliased(_ *observed.State, k *observed.Key) (Result, string) {
	switch {
	case k.Alias == "":
		return NotApplicable, "the key is not named by an alias"
	case k.AliasTarget == "":
		return Failed, k.Alias + " is gone"
	case k.AliasTarget != k.ID:
		return Failed, k.Alias + " points to " + k.AliasTarget
	default:
		return Passed, k.Alias + " points to the key"
	}
}
