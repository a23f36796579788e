// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// sweep is an answer about everything of a kind, which serves whoever asks about one of it.
type sweep[T any] struct {
	shared[T]
	use *use
	now func() time.Time
	// read reads all of it, and also returns how many calls that took.
	read func(context.Context) (T, int, error)
	// lags: what it says of an object may be older than what the object's own service says, however lately it was read.
	lags bool
}

func newSweep[T any](now func() time.Time, read func(context.Context) (T, int, error)) *sweep[T] {
	return &sweep[T]{use: newUse(now), now: now, read: read}
}

// In place of the number of calls that a question takes by itself:
const (
	// always: it is never put to AWS by itself, since it is about everything of a kind, or one page has all there is.
	always = 0
	// notNow: it can be answered in a later pass.
	notNow = -1
)

// get returns an answer whose reading did not begin before notBefore, and how good it is; false where somebody waits for the
// outcome and there is no such answer yet, and the question is to be put to AWS by itself, since that takes few calls (so
// many), or is not to be put now.
func (s *sweep[T]) get(ctx context.Context, notBefore time.Time, calls int) (value T, then asOf, ok bool, err error) {
	if awsapi.IsUrgent(ctx) && !s.has(notBefore) && s.isSpared(calls) {
		return value, then, false, nil
	}
	value, then, err = s.shared.get(ctx, s.now, notBefore, apart, func(ctx context.Context) (T, error) {
		ctx, done := beyond(ctx)
		defer done()
		value, calls, err := s.read(ctx)
		if err == nil {
			s.use.swept(calls)
		}
		return value, err
	})
	return value, then, true, err
}

// longestSweep is more than all the log groups that an account may have take: a million, at 500 a second.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const longestSweep = time.Hour

// beyond returns a context for a sweep, which goes on when the time of the pass that began it is up: a sweep that takes longer
// than a pass would never end otherwise, and all passes wait for it. It ends when ctx is cancelled.
func beyond(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestSweep)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return longer, func() { stop(); cancel() }
}

// isSpared tells whether a sweep is not waited for.
func (s *sweep[T]) isSpared(calls int) bool {
	underWay := s.underWay()
	switch calls {
	case always:
		return false
	case notNow:
		return underWay
	}
	return s.use.afford(calls, underWay)
}
