// SPDX-License-Identifier: Apache-2.0

package loggroup

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// The paths of the fields of a group.
const (
	retentionPath = "retentionDays"
	keyPath       = "kmsKey"
)

// never is how a group without retention is shown.
const never = "never expires"

// diff compares a declared group with an existing one.
func diff(d Desired, group observed.LogGroup, v resource.Values) []drift.Difference {
	return slices.Concat(diffRetention(d, group), diffKey(d, group, v))
}

// diffRetention: a retention that is too short is worse than one that is too long, since events are lost for good. A group
// of class DELIVERY keeps its events for two days, whatever is asked for
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html, API_CreateLogGroup.html).
// Control CloudWatch.16: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html
func diffRetention(d Desired, group observed.LogGroup) []drift.Difference {
	if d.RetentionDays == group.RetentionDays {
		return nil
	}
	one := drift.Difference{
		Path: retentionPath, Desired: days(d.RetentionDays), Observed: days(group.RetentionDays),
		Severity: drift.Medium, Action: drift.Repair, Reason: ReasonRetention, Controls: []string{"CloudWatch.16"},
	}
	switch {
	case group.Class == string(types.LogGroupClassDelivery):
		one.Action, one.Reason = drift.RequiresReplacement, ReasonRetentionFixed
	case shorter(group.RetentionDays, d.RetentionDays):
		one.Severity = drift.High
	}
	return []drift.Difference{one}
}

func days(n int32) string {
	if n == 0 {
		return never
	}
	return strconv.Itoa(int(n))
}

// shorter tells that a lasts less long than b, where 0 is for ever.
func shorter(a, b int32) bool { return a != 0 && (b == 0 || a < b) }

func diffKey(d Desired, group observed.LogGroup, v resource.Values) []drift.Difference {
	want := d.key(v)
	one := drift.Difference{
		Path: keyPath, Desired: want, Observed: group.KeyARN,
		Severity: drift.High, Action: drift.Repair, Reason: ReasonKey,
	}
	switch {
	case d.releases(group.KeyARN):
		one.Severity, one.Reason = drift.Medium, ReasonKeyRetired
	case want == "" || want == group.KeyARN:
		return nil
	case want == drift.Unknown:
		one.WaitsFor = d.KeyFrom.String()
	}
	return []drift.Difference{one}
}
