// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// sweep is an answer about everything of a kind, which serves whoever asks about one of it.
type sweep[T any] struct {
	shared[T]
	use use
}

// always is in place of a number of calls where a question is never put to AWS by itself: it is about everything of a kind,
// or one page has all there is.
const always = 0

// get returns an answer whose reading did not begin before notBefore, and how good it is; false where the question is to be
// put to AWS by itself: somebody waits for the outcome, there is no such answer yet, and to read the object takes few calls
// (so many). read also returns how many calls it took.
func (s *sweep[T]) get(ctx context.Context, now func() time.Time, notBefore time.Time, calls int, read func(context.Context) (T, int, error)) (value T, then asOf, ok bool, err error) {
	if calls != always && awsapi.IsUrgent(ctx) && !s.has(notBefore) && s.use.afford(calls) {
		return value, then, false, nil
	}
	value, then, err = s.shared.get(ctx, now, notBefore, func(ctx context.Context) (T, error) {
		value, calls, err := read(ctx)
		if err == nil {
			s.use.swept(calls, now())
		}
		return value, err
	})
	return value, then, true, err
}
