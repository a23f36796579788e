// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"slices"
	"strings"
)

type describeLogGroupsInput struct {
	Prefix      string   `json:"logGroupNamePrefix"`
	Pattern     string   `json:"logGroupNamePattern"`
	Class       string   `json:"logGroupClass"`
	Identifiers []string `json:"logGroupIdentifiers"`
	Limit       *int     `json:"limit"`
	NextToken   string   `json:"nextToken"`
}

// describeLogGroups: by prefix, or by a part of the name, 50 a page, sorted by
// name: CloudWatch Logs API reference. Linked accounts are not modelled.
func describeLogGroups(s *Sim, c *call, in *describeLogGroupsInput) (any, error) {
	limit := 0
	switch {
	case in.Prefix != "" && in.Pattern != "":
		return nil, logsInvalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	case in.Class != "" && !slices.Contains(logGroupClasses, in.Class):
		return nil, logsInvalid("Log group class %q must be one of %s", in.Class, strings.Join(logGroupClasses, ", "))
	case in.Limit != nil && (*in.Limit < 1 || *in.Limit > 50):
		return nil, logsInvalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 50", *in.Limit)
	case in.Limit != nil:
		limit = *in.Limit
	}
	var groups []*logGroup
	for _, group := range s.regionOf(c).logs.groups {
		if in.wants(group) {
			groups = append(groups, group)
		}
	}
	groups, next, ok := page(groups, func(g *logGroup) string { return g.name }, in.NextToken, s.pageSize(limit, 50))
	if !ok {
		return nil, logsInvalid("The specified nextToken is invalid.")
	}
	list := []any{}
	for _, group := range groups {
		list = append(list, group.wire())
	}
	out := map[string]any{"logGroups": list}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

// wants says whether a group is among those asked for.
func (in *describeLogGroupsInput) wants(group *logGroup) bool {
	return strings.HasPrefix(group.name, in.Prefix) && strings.Contains(group.name, in.Pattern) &&
		(in.Class == "" || in.Class == group.class) &&
		(len(in.Identifiers) == 0 || slices.Contains(in.Identifiers, group.name) || slices.Contains(in.Identifiers, group.arn))
}

// wire is the group as AWS shows it: arn ends in :*, logGroupArn does not
// (CloudWatch Logs API reference, LogGroup).
func (group *logGroup) wire() map[string]any {
	out := map[string]any{
		"logGroupName": group.name, "arn": group.arn + ":*", "logGroupArn": group.arn, "logGroupClass": group.class,
		"creationTime": group.createdAt.UnixMilli(), "metricFilterCount": 0, "storedBytes": 0,
		"deletionProtectionEnabled": group.protected,
	}
	if group.retention != 0 {
		out["retentionInDays"] = group.retention
	}
	if group.kmsKey != "" {
		out["kmsKeyId"] = group.kmsKey
	}
	return out
}
