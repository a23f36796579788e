// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Patterns and lengths are those of the IAM API reference, page of each operation.
var (
	iamNamePattern   = regexp.MustCompile(`^[\w+=,.@-]+$`)
	iamPathPattern   = regexp.MustCompile(`^(/|/[\x21-\x7E]+/)$`)
	iamDescPattern   = regexp.MustCompile(`^[\t\n\r\x20-\x7E\x{A1}-\x{FF}]*$`)
	iamTagPattern    = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	iamPolicyPattern = regexp.MustCompile(`^arn:[\w-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$`)
)

const (
	iamNameWords = `[\w+=,.@-]+`
	iamDescWords = `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`
	iamTagWords  = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
)

func patternError(member, value, words string) *apiError {
	return validationError("Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", value, member, words)
}

func lengthError(member, value string, most int) *apiError {
	return validationError("Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", value, member, most)
}

// checkName checks a role's (64) or a policy's (128) name.
func checkName(member, name string, most int) error {
	if utf8.RuneCountInString(name) > most {
		return lengthError(member, name, most)
	}
	if !iamNamePattern.MatchString(name) {
		return patternError(member, name, iamNameWords)
	}
	return nil
}

// checkPath checks the path of a role or policy.
func checkPath(path string) error {
	if len(path) > 512 {
		return lengthError("path", path, 512)
	}
	if !iamPathPattern.MatchString(path) {
		return validationError("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

func checkDescription(text string) error {
	if utf8.RuneCountInString(text) > 1000 {
		return lengthError("description", text, 1000)
	}
	if !iamDescPattern.MatchString(text) {
		return patternError("description", text, iamDescWords)
	}
	return nil
}

func checkMaxSession(seconds *int) error {
	switch {
	case seconds == nil:
		return nil
	case *seconds < 3600:
		return validationError("Value '%d' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600", *seconds)
	case *seconds > 43200:
		return validationError("Value '%d' at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200", *seconds)
	}
	return nil
}

// checkPolicyARN checks the form of a managed policy's ARN.
func checkPolicyARN(arn string) error {
	if len(arn) < 20 {
		return validationError("Value '%s' at 'policyArn' failed to satisfy constraint: Member must have length greater than or equal to 20", arn)
	}
	if !iamPolicyPattern.MatchString(arn) {
		return errf(http.StatusBadRequest, "InvalidInput", "ARN %s is not valid.", arn)
	}
	return nil
}

// checkTags checks tags that are to be added: IAM user guide "Tags for IAM
// resources" (50 tags; keys are unique without regard to case; no aws: keys).
func checkTags(tags []queryTag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		switch key := strings.ToLower(t.Key); {
		case t.Key == "":
			return validationError("Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1")
		case t.Value == nil: // IAM API reference, Tag: Value is required, and may be empty
			return validationError("Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null")
		case utf8.RuneCountInString(t.Key) > 128:
			return lengthError("tags.1.member.key", t.Key, 128)
		case utf8.RuneCountInString(t.value()) > 256:
			return lengthError("tags.1.member.value", t.value(), 256)
		case !iamTagPattern.MatchString(t.Key):
			return patternError("tags.1.member.key", t.Key, iamTagWords)
		case !iamTagPattern.MatchString(t.value()):
			return patternError("tags.1.member.value", t.value(), iamTagWords)
		case strings.HasPrefix(key, "aws:"):
			return errf(http.StatusBadRequest, "InvalidInput", "System tags cannot be added, modified or deleted: %s", t.Key)
		case seen[key]:
			return errf(http.StatusBadRequest, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		default:
			seen[key] = true
		}
	}
	return nil
}

// mergeTags returns old tags with the new ones added. A key that differs only
// in case replaces the old one.
func mergeTags(old map[string]string, tags []queryTag) (map[string]string, error) {
	out := map[string]string{}
	for k, v := range old {
		out[k] = v
	}
	for _, t := range tags {
		for k := range out {
			if strings.EqualFold(k, t.Key) {
				delete(out, k)
			}
		}
		out[t.Key] = t.value()
	}
	if len(out) > 50 {
		return nil, errf(http.StatusConflict, "LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	return out, nil
}
