// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

func called(service, operation string, err error) error {
	return fmt.Errorf("creating something: %w", &smithy.OperationError{ServiceID: service, OperationName: operation, Err: err})
}

func api(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}
}

func TestClassify(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4566}, Err: errors.New("connection refused")}
	for name, c := range map[string]struct {
		err   error
		kind  failure.Kind
		words []string
	}{
		"profile operation in flight": {called("EKS", "CreateFargateProfile", api("ResourceInUseException", "busy")), failure.Busy, []string{"eks:CreateFargateProfile", "busy"}},
		"a quota is no throttling":    {called("KMS", "CreateKey", api("LimitExceededException", "too many keys")), failure.Quota, []string{"kms:CreateKey", "too many keys"}},
		"EC2's throttling":            {called("EC2", "DescribeSecurityGroups", api("RequestLimitExceeded", "slow")), failure.Throttled, nil},
		"missing permission": {called("IAM", "CreateRole", api("AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/op/i-0abc is not authorized to perform: iam:CreateRole on resource: x")),
			failure.AccessDenied, []string{"iam:CreateRole", "assumed-role/op/...", "docs/iam.md"}},
		"gone":              {called("CloudWatch Logs", "TagResource", api("ResourceNotFoundException", "no")), failure.NotFound, []string{"logs:TagResource"}},
		"unknown code":      {called("EKS", "CreateFargateProfile", api("InvalidParameterException", "bad")), failure.Invalid, nil},
		"AWS's own fault":   {called("EKS", "DescribeCluster", &smithy.GenericAPIError{Code: "New", Fault: smithy.FaultServer}), failure.Transient, nil},
		"nobody answers":    {called("STS", "GetCallerIdentity", dial), failure.Unreachable, []string{"127.0.0.1:4566", "spec.endpointURL"}},
		"no answer in time": {called("EKS", "DescribeCluster", context.DeadlineExceeded), failure.Transient, []string{"no answer in time"}},
		"no credentials":    {called("STS", "GetCallerIdentity", errors.New("get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found")), failure.AccessDenied, []string{"IRSA"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := awsapi.Classify(c.err)
			if f.Kind != c.kind || f.Reason == "" {
				t.Errorf("kind %s, reason %q: want kind %s", f.Kind, f.Reason, c.kind)
			}
			for _, w := range c.words {
				if !strings.Contains(f.Message, w) {
					t.Errorf("the message %q does not hold %q", f.Message, w)
				}
			}
			if again := awsapi.Classify(c.err); again != f {
				t.Errorf("the same error gives %v, then %v", f, again)
			}
		})
	}
}

func TestIsNotFoundOfNoError(t *testing.T) {
	if awsapi.IsNotFound(nil) {
		t.Error("no error is not found")
	}
}

func TestSanitizeShowsNothingThatChangesOrIsSecret(t *testing.T) {
	for in, want := range map[string]string{
		"Denied (Request ID: 5f0b7a0e-1111-4222-8333-123456789012)":                        "Denied",
		"You are not authorized. Encoded authorization failure message: AQoDYXdzEJr...":    "You are not authorized",
		"arn:aws:sts::1:assumed-role/op/botocore-session-17 may not":                       "arn:aws:sts::1:assumed-role/op/... may not",
		"Key arn:aws:kms:eu-west-1:1:key/5f0b7a0e-1111-4222-8333-123456789012 is disabled": "Key arn:aws:kms:eu-west-1:1:key/5f0b7a0e-1111-4222-8333-123456789012 is disabled",
		"token 5f0b7a0e-1111-4222-8333-123456789012 was used":                              "token ... was used",
	} {
		if got := awsapi.Sanitize(in); got != want {
			t.Errorf("Sanitize(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestOnlyOurOwnWordsOfWhatIsNoAnswer: what the SDK or the network says of a call that AWS did not answer changes from call
// to call, and can hold anything: none of it is shown.
func TestOnlyOurOwnWordsOfWhatIsNoAnswer(t *testing.T) {
	const own = "RequestID: 5f0b7a0e, token hunter2 of 10.0.0.7:43210"
	for name, err := range map[string]error{
		"the network's":                &net.OpError{Op: "read", Net: "tcp", Err: errors.New(own)},
		"a connection that is refused": &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4566}, Err: errors.New(own)},
		"a name without address":       &net.DNSError{Err: own, Name: own},
		"a broken answer":              fmt.Errorf("%s: %w", own, io.ErrUnexpectedEOF),
		"an answer in no form":         &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 502}}, Err: errors.New(own)},
		"missing credentials":          errors.New("get identity: get credentials: " + own),
		"time that ran out":            fmt.Errorf("%s: %w", own, context.DeadlineExceeded),
		"credentials that AWS refuses": api("ExpiredToken", own),
		"anything else":                errors.New(own),
	} {
		f := awsapi.Classify(called("EKS", "DescribeCluster", err))
		if !strings.HasPrefix(f.Message, "eks:DescribeCluster: ") {
			t.Errorf("%s: the call is not named: %s", name, f.Message)
		}
		for _, word := range []string{"hunter2", "5f0b7a0e", "10.0.0.7", "creating something"} {
			if strings.Contains(f.Message, word) {
				t.Errorf("%s: shown is %q", name, f.Message)
			}
		}
	}
}
