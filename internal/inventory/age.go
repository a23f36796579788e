// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// Age says how old answers may be.
type Age struct {
	// NotBefore: nothing that was read before is of use. What was declared since must be seen.
	NotBefore time.Time
	// Written is the same for sweeps over what the operator writes: what it has made must be in them. Single answers are
	// outdated by Touch.
	Written time.Time
	// Unheard is the same for objects of which no event would tell that they changed.
	Unheard time.Time
}

type ageKey struct{}

// With returns a context in which a View answers with what it has, if that is not too old.
func With(ctx context.Context, age Age) context.Context {
	return context.WithValue(ctx, ageKey{}, age)
}

// Fresh returns a context in which AWS itself answers, as in a context that no age was given.
func Fresh(ctx context.Context) context.Context {
	return context.WithValue(ctx, ageKey{}, nil)
}

// ageOf returns how old answers may be at a time, and false where AWS itself is to answer.
func ageOf(ctx context.Context, now time.Time) (Age, bool) {
	age, ok := ctx.Value(ageKey{}).(Age)
	age.Unheard = later(age.Unheard, now.Add(-touchedFor))
	return age, ok
}

// since is how old an answer may be, where no event renews it.
func (a Age) since() time.Time {
	return later(a.NotBefore, a.Unheard)
}

// written is how old a sweep over what the operator writes may be.
func (a Age) written() time.Time {
	return later(a.since(), a.Written)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

const (
	// heardFor is how long an answer is believed while events tell of changes: EventBridge's delivery is "best effort".
	// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event.html
	heardFor = time.Hour
	// unsettledFor is how long after a change an answer may still show the object as it was: such an answer is not
	// believed for longer than without events.
	unsettledFor = time.Minute
	// touchedFor is how long touches are remembered, and so how long any answer may be believed, whatever the interval is:
	// of an older one nobody knows whether its object was touched since.
	touchedFor = 3 * time.Hour
)

// touches remembers when it was last said of an object that it changed.
type touches struct {
	now func() time.Time
	at  *memo.Expiring[events.Object, time.Time]
}

func newTouches(now func() time.Time) touches {
	return touches{now: now, at: memo.NewExpiring[events.Object, time.Time](now, touchedFor)}
}

func (t touches) touch(o events.Object) { t.at.Put(o, t.now()) }

// last is when one of the objects was last touched.
func (t touches) last(objects ...events.Object) (last time.Time) {
	for _, o := range objects {
		for _, name := range []string{o.Name, events.Any} {
			at, _ := t.at.Get(events.Object{Kind: o.Kind, Name: name})
			last = later(last, at)
		}
	}
	return last
}

// witness notes whether any answer was older than its question.
type witness struct{ old atomic.Bool }

type witnessKey struct{}

// Witnessed returns a context like ctx, and a way to ask whether everything that Views have answered in it until now was
// read from AWS, or another API server, for that very question: as good as in a Fresh context.
func Witnessed(ctx context.Context) (context.Context, func() bool) {
	w := &witness{}
	return context.WithValue(ctx, witnessKey{}, w), func() bool { return !w.old.Load() }
}

// tell notes that an answer as of then is given.
func tell(ctx context.Context, then asOf) {
	if w, ok := ctx.Value(witnessKey{}).(*witness); ok && !then.asked {
		w.old.Store(true)
	}
}
