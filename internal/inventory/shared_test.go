// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"testing"
	"time"
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
