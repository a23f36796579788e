// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// logsState is what CloudWatch Logs keeps for one account in one Region.
type logsState struct {
	groups map[string]*logGroup
}

func newLogsState() *logsState { return &logsState{groups: map[string]*logGroup{}} }

// logGroup is a log group, without its streams.
type logGroup struct {
	name, arn, class string // arn without :*
	createdAt        time.Time
	retention        int // days, 0 for ever
	kmsKey           string
	protected        bool
	tags             map[string]string
}

// registerLogs adds the CloudWatch Logs operations (awsJson1.1).
func (s *Sim) registerLogs() {
	s.registerProtocol("logs", json11)
	s.register("logs", map[string]operation{
		"CreateLogGroup":        jsonOp(true, createLogGroup),
		"DescribeLogGroups":     jsonOp(false, describeLogGroups),
		"DeleteLogGroup":        jsonOp(true, deleteLogGroup),
		"PutRetentionPolicy":    jsonOp(true, putRetentionPolicy),
		"DeleteRetentionPolicy": jsonOp(true, deleteRetentionPolicy),
		"AssociateKmsKey":       jsonOp(true, associateKmsKey),
		"DisassociateKmsKey":    jsonOp(true, disassociateKmsKey),
		"ListTagsForResource":   jsonOp(false, logsListTags),
		"TagResource":           jsonOp(true, logsTagResource),
		"UntagResource":         jsonOp(true, logsUntagResource),
	})
}

var (
	// CloudWatch Logs API reference, CreateLogGroup.
	logGroupName    = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
	logGroupClasses = []string{"STANDARD", "INFREQUENT_ACCESS", "DELIVERY"}
	// CloudWatch Logs API reference, PutRetentionPolicy.
	retentionDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)

// logGroupARN is a log group's ARN in the form without :*.
func logGroupARN(region, account, name string) string {
	return arnIn("logs", region, account, "log-group:"+name)
}

func logsInvalid(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "InvalidParameterException", format, args...)
}

// logGroup returns the group that a call names: CloudWatch Logs API reference,
// DeleteLogGroup, ResourceNotFoundException and InvalidParameterException.
func (s *Sim) logGroup(c *call, name string) (*logGroup, error) {
	c.Resource = logGroupARN(c.Region, c.Account, name)
	if group := s.regionOf(c).logs.groups[name]; group != nil {
		return group, nil
	}
	if !logGroupName.MatchString(name) {
		return nil, logsInvalid("Log group name %q has characters or a length that CloudWatch Logs does not take", name)
	}
	return nil, errf(http.StatusBadRequest, "ResourceNotFoundException", "The specified log group does not exist.")
}

type createLogGroupInput struct {
	Name      string            `json:"logGroupName"`
	KMSKeyID  string            `json:"kmsKeyId"`
	Class     string            `json:"logGroupClass"`
	Protected bool              `json:"deletionProtectionEnabled"`
	Tags      map[string]string `json:"tags"`
}

// createLogGroup: CloudWatch Logs API reference, CreateLogGroup.
func createLogGroup(s *Sim, c *call, in *createLogGroupInput) (any, error) {
	c.Resource = logGroupARN(c.Region, c.Account, in.Name)
	groups := s.regionOf(c).logs.groups
	setDefault(&in.Class, "STANDARD")
	switch {
	case !logGroupName.MatchString(in.Name):
		return nil, logsInvalid("Log group name %q must have 1 to 512 letters, digits and characters of _-/.#", in.Name)
	case strings.HasPrefix(in.Name, "aws/"): // CreateLogGroup: names can't start with aws/
		return nil, logsInvalid("Log groups starting with AWS/ are reserved for AWS.")
	case !slices.Contains(logGroupClasses, in.Class):
		return nil, logsInvalid("Log group class %q must be one of %s", in.Class, strings.Join(logGroupClasses, ", "))
	case groups[in.Name] != nil:
		return nil, errf(http.StatusBadRequest, "ResourceAlreadyExistsException", "The specified log group already exists")
	}
	if problem := logsTagProblem(nil, in.Tags); problem != "" {
		return nil, logsInvalid("%s", problem)
	}
	if in.KMSKeyID != "" {
		if err := s.checkLogKey(c, in.KMSKeyID, c.Resource); err != nil {
			return nil, err
		}
	}
	groups[in.Name] = &logGroup{
		name: in.Name, arn: c.Resource, class: in.Class, createdAt: s.now(), kmsKey: in.KMSKeyID,
		protected: in.Protected, tags: addTags(nil, in.Tags),
	}
	return nil, nil
}

type logGroupInput struct {
	Name string `json:"logGroupName"`
}

func deleteLogGroup(s *Sim, c *call, in *logGroupInput) (any, error) {
	group, err := s.logGroup(c, in.Name)
	if err != nil {
		return nil, err
	}
	if group.protected { // CloudWatch Logs user guide, deletion protection
		return nil, errf(http.StatusBadRequest, "ValidationException", "Log group %s has deletion protection enabled", in.Name)
	}
	delete(s.regionOf(c).logs.groups, in.Name)
	return nil, nil
}

type retentionInput struct {
	Name string `json:"logGroupName"`
	Days int    `json:"retentionInDays"`
}

func putRetentionPolicy(s *Sim, c *call, in *retentionInput) (any, error) {
	group, err := s.logGroup(c, in.Name)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(retentionDays, in.Days) {
		return nil, logsInvalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %v", in.Days, retentionDays)
	}
	group.retention = in.Days
	return nil, nil
}

// deleteRetentionPolicy of a group that has none is no error: unverified.
func deleteRetentionPolicy(s *Sim, c *call, in *logGroupInput) (any, error) {
	group, err := s.logGroup(c, in.Name)
	if err != nil {
		return nil, err
	}
	group.retention = 0
	return nil, nil
}
