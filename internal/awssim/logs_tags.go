// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

type logsTagInput struct {
	ResourceARN string            `json:"resourceArn"`
	Tags        map[string]string `json:"tags"`
	TagKeys     []string          `json:"tagKeys"`
}

// group returns the log group of an ARN, which must be in the form without :*
// (CloudWatch Logs API reference, TagResource; the error is unverified).
func (in *logsTagInput) group(s *Sim, c *call) (*logGroup, error) {
	name, ok := strings.CutPrefix(in.ResourceARN, logGroupARN(c.Region, c.Account, ""))
	if !ok || strings.HasSuffix(name, ":*") {
		c.Resource = in.ResourceARN
		return nil, logsInvalid("The resource ARN %s must be that of a log group, without :*", in.ResourceARN)
	}
	return s.logGroup(c, name)
}

// logsTagProblem is tagProblem with the characters that CloudWatch Logs takes,
// which are those of IAM: CloudWatch Logs API reference, TagResource, tags.
func logsTagProblem(have, add map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(add)) {
		if !iamTagPattern.MatchString(key) || !iamTagPattern.MatchString(add[key]) {
			return fmt.Sprintf("Tag %q has characters that are not allowed", key)
		}
	}
	return tagProblem(have, add)
}

func logsListTags(s *Sim, c *call, in *logsTagInput) (any, error) {
	group, err := in.group(s, c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"tags": group.tags}, nil
}

func logsTagResource(s *Sim, c *call, in *logsTagInput) (any, error) {
	group, err := in.group(s, c)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 { // CloudWatch Logs API reference, TagResource: tags is required, and has at least one
		return nil, logsInvalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if problem := logsTagProblem(group.tags, in.Tags); strings.HasPrefix(problem, "The maximum number") {
		return nil, errf(http.StatusBadRequest, "TooManyTagsException", "%s", problem)
	} else if problem != "" {
		return nil, logsInvalid("%s", problem)
	}
	addTags(group.tags, in.Tags)
	return nil, nil
}

func logsUntagResource(s *Sim, c *call, in *logsTagInput) (any, error) {
	group, err := in.group(s, c)
	if err != nil {
		return nil, err
	}
	if in.TagKeys == nil || len(in.TagKeys) > maxTags { // CloudWatch Logs API reference, UntagResource: tagKeys
		return nil, logsInvalid("1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must not be null, and have length less than or equal to %d", maxTags)
	}
	removeTags(group.tags, in.TagKeys)
	return nil, nil
}

// logsTagged lists all log groups for the tagging API.
func (st *logsState) logsTagged() []taggedResource {
	var out []taggedResource
	for _, group := range st.groups {
		out = append(out, taggedResource{group.arn, "logs:log-group", group.tags})
	}
	return out
}
