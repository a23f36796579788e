// SPDX-License-Identifier: Apache-2.0

package events

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queue is what SQS does, as far as the poller can tell: a receive hides a message for a time and gives it a new receipt
// handle; the old one is void then.
type queue struct {
	mu       sync.Mutex
	messages []*queued
	receives []*sqs.ReceiveMessageInput
	deletes  [][]string // receipt handles, by call
	// takes is how long each call is under way, visibility how long a received message stays hidden.
	takes, visibility time.Duration
	// receiveError and deleteError are answered in place of doing anything; refuse fails single deletions.
	receiveError, deleteError error
	refuse                    func(handle string) *types.BatchResultErrorEntry
}

type queued struct {
	id, body, handle string
	count            int
	hidden           time.Time
}

func (q *queue) send(bodies ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, body := range bodies {
		q.messages = append(q.messages, &queued{id: "message-" + strconv.Itoa(len(q.messages)), body: body})
	}
}

// asked is how often messages were asked for.
func (q *queue) asked() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.receives)
}

func (q *queue) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	q.mu.Lock()
	q.receives = append(q.receives, in)
	err := q.receiveError
	q.mu.Unlock()
	if err != nil {
		return nil, err
	}
	sleep(ctx, q.takes)
	until := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		out := q.hand(int(in.MaxNumberOfMessages))
		if len(out) > 0 || !time.Now().Before(until) || ctx.Err() != nil {
			return &sqs.ReceiveMessageOutput{Messages: out}, ctx.Err()
		}
		sleep(ctx, 100*time.Millisecond)
	}
}

func (q *queue) hand(most int) []types.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []types.Message
	now := time.Now()
	for _, m := range q.messages {
		if len(out) == most || m.hidden.After(now) {
			continue
		}
		m.count++
		m.hidden = now.Add(q.visibility)
		m.handle = fmt.Sprintf("%s#%d", m.id, m.count)
		out = append(out, types.Message{
			MessageId: aws.String(m.id), Body: aws.String(m.body), ReceiptHandle: aws.String(m.handle),
			Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.count)},
		})
	}
	return out
}

func (q *queue) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	sleep(ctx, q.takes)
	q.mu.Lock()
	defer q.mu.Unlock()
	var handles []string
	out := &sqs.DeleteMessageBatchOutput{}
	for _, entry := range in.Entries {
		handle := aws.ToString(entry.ReceiptHandle)
		handles = append(handles, handle)
		if q.deleteError != nil {
			continue
		}
		if q.refuse != nil {
			if failed := q.refuse(handle); failed != nil {
				failed.Id = entry.Id
				out.Failed = append(out.Failed, *failed)
				continue
			}
		}
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: entry.Id})
		q.messages = slices.DeleteFunc(q.messages, func(m *queued) bool { return m.handle == handle })
	}
	q.deletes = append(q.deletes, handles)
	return out, q.deleteError
}

// left are the ids of the messages in the queue.
func (q *queue) left() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := []string{}
	for _, m := range q.messages {
		ids = append(ids, m.id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(a, b) })
	return ids
}
