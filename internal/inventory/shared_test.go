// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// TestTheLaterOfTwoAtOneMomentIsKept: a clock may not have moved between the read before a write and the one after it.
func TestTheLaterOfTwoAtOneMomentIsKept(t *testing.T) {
	noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return noon }
	all := newAnswers[string](now)
	for _, said := range []string{"before", "after"} {
		if _, err := all.renew(context.Background(), "key", func(context.Context) (string, error) { return said, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if value, _, _ := all.last("key"); value != "after" {
		t.Errorf("kept %q", value)
	}
}

// TestASlowReadDoesNotUndoANewerOne: a read that began before a write may end after the one that confirms it.
func TestASlowReadDoesNotUndoANewerOne(t *testing.T) {
	clock := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return clock }
	all := newAnswers[string](now)
	began, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = all.get(context.Background(), clock, "key", func(context.Context) (string, error) {
			close(began)
			<-end
			return "before", nil
		})
	}()
	<-began
	clock = clock.Add(time.Second)
	if _, err := all.renew(context.Background(), "key", func(context.Context) (string, error) { return "after", nil }); err != nil {
		t.Fatal(err)
	}
	close(end)
	<-ended
	if value, begun, _ := all.last("key"); value != "after" || !begun.Equal(clock) {
		t.Errorf("kept %q of %s", value, begun)
	}
}

// TestSomebodyWhoWaitsMakesAReadingUrgent: who joins a periodic reading is not held up by other periodic ones.
func TestSomebodyWhoWaitsMakesAReadingUrgent(t *testing.T) {
	for _, joins := range []context.Context{context.Background(), awsapi.Urgent(context.Background())} {
		one := &shared[bool]{}
		noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
		now := func() time.Time { return noon }
		began, joined := make(chan struct{}), make(chan struct{})
		read := func(ctx context.Context) (bool, error) {
			close(began)
			<-joined
			return awsapi.IsUrgent(ctx), nil
		}
		urgent := make(chan bool)
		go func() {
			got, _, _ := one.get(context.Background(), now, noon, here, read)
			urgent <- got
		}()
		<-began
		ctx, cancel := context.WithCancel(joins)
		cancel() // it gives up at once, and has told before that
		_, _, _ = one.get(ctx, now, noon, here, read)
		close(joined)
		if got := <-urgent; got != awsapi.IsUrgent(joins) {
			t.Errorf("urgent: %t, when who joins is: %t", got, awsapi.IsUrgent(joins))
		}
	}
}

// TestWhoMustKnowWaits: where nothing older will do, as before the last finalizer goes, nothing is put off, however urgent.
func TestWhoMustKnowWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose time passes when everybody waits, and then at once
		noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
		now := func() time.Time { return noon }
		began, release, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
		first := func() (string, int, error) {
			close(began)
			<-release
			return "under way", 1, nil
		}
		all := NewShared(now, func(context.Context) (string, int, error) {
			if read := first; read != nil {
				first = nil
				return read()
			}
			return "its own", 1, nil
		})
		go func() {
			defer close(over)
			_, _, _ = all.Get(With(context.Background(), Age{Unheard: noon}))
		}()
		<-began
		time.AfterFunc(10*time.Millisecond, func() { close(release) })
		got, ok, err := all.Get(awsapi.Urgent(context.Background()))
		if got != "its own" || !ok || err != nil {
			t.Errorf("got %q, %t, %v", got, ok, err)
		}
		<-over
	})
}

// TestAHungCallIsAnAnswerToAllWhoWait: its time was up, not that of who asked. Were it tried again for each of them, a dead
// endpoint would hold up one after the other.
func TestAHungCallIsAnAnswerToAllWhoWait(t *testing.T) {
	noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return noon }
	one := &shared[string]{}
	began, release, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hung := fmt.Errorf("DescribeCluster: %w", context.DeadlineExceeded)
	go func() {
		defer close(over)
		_, _, _ = one.get(context.Background(), now, noon, here, func(context.Context) (string, error) {
			close(began)
			<-release
			return "", hung
		})
	}()
	<-began
	one.under.raise = func() { close(release) } // whoever joins it in a hurry says so
	_, _, err := one.get(awsapi.Urgent(context.Background()), now, noon, here, func(context.Context) (string, error) {
		t.Error("who waited asked again")
		return "", nil
	})
	if !errors.Is(err, hung) {
		t.Errorf("who waited is told %v", err)
	}
	<-over
}

// TestWhatIsNoMoreIsNoAnswer: not even to who would take an old one.
func TestWhatIsNoMoreIsNoAnswer(t *testing.T) {
	noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	clock := noon
	now := func() time.Time { return clock }
	all := newAnswers[string](now)
	read := func(value string, err error) (string, error) {
		return all.get(context.Background(), clock, "key", func(context.Context) (string, error) { return value, err })
	}
	_, _ = read("it is there", nil)
	clock = noon.Add(time.Minute)
	if _, err := read("", &smithy.GenericAPIError{Code: "ThrottlingException"}); err == nil {
		t.Error("no error")
	}
	if value, _, ok := all.last("key"); !ok || value != "it is there" {
		t.Errorf("after a throttle %q, %t is kept", value, ok)
	}
	if _, err := read("", &smithy.GenericAPIError{Code: "NotFoundException"}); err == nil {
		t.Error("no error")
	}
	if value, _, ok := all.last("key"); ok {
		t.Errorf("%q is kept of what is no more", value)
	}
}

// TestASweepOutlastsThePassThatBeganIt: or one that takes longer than a pass would be begun again and again, and everybody
// wait for it. When the operator ends it ends.
func TestASweepOutlastsThePassThatBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose time passes when everybody waits, and then at once
		noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
		now := func() time.Time { return noon }
		release, ended := make(chan struct{}), make(chan error, 8)
		all := newSweep(now, func(ctx context.Context) (string, int, error) {
			select {
			case <-release:
			case <-ctx.Done():
			case <-time.After(10 * time.Second): // or a test that waits after all would never end
			}
			ended <- ctx.Err()
			return "everything", 1, ctx.Err()
		})
		pass, over := context.WithTimeout(context.Background(), time.Millisecond)
		defer over()
		if _, _, _, err := all.get(pass, noon, always); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the pass whose time is up is told %v", err)
		}
		close(release)
		if value, _, _, err := all.get(context.Background(), noon, always); value != "everything" || err != nil {
			t.Errorf("the next one is told %q, %v", value, err)
		}
		if err := <-ended; err != nil || len(ended) > 0 {
			t.Errorf("the sweep ended with %v, and %d more were begun", err, len(ended))
		}

		release = make(chan struct{})
		operator, end := context.WithCancel(context.Background())
		time.AfterFunc(time.Millisecond, end)
		if _, _, _, err := all.get(operator, noon.Add(time.Hour), always); !errors.Is(err, context.Canceled) {
			t.Errorf("the pass of an operator that ends is told %v", err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("its sweep ends with %v", err)
		}
	})
}

// TestAReadingThatBreaksOffHoldsUpNobody: whoever waits is told, and the next one reads.
func TestAReadingThatBreaksOffHoldsUpNobody(t *testing.T) {
	noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return noon }
	breaks := true
	all := newSweep(now, func(context.Context) (string, int, error) {
		if breaks {
			panic("a bug")
		}
		return "everything", 1, nil
	})
	if _, _, _, err := all.get(context.Background(), noon, always); !errors.Is(err, errBroken) {
		t.Errorf("who asked is told %v", err)
	}
	breaks = false
	value, _, _, err := all.get(context.Background(), noon, always)
	if value != "everything" || err != nil {
		t.Errorf("the next one is told %q, %v", value, err)
	}
}
