// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// Shared is one answer of which each of many takes its part, such as a list of everything in a cluster. Whoever asks while
// it is being read waits for that reading. Its zero value knows nothing yet.
type Shared[T any] struct {
	answer sweep[T]
	parts  touches
}

// Get returns an answer that is not older than the context allows (With, Age.Unheard), and reads one where there is none;
// false where somebody waits for the pass and the answer is being read: a later pass can ask again. read also returns how
// many calls it took. Where the context does not say how old answers may be, the reading begins after the call of Get: still
// one for all who wait for it.
func (s *Shared[T]) Get(ctx context.Context, now func() time.Time, read func(context.Context) (T, int, error)) (value T, ok bool, err error) {
	notBefore, calls := after(now()), always
	if age, ok := ageOf(ctx); ok {
		notBefore, calls = age.Unheard, notNow
	}
	value, then, ok, err := s.answer.get(ctx, now, notBefore, calls, read)
	if ok {
		tell(ctx, then)
	}
	return value, ok, err
}

// Part returns an answer that is good enough for a look at one part of it, by the part's name; false where the part is to be
// read by itself: because the context does not say how old answers may be (With), or has written since the answer was read,
// or because the part was read by itself since, and nobody shall be told afterwards what was true before.
func (s *Shared[T]) Part(ctx context.Context, now func() time.Time, name string, read func(context.Context) (T, int, error)) (value T, ok bool, err error) {
	part := events.Object{Name: name}
	age, ok := ageOf(ctx)
	if !ok {
		s.parts.touch(part, now())
		return value, false, nil
	}
	value, then, ok, err := s.answer.get(ctx, now, age.since(), 1, read)
	if err == nil && !ok {
		s.parts.touch(part, now())
	}
	if err != nil || !ok || then.begun.Before(age.Written) || !s.parts.last(part).Before(then.begun) {
		return value, false, err
	}
	tell(ctx, asOf{}) // of one object a list tells less than is needed to change it
	return value, true, nil
}
