// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"errors"
	"net/http"
	"time"
)

// FaultKind is what goes wrong with a call.
type FaultKind string

// The kinds of faults. Without one, a call runs as ever.
const (
	// Refuse answers with the fault's Code and Status and does nothing.
	Refuse FaultKind = "Refuse"
	// Throttle answers as the call's service does when it is asked too often, and does nothing.
	Throttle FaultKind = "Throttle"
	// Break answers with a 500 or the fault's Status and does nothing.
	Break FaultKind = "Break"
	// AccessDenied is a refusal for want of a permission, in the service's own words.
	AccessDenied FaultKind = "AccessDenied"
	// Drop closes the connection without having done anything.
	Drop FaultKind = "Drop"
	// LoseAnswer does what was asked and closes the connection without an answer.
	LoseAnswer FaultKind = "LoseAnswer"
	// Hang does nothing and answers nothing until the client gives up, or a minute has passed.
	Hang FaultKind = "Hang"
	// Stale answers a read as of the fault's Age ago: an object just made is not there yet, one just changed shows its
	// old self, one just deleted is still there. KeepPast must have been called. Other calls run as ever.
	Stale FaultKind = "Stale"
	// ExpireToken answers a call for a further page of a list as its service does when the token is good no more.
	// Other calls run as ever.
	ExpireToken FaultKind = "ExpireToken"
)

// Fault is what Inject has go wrong with one call. Its zero value is none.
type Fault struct {
	Kind    FaultKind
	Code    string        // of Refuse
	Message string        // of Refuse
	Status  int           // of Refuse (default 400) and Break (default 500)
	Age     time.Duration // of Stale
}

// maxHang bounds Hang, so that a client without a timeout ends too.
const maxHang = time.Minute

// errNoAnswer has the connection closed instead of an answer given.
var errNoAnswer = errors.New("the connection was closed without an answer")

// Inject has decide asked about every call before it runs, in place of what
// was given before (nil: nothing goes wrong). It is called outside of the
// simulator's lock, by as many calls at once as there are; Call has everything
// but the outcome. Its number (Seq) is that of the order in which calls came.
func (s *Sim) Inject(decide func(Call) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inject = decide
}

// concerns tells that the fault can befall the call.
func (f Fault) concerns(c *call, op operation) bool {
	switch f.Kind {
	case Stale:
		return canBeStale(c.Service, op)
	case ExpireToken:
		return c.paged()
	default:
		return true
	}
}

// before is what comes of a call instead of its running, nil if it shall run.
func (f Fault) before(c *call) error {
	switch f.Kind {
	case "", LoseAnswer, Stale:
		return nil
	case ExpireToken:
		return c.expireToken()
	case Refuse:
		return &apiError{Code: f.Code, Message: f.Message, Status: cmp.Or(f.Status, http.StatusBadRequest)}
	case Throttle:
		return throttled(c.Service)
	case Break:
		return broken(cmp.Or(f.Status, http.StatusInternalServerError))
	case AccessDenied:
		return accessDenied(c, actionName(c.Service, c.Operation))
	case Hang:
		timeout := time.NewTimer(maxHang)
		defer timeout.Stop()
		select {
		case <-c.HTTP.Context().Done():
		case <-timeout.C:
		}
	}
	return errNoAnswer
}

// throttled is the answer of a service that is asked too often: "Common
// errors" of IAM and STS, KMS and CloudWatch Logs; EC2 developer guide,
// "Request throttling"; the errors of GetResources and of the operations of SQS; what EKS answers is what
// the AWS provider of Terraform retries on.
func throttled(service string) *apiError {
	switch service {
	case "ec2":
		return errf(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
	case "eks":
		return errf(http.StatusTooManyRequests, "TooManyRequestsException", "Too Many Requests")
	case "iam", "sts":
		return errf(http.StatusBadRequest, "Throttling", "Rate exceeded")
	case "tagging":
		return errf(http.StatusBadRequest, "ThrottledException", "Rate exceeded")
	case "sqs":
		return errf(http.StatusBadRequest, "RequestThrottled", "Rate exceeded")
	default:
		return errf(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	}
}

// broken is a failure on AWS's side: the page "Common Errors" of IAM and others.
func broken(status int) *apiError {
	if status == http.StatusServiceUnavailable {
		return errf(status, "ServiceUnavailable", "The service is unavailable. Please try again shortly.")
	}
	return errf(status, "InternalFailure", "The request processing has failed because of an unknown error.")
}
