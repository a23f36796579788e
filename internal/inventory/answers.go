// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"reflect"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// keepFor is how long an answer that nobody asks for is kept: no older one is believed (touchedFor).
const keepFor = touchedFor

// answers are shared answers by what was asked.
type answers[T any] struct {
	now     func() time.Time
	entries *memo.Expiring[string, *shared[T]]
}

func newAnswers[T any](now func() time.Time) *answers[T] {
	return &answers[T]{now: now, entries: memo.NewExpiring[string, *shared[T]](now, keepFor)}
}

// get returns what was answered to key, as shared.get does.
func (a *answers[T]) get(ctx context.Context, notBefore time.Time, key string, read func(context.Context) (T, error)) (T, error) {
	value, then, err := a.entry(key).get(ctx, a.now, notBefore, here, read)
	tell(ctx, then)
	return value, err
}

// renew has AWS answer, and keeps the answer. Where AWS has none, nothing is known any more.
func (a *answers[T]) renew(ctx context.Context, key string, read func(context.Context) (T, error)) (T, error) {
	begun := a.now()
	value, err := read(ctx)
	e := a.entry(key)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err != nil:
		var none T
		e.value, e.begun = none, time.Time{}
	case !begun.Before(e.begun): // of two at one moment, the later one has seen what was written in between
		e.value, e.begun = value, begun
	}
	return value, err
}

// last is what was last answered to key and when it was read, and false if nothing was.
func (a *answers[T]) last(key string) (T, time.Time, bool) {
	value, begun := a.entry(key).peek()
	return value, begun, !begun.IsZero()
}

// entry is what is known of a key. To ask for it keeps it.
func (a *answers[T]) entry(key string) *shared[T] {
	return a.entries.Update(key, func(e *shared[T], known bool) *shared[T] {
		if !known {
			return &shared[T]{}
		}
		return e
	})
}

// single answers a question that AWS takes one object at a time: source and objects say which events tell of a change. What
// AWS itself answers is kept, too: nobody shall be told afterwards what was true before.
func single[T any](ctx context.Context, v *View, all *answers[T], key, source string, read func(context.Context) (T, error), objects ...events.Object) (T, error) {
	age, ok := ageOf(ctx, v.now())
	_, begun, _ := all.last(key)
	if !ok {
		return all.renew(ctx, key, withoutMetadata(read))
	}
	return all.get(ctx, v.since(age, begun, source, objects...), key, withoutMetadata(read))
}

// withoutMetadata reads an SDK's answer without its metadata: they hold the whole HTTP response with its headers and the
// request that led to it, which is several times as much as was asked for.
func withoutMetadata[T any](read func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		answer, err := read(ctx)
		if err == nil {
			reflect.ValueOf(answer).Elem().FieldByName("ResultMetadata").SetZero()
		}
		return answer, err
	}
}
