// SPDX-License-Identifier: Apache-2.0

package events

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/go-logr/logr"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

const (
	// batch is what SQS hands out, and deletes, at most in one call.
	// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
	batch = 10
	// mostUndeleted bounds the deletions that are tried again. What is dropped comes back, is known, and is deleted then.
	mostUndeleted = 1000
)

// Hooks are told what comes in, for the metrics. Each is optional, must be safe for concurrent use, and must not ask
// the Poller anything.
type Hooks struct {
	// Taken is called for each event that is handled, with the time from the call in AWS until now.
	Taken func(source string, after time.Duration)
	// Duplicate is called for each event that was known already.
	Duplicate func()
	// Broken is called once for each message that cannot be read.
	Broken func()
	// Failed is called each time that receiving or deleting failed.
	Failed func(error)
}

// Poller takes changes out of one queue. Its fields are set before it is used, and not changed then.
type Poller struct {
	// Queue returns the client to use now: sessions are renewed.
	Queue func(context.Context) (awsapi.SQS, error)
	// URL of the queue.
	URL string
	// Ours tells whether a change is of what is looked after here: the queue may get others too, which say nothing about
	// whether events of ours come. Nil: all are.
	Ours func(Change) bool
	// Handle is told of new changes, never of none, by one call at a time. When it has returned they are deleted from
	// the queue; what it does not get done before the operator ends, comes again.
	Handle func([]Change)
	Hooks  Hooks
	Log    logr.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	handling sync.Mutex

	mu        sync.Mutex
	events    memory // by eventID
	broken    memory // by message id
	undeleted map[string]string
	heard     map[string]time.Time
	received  time.Time
	failing   string
}

// Once receives up to ten messages, waiting up to a time for the first of them (whole seconds, 20 at most; 0 is what
// the queue itself has set, since the SDK does not send it), has the changes handled and deletes the messages. A message
// that cannot be read is left: after some receives, the queue's redrive policy moves it to the dead-letter queue. n
// messages were received; with an error too, when it was their deletion that failed.
func (p *Poller) Once(ctx context.Context, wait time.Duration) (n int, err error) {
	defer func() {
		if err != nil && ctx.Err() == nil && p.Hooks.Failed != nil {
			p.Hooks.Failed(err)
		}
	}()
	client, err := p.Queue(ctx)
	if err != nil {
		return 0, err
	}
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(p.URL), MaxNumberOfMessages: batch, WaitTimeSeconds: int32(wait / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		return 0, err
	}
	done := p.take(out.Messages)
	return len(out.Messages), p.remove(ctx, client, done)
}

// take has what is new in the messages handled, and returns the receipt handles, by message id, of those that can be
// deleted.
func (p *Poller) take(messages []types.Message) map[string]string {
	var changes []Change
	done := map[string]string{}
	for _, message := range messages {
		change, err := Parse(aws.ToString(message.Body))
		if err != nil {
			p.leave(message, err)
			continue
		}
		done[aws.ToString(message.MessageId)] = aws.ToString(message.ReceiptHandle)
		changes = append(changes, change)
	}
	p.handle(p.fresh(changes))
	return done
}

// fresh are the changes that were not handled before, each once.
func (p *Poller) fresh(changes []Change) []Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.received = now
	var fresh []Change
	for _, change := range changes {
		if p.events.has(change.ID, now) || slices.ContainsFunc(fresh, func(c Change) bool { return c.ID == change.ID }) {
			call(p.Hooks.Duplicate)
			continue
		}
		p.hear(change, now)
		fresh = append(fresh, change)
	}
	return fresh
}

func (p *Poller) handle(changes []Change) {
	if len(changes) == 0 {
		return
	}
	p.handling.Lock()
	defer p.handling.Unlock()
	p.Handle(changes)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, change := range changes { // only now: until here another copy is as good as this one
		p.events.add(change.ID, p.now())
	}
}

// leave counts and logs a message that cannot be read, the first time that it comes.
func (p *Poller) leave(message types.Message, reason error) {
	id := aws.ToString(message.MessageId)
	p.mu.Lock()
	known := p.broken.has(id, p.now())
	p.broken.add(id, p.now())
	p.mu.Unlock()
	if known {
		return
	}
	call(p.Hooks.Broken)
	receives := message.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]
	p.Log.Info("a message in the queue of events cannot be read; it is left for the dead-letter queue", "queue", p.URL, "messageID", id, "receives", receives, "reason", reason.Error())
}

func (p *Poller) hear(change Change, now time.Time) {
	if p.heard == nil {
		p.heard = map[string]time.Time{}
	}
	if _, known := byCall[change.Source]; known && (p.Ours == nil || p.Ours(change)) { // others would be without bound
		p.heard[change.Source] = now
	}
	if p.Hooks.Taken != nil {
		p.Hooks.Taken(change.Source, now.Sub(change.Time))
	}
}

// remove deletes messages, and those whose deletion failed before.
func (p *Poller) remove(ctx context.Context, client awsapi.SQS, done map[string]string) error {
	p.mu.Lock()
	if p.undeleted == nil {
		p.undeleted = map[string]string{}
	}
	maps.Copy(p.undeleted, done) // a newer receipt handle takes the older one's place
	waiting := p.undeleted
	p.undeleted = map[string]string{}
	p.mu.Unlock()

	var failed error
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(waiting)), batch) {
		left, err := p.removeSome(ctx, client, ids, waiting)
		failed = cmp.Or(failed, err)
		p.keep(left, waiting)
	}
	return failed
}

// removeSome deletes up to ten messages and returns the ids of those that are worth another try.
func (p *Poller) removeSome(ctx context.Context, client awsapi.SQS, ids []string, handles map[string]string) ([]string, error) {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(ids))
	for i, id := range ids {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(handles[id])}
	}
	out, err := client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(p.URL), Entries: entries})
	if err != nil {
		return ids, err
	}
	var left []string
	for _, failed := range out.Failed {
		// The sender's fault is a receipt handle that is no longer good: the message comes back with a new one.
		if i, err := strconv.Atoi(aws.ToString(failed.Id)); err == nil && i >= 0 && i < len(ids) && !failed.SenderFault {
			left = append(left, ids[i])
		}
	}
	return left, nil
}

func (p *Poller) keep(ids []string, handles map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		if _, newer := p.undeleted[id]; !newer && len(p.undeleted) < mostUndeleted {
			p.undeleted[id] = handles[id]
		}
	}
}

func (p *Poller) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

func call(hook func()) {
	if hook != nil {
		hook()
	}
}
