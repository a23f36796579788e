// SPDX-License-Identifier: Apache-2.0

package wake

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// heardLately is how long ago an event of a service may have come for its rule to count as being in place.
const heardLately = 24 * time.Hour

// Queues takes changes out of the event queues of AWSAccounts, and has the custom resources looked at that they concern. It is a
// Runnable of the manager, for the leader only.
type Queues struct {
	Client   client.Reader
	Sessions *awsapi.Sessions
	// Changed has the custom resources looked at that a change concerns, and returns how many there are: Operator.Changed.
	Changed func(ctx context.Context, reader client.Reader, config awsapi.Config, change events.Change) (int, error)
	Metrics *metrics.Metrics
	Log     logr.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu        sync.Mutex
	ctx       context.Context // of Start; nil before it
	listeners map[string]*Listener
}

// Listener is the queue of one AWSAccount.
type Listener struct {
	account string
	Config  awsapi.Config
	poller  *events.Poller
	stop    func()
}

// Start implements manager.Runnable.
func (q *Queues) Start(ctx context.Context) error {
	q.mu.Lock()
	q.ctx = ctx
	for _, l := range q.listeners {
		q.run(l)
	}
	q.mu.Unlock()
	<-ctx.Done()
	return nil
}

// Once takes what is in an account's queue now, up to ten changes, and says how many messages there were. It is for tests
// that go by a clock of their own, and never call Start. Errors: those of the SDK.
func (q *Queues) Once(ctx context.Context, account *v1alpha1.AWSAccount) (int, error) {
	q.Follow(account)
	q.mu.Lock()
	l := q.listeners[account.Name]
	q.mu.Unlock()
	if l == nil {
		return 0, nil
	}
	return l.poller.Once(ctx, 0)
}

// Handle does what is to be done about a change in an account, as if its queue had told of it. It is for tests of kinds whose
// calls are not in the table of package events.
func (q *Queues) Handle(ctx context.Context, account *v1alpha1.AWSAccount, change events.Change) {
	q.take(ctx, &Listener{account: account.Name, Config: accounts.SessionConfig(account)}, change)
}

// Follow listens to the queue that an account declares, and to none where it declares none.
func (q *Queues) Follow(account *v1alpha1.AWSAccount) {
	if account.Spec.DriftEvents == nil {
		q.Drop(account.Name)
		return
	}
	config, url := accounts.SessionConfig(account), account.Spec.DriftEvents.QueueURL
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.listeners[account.Name]; l != nil {
		if l.Config == config && l.poller.URL == url {
			return
		}
		l.stop()
	}
	l := &Listener{account: account.Name, Config: config, stop: func() {}}
	l.poller = q.newPoller(l, url)
	if q.listeners == nil {
		q.listeners = map[string]*Listener{}
	}
	q.listeners[account.Name] = l
	q.run(l)
}

// Drop stops listening to the queue of an account.
func (q *Queues) Drop(account string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.listeners[account]; l != nil {
		l.stop()
		delete(q.listeners, account)
		q.Metrics.ForgetQueue(account)
	}
}

// run starts to listen, once there is a Start. q.mu is held.
func (q *Queues) run(l *Listener) {
	if q.ctx == nil {
		return
	}
	ctx, stop := context.WithCancel(q.ctx)
	l.stop = stop
	go l.poller.Run(ctx)
}

func (q *Queues) newPoller(l *Listener, url string) *events.Poller {
	return &events.Poller{
		URL: url, Now: q.Now, Log: q.Log.WithValues("AWSAccount", l.account),
		Queue: func(ctx context.Context) (awsapi.SQS, error) {
			account, err := q.Sessions.Account(ctx, l.Config)
			if err != nil {
				return nil, err
			}
			return account.SQS, nil
		},
		Ours: l.Ours,
		Handle: func(changes []events.Change) {
			for _, change := range changes {
				q.Metrics.Event(label(change.Source), q.take(context.Background(), l, change))
			}
		},
		Hooks: events.Hooks{
			Taken:     func(_ string, after time.Duration) { q.Metrics.EventDelay(after) },
			Duplicate: func() { q.Metrics.Event("", metrics.EventDuplicate) },
			Broken:    func() { q.Metrics.Event("", metrics.EventBroken) },
		},
	}
}

// Ours tells that a change is one of the account and Region, whatever else is put into its queue. IAM is one for all Regions.
func (l *Listener) Ours(change events.Change) bool {
	return change.Account == l.Config.AccountID && (change.Region == l.Config.Region || change.Source == events.SourceIAM)
}

// label is a service as EventBridge names it: aws.ec2.
func label(source string) string { return "aws." + strings.TrimSuffix(source, ".amazonaws.com") }

// take has the custom resources looked at that a change concerns. Our own calls come back as events too, and are no news.
func (q *Queues) take(ctx context.Context, l *Listener, change events.Change) metrics.EventOutcome {
	switch {
	case !l.Ours(change), change.Failed, len(change.Objects) == 0:
		return metrics.EventUnrelated
	case q.Sessions.Own(change.RequestID):
		return metrics.EventOwn
	}
	woken, err := q.Changed(ctx, q.Client, l.Config, change)
	if err != nil {
		q.Log.Error(err, "looking for the custom resources that a change in AWS concerns; they see it at their next read", "event", change.ID)
	}
	if woken == 0 {
		return metrics.EventUnrelated
	}
	return metrics.EventHandled
}

// Health is whether an account's queue is read, and what keeps it from being so; false where it declares none.
func (q *Queues) Health(account string) (healthy bool, failing string, known bool) {
	q.mu.Lock()
	l := q.listeners[account]
	q.mu.Unlock()
	if l == nil {
		return false, "", false
	}
	healthy, failing = l.poller.Healthy(), l.poller.Failing()
	q.Metrics.QueueUp(account, healthy)
	return healthy, failing, true
}

// Hears tells whether events tell of the changes that are made to a service in an account and Region: its queue is being
// read, and an event of that service has come within a day, or nobody knows that the service's rule is in place.
func (q *Queues) Hears(scope awsapi.Scope, source string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.listeners {
		at := l.poller.Heard(source)
		if accounts.InScope(l.Config, scope) && l.poller.Healthy() && !at.IsZero() && q.now().Sub(at) < heardLately {
			return true
		}
	}
	return false
}

func (q *Queues) now() time.Time {
	if q.Now == nil {
		return time.Now()
	}
	return q.Now()
}
