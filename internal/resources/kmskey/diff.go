// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole/policytext"
)

// The paths of the fields of a key.
const (
	statePath    = "state"
	policyPath   = "policy"
	rotationPath = "rotation"
	periodPath   = "rotationPeriodDays"
	aliasPath    = "alias"
)

// diff compares a declared key with an existing one.
func diff(d Desired, o detail) []drift.Difference {
	return slices.Concat(diffState(o.key), diffPolicy(d, o.key), diffRotation(d, o), diffAlias(d, o.key))
}

func diffState(key observed.Key) []drift.Difference {
	one := drift.Difference{
		Path: statePath, Desired: string(types.KeyStateEnabled), Observed: key.State,
		Severity: drift.Critical, Action: drift.Repair,
	}
	switch {
	case key.State == string(types.KeyStateDisabled):
		one.Reason = ReasonDisabled
	case pending(key.State):
		one.Reason, one.Controls = ReasonPendingDeletion, []string{"KMS.3"}
	default:
		return nil
	}
	return []drift.Difference{one}
}

func diffPolicy(d Desired, key observed.Key) []drift.Difference {
	if canonical.PolicyEqual(d.Policy, key.Policy) {
		return nil
	}
	want, got := policytext.Difference(d.Policy, key.Policy)
	return []drift.Difference{{
		Path: policyPath, Desired: want, Observed: got,
		Severity: drift.High, Action: drift.Repair, Reason: ReasonPolicyChanged,
	}}
}

func diffRotation(d Desired, o detail) []drift.Difference {
	one := drift.Difference{Action: drift.Repair}
	switch {
	case !o.rotates:
		return nil
	case !o.key.RotationEnabled:
		one.Path, one.Desired, one.Observed = rotationPath, "Enabled", "Disabled"
		one.Severity, one.Reason, one.Controls = drift.High, ReasonRotationOff, []string{"KMS.4"}
	case d.RotationPeriodDays != 0 && o.key.RotationPeriodDays != 0 && d.RotationPeriodDays != o.key.RotationPeriodDays:
		one.Path, one.Desired, one.Observed = periodPath, days(d.RotationPeriodDays), days(o.key.RotationPeriodDays)
		one.Severity, one.Reason = drift.Medium, ReasonRotationPeriod
	default:
		return nil
	}
	if o.key.Replica { // only the primary of a multi-Region key takes it: KMS API reference, EnableKeyRotation
		one.Action, one.Reason = drift.ReportOnly, ReasonRotationOfPrimary
	}
	return []drift.Difference{one}
}

func days(n int32) string { return strconv.Itoa(int(n)) }

func diffAlias(d Desired, key observed.Key) []drift.Difference {
	if key.AliasTarget == key.ID {
		return nil
	}
	one := drift.Difference{
		Path: aliasPath, Desired: d.Alias + " → " + key.ID, Observed: drift.Absent,
		Severity: drift.Medium, Action: drift.Repair, Reason: ReasonAliasMissing,
	}
	if key.AliasTarget != "" {
		one.Observed, one.Severity, one.Reason = d.Alias+" → "+key.AliasTarget, drift.High, ReasonAliasMoved
	}
	return []drift.Difference{one}
}
