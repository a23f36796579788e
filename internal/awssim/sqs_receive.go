// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

type receiveInput struct {
	QueueURL        string   `json:"QueueUrl"`
	AttributeNames  []string `json:"AttributeNames"` // the old name of the next
	SystemNames     []string `json:"MessageSystemAttributeNames"`
	Most            *int     `json:"MaxNumberOfMessages"`
	Visibility      *int     `json:"VisibilityTimeout"`
	WaitTimeSeconds *int     `json:"WaitTimeSeconds"`
}

type wireMessage struct {
	ID         string            `json:"MessageId"`
	Handle     string            `json:"ReceiptHandle"`
	MD5        string            `json:"MD5OfBody"`
	Body       string            `json:"Body"`
	Attributes map[string]string `json:"Attributes,omitempty"`
}

// receiveMessage: SQS API reference, ReceiveMessage. An empty queue is waited
// for (see Sim.waitFor), and then this runs again.
func receiveMessage(s *Sim, c *call, in *receiveInput) (any, error) {
	moved := moves(s.opts.Clock) // before the time is looked at, so that no move is missed
	q, err := s.queueAt(c, in.QueueURL)
	if err == nil {
		err = in.check(q)
	}
	if err != nil {
		return nil, err
	}
	if c.HTTP.Context().Err() != nil {
		return nil, errNoAnswer // nobody is there to take a message
	}
	now := s.now()
	list := []wireMessage{}
	for _, m := range s.take(q, now, *in.Most, time.Duration(*in.Visibility)*time.Second) {
		list = append(list, wireMessage{m.id, m.handle(q), sumOf(m.body), m.body, in.attributes(m)})
	}
	switch {
	case len(list) > 0:
		return map[string]any{"Messages": list}, nil
	case s.waitFor(c, q, moved, time.Duration(*in.WaitTimeSeconds)*time.Second):
		return nil, nil
	}
	return map[string]any{}, nil // AWS leaves Messages out
}

// bounded is the value of a member that has a default, if it is in its bounds.
func bounded(value **int, name string, otherwise, least, most int) error {
	if *value == nil {
		*value = &otherwise
	}
	if **value < least || **value > most {
		return sqsInvalid(**value, name, "Must be between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+", if provided.")
	}
	return nil
}

// check fills the defaults in: the same page, and the queue's attributes.
func (in *receiveInput) check(q *queue) error {
	if err := bounded(&in.Most, "MaxNumberOfMessages", 1, 1, 10); err != nil {
		return err
	}
	if err := bounded(&in.Visibility, "VisibilityTimeout", q.limits.visibility, 0, 43200); err != nil {
		return err
	}
	if err := bounded(&in.WaitTimeSeconds, "WaitTimeSeconds", q.limits.wait, 0, 20); err != nil {
		return err
	}
	for _, name := range in.names() {
		if !slices.Contains(systemAttributes, name) {
			return errf(http.StatusBadRequest, "InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return nil
}

func (in *receiveInput) names() []string { return slices.Concat(in.AttributeNames, in.SystemNames) }

// systemAttributes are those that a call may ask for. A standard queue has not all of them.
var systemAttributes = []string{
	"All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SequenceNumber", "MessageDeduplicationId",
	"MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
}

// attributes are the message's, those that were asked for.
func (in *receiveInput) attributes(m *message) map[string]string {
	all := map[string]string{
		"SenderId": m.sender, "SentTimestamp": millis(m.sent), "ApproximateFirstReceiveTimestamp": millis(m.firstReceived),
		"ApproximateReceiveCount": strconv.Itoa(m.received),
	}
	if m.from != "" {
		all["DeadLetterQueueSourceArn"] = m.from
	}
	asked := in.names()
	if slices.Contains(asked, "All") {
		return all
	}
	out := map[string]string{}
	for _, name := range asked {
		if value, has := all[name]; has {
			out[name] = value
		}
	}
	return out
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// take receives messages, which stay in flight for a time. What was received
// too often goes to the dead-letter queue instead: SQS developer guide, "Using
// dead-letter queues in Amazon SQS".
func (s *Sim) take(q *queue, now time.Time, most int, flight time.Duration) (taken []*message) {
	q.drop(now)
	dead := s.queues[q.limits.deadLetters]
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool {
		switch {
		case len(taken) == most || now.Before(m.visible):
			return false
		case dead != nil && m.received >= q.limits.maxReceives:
			m.from, m.visible = q.arn(), now
			dead.put(m)
			return true
		}
		if m.received == 0 {
			m.firstReceived = now
		}
		m.received++
		m.visible = now.Add(flight)
		taken = append(taken, m)
		return false
	})
	return taken
}

// waitFor has the call wait for a message and run again, for as long as it may
// in all: until one arrives, or comes to be visible, or the clock was moved, or
// the client is gone. The wait is in real time.
func (s *Sim) waitFor(c *call, q *queue, moved <-chan struct{}, long time.Duration) bool {
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(long)
	}
	left := time.Until(c.deadline)
	if left <= 0 {
		return false
	}
	for _, m := range q.messages {
		if until := m.visible.Sub(s.now()); until > 0 {
			left = min(left, until)
		}
	}
	arrived, gone := q.arrived.next(), c.HTTP.Context().Done()
	c.wait = func() {
		timeout := s.timer(left)
		defer timeout.Stop()
		select {
		case <-arrived:
		case <-moved:
		case <-gone:
		case <-timeout.C:
		}
	}
	return true
}
