// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"time"
)

// Shared is one answer of which each of many takes its part, such as a list of everything in a cluster. Whoever asks while
// it is being read waits for that reading. Its zero value knows nothing yet.
type Shared[T any] struct {
	answer shared[T]
}

// Get returns an answer that is not older than the context allows (With), and reads one where there is none. Where the
// context does not say how old answers may be, the reading begins after the call of Get: still one for all who wait for it.
func (s *Shared[T]) Get(ctx context.Context, now func() time.Time, read func(context.Context) (T, error)) (T, error) {
	notBefore := after(now())
	if age, ok := ageOf(ctx); ok {
		notBefore = age.since()
	}
	value, _, err := s.answer.get(ctx, now, notBefore, read)
	return value, err
}
