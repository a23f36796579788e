// SPDX-License-Identifier: Apache-2.0

package events

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

const (
	// longPoll is shorter than the 20 seconds that SQS allows: awsapi ends a call that has no answer after 20 seconds.
	longPoll = 15 * time.Second
	// helpers is how many more receives are in flight while full batches come in. One receive and deletion after the other
	// takes some 50 ms of round trips for ten events: five of them keep up with well over 100 events a second.
	helpers = 4
	// helperPoll is the shortest wait with which SQS asks all its servers.
	helperPoll = time.Second

	firstPause   = time.Second
	longestPause = time.Minute
	// healthyFor: a queue that was not received from for so long is not being read.
	healthyFor = 2 * longestPause
)

// Run takes changes out of the queue until ctx ends.
func (p *Poller) Run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		n, err := p.Once(ctx, longPoll)
		if ctx.Err() != nil {
			return // an error now is the end's
		}
		p.tell(err)
		if err != nil {
			sleep(ctx, jittered(pause))
			pause = min(2*pause, longestPause)
			continue
		}
		pause = firstPause
		if n == batch {
			p.catchUp(ctx)
		}
	}
}

// catchUp receives with several hands until the queue has no full batch left for one of them.
func (p *Poller) catchUp(ctx context.Context) {
	var hands sync.WaitGroup
	for range helpers {
		hands.Go(func() {
			for ctx.Err() == nil {
				// An error ends the help; Run meets it too, if it lasts, and tells.
				if n, err := p.Once(ctx, helperPoll); err != nil || n < batch {
					return
				}
			}
		})
	}
	hands.Wait()
}

// tell logs an error when it is not the one before, and that it is over.
func (p *Poller) tell(err error) {
	said := ""
	if err != nil {
		said = awsapi.Classify(err).Message
	}
	p.mu.Lock()
	before := p.failing
	p.failing = said
	p.mu.Unlock()
	switch {
	case said == before:
	case said == "":
		p.Log.Info("the queue of events is read again", "queue", p.URL)
	default:
		p.Log.Info("the queue of events cannot be read; changes are seen at the next read of AWS", "queue", p.URL, "reason", said)
	}
}

// jittered is half of a pause and up to as much again, so that operators that failed together do not ask together.
func jittered(pause time.Duration) time.Duration { return pause/2 + rand.N(pause/2+1) }

func sleep(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Healthy tells that the queue is being read: the last try worked, and is not long ago.
func (p *Poller) Healthy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failing == "" && !p.received.IsZero() && p.now().Sub(p.received) < healthyFor
}

// Failing is what keeps the queue from being read, "" if nothing does.
func (p *Poller) Failing() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failing
}

// Received is when the queue was last received from, messages or none.
func (p *Poller) Received() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.received
}

// Heard is when an event of a service (its eventSource) last came, the zero time if none has: whether its rule is in
// place is not known then.
func (p *Poller) Heard(source string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard[source]
}
