// SPDX-License-Identifier: Apache-2.0

package events

import (
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// SourceLogs is the eventSource of Amazon CloudWatch Logs.
const SourceLogs = "logs.amazonaws.com"

// The kinds of objects of Amazon CloudWatch Logs.
const (
	// LogGroup is named by its name, never by its ARN.
	LogGroup Kind = "LogGroup"
)

// logsService are the calls of Amazon CloudWatch Logs.
var logsService = service{
	source:  SourceLogs,
	objects: "log groups",
	rows: []row{
		// Records: CreateLogGroup is published (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/logging_cw_api_calls_cwl.html
		// lists the calls that are recorded). An identifier is a name or an ARN.
		{calls: "AssociateKmsKey CreateLogGroup DeleteDataProtectionPolicy DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey " +
			"PutDataProtectionPolicy PutLogGroupDeletionProtection PutRetentionPolicy",
			find: each(logGroup, "request.logGroupName", "request.logGroupIdentifier", "request.resourceIdentifier")},
		{calls: "TagLogGroup TagResource UntagLogGroup UntagResource", find: each(logGroup, "request.logGroupName", "request.resourceArn"), tags: true},
	},
}

// logGroup takes a name or an ARN; an ARN may end in :* or go on to a log stream.
func logGroup(value string) (Object, bool) {
	if arn, err := awsapi.ParseARN(value); err == nil {
		name, ok := strings.CutPrefix(arn.Resource, "log-group:")
		if !ok {
			return Object{}, false
		}
		value, _, _ = strings.Cut(name, ":")
	}
	return Object{LogGroup, value}, usable(value)
}
