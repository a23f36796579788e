// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"slices"
	"sync"
	"time"
)

// inARow is how many urgent calls go before periodic ones that wait. Then one periodic call goes: who keeps changing
// things does not keep the operator from reading the rest.
const inARow = 9

// bucket lets the calls of one family go at their pace. Those that wait stand in two lines, each in order of arrival.
type bucket struct {
	mu               sync.Mutex
	pace             pace
	urgent, periodic []*waiter
	// passed is how many urgent calls in a row went before waiting periodic ones.
	passed int
	// wake serves the lines when there is a token again.
	wake *time.Timer
	// throttles counts all that AWS throttled.
	throttles int
}

// waiter is a call that stands in line.
type waiter struct {
	// turn is closed when the call may go.
	turn chan struct{}
	// lesson is how often the rate had been lowered when it went, waited whether the rate held it up.
	lesson int
	waited bool
}

// enter waits for a call's turn: urgent or not, and with the urgent ones from when ctx is raised. Its error is ctx's own.
// Once AWS has answered the call, leave learns from it.
func (b *bucket) enter(ctx context.Context) (*waiter, error) {
	w := &waiter{turn: make(chan struct{})}
	line, raised := &b.periodic, raised(ctx)
	if IsUrgent(ctx) {
		line, raised = &b.urgent, nil
	}
	b.mu.Lock()
	*line = append(*line, w)
	b.serve()
	w.waited = slices.Contains(*line, w)
	b.mu.Unlock()
	for {
		select {
		case <-w.turn:
			return w, nil
		case <-raised:
			raised = nil
			b.raise(w)
		case <-ctx.Done():
			b.giveUp(w)
			return nil, ctx.Err()
		}
	}
}

// raise has a call that waits go with the urgent ones.
func (b *bucket) raise(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if takeOut(&b.periodic, w) {
		b.urgent = append(b.urgent, w)
	}
}

// giveUp takes a call out of its line, or gives its token to the next when its turn had just come.
func (b *bucket) giveUp(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !takeOut(&b.periodic, w) && !takeOut(&b.urgent, w) {
		b.pace.giveBack()
	}
	b.serve()
}

// takeOut takes a call out of a line, false if it does not stand in it.
func takeOut(line *[]*waiter, w *waiter) bool {
	at := slices.Index(*line, w)
	if at >= 0 {
		*line = slices.Delete(*line, at, at+1)
	}
	return at >= 0
}

// leave learns from how a call went.
func (b *bucket) leave(w *waiter, throttled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if throttled {
		b.throttles++
		b.pace.throttled(time.Now(), w.lesson)
	} else {
		b.pace.took(time.Now(), w.lesson, w.waited)
	}
	b.serve()
}

// serve lets calls go while there are tokens, and sees to it that it is called again when there is the next one.
func (b *bucket) serve() {
	now := time.Now()
	for b.waiting() && b.pace.take(now) {
		w := b.next()
		w.lesson = b.pace.lessons
		close(w.turn)
	}
	if !b.waiting() {
		return
	}
	if b.wake == nil {
		b.wake = time.AfterFunc(b.pace.pause(now), b.tokenDue)
		return
	}
	b.wake.Reset(b.pace.pause(now))
}

func (b *bucket) tokenDue() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serve()
}

func (b *bucket) waiting() bool { return len(b.urgent)+len(b.periodic) > 0 }

// next takes the call whose turn it is out of its line.
func (b *bucket) next() *waiter {
	line := &b.urgent
	switch {
	case len(b.periodic) == 0:
		b.passed = 0
	case len(b.urgent) == 0 || b.passed == inARow:
		line, b.passed = &b.periodic, 0
	default:
		b.passed++
	}
	w := (*line)[0]
	*line = slices.Delete(*line, 0, 1)
	return w
}
