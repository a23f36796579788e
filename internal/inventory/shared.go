// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// shared is one answer that many ask for. Whoever asks while it is being read waits for that reading.
type shared[T any] struct {
	mu sync.Mutex
	// value is what the last good reading gave, and begun when that reading began: nothing in it is older.
	value T
	begun time.Time
	// under is the reading under way, nil if there is none.
	under *reading[T]
}

// asOf says how good an answer is.
type asOf struct {
	// begun is when its reading began: nothing in it is older.
	begun time.Time
	// asked: it was read for the very question that it answers.
	asked bool
}

type reading[T any] struct {
	begun time.Time
	// raise makes it urgent.
	raise func()
	done  chan struct{}
	// Once done is closed: what was read, or what went wrong, and whether that says nothing about AWS, since the time of
	// who asked was up.
	value  T
	err    error
	gaveUp bool
}

// wait returns when the reading is over, or with the error of ctx.
func (u *reading[T]) wait(ctx context.Context) error {
	select {
	case <-u.done:
		return nil
	default:
	}
	select {
	case <-u.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// here has whoever asks read, apart has it read beside: it goes on when they give up.
func here(read func()) { read() }

func apart(read func()) {
	go func() {
		defer func() {
			if bug := recover(); bug != nil { // who waits is told by shared.read
				fmt.Fprintf(os.Stderr, "a reading broke off: %v\n%s", bug, debug.Stack())
			}
		}()
		read()
	}()
}

// get returns an answer whose reading did not begin before notBefore, and how good it is. Errors: those of read, which
// everybody gets who waited for the same reading, and ctx's own. run is here or apart.
func (s *shared[T]) get(ctx context.Context, now func() time.Time, notBefore time.Time, run func(func()), read func(context.Context) (T, error)) (none T, _ asOf, _ error) {
	for {
		s.mu.Lock()
		if s.enough(notBefore) {
			defer s.mu.Unlock()
			return s.value, asOf{begun: s.begun}, nil
		}
		under, mine := s.under, s.under == nil
		if mine {
			raisable, raise := awsapi.Raisable(ctx)
			under = &reading[T]{begun: now(), raise: raise, done: make(chan struct{})}
			s.under = under
			s.mu.Unlock()
			run(func() { s.read(raisable, under, read) })
		} else {
			s.mu.Unlock()
		}
		if awsapi.IsUrgent(ctx) {
			under.raise()
		}
		if err := under.wait(ctx); err != nil {
			return none, asOf{}, err
		}
		if mine {
			return under.value, asOf{under.begun, true}, under.err
		}
		if under.err != nil && !under.gaveUp && !under.begun.Before(notBefore) { // one that began too early is not ours
			return none, asOf{}, under.err
		}
	}
}

func (s *shared[T]) read(ctx context.Context, under *reading[T], read func(context.Context) (T, error)) {
	under.err = errBroken // should read panic
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		under.gaveUp = under.err != nil && ctx.Err() != nil // a call that hung ends with DeadlineExceeded too, and is AWS's doing
		if !under.begun.Before(s.begun) {                   // or renew has been told something newer meanwhile
			s.keep(under)
		}
		s.under = nil
		close(under.done)
	}()
	under.value, under.err = read(ctx)
}

// keep takes the outcome of a reading. Where AWS says that there is no such object, what it was is no answer any more, not
// even to who would take an old one. s.mu is held.
func (s *shared[T]) keep(r *reading[T]) {
	switch {
	case r.err == nil:
		s.value, s.begun = r.value, r.begun
	case awsapi.IsNotFound(r.err):
		var none T
		s.value, s.begun = none, time.Time{}
	}
}

var errBroken = errors.New("the reading broke off")

// enough tells that the last answer's reading did not begin before notBefore. s.mu is held.
func (s *shared[T]) enough(notBefore time.Time) bool {
	return !s.begun.IsZero() && !s.begun.Before(notBefore)
}

// has is enough for who does not hold s.mu.
func (s *shared[T]) has(notBefore time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enough(notBefore)
}

// underWay tells that the answer is being read.
func (s *shared[T]) underWay() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.under != nil
}

// peek returns the last answer, however old, and when it was read.
func (s *shared[T]) peek() (T, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value, s.begun
}
