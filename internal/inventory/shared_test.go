// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// TestTheLaterOfTwoAtOneMomentIsKept: a clock may not have moved between the read before a write and the one after it.
func TestTheLaterOfTwoAtOneMomentIsKept(t *testing.T) {
	noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return noon }
	all := &answers[string]{}
	for _, said := range []string{"before", "after"} {
		if _, err := all.renew(context.Background(), now, "key", func(context.Context) (string, error) { return said, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if value, _, _ := all.last("key", noon); value != "after" {
		t.Errorf("kept %q", value)
	}
}

// TestASlowReadDoesNotUndoANewerOne: a read that began before a write may end after the one that confirms it.
func TestASlowReadDoesNotUndoANewerOne(t *testing.T) {
	clock := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return clock }
	all := &answers[string]{}
	began, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = all.get(context.Background(), now, clock, "key", func(context.Context) (string, error) {
			close(began)
			<-end
			return "before", nil
		})
	}()
	<-began
	clock = clock.Add(time.Second)
	if _, err := all.renew(context.Background(), now, "key", func(context.Context) (string, error) { return "after", nil }); err != nil {
		t.Fatal(err)
	}
	close(end)
	<-ended
	if value, begun, _ := all.last("key", clock); value != "after" || !begun.Equal(clock) {
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
			got, _, _ := one.get(context.Background(), now, noon, read)
			urgent <- got
		}()
		<-began
		ctx, cancel := context.WithCancel(joins)
		cancel() // it gives up at once, and has told before that
		_, _, _ = one.get(ctx, now, noon, read)
		close(joined)
		if got := <-urgent; got != awsapi.IsUrgent(joins) {
			t.Errorf("urgent: %t, when who joins is: %t", got, awsapi.IsUrgent(joins))
		}
	}
}

// TestWhoMustKnowWaits: where nothing older will do, as before the last finalizer goes, nothing is put off, however urgent.
func TestWhoMustKnowWaits(t *testing.T) {
	noon := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return noon }
	all := &Shared[string]{}
	began, release, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		_, _, _ = all.Get(With(context.Background(), Age{Unheard: noon}), now, func(context.Context) (string, int, error) {
			close(began)
			<-release
			return "under way", 1, nil
		})
	}()
	<-began
	time.AfterFunc(10*time.Millisecond, func() { close(release) })
	got, ok, err := all.Get(awsapi.Urgent(context.Background()), now, func(context.Context) (string, int, error) { return "its own", 1, nil })
	if got != "its own" || !ok || err != nil {
		t.Errorf("got %q, %t, %v", got, ok, err)
	}
	<-over
}
