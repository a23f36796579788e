// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/smithy-go/middleware"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/denials"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// refusedCredentials are the codes by which AWS refuses the credentials themselves, whatever the call: expired,
// deleted, deactivated, or not matching their signature. The services spell them differently: those with XML answers
// as in the IAM and EC2 API references ("Common errors", "Error codes"), those with JSON answers with Exception at the
// end. RequestExpired is what EC2 calls an expired session token, beside a clock that is wrong.
var refusedCredentials = map[string]bool{
	"AuthFailure":                         true,
	"ExpiredToken":                        true,
	"ExpiredTokenException":               true,
	"IncompleteSignature":                 true,
	"IncompleteSignatureException":        true,
	"InvalidClientTokenId":                true,
	"InvalidSignatureException":           true,
	"MissingAuthenticationToken":          true,
	"MissingAuthenticationTokenException": true,
	"RequestExpired":                      true,
	"SignatureDoesNotMatch":               true,
	"UnrecognizedClientException":         true,
}

func credentialsRefused(err error) bool { return refusedCredentials[answerCode(err)] }

// refusal says that the credentials are refused. No policy would change that, so none is named.
func refusal(err error) failure.Failure {
	code, region := answerCode(err), regionOf(err)
	renew := "renew them"
	if unknownKeys[code] && optIn(region) && !toGlobalService(err) {
		renew = fmt.Sprintf("if Region %s is not enabled for the account, enable it (%s), else renew them", region, enableRegion(region))
	}
	return failure.Failure{
		Kind: failure.AccessDenied, Reason: ReasonCredentialsRefused,
		Message: fmt.Sprintf("%sAWS refuses the operator's credentials (%s); %s: files are read again, environment variables only when the operator's pod starts",
			actionPrefixText(err), code, renew),
	}
}

// toGlobalService tells a call that went to the one endpoint of a service without Regions.
func toGlobalService(err error) bool {
	op := operationOf(err)
	return op != nil && isGlobal(op.Service())
}

// forgetRefused makes the next pass read the credentials again, from wherever the operator has them, once AWS refuses
// the ones in use: the SDK itself reads a credentials file only once.
func (s *Sessions) forgetRefused(cfg Config) func(*middleware.Stack) error {
	forget := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		if credentialsRefused(err) {
			s.forget(cfg)
		}
		if err != nil && (credentialsRefused(err) || answerCode(err) == regionDisabled) {
			err = &regionError{region: cfg.Region, err: err}
		}
		return out, metadata, err
	}
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("fargatesecurity.ForgetRefused", forget), middleware.Before)
	}
}

func (s *Sessions) forget(cfg Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, cfg)
}

// adviceForRole says what would let the operator assume a role.
func adviceForRole(action, said string) string {
	if by := denials.By(said); by != "" && !strings.Contains(by, "trust policy") {
		return by
	}
	if strings.Contains(said, tagSession) {
		return tagAdvice
	}
	return cmp.Or(roleAdvice[action], "allow the action in the operator's IAM policy (docs/iam.md)")
}
