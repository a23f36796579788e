// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargate-security/fargate-security-operator/test/patience"
)

// queueRig is a rig with a queue q.
type queueRig struct {
	*rig
	url   *string
	first *string // receipt of a message that is in flight
}

func newQueueRig(t *testing.T) *queueRig {
	t.Helper()
	r := newRig(t, Options{})
	return &queueRig{rig: r, url: aws.String(r.url + r.sim.CreateQueue("q"))}
}

func (r *queueRig) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		_, err := r.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: r.url, MessageBody: aws.String(body)})
		ok(t, err)
	}
}

func (r *queueRig) receive(t *testing.T) []types.Message {
	t.Helper()
	out, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: r.url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	ok(t, err)
	return out.Messages
}

func bodies(messages []types.Message) string {
	var out []string
	for _, m := range messages {
		out = append(out, *m.Body)
	}
	return strings.Join(out, " ")
}

func TestMessagesComeAndGo(t *testing.T) {
	r := newQueueRig(t)
	r.send(t, "a", "b", "c")
	got := r.receive(t)
	wantEqual(t, "bodies", bodies(got), "a b c")
	sent := strconv.FormatInt(testTime.UnixMilli(), 10)
	wantEqual(t, "sent", got[0].Attributes["SentTimestamp"], sent)
	wantEqual(t, "first received", got[0].Attributes["ApproximateFirstReceiveTimestamp"], sent)
	wantEqual(t, "received", got[0].Attributes["ApproximateReceiveCount"], "1")
	wantEqual(t, "in flight", r.sim.Queue("q").InFlight, 3)
	wantEqual(t, "while in flight", bodies(r.receive(t)), "")

	_, err := r.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: r.url, ReceiptHandle: got[0].ReceiptHandle})
	ok(t, err)
	r.clock.Advance(29 * time.Second)
	wantEqual(t, "before its time", bodies(r.receive(t)), "")
	r.clock.Advance(time.Second)
	again := r.receive(t)
	wantEqual(t, "after the visibility timeout", bodies(again), "b c")
	wantEqual(t, "received", again[0].Attributes["ApproximateReceiveCount"], "2")

	// An older receipt deletes nothing, and is no error.
	_, err = r.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: r.url, ReceiptHandle: got[1].ReceiptHandle})
	ok(t, err)
	wantEqual(t, "depth", r.sim.Queue("q").Depth(), 2)
	out, err := r.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: r.url, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("1"), ReceiptHandle: again[0].ReceiptHandle}, {Id: aws.String("2"), ReceiptHandle: again[1].ReceiptHandle},
		{Id: aws.String("3"), ReceiptHandle: aws.String("nonsense")}}})
	ok(t, err)
	wantEqual(t, "deleted", len(out.Successful), 2)
	wantEqual(t, "failed", *out.Failed[0].Id+" "+*out.Failed[0].Code, "3 ReceiptHandleIsInvalid")
	wantEqual(t, "depth", r.sim.Queue("q").Depth(), 0)
}

func TestVisibilityCanBeChanged(t *testing.T) {
	r := newQueueRig(t)
	r.send(t, "a")
	change := func(handle *string, seconds int32) error {
		_, err := r.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: r.url, ReceiptHandle: handle, VisibilityTimeout: seconds})
		return err
	}
	handle := r.receive(t)[0].ReceiptHandle
	ok(t, change(handle, 60))
	r.clock.Advance(59 * time.Second)
	wantEqual(t, "before its time", bodies(r.receive(t)), "")
	ok(t, change(handle, 0))
	wantEqual(t, "given back", bodies(r.receive(t)), "a")
	r.clock.Advance(time.Minute)
	var notInFlight *types.MessageNotInflight
	if err := change(handle, 1); !errors.As(err, &notInFlight) {
		t.Fatalf("error is %v", err)
	}
}

func TestNumberOfMessagesIsBounded(t *testing.T) {
	r := newQueueRig(t)
	r.send(t, strings.Fields("a b c d e f g h i j k l")...)
	one, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: r.url})
	ok(t, err)
	wantEqual(t, "by default", bodies(one.Messages), "a")
	wantEqual(t, "ten", bodies(r.receive(t)), "b c d e f g h i j k")
	_, err = r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: r.url, MaxNumberOfMessages: 11})
	wantError(t, err, "InvalidParameterValue", 400)
}

func TestPoisonGoesToTheDeadLetterQueue(t *testing.T) {
	r := newQueueRig(t)
	r.sim.CreateQueue("dead")
	ok(t, r.sim.RedriveQueue("q", "dead", 2))
	r.send(t, "poison")
	for range 2 {
		wantEqual(t, "received", bodies(r.receive(t)), "poison")
		r.clock.Advance(time.Minute)
	}
	wantEqual(t, "received", bodies(r.receive(t)), "")
	wantEqual(t, "depth", r.sim.Queue("q").Depth(), 0)
	wantEqual(t, "dead letters", strings.Join(r.sim.Queue("dead").Bodies, " "), "poison")
	r.url = aws.String(r.queueURL("dead"))
	wantEqual(t, "from", r.receive(t)[0].Attributes["DeadLetterQueueSourceArn"], "arn:aws:sqs:eu-west-1:111122223333:q")
	if err := r.sim.RedriveQueue("q", "none", 2); err == nil {
		t.Error("a dead-letter queue that is not there was taken")
	}
}

func (r *rig) queueURL(name string) string { return r.url + queuePath(DefaultAccount, name) }

// TestLongPollEnds wants a poll to end by what it waits for, its 20 seconds never being over, and calls to be answered
// meanwhile.
func TestLongPollEnds(t *testing.T) {
	for name, happen := range map[string]func(t *testing.T, r *queueRig){
		"a message arrives":  func(t *testing.T, r *queueRig) { r.send(t, "a") },
		"one is given back":  giveBack,
		"the clock is moved": func(_ *testing.T, r *queueRig) { r.clock.Advance(time.Hour) },
		"without a call":     func(t *testing.T, r *queueRig) { ok(t, r.sim.SendToQueue("q", "a")) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newQueueRig(t)
			r.sim.timer = func(time.Duration) *time.Timer { return time.NewTimer(never) }
			r.send(t, "first")
			r.first = r.receive(t)[0].ReceiptHandle
			_, err := r.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: r.url, Attributes: map[string]string{"ReceiveMessageWaitTimeSeconds": "20"}})
			ok(t, err)
			got := make(chan []types.Message, 1)
			go func() {
				out, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: r.url})
				if err != nil {
					t.Error(err)
				}
				got <- out.Messages
			}()
			r.waiting(t)
			_, err = r.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("q")}) // no lock is held
			ok(t, err)
			happen(t, r)
			if n := len(<-got); n != 1 {
				t.Fatalf("%d messages", n)
			}
		})
	}
}

func giveBack(t *testing.T, r *queueRig) {
	_, err := r.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: r.url, ReceiptHandle: r.first, VisibilityTimeout: 0})
	ok(t, err)
}

func TestLongPollOfAnEmptyQueue(t *testing.T) {
	r := newQueueRig(t)
	began := time.Now()
	out, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: r.url, WaitTimeSeconds: 1})
	ok(t, err)
	if len(out.Messages) > 0 || time.Since(began) < time.Second {
		t.Fatalf("%d messages after %s", len(out.Messages), time.Since(began))
	}
}

// TestPollWhoseClientIsGone wants it to end, and to take nothing.
func TestPollWhoseClientIsGone(t *testing.T) {
	r := newQueueRig(t)
	gone, leave := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := r.sqs.ReceiveMessage(gone, &sqs.ReceiveMessageInput{QueueUrl: r.url, WaitTimeSeconds: 20})
		ended <- err
	}()
	r.waiting(t)
	leave()
	if err := <-ended; err == nil {
		t.Fatal("no error")
	}
	until(t, func() bool { return len(r.sim.Calls()) == 1 })
	r.send(t, "a")
	wantEqual(t, "visible", r.sim.Queue("q").Visible, 1)
}

// waiting returns when a poll waits for the queue.
func (r *queueRig) waiting(t *testing.T) {
	t.Helper()
	until(t, func() bool {
		r.sim.mu.Lock()
		defer r.sim.mu.Unlock()
		return r.sim.queues[queuePath(DefaultAccount, "q")].arrived.rung != nil
	})
}

// never is later than the end of any run.
const never = 1000 * time.Hour

// until waits for what will be so.
func until(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience.Now()); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never was so")
		}
	}
}

func TestQueueErrorsAreTyped(t *testing.T) {
	r := newQueueRig(t)
	var none *types.QueueDoesNotExist
	_, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(r.queueURL("none"))})
	if !errors.As(err, &none) {
		t.Errorf("receive: %v", err)
	}
	wantError(t, err, "AWS.SimpleQueueService.NonExistentQueue", 400) // not QueueDoesNotExist: awsQueryCompatible
	_, err = r.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
	if !errors.As(err, &none) {
		t.Errorf("get: %v", err)
	}
	var handle *types.ReceiptHandleIsInvalid
	_, err = r.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: r.url, ReceiptHandle: aws.String("nonsense")})
	if !errors.As(err, &handle) {
		t.Errorf("delete: %v", err)
	}
	var empty *types.EmptyBatchRequest
	_, err = r.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: r.url, Entries: []types.DeleteMessageBatchRequestEntry{}})
	if !errors.As(err, &empty) {
		t.Errorf("batch: %v", err)
	}
	r.sim.Inject(func(Call) Fault { return Fault{Kind: Throttle} })
	_, err = r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: r.url})
	if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) != aws.TrueTernary {
		t.Errorf("no throttle for the SDK: %v", err)
	}
}

func TestQueuesAreGuarded(t *testing.T) {
	r := newQueueRig(t)
	receive := func() error {
		_, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: r.url})
		return err
	}
	remove := func() error {
		_, err := r.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: r.url, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: aws.String("b")}}})
		return err
	}
	r.sim.Deny("sqs:DeleteMessage")
	wantError(t, remove(), "AccessDenied", 403)
	ok(t, receive())
	r.sim.Allow("sqs:DeleteMessage")
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage"],"Resource":"arn:aws:sqs:eu-west-1:111122223333:q"}]}`
	ok(t, r.sim.Enforce("arn:aws:iam::111122223333:user/operator", policy))
	ok(t, receive())
	ok(t, remove())
	r.sim.CreateQueue("other")
	r.url = aws.String(r.queueURL("other"))
	wantError(t, receive(), "AccessDenied", 403)
}

func TestQueueAttributes(t *testing.T) {
	r := newQueueRig(t)
	r.sim.CreateQueue("dead")
	set := func(name, value string) error {
		_, err := r.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: r.url, Attributes: map[string]string{name: value}})
		return err
	}
	redrive := `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:dead","maxReceiveCount":"3"}`
	ok(t, set("RedrivePolicy", redrive))
	ok(t, set("MessageRetentionPeriod", "60"))
	wantError(t, set("VisibilityTimeout", "43201"), "InvalidAttributeValue", 400)
	wantError(t, set("RedrivePolicy", strings.ReplaceAll(redrive, ":dead", ":q")), "InvalidAttributeValue", 400)
	wantError(t, set("FifoQueue", "true"), "InvalidAttributeName", 400)
	r.send(t, "a")
	out, err := r.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: r.url, AttributeNames: []types.QueueAttributeName{"RedrivePolicy", "QueueArn", "ApproximateNumberOfMessages"}})
	ok(t, err)
	wantEqual(t, "attributes", len(out.Attributes), 3)
	wantEqual(t, "policy", out.Attributes["RedrivePolicy"], redrive)
	wantEqual(t, "ARN", out.Attributes["QueueArn"], "arn:aws:sqs:eu-west-1:111122223333:q")
	wantEqual(t, "messages", out.Attributes["ApproximateNumberOfMessages"], "1")
	r.clock.Advance(61 * time.Second)
	wantEqual(t, "kept for too long", bodies(r.receive(t)), "")

	create := func(delay string) (string, error) {
		out, err := r.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("new"), Attributes: map[string]string{"DelaySeconds": delay}})
		if err != nil {
			return "", err
		}
		return *out.QueueUrl, nil
	}
	first := must[string](t)(create("5"))
	wantEqual(t, "URL", first, r.queueURL("new"))
	wantEqual(t, "the same again", must[string](t)(create("5")), first)
	_, err = create("6")
	var exists *types.QueueNameExists
	if !errors.As(err, &exists) {
		t.Errorf("error is %v", err)
	}
}

// TestQueuesAreOfAnAccount: a queue's URL has its account, and messages are no writes.
func TestQueuesAreOfAnAccount(t *testing.T) {
	r := newQueueRig(t)
	out, err := newClients(r.rig.url, "444455556666", "eu-central-1").sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	ok(t, err)
	wantEqual(t, "URL", *out.QueueUrl, r.rig.url+"/444455556666/q")
	r.send(t, "a")
	for _, call := range r.sim.Calls() {
		wantEqual(t, call.Operation+" writes", call.Write, call.Operation == "CreateQueue")
	}
	wantEqual(t, "of the other", r.sim.Queue("q").Depth(), 1)
}
