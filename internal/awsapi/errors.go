// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/denials"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// Code returns the AWS error code in err, or "" when err did not come from an AWS answer to the call: what says why the
// SDK got no credentials for it is none. Codes are matched rather than typed errors, since some operations answer errors
// that their model does not list (ResourceInUseException of eks:CreateFargateProfile).
func Code(err error) string {
	if obtaining(err) != nil {
		return ""
	}
	return answerCode(err)
}

// answerCode is the code of whatever answer is in err.
func answerCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// IsNotFound tells that AWS does not know the object.
func IsNotFound(err error) bool { return err != nil && kindOf(err) == failure.NotFound }

// commonCodes are the codes that any service may answer: the common errors of AWS's API references, such as
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, and those that the SDK's standard retryer takes
// for throttling. A service's own codes are in its file.
var commonCodes = map[string]failure.Kind{
	"ThrottlingException":       failure.Throttled,
	"Throttling":                failure.Throttled,
	"TooManyRequestsException":  failure.Throttled,
	"RequestThrottled":          failure.Throttled,
	"RequestThrottledException": failure.Throttled,
	"SlowDown":                  failure.Throttled,

	"ServiceUnavailable":          failure.Transient,
	"ServiceUnavailableException": failure.Transient,
	"InternalFailure":             failure.Transient,
	"RequestTimeout":              failure.Transient,
	"RequestTimeoutException":     failure.Transient,

	"AccessDenied":          failure.AccessDenied,
	"AccessDeniedException": failure.AccessDenied,
	"UnauthorizedAccess":    failure.AccessDenied,
	"NotAuthorized":         failure.AccessDenied,
	"OptInRequired":         failure.AccessDenied,
}

// kindOf classifies err. A further page that is refused as invalid is a passing fault.
func kindOf(err error) failure.Kind {
	kind := answerKind(err)
	if kind == failure.Invalid && ofFurtherPage(err) {
		return failure.Transient
	}
	return kind
}

// answerKind: what AWS answered and the table does not know is Invalid when it is the client's fault, and Transient
// else: a fault that nobody has seen is worth another try.
func answerKind(err error) failure.Kind {
	var api smithy.APIError
	if errors.As(err, &api) {
		if obtaining(err) != nil {
			return obtainingKind(err)
		}
		if credentialsRefused(err) {
			return failure.AccessDenied
		}
		if kind, ok := kindByCode[api.ErrorCode()]; ok {
			return kind
		}
		if statusOf(err) == http.StatusTooManyRequests {
			return failure.Throttled
		}
		if api.ErrorFault() == smithy.FaultServer || statusOf(err) >= 500 {
			return failure.Transient
		}
		return failure.Invalid
	}
	return transportKind(err)
}

func transportKind(err error) failure.Kind {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial":
		return failure.Unreachable
	case credentialsMissing(err):
		return failure.AccessDenied
	default:
		return failure.Transient
	}
}

func credentialsMissing(err error) bool {
	return strings.Contains(err.Error(), "failed to refresh cached credentials") ||
		strings.Contains(err.Error(), "get identity: get credentials")
}

func statusOf(err error) int {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// ActionOf names the IAM action of the call that failed, e.g. iam:CreateRole, or "". Where the SDK called STS for
// credentials first, and that failed, it is STS's.
func ActionOf(err error) string {
	if op := operationOf(err); op != nil {
		return ActionName(op.Service(), op.Operation())
	}
	return ""
}

// operationOf is the call that failed, nil when err is of none.
func operationOf(err error) *smithy.OperationError {
	var op, forCredentials *smithy.OperationError
	switch {
	case !errors.As(err, &op):
		return nil
	case errors.As(op.Err, &forCredentials):
		return forCredentials
	}
	return op
}

// Refused is an answer of AWS's that means more than its code says, in the words of who knows what was asked for: only a person
// can put it right. Message is as in failure.Failure.
type Refused struct{ Reason, Message string }

// Error implements error.
func (r *Refused) Error() string { return r.Message }

// Classify says what err means and puts it into words that stay the same for the same fault: what AWS said, without
// request ids and encoded authorization messages.
func Classify(err error) failure.Failure {
	var config *ConfigError
	if errors.As(err, &config) {
		return failure.Failure{Kind: failure.Invalid, Reason: "InvalidConfiguration", Message: config.Error()}
	}
	var refused *Refused
	if errors.As(err, &refused) {
		return failure.Failure{Kind: failure.Invalid, Reason: refused.Reason, Message: refused.Message}
	}
	var turn *turnError
	if errors.As(err, &turn) {
		return failure.Failure{
			Kind: failure.Throttled, Reason: reasonOf(failure.Throttled),
			Message: actionPrefixText(err) + "AWS limits the rate of calls, and this one's turn did not come in time; trying again",
		}
	}
	if errors.Is(err, context.DeadlineExceeded) && Code(err) == "" {
		return failure.Failure{Kind: failure.Transient, Reason: "Timeout", Message: actionPrefixText(err) + "no answer in time; trying again"}
	}
	if failed, ok := withoutCredentials(err); ok {
		return failed
	}
	if credentialsRefused(err) {
		return refusal(err)
	}
	kind := kindOf(err)
	return failure.Failure{Kind: kind, Reason: reasonOf(kind), Message: message(kind, err)}
}

func reasonOf(kind failure.Kind) string {
	switch kind {
	case failure.NotFound:
		return "NotFound"
	case failure.Busy:
		return "WaitingForAWS"
	case failure.Throttled:
		return "Throttled"
	case failure.Transient:
		return "AWSError"
	case failure.Unreachable:
		return "EndpointUnreachable"
	case failure.AccessDenied:
		return "AccessDenied"
	case failure.Quota:
		return "QuotaExceeded"
	default:
		return "InvalidParameter"
	}
}

func message(kind failure.Kind, err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return actionPrefixText(err) + transportText(kind, err)
	}
	said := Sanitize(api.ErrorMessage())
	if kind == failure.AccessDenied {
		return fmt.Sprintf("%sdenied (%s): %s; %s", actionPrefixText(err), api.ErrorCode(), said, denials.Advice(api.ErrorCode(), said))
	}
	return fmt.Sprintf("%s%s: %s", actionPrefixText(err), api.ErrorCode(), said)
}

func actionPrefixText(err error) string {
	if action := ActionOf(err); action != "" {
		return action + ": "
	}
	return ""
}

// transportText words an error that is no answer of AWS. Addresses and ports that change from call to call are left out.
func transportText(kind failure.Kind, err error) string {
	switch kind {
	case failure.Unreachable:
		var op *net.OpError
		if errors.As(err, &op) && op.Addr != nil {
			return fmt.Sprintf("the endpoint %s cannot be reached; check spec.endpointURL, DNS and the network", op.Addr)
		}
		return "the endpoint's name cannot be resolved; check spec.region, spec.endpointURL and DNS"
	case failure.AccessDenied:
		return "no AWS credentials: give the operator's pod an identity (IRSA or EKS Pod Identity), or check spec.assumeRole"
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return "the connection broke off; trying again"
	}
	if status := statusOf(err); status != 0 {
		return fmt.Sprintf("the answer (HTTP %d) is not in AWS's form; check spec.endpointURL and proxies on the way; trying again", status)
	}
	return "the connection failed; trying again"
}

var (
	requestID      = regexp.MustCompile(`(?i)[,;(]?\s*request\s?-?id:?\s*[0-9a-f-]{8,}\)?`)
	uuid           = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	encodedMessage = regexp.MustCompile(`(?is)\s*Encoded authorization failure message:.*$`)
	sessionSuffix  = regexp.MustCompile(`(assumed-role/[^/\s]+)/[^\s,:]+`)
)

// Sanitize takes out of an AWS message what must not reach status, or would change from call to call: request ids,
// encoded authorization messages, session names. The id of a KMS key stays, since key/ precedes it.
func Sanitize(message string) string {
	for {
		clean := sanitizeOnce(message)
		if clean == message {
			return clean
		}
		message = clean // what was cut out can leave another one behind
	}
}

func sanitizeOnce(message string) string {
	message = encodedMessage.ReplaceAllString(message, "")
	message = requestID.ReplaceAllString(message, "")
	message = sessionSuffix.ReplaceAllString(message, "$1/...")
	message = replaceBareUUIDs(message)
	return strings.TrimRight(strings.TrimSpace(message), ".")
}

// replaceBareUUIDs cuts UUIDs that are not the id of a KMS key.
func replaceBareUUIDs(message string) string {
	var b strings.Builder
	last := 0
	for _, at := range uuid.FindAllStringIndex(message, -1) {
		b.WriteString(message[last:at[0]])
		if strings.HasSuffix(message[:at[0]], "key/") {
			b.WriteString(message[at[0]:at[1]])
		} else {
			b.WriteString("...")
		}
		last = at[1]
	}
	b.WriteString(message[last:])
	return b.String()
}
