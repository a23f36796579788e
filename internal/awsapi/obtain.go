// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// Before a call the SDK gets credentials, if it has none or they have run out: with IRSA by
// sts:AssumeRoleWithWebIdentity, with spec.assumeRole by sts:AssumeRole, with EKS Pod Identity from the agent on the node.
// What these answer is wrapped into the error of the call, and must not be taken for the call's own answer: a
// ResourceNotFoundException of the agent does not say that a role does not exist.

// The reasons of refused credentials.
const (
	// ReasonCredentialsRefused: AWS does not take the operator's credentials, or gives it none.
	ReasonCredentialsRefused = "CredentialsRefused"
	// ReasonRegionDisabled: STS gives no session of the account in the Region.
	ReasonRegionDisabled = "RegionDisabled"
)

// obtaining is the part of err that says why the SDK got no credentials for the call, or nil: the failure of a call
// within the call, or, where the SDK asked no service of AWS, what it wraps in these words (get identity is the
// middleware of every client's auth.go, get credentials of internal/auth/smithy in aws-sdk-go-v2).
func obtaining(err error) error {
	var call, within *smithy.OperationError
	switch {
	case !errors.As(err, &call):
		return nil
	case errors.As(call.Err, &within):
		return within
	case call.Err != nil && strings.Contains(call.Err.Error(), "get identity: get credentials"):
		return call.Err
	}
	return nil
}

// obtainingKind: what passes, passes; what STS cannot read was declared so (spec.assumeRole); for all else somebody has to
// change something in AWS, so it is tried each minute.
func obtainingKind(err error) failure.Kind {
	code, status := answerCode(err), statusOf(err)
	switch kind := kindByCode[code]; {
	case code == issuerUnreached, status >= http.StatusInternalServerError:
		return failure.Transient
	case status == http.StatusTooManyRequests:
		return failure.Throttled
	case kind.Passing():
		return kind
	case code == badRequest:
		return failure.Invalid
	}
	return failure.AccessDenied
}

// withoutCredentials words the refusal of credentials that the SDK was to get; false when err is something else.
func withoutCredentials(err error) (failure.Failure, bool) {
	var api smithy.APIError
	if obtaining(err) == nil || !errors.As(err, &api) {
		return failure.Failure{}, false
	}
	kind := obtainingKind(err)
	f := failure.Failure{Kind: kind, Reason: reasonOf(kind), Message: message(kind, err)}
	if code := api.ErrorCode(); kind == failure.AccessDenied {
		f.Reason, f.Message = whyNone(err, ActionOf(err), code, Sanitize(api.ErrorMessage()))
	} else if code == issuerUnreached {
		f.Message = fmt.Sprintf("%sSTS cannot reach the issuer of the token of the operator's service account (%s); trying again", actionPrefixText(err), code)
	}
	return f, true
}

// whyNone words what somebody has to change in AWS. The text must be the same each time, so AWS's own words are left out
// where they hold the time (of an expired token), or may be anything (of the agent on the node).
func whyNone(err error, action, code, said string) (reason, message string) {
	prefix := actionPrefixText(err)
	var bySTS *smithy.OperationError
	switch {
	case !errors.As(obtaining(err), &bySTS):
		return ReasonCredentialsRefused, fmt.Sprintf("%sthe pod's credentials endpoint gives no credentials (%s); check the EKS Pod Identity association of the operator's service account "+
			"and the trust policy of its role (docs/iam.md)", prefix, endpointCode(code, said, statusOf(err)))
	case code == regionDisabled:
		return ReasonRegionDisabled, fmt.Sprintf("%sSTS is not active in Region %s for the account (%s); activate it (IAM console, Account settings, Security Token Service), "+
			"enable the Region if it is not (%s), or correct spec.region", prefix, regionOf(err), code, enableRegion(regionOf(err)))
	case code == sessionTooLarge:
		return ReasonCredentialsRefused, fmt.Sprintf("%sthe tags and policies of the operator's session are too large for STS (%s): %s; "+
			"use fewer or shorter ones, e.g. have EKS Pod Identity set none (disableSessionTags of the association)", prefix, code, said)
	case action == webIdentity && tokenAdvice[code] != "":
		return ReasonCredentialsRefused, fmt.Sprintf("%sSTS does not take the token of the operator's service account (%s)%s",
			prefix, code, strings.Replace(tokenAdvice[code], "SAID", said, 1))
	case refusedCredentials[code]:
		refused := refusal(err)
		return refused.Reason, refused.Message
	}
	return reasonOf(failure.AccessDenied), fmt.Sprintf("%sdenied (%s): %s; %s", prefix, code, said, adviceForRole(action, said))
}

var exceptionName = regexp.MustCompile(`\b[A-Z][A-Za-z]+Exception\b`)

// endpointCode is the agent's code, which it gives as JSON or within a text (EndpointError in credentials/endpointcreds of
// aws-sdk-go-v2).
func endpointCode(code, said string, status int) string {
	return cmp.Or(code, exceptionName.FindString(said), fmt.Sprintf("HTTP %d", status))
}
