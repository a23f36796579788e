// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// timings measure how long it takes until something is met that was begun. Its zero value is ready.
type timings struct {
	mu    sync.Mutex
	since map[string]time.Time
	took  []time.Duration
}

// begin starts the clock for a key.
func (t *timings) begin(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since == nil {
		t.since = map[string]time.Time{}
	}
	t.since[key] = time.Now()
}

// met stops it, if it is running.
func (t *timings) met(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if began, ok := t.since[key]; ok {
		t.took = append(t.took, time.Since(began))
		delete(t.since, key)
	}
}

// running is how many clocks are.
func (t *timings) running() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.since)
}

// finish returns what was measured, in order of length, and begins anew. Clocks that still run count as they stand.
func (t *timings) finish() (took []time.Duration, note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	note = fmt.Sprintf("%d times", len(t.took))
	if n := len(t.since); n > 0 {
		note += fmt.Sprintf(", and %d not within the time that was waited", n)
	}
	for _, began := range t.since {
		t.took = append(t.took, time.Since(began))
	}
	took, t.took, t.since = t.took, nil, nil
	slices.Sort(took)
	return took, note
}

// percentile is the nearest rank's, in seconds.
func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*p+99)/100-1)].Seconds()
}
