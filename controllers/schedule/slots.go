// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
)

// Slots bounds how many periodic passes are under way. They can wait for AWS's rate limits, each for seconds, and if all
// workers did, an object that somebody has just edited would wait for one. Who has to wait for a turn holds no worker: it
// stands in line, and is woken.
type Slots struct {
	mu    sync.Mutex
	most  int
	under int // passes that go, and objects that were called
	line  []declaration.Key
	// length shows how many stand in line.
	length prometheus.Gauge
	// inLine are those in line, called those whose turn has come and whose pass has not begun.
	inLine, called map[declaration.Key]bool
}

// NewSlots leaves a quarter of the workers to those that somebody waits for.
func NewSlots(workers int, length prometheus.Gauge) *Slots {
	return &Slots{most: max(1, workers-workers/4), length: length, inLine: map[declaration.Key]bool{}, called: map[declaration.Key]bool{}}
}

// Acquire tells whether a pass may go now. If not, its object stands in line.
func (t *Slots) Acquire(key declaration.Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.called[key]:
		delete(t.called, key)
		return true
	case t.under < t.most:
		t.under++
		return true
	case !t.inLine[key]:
		t.line = append(t.line, key)
		t.inLine[key] = true
		t.length.Inc()
	}
	return false
}

// Release ends a turn, and returns whose turn it is now, if anybody's.
func (t *Slots) Release() (next declaration.Key, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.call()
}

// call hands a turn on to the next in line. t.mu is held.
func (t *Slots) call() (next declaration.Key, ok bool) {
	if len(t.line) == 0 {
		t.under--
		return next, false
	}
	next, t.line = t.line[0], t.line[1:]
	delete(t.inLine, next)
	t.length.Dec()
	t.called[next] = true
	return next, true
}

// Leave gives up the place in line, or the turn, of an object that needs none, and returns whose turn it is instead.
func (t *Slots) Leave(key declaration.Key) (next declaration.Key, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inLine[key] {
		delete(t.inLine, key)
		t.length.Dec()
		t.line = slices.DeleteFunc(t.line, func(other declaration.Key) bool { return other == key })
	}
	if !t.called[key] {
		return next, false
	}
	delete(t.called, key)
	return t.call()
}
