// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// retryer is what the clients of a Config ask when to try, and whether to try again.
func (s *Sessions) retryer(cfg Config) aws.Retryer {
	standard := newRetryer(cmp.Or(s.MaxAttempts, defaultAttempts))
	if s.Unlimited {
		return standard
	}
	return &pacedRetryer{RetryerV2: standard, cfg: cfg, limits: &s.limits, observe: s.ObserveWait}
}

// newRetryer is the SDK's standard one, but for what another try in the same pass does not help.
func newRetryer(attempts int) aws.RetryerV2 {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(final)}, o.Retryables...)
	})
}

// final knows two kinds of errors. A quota, which no retry will raise: the SDK takes LimitExceeded, which IAM, KMS and
// CloudWatch Logs answer for one, for throttling. And a call that hung for all its time: with as many attempts for each of its
// objects, a pass would hold its worker for minutes before status says why.
func final(err error) aws.Ternary {
	code := Code(err)
	if kindByCode[code] == failure.Quota || code == "" && errors.Is(err, context.DeadlineExceeded) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// pacedRetryer makes every attempt wait for its turn in the bucket of its family. What allows another try stays with the
// SDK's retryer of each client: its quota of tries is there to end retries in an outage, not to spare a rate limit.
type pacedRetryer struct {
	aws.RetryerV2
	cfg     Config
	limits  *limits
	observe WaitObserver
}

// GetAttemptToken implements aws.RetryerV2. What it returns is called with the outcome of the attempt.
func (r *pacedRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	release, err := r.RetryerV2.GetAttemptToken(ctx)
	if err != nil {
		return nil, err
	}
	b, urgent, start := r.limits.of(ctx, r.cfg), IsUrgent(ctx), time.Now()
	w, err := b.enter(ctx)
	if r.observe != nil {
		r.observe(awsmiddleware.GetServiceID(ctx), urgent, time.Since(start))
	}
	if err != nil {
		return nil, &turnError{err}
	}
	return func(err error) error {
		if err == nil || Code(err) != "" { // what AWS did not answer teaches nothing
			b.leave(w, throttled(err))
		}
		return release(err)
	}, nil
}

// RetryDelay implements aws.RetryerV2. A throttled call waits in its bucket, as the others do, and nowhere else.
func (r *pacedRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	if throttled(err) {
		return 0, nil
	}
	return r.RetryerV2.RetryDelay(attempt, err)
}

// throttled tells that AWS asks for fewer calls. A quota is no throttle.
func throttled(err error) bool { return err != nil && answerKind(err) == failure.Throttled }

// turnError says that ctx ended before the call's turn came. AWS was not asked.
type turnError struct{ cause error }

// Error implements error.
func (e *turnError) Error() string { return "waiting for AWS's rate limit: " + e.cause.Error() }

// Unwrap returns ctx's error.
func (e *turnError) Unwrap() error { return e.cause }
