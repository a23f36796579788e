// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"sync"
	"time"
)

// Clock tells the simulator the time.
type Clock interface {
	Now() time.Time
}

// Advancer is a clock that can be moved forward.
type Advancer interface {
	Advance(d time.Duration)
}

// moves is closed when a clock is moved; nil, which never is, for one that nobody moves.
func moves(clock Clock) <-chan struct{} {
	if movable, ok := clock.(interface{ moved() <-chan struct{} }); ok {
		return movable.moved()
	}
	return nil
}

// RealClock is the machine's clock.
type RealClock struct{}

// Now returns the machine's time.
func (RealClock) Now() time.Time { return time.Now() }

// ManualClock stands still until Advance is called.
type ManualClock struct {
	mu    sync.Mutex
	now   time.Time
	moves bell
}

// NewManualClock returns a clock that stands at start.
func NewManualClock(start time.Time) *ManualClock { return &ManualClock{now: start} }

// Now returns where the clock stands.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.moves.ring()
}

func (c *ManualClock) moved() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moves.next()
}

// OffsetClock runs like the machine's clock, ahead of it by what Advance added.
type OffsetClock struct {
	mu     sync.Mutex
	offset time.Duration
	moves  bell
}

// Now returns the machine's time plus the offset.
func (c *OffsetClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Advance adds to the offset.
func (c *OffsetClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	c.moves.ring()
}

func (c *OffsetClock) moved() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moves.next()
}
