// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a bucket that lets one call go in a second, and none now.
func slow() *bucket { return &bucket{pace: pace{rate: 1, filled: time.Now()}} }

// line has calls arrive one after the other, and tells in which order they go.
func line(t *testing.T, b *bucket, calls ...string) []string {
	t.Helper()
	var mu sync.Mutex
	var went []string
	var all sync.WaitGroup
	for _, call := range calls {
		all.Go(func() {
			ctx := t.Context()
			if call[0] == 'u' {
				ctx = Urgent(ctx)
			}
			if _, err := b.enter(ctx); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			went = append(went, call)
		})
		synctest.Wait()
	}
	all.Wait()
	return went
}

func TestUrgentCallsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := line(t, slow(), "p1", "p2", "u1", "p3", "u2")
		if want := []string{"u1", "u2", "p1", "p2", "p3"}; !slices.Equal(got, want) {
			t.Errorf("calls went in the order %q, want %q", got, want)
		}
	})
}

// TestPeriodicCallsGoInTheEnd: whoever keeps changing things does not keep the operator from reading the rest.
func TestPeriodicCallsGoInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := []string{"p"}
		for i := range 2 * inARow {
			calls = append(calls, fmt.Sprint("u", i))
		}
		if at := slices.Index(line(t, slow(), calls...), "p"); at != inARow {
			t.Errorf("the periodic call went after %d urgent ones, want %d", at, inARow)
		}
	})
}

// TestARaisedCallGoesWithTheUrgentOnes: somebody has come to wait for what a periodic read has asked for.
func TestARaisedCallGoesWithTheUrgentOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := slow()
		var went []string
		var all sync.WaitGroup
		enter := func(name string, ctx context.Context) {
			all.Go(func() {
				if _, err := b.enter(ctx); err != nil {
					t.Error(err)
				}
				b.mu.Lock()
				defer b.mu.Unlock()
				went = append(went, name)
			})
			synctest.Wait()
		}
		ctx, raise := Raisable(t.Context())
		enter("u1", Urgent(t.Context()))
		enter("p1", t.Context())
		enter("raised", ctx)
		enter("p2", t.Context())
		if IsUrgent(ctx) {
			t.Error("urgent before it is raised")
		}
		raise()
		raise()
		synctest.Wait()
		enter("later", ctx)
		all.Wait()
		if want := []string{"u1", "raised", "later", "p1", "p2"}; !slices.Equal(went, want) || !IsUrgent(ctx) {
			t.Errorf("calls went in the order %q, want %q", went, want)
		}
	})
}

// TestWhoGivesUpFreesItsPlace: at the head of the line, and when its turn has just come.
func TestWhoGivesUpFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := slow()
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error)
		go func() { _, err := b.enter(Urgent(ctx)); gaveUp <- err }()
		synctest.Wait()
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("the call that gave up has the error %v", err)
		}
		if b.waiting() {
			t.Error("the call that gave up still stands in line")
		}
		w, err := b.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.giveUp(w)
		begin := time.Now()
		if _, err := b.enter(t.Context()); err != nil || !time.Now().Equal(begin) {
			t.Errorf("the token of a call that was not made is lost (%v)", err)
		}
	})
}

// TestThrottlesOfOneMomentAreOneLesson: what was under way when the rate was lowered is throttled for the same reason.
func TestThrottlesOfOneMomentAreOneLesson(t *testing.T) {
	b := &bucket{}
	var under []*waiter
	for range 8 {
		w, err := b.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		under = append(under, w)
	}
	for _, w := range under {
		b.leave(w, true)
	}
	if b.pace.rate != firstRate*decrease || b.throttles != len(under) {
		t.Errorf("after %d throttles the rate is %v, want %v", b.throttles, b.pace.rate, firstRate*decrease)
	}
}

// server takes rate calls a second, and as many at once after a pause.
type server struct {
	pace  pace
	taken int
}

func (s *server) takes() bool {
	if !s.pace.take(time.Now()) {
		return false
	}
	s.taken++
	return true
}

// TestTheRateFollowsAWS: over a minute, in a bubble's own time, nearly all is used that AWS allows, and few calls are
// throttled.
func TestTheRateFollowsAWS(t *testing.T) {
	for _, rate := range []float64{5, 20, 100} {
		synctest.Test(t, func(t *testing.T) {
			b, aws := &bucket{}, &server{pace: pace{rate: rate, filled: time.Now()}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var mu sync.Mutex
			var workers sync.WaitGroup
			for range 64 {
				workers.Go(func() {
					for {
						w, err := b.enter(ctx)
						if err != nil {
							return
						}
						time.Sleep(50 * time.Millisecond)
						mu.Lock()
						taken := aws.takes()
						mu.Unlock()
						b.leave(w, !taken)
					}
				})
			}
			workers.Wait()
			used := float64(aws.taken) / rate / time.Minute.Seconds()
			refused := float64(b.throttles) / float64(aws.taken+b.throttles)
			if used < 0.75 || refused > 0.25 {
				t.Errorf("AWS allows %v calls per second: %.2f of that was used, and %.2f of the calls were throttled", rate, used, refused)
			}
		})
	}
}

// TestTheRateComesBack: when AWS has throttled everything for a minute, the rate of before is soon reached again.
func TestTheRateComesBack(t *testing.T) {
	now := time.Now()
	p := pace{rate: 20, filled: now, taking: true}
	for range 30 {
		p.throttled(now, p.lessons)
	}
	if p.rate != leastRate {
		t.Fatalf("the rate is %v, want %v", p.rate, leastRate)
	}
	calls := 0
	for ; p.rate < decrease*20; calls++ {
		p.took(now, p.lessons, true)
	}
	if calls > 20 {
		t.Errorf("it takes %d calls to get back to %v per second", calls, decrease*20)
	}
	if p.took(now, p.lessons, false); p.rate > 2*20 {
		t.Errorf("the rate goes on growing fast: %v", p.rate)
	}
}
