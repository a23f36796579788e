// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// Shared is one answer of which each of many takes its part, such as a list of everything in a cluster. Whoever asks while
// it is being read waits for that reading.
type Shared[T any] struct {
	now    func() time.Time
	answer *sweep[T]
	parts  touches
}

// NewShared returns a Shared that knows nothing yet. It takes the time from now, and reads the answer by read, which also
// returns how many calls that took.
func NewShared[T any](now func() time.Time, read func(context.Context) (T, int, error)) *Shared[T] {
	return &Shared[T]{now: now, answer: newSweep(now, read), parts: newTouches(now)}
}

// Get returns an answer that is not older than the context allows (With, Age.Unheard), and reads one where there is none;
// false where somebody waits for the pass and the answer is being read: a later pass can ask again. Where the context does
// not say how old answers may be, the reading begins after the call of Get: still one for all who wait for it.
func (s *Shared[T]) Get(ctx context.Context) (value T, ok bool, err error) {
	notBefore, calls := after(s.now()), always
	if age, ok := ageOf(ctx, s.now()); ok {
		notBefore, calls = age.Unheard, notNow
	}
	value, then, ok, err := s.answer.get(ctx, notBefore, calls)
	if ok {
		tell(ctx, then)
	}
	return value, ok, err
}

// Part returns an answer that is good enough for a look at one part of it, by the part's name; false where the part is to be
// read by itself: because the context does not say how old answers may be (With), or has written since the answer was read,
// or because the part was read by itself since, and nobody shall be told afterwards what was true before.
func (s *Shared[T]) Part(ctx context.Context, name string) (value T, ok bool, err error) {
	part := events.Object{Name: name}
	age, ok := ageOf(ctx, s.now())
	if !ok {
		s.parts.touch(part)
		return value, false, nil
	}
	value, then, ok, err := s.answer.get(ctx, age.since(), 1)
	if err == nil && !ok {
		s.parts.touch(part)
	}
	if err != nil || !ok || then.begun.Before(age.Written) || !s.parts.last(part).Before(then.begun) {
		return value, false, err
	}
	tell(ctx, asOf{}) // of one object a list tells less than is needed to change it
	return value, true, nil
}
