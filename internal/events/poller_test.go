// SPDX-License-Identifier: Apache-2.0

package events

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/go-logr/logr/funcr"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// rig is a poller on a queue, with what it said and handled.
type rig struct {
	*Poller
	queue *queue

	mu                        sync.Mutex
	log                       []string
	handled                   []string // eventIDs
	taken, duplicates, broken int
	failed                    int
}

func newRig() *rig {
	r := &rig{queue: &queue{visibility: 30 * time.Second}}
	count := func(n *int) { r.mu.Lock(); defer r.mu.Unlock(); *n++ }
	r.Poller = &Poller{
		Queue: func(context.Context) (awsapi.SQS, error) { return r.queue, nil },
		URL:   "https://sqs.eu-west-1.amazonaws.com/111122223333/fargate-drift",
		Handle: func(changes []Change) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, c := range changes {
				r.handled = append(r.handled, c.ID)
			}
		},
		Hooks: Hooks{
			Taken:     func(string, time.Duration) { count(&r.taken) },
			Duplicate: func() { count(&r.duplicates) }, Broken: func() { count(&r.broken) }, Failed: func(error) { count(&r.failed) },
		},
		Log: funcr.New(func(_, args string) { r.mu.Lock(); defer r.mu.Unlock(); r.log = append(r.log, args) }, funcr.Options{}),
	}
	return r
}

// said is how often it told of a failure, and what it logged. In a bubble, too, what runs on needs the lock.
func (r *rig) said() (failed int, log []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed, slices.Clone(r.log)
}

func (r *rig) once(t *testing.T, want int) {
	t.Helper()
	if n, err := r.Once(t.Context(), 0); n != want || err != nil {
		t.Fatalf("%d messages, %v; want %d", n, err, want)
	}
}

func numbered(t testing.TB, id int) string {
	return event(t, detail("iam.amazonaws.com", "DeleteRole", map[string]any{"eventID": fmt.Sprintf("event-%d", id), "requestParameters": map[string]any{"roleName": "payments"}}))
}

func TestWhatSQSIsAsked(t *testing.T) {
	r := newRig()
	r.queue.send(numbered(t, 1)) // or the queue would wait
	if _, err := r.Once(t.Context(), 15*time.Second); err == nil {
		in := r.queue.receives[0]
		if aws.ToString(in.QueueUrl) != r.URL || in.MaxNumberOfMessages != 10 || in.WaitTimeSeconds != 15 || !slices.Contains(in.MessageSystemAttributeNames, "ApproximateReceiveCount") {
			t.Errorf("%+v", in)
		}
	} else {
		t.Error(err)
	}
	r = newRig()
	r.Handle = func(changes []Change) { t.Errorf("%v are handled", changes) }
	r.once(t, 0)
	if len(r.queue.deletes) != 0 {
		t.Errorf("from an empty queue %v were deleted", r.queue.deletes)
	}
}

// What the operator has not handled yet when it ends must come again.
func TestMessagesAreDeletedOnlyAfterHandle(t *testing.T) {
	r := newRig()
	r.queue.send(numbered(t, 1), numbered(t, 2))
	handle := r.Handle
	r.Handle = func(changes []Change) {
		if left := r.queue.left(); len(left) != 2 || len(r.queue.deletes) != 0 {
			t.Errorf("%v are left while they are handled", left)
		}
		handle(changes)
	}
	r.once(t, 2)
	if !slices.Equal(r.handled, []string{"event-1", "event-2"}) || len(r.queue.left()) != 0 || r.taken != 2 {
		t.Errorf("handled %v, left %v, taken %d", r.handled, r.queue.left(), r.taken)
	}
}

func TestDuplicatesAreDeletedAndNotHandledAgain(t *testing.T) {
	r := newRig()
	r.queue.send(numbered(t, 1), numbered(t, 1), numbered(t, 2))
	r.once(t, 3)
	r.queue.send(numbered(t, 1))
	r.once(t, 1)
	if !slices.Equal(r.handled, []string{"event-1", "event-2"}) || len(r.queue.left()) != 0 || r.duplicates != 2 {
		t.Errorf("handled %v, left %v, %d duplicates", r.handled, r.queue.left(), r.duplicates)
	}
}

func TestBrokenMessagesAreLeftAndToldOnce(t *testing.T) {
	r := newRig()
	r.queue.visibility = 0
	r.queue.send("hunter2", numbered(t, 1))
	r.once(t, 2)
	r.once(t, 1)
	r.once(t, 1)
	if left := r.queue.left(); !slices.Equal(left, []string{"message-0"}) {
		t.Errorf("left %v", left)
	}
	if r.broken != 1 || len(r.log) != 1 || strings.Contains(r.log[0], "hunter2") || !strings.Contains(r.log[0], "message-0") {
		t.Errorf("%d broken, log %q", r.broken, r.log)
	}
}

func TestDeletionsThatFailAreTriedAgain(t *testing.T) {
	r := newRig()
	r.queue.send(numbered(t, 1), numbered(t, 2), numbered(t, 3))
	r.queue.refuse = func(handle string) *types.BatchResultErrorEntry {
		switch handle {
		case "message-0#1":
			return &types.BatchResultErrorEntry{Code: aws.String("InternalError")}
		case "message-1#1":
			return &types.BatchResultErrorEntry{Code: aws.String("ReceiptHandleIsInvalid"), SenderFault: true}
		}
		return nil
	}
	r.once(t, 3)
	r.queue.refuse = nil
	r.once(t, 0)
	if want := []string{"message-0#1"}; len(r.queue.deletes) != 2 || !slices.Equal(r.queue.deletes[1], want) {
		t.Errorf("deleted %v, want %v the second time", r.queue.deletes, want)
	}
	if left := r.queue.left(); !slices.Equal(left, []string{"message-1"}) {
		t.Errorf("left %v", left)
	}
}

func TestADeletionWithoutAnswerIsTriedAgain(t *testing.T) {
	r := newRig()
	for i := range 10 {
		r.queue.send(numbered(t, i))
	}
	r.queue.deleteError = errors.New("the connection broke off")
	if n, err := r.Once(t.Context(), 0); n != 10 || err == nil || r.failed != 1 {
		t.Errorf("%d messages, %v, %d failed", n, err, r.failed)
	}
	r.queue.deleteError = nil
	r.queue.send(numbered(t, 10), numbered(t, 11))
	r.once(t, 2)
	if len(r.queue.left()) != 0 || len(r.handled) != 12 {
		t.Errorf("left %v, handled %v", r.queue.left(), r.handled)
	}
	for _, handles := range r.queue.deletes {
		if len(handles) > 10 {
			t.Errorf("%d deletions in one call", len(handles))
		}
	}
}

// A message that came again has a new receipt handle; the old one is void.
func TestTheNewestReceiptHandleCounts(t *testing.T) {
	r := newRig()
	r.queue.visibility = 0
	r.queue.send(numbered(t, 1))
	r.queue.deleteError = errors.New("no")
	_, _ = r.Once(t.Context(), 0)
	r.queue.deleteError = nil
	r.once(t, 1)
	if last := r.queue.deletes[len(r.queue.deletes)-1]; !slices.Equal(last, []string{"message-0#2"}) || len(r.queue.left()) != 0 {
		t.Errorf("deleted %v, left %v", r.queue.deletes, r.queue.left())
	}
}

func TestUndeletedMessagesAreBounded(t *testing.T) {
	r := newRig()
	r.queue.deleteError = errors.New("no")
	for i := range mostUndeleted + 50 {
		r.queue.send(numbered(t, i))
	}
	for range (mostUndeleted + 50) / batch {
		_, _ = r.Once(t.Context(), 0)
	}
	if got := len(r.undeleted); got != mostUndeleted {
		t.Errorf("%d deletions wait", got)
	}
}

func TestTheClientIsAskedForEachTime(t *testing.T) {
	r := newRig()
	asked := 0
	refused := errors.New("no session")
	r.Queue = func(context.Context) (awsapi.SQS, error) {
		asked++
		if asked == 2 {
			return nil, refused
		}
		return r.queue, nil
	}
	r.once(t, 0)
	if _, err := r.Once(t.Context(), 0); !errors.Is(err, refused) {
		t.Error(err)
	}
	r.once(t, 0)
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

func TestWhatIsHeard(t *testing.T) {
	r := newRig()
	now := time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)
	r.Now = func() time.Time { return now }
	if r.Healthy() || !r.Received().IsZero() || !r.Heard("iam.amazonaws.com").IsZero() {
		t.Error("something was heard before the first receive")
	}
	var source string
	var after time.Duration
	r.Hooks.Taken = func(s string, a time.Duration) { source, after = s, a }
	r.queue.send(numbered(t, 1), event(t, detail("s3.amazonaws.com", "DeleteBucket", nil)))
	r.once(t, 2)
	if r.Heard("iam.amazonaws.com") != now || r.Received() != now || !r.Heard("kms.amazonaws.com").IsZero() || !r.Heard("s3.amazonaws.com").IsZero() || !r.Healthy() {
		t.Errorf("iam %v, received %v", r.Heard("iam.amazonaws.com"), r.Received())
	}
	if source != "s3.amazonaws.com" || after != 2*time.Second {
		t.Errorf("%s after %v", source, after)
	}
	r.Ours = func(c Change) bool { return c.Source != "ec2.amazonaws.com" }
	r.queue.send(event(t, detail("ec2.amazonaws.com", "CreateTags", map[string]any{"eventID": "theirs"})),
		event(t, detail("kms.amazonaws.com", "TagResource", map[string]any{"eventID": "ours"})))
	r.once(t, 2)
	if !r.Heard("ec2.amazonaws.com").IsZero() || r.Heard("kms.amazonaws.com") != now {
		t.Errorf("of others' events ec2 was heard at %v; of ours kms at %v", r.Heard("ec2.amazonaws.com"), r.Heard("kms.amazonaws.com"))
	}
	now = now.Add(healthyFor)
	if r.Healthy() {
		t.Error("healthy although the last receive is long ago")
	}
}

func TestMemory(t *testing.T) {
	now := time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)
	var m memory
	m.add("a", now)
	for _, c := range []struct {
		after time.Duration
		known bool
	}{{0, true}, {59 * time.Minute, true}, {61 * time.Minute, true}, {119 * time.Minute, true}, {123 * time.Minute, false}} {
		if m.has("a", now.Add(c.after)) != c.known {
			t.Errorf("after %v: known %v", c.after, !c.known)
		}
	}
	m = memory{}
	m.add("a", now)
	if m.has("a", now.Add(3*time.Hour)) {
		t.Error("known after three silent hours")
	}
	m = memory{}
	for i := range 3 * mostRemembered {
		m.add(fmt.Sprint(i), now)
	}
	if got := len(m.older) + len(m.newer); got > 2*mostRemembered {
		t.Errorf("%d are kept", got)
	}
	if !m.has(fmt.Sprint(3*mostRemembered-1), now) || !m.has(fmt.Sprint(2*mostRemembered+1), now) || m.has("0", now) {
		t.Error("not the newest are kept")
	}
}

// The clock of a synctest bubble moves only when everything waits, so what follows is the same on every machine.

func TestRunKeepsUpWithFourHundredEventsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const seconds, each = 10, 400 // one hand alone gets 200 a second done
		r := newRig()
		r.queue.takes = 25 * time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { r.Run(ctx) })
		for second := range seconds {
			for i := range each {
				r.queue.send(numbered(t, second*each+i))
			}
			time.Sleep(time.Second)
		}
		if left := len(r.queue.left()); left > each {
			t.Errorf("%d of %d are left", left, seconds*each)
		}
		time.Sleep(2 * time.Second)
		cancel()
		ended.Wait()
		slices.Sort(r.handled)
		if left := len(r.queue.left()); left != 0 || len(slices.Compact(r.handled)) != seconds*each {
			t.Errorf("%d are left, %d handled", left, len(r.handled))
		}
	})
}

func TestRunBacksOffAndTellsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		denied := &smithy.OperationError{ServiceID: "SQS", OperationName: "ReceiveMessage", Err: &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}}
		r.queue.receiveError = denied
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { r.Run(ctx) })
		time.Sleep(time.Hour)
		synctest.Wait()
		// Pauses of 1, 2, 4 ... 60, 60 ... seconds, or down to half of them.
		if n := r.queue.asked(); n < 60 || n > 130 {
			t.Errorf("%d tries in an hour", n)
		}
		if failed, log := r.said(); r.Healthy() || !strings.Contains(r.Failing(), "sqs:ReceiveMessage") || len(log) != 1 || failed != r.queue.asked() {
			t.Errorf("healthy %v, failing %q, %d failed, log %q", r.Healthy(), r.Failing(), failed, log)
		}
		r.queue.mu.Lock()
		r.queue.receiveError = nil
		r.queue.mu.Unlock()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if _, log := r.said(); !r.Healthy() || r.Failing() != "" || len(log) != 2 {
			t.Errorf("healthy %v, failing %q, log %q", r.Healthy(), r.Failing(), log)
		}
		before := r.queue.asked()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := r.queue.asked() - before; n != int(time.Hour/longPoll) {
			t.Errorf("%d receives in an hour of an empty queue", n)
		}
		cancel()
		ended.Wait()
		if _, log := r.said(); len(log) != 2 || r.Failing() != "" {
			t.Errorf("the end is told as an error: %q", log)
		}
	})
}

// Changes are handed over one call at a time, whatever number of receives is in flight.
func TestHandleIsCalledByOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.queue.takes = 10 * time.Millisecond
		var inside, most, calls atomic.Int32
		r.Handle = func([]Change) {
			calls.Add(1)
			most.Store(max(most.Load(), inside.Add(1)))
			for range 1000 { // no sleep: the clock of the bubble stands while others wait for a lock
				runtime.Gosched()
			}
			inside.Add(-1)
		}
		for i := range 200 {
			r.queue.send(numbered(t, i))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r.Run(ctx)
		if most.Load() != 1 || calls.Load() != 20 || len(r.queue.left()) != 0 {
			t.Errorf("%d at once, %d calls, %d left", most.Load(), calls.Load(), len(r.queue.left()))
		}
	})
}
