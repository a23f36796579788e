// SPDX-License-Identifier: Apache-2.0

package events

import "time"

const (
	// remembered is for how long an event is known again. EventBridge and SQS deliver at least once, and a message that
	// could not be deleted comes back within the queue's visibility timeout, which is far shorter.
	remembered = time.Hour
	// mostRemembered bounds the memory of each of the two halves: about 10 MiB.
	mostRemembered = 1 << 16
)

// memory knows what it has seen within the last hour, or two; less of it when there was too much to keep. The older half
// is forgotten as a whole.
type memory struct {
	older, newer map[string]struct{}
	since        time.Time
}

func (m *memory) has(id string, now time.Time) bool {
	m.turn(now)
	_, newer := m.newer[id]
	_, older := m.older[id]
	return newer || older
}

func (m *memory) add(id string, now time.Time) {
	m.turn(now)
	m.newer[id] = struct{}{}
}

func (m *memory) turn(now time.Time) {
	switch {
	case m.newer == nil || now.Sub(m.since) > 2*remembered:
		m.older = nil
	case now.Sub(m.since) > remembered || len(m.newer) >= mostRemembered:
		m.older = m.newer
	default:
		return
	}
	m.newer, m.since = map[string]struct{}{}, now
}
