// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"pgregory.net/rapid"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// mostReceives is how often a message is received before it is a dead letter.
const mostReceives = 3

// longestBelieved is longer than anything is believed while events tell of changes: one that never came is made up for by
// then (internal/inventory).
const longestBelieved = 65 * time.Minute

// fate is what becomes of an event on its way.
type fate struct {
	name  string
	fault awssim.EventFault
}

var fates = []fate{
	{"events delivered", awssim.EventFault{}},
	{"events dropped", awssim.EventFault{Drop: true}},
	{"events delayed", awssim.EventFault{Delay: 3 * between}},
	{"events repeated", awssim.EventFault{Repeats: 2}},
	{"events broken", awssim.EventFault{Broken: true}},
	{"events overtaking", awssim.EventFault{Overtake: true}},
}

// sendEvents gives each installation a queue of its own, and draws what becomes of the events on their way to it. It is
// drawn beforehand, since calls are answered outside of the test's goroutine.
func (w *world) sendEvents(t *rapid.T) {
	w.sim.CreateQueue("dead")
	for _, i := range w.installs {
		name := "fargate-drift-" + i.id
		path := w.sim.CreateQueue(name)
		must(w.sim.RedriveQueue(name, "dead", mostReceives))
		i.account.Spec.DriftEvents = &v1alpha1.DriftEvents{QueueURL: i.account.Spec.EndpointURL + path}
		drawn := make([]fate, 16)
		for n := range drawn {
			drawn[n] = mostly(t, "fate", fates[0], fates[1:]...)
		}
		next := 0
		must(w.sim.SendEvents(name, awssim.EventOptions{Fault: func(awssim.Call) awssim.EventFault {
			f := drawn[next%len(drawn)]
			next++
			outcomes.count(f.name)
			return f.fault
		}}))
	}
	outcomes.count("histories with events")
}

// listenTo gives an operator, which has just been started, ears.
func (i *install) listenTo(n int, r *pass.Reconciler) {
	i.queues[n] = nil
	if i.account.Spec.DriftEvents == nil {
		return
	}
	q := &wake.Queues{Client: r.Client, Sessions: r.Accounts.Sessions, Changed: r.Changed, Metrics: metrics, Log: logr.Discard(), Now: i.w.clock.Now}
	r.Hears = q.Hears
	i.queues[n] = q
}

// hear has the leader, or one that believes to be, take what is in the queue now.
func (i *install) hear(n int) {
	if i.account.Spec.DriftEvents == nil {
		return
	}
	i.operator(n)
	for {
		received, err := i.queues[n].Once(context.Background(), &i.account)
		must(err)
		if received == 0 {
			return
		}
		i.w.noted("%s[%d] received %d messages", i.id, n, received)
		outcomes.add("messages received", received)
	}
}

// indexes are what the operator's own look-ups need of a fake client.
type indexes struct {
	ctrl.Manager
	builder *fake.ClientBuilder
}

// GetFieldIndexer implements manager.Manager.
func (x indexes) GetFieldIndexer() client.FieldIndexer { return x }

// IndexField implements client.FieldIndexer.
func (x indexes) IndexField(_ context.Context, obj client.Object, field string, values client.IndexerFunc) error {
	x.builder.WithIndex(obj, field, values)
	return nil
}
