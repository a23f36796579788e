// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"time"
)

// QueueState is a queue of the simulator's own account, as a test looks at it
// without a call.
type QueueState struct {
	ARN string
	// Visible messages can be received, those in flight were, and Delayed ones cannot be yet.
	Visible, InFlight, Delayed int
	Bodies                     []string // of all messages, in their order
}

// Depth is the number of all messages.
func (q QueueState) Depth() int { return q.Visible + q.InFlight + q.Delayed }

// CreateQueue makes a queue in the simulator's own account and Region, if there
// is none of that name, and returns its URL without the endpoint.
func (s *Sim) CreateQueue(name string) (path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path = queuePath(s.opts.Account, name)
	if s.queues[path] == nil {
		s.queues[path] = s.newQueue(s.opts.Region, s.opts.Account, name)
	}
	return path
}

// RedriveQueue has messages that were received that often, and not deleted, go
// to another queue, at the next receive.
func (s *Sim) RedriveQueue(name, deadLetters string, maxReceives int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.ownQueue(name)
	if err != nil {
		return err
	}
	policy := fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, queueARN(q.region, q.account, deadLetters), maxReceives)
	return q.set(s, map[string]string{"RedrivePolicy": policy})
}

// SendToQueue puts a message on a queue of the simulator's own account, without a call.
func (s *Sim) SendToQueue(name, body string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.ownQueue(name)
	if err != nil {
		return err
	}
	q.put(s.newMessage(body, s.opts.Account, 0))
	return nil
}

// Queue looks at a queue of the simulator's own account; one that is not there is empty.
func (s *Sim) Queue(name string) QueueState {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.ownQueue(name)
	if err != nil {
		return QueueState{}
	}
	return q.count(s.now())
}

func (s *Sim) ownQueue(name string) (*queue, error) {
	if q := s.queues[queuePath(s.opts.Account, name)]; q != nil {
		return q, nil
	}
	return nil, fmt.Errorf("there is no queue %s", name)
}

// count is what the queue holds at a time.
func (q *queue) count(now time.Time) QueueState {
	q.drop(now)
	out := QueueState{ARN: q.arn()}
	for _, m := range q.messages {
		out.Bodies = append(out.Bodies, m.body)
		switch {
		case !now.Before(m.visible):
			out.Visible++
		case m.received > 0:
			out.InFlight++
		default:
			out.Delayed++
		}
	}
	return out
}
