// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"crypto/md5" //nolint:gosec // SQS's own check of a body
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// message is one message of a queue.
type message struct {
	id, body, sender string
	sent, visible    time.Time
	firstReceived    time.Time // zero: it was not received yet
	received         int
	from             string // ARN of the queue that it is a dead letter of
}

// handle is the receipt of the message's last receive: SQS API reference,
// DeleteMessage: each receive has its own.
func (m *message) handle(q *queue) string {
	return base64.StdEncoding.EncodeToString([]byte(q.arn() + " " + m.id + " " + strconv.Itoa(m.received)))
}

// put adds a message that can be received from a time on.
func (q *queue) put(m *message) {
	q.messages = append(q.messages, m)
	q.arrived.ring()
}

// drop takes out what the queue has kept for too long: SQS API reference,
// SetQueueAttributes, MessageRetentionPeriod.
func (q *queue) drop(now time.Time) {
	oldest := now.Add(-time.Duration(q.limits.retention) * time.Second)
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.sent.Before(oldest) })
}

type sendMessageInput struct {
	QueueURL string  `json:"QueueUrl"`
	Body     *string `json:"MessageBody"`
	Delay    *int    `json:"DelaySeconds"`
}

// sendMessage: SQS API reference, SendMessage.
func sendMessage(s *Sim, c *call, in *sendMessageInput) (any, error) {
	q, err := s.queueAt(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	delay := q.limits.delay
	if in.Delay != nil {
		delay = *in.Delay
	}
	switch {
	case in.Body == nil || *in.Body == "":
		return nil, sqsMissing("MessageBody")
	case len(*in.Body) > q.limits.size:
		return nil, sqsInvalid("<body>", "MessageBody", "Message must be shorter than "+strconv.Itoa(q.limits.size)+" bytes.")
	case delay < 0 || delay > 900:
		return nil, sqsInvalid(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
	}
	m := s.newMessage(*in.Body, c.Caller, time.Duration(delay)*time.Second)
	q.put(m)
	return map[string]any{"MessageId": m.id, "MD5OfMessageBody": sumOf(m.body)}, nil
}

func (s *Sim) newMessage(body, sender string, delay time.Duration) *message {
	now := s.now()
	return &message{id: s.uuid("message"), body: body, sender: sender, sent: now, visible: now.Add(delay)}
}

func sumOf(body string) string {
	sum := md5.Sum([]byte(body)) //nolint:gosec // SQS's own check of a body
	return hex.EncodeToString(sum[:])
}

type deleteMessageInput struct {
	QueueURL string `json:"QueueUrl"`
	Handle   string `json:"ReceiptHandle"`
}

// deleteMessage: SQS API reference, DeleteMessage.
func deleteMessage(s *Sim, c *call, in *deleteMessageInput) (any, error) {
	q, err := s.queueAt(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.Handle == "" {
		return nil, sqsMissing("ReceiptHandle")
	}
	if problem := q.remove(in.Handle); problem != nil {
		return nil, problem
	}
	return nil, nil
}

// remove deletes what a receipt is for. One that is older than the last receive
// deletes nothing, and succeeds: SQS API reference, DeleteMessage, says that it
// might not delete; and that a message which is gone already is no error.
func (q *queue) remove(handle string) *apiError {
	id, ok := q.ofHandle(handle)
	if !ok {
		return badHandle()
	}
	if at := q.messageIndex(id); at >= 0 && q.messages[at].handle(q) == handle {
		q.messages = slices.Delete(q.messages, at, at+1)
	}
	return nil
}

// ofHandle is the id in a receipt of this queue.
func (q *queue) ofHandle(handle string) (id string, ok bool) {
	text, err := base64.StdEncoding.DecodeString(handle)
	parts := strings.Fields(string(text))
	if err != nil || len(parts) != 3 || parts[0] != q.arn() {
		return "", false
	}
	return parts[1], true
}

func badHandle() *apiError {
	return errf(http.StatusBadRequest, "ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
}

type deleteBatchInput struct {
	QueueURL string        `json:"QueueUrl"`
	Entries  []deleteEntry `json:"Entries"`
}

type deleteEntry struct {
	ID     string `json:"Id"`
	Handle string `json:"ReceiptHandle"`
}

type batchSuccess struct {
	ID string `json:"Id"`
}

type batchFailure struct {
	ID          string `json:"Id"`
	SenderFault bool   `json:"SenderFault"`
	Code        string `json:"Code"`
	Message     string `json:"Message"`
}

// deleteMessageBatch: SQS API reference, DeleteMessageBatch. It succeeds even if no entry does.
func deleteMessageBatch(s *Sim, c *call, in *deleteBatchInput) (any, error) {
	q, err := s.queueAt(c, in.QueueURL)
	if err == nil {
		err = in.check()
	}
	if err != nil {
		return nil, err
	}
	done, failed := []batchSuccess{}, []batchFailure{}
	for _, entry := range in.Entries {
		if problem := q.remove(entry.Handle); problem != nil {
			failed = append(failed, batchFailure{entry.ID, true, problem.Code, problem.Message})
			continue
		}
		done = append(done, batchSuccess{entry.ID})
	}
	return map[string]any{"Successful": done, "Failed": failed}, nil
}

// check: the same page, and BatchEntryIdsNotDistinct and the others of its errors.
func (in *deleteBatchInput) check() error {
	switch {
	case len(in.Entries) == 0:
		return errf(http.StatusBadRequest, "EmptyBatchRequest", "There should be at least one DeleteMessageBatchRequestEntry in the request.")
	case len(in.Entries) > 10:
		return errf(http.StatusBadRequest, "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent %d.", len(in.Entries))
	}
	seen := map[string]bool{}
	for _, entry := range in.Entries {
		switch {
		case !queueName.MatchString(entry.ID): // an id is of the same letters, and as long at most
			return errf(http.StatusBadRequest, "InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		case seen[entry.ID]:
			return errf(http.StatusBadRequest, "BatchEntryIdsNotDistinct", "Id %s repeated.", entry.ID)
		case entry.Handle == "":
			return sqsMissing("ReceiptHandle")
		}
		seen[entry.ID] = true
	}
	return nil
}

type visibilityInput struct {
	QueueURL string `json:"QueueUrl"`
	Handle   string `json:"ReceiptHandle"`
	Timeout  *int   `json:"VisibilityTimeout"`
}

// changeMessageVisibility: SQS API reference, ChangeMessageVisibility.
func changeMessageVisibility(s *Sim, c *call, in *visibilityInput) (any, error) {
	q, err := s.queueAt(c, in.QueueURL)
	switch {
	case err != nil:
		return nil, err
	case in.Handle == "":
		return nil, sqsMissing("ReceiptHandle")
	case in.Timeout == nil:
		return nil, sqsMissing("VisibilityTimeout")
	case *in.Timeout < 0 || *in.Timeout > 43200:
		return nil, sqsInvalid(*in.Timeout, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200")
	}
	id, ok := q.ofHandle(in.Handle)
	if !ok {
		return nil, badHandle()
	}
	now := s.now()
	at := q.messageIndex(id)
	if at < 0 || q.messages[at].handle(q) != in.Handle || !now.Before(q.messages[at].visible) {
		return nil, errf(http.StatusBadRequest, "MessageNotInflight", "The specified message isn't in flight.")
	}
	q.messages[at].visible = now.Add(time.Duration(*in.Timeout) * time.Second)
	q.arrived.ring()
	return nil, nil
}
