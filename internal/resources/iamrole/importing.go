// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"regexp"
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// logGroupARN is an ARN of a log group whose name has no wildcard in it, or of its streams. Source of the form:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
var logGroupARN = regexp.MustCompile(`:log-group:([-._/#A-Za-z0-9]+)[":]`)

// LogGroups lists the names of the log groups that the inline policies of a role name, sorted.
func LogGroups(role observed.Role) []string {
	var names []string
	for _, document := range role.InlinePolicies {
		for _, match := range logGroupARN.FindAllStringSubmatch(document, -1) {
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
