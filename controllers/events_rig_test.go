// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

const (
	// eventQueue is what an account listens to, records where a rig keeps CloudTrail's records that are not delivered yet.
	eventQueue = "fargate-drift"
	records    = "records"

	personKey = "AKIAALICEALICEALICE0"
	person    = "arn:aws:sts::" + awssim.DefaultAccount + ":assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.org"
)

// listens has an account listen to a queue, and read by itself once an hour only: longer than any test waits.
func listens(queue string) func(*v1alpha1.AWSAccount) {
	return func(a *v1alpha1.AWSAccount) {
		a.Spec.ResyncInterval = &metav1.Duration{Duration: time.Hour}
		a.Spec.DriftEvents = &v1alpha1.DriftEvents{QueueURL: a.Spec.EndpointURL + "/" + awssim.DefaultAccount + "/" + queue}
	}
}

// newEventRig is a rig whose account listens to a queue. In AWS acts a person who came by single sign-on. The records of all
// calls are kept until the test delivers them.
func newEventRig(t *testing.T, change ...func(*v1alpha1.AWSAccount)) *rig {
	t.Helper()
	r := newRig(t, append([]func(*v1alpha1.AWSAccount){listens(eventQueue)}, change...)...)
	r.sim.CreateQueue(records)
	must(r.sim.SendEvents(records, awssim.EventOptions{}))
	r.isPerson()
	return r
}

// isPerson has the test's own calls come from a person.
func (r *rig) isPerson() {
	r.sim.AddKey(personKey, person)
	r.aws = awsapi.NewClients(awstest.ConfigAs(r.url, personKey, "secret"))
}

// deliver puts the records that have come since the last time into the queue that the operator reads.
func (r *rig) deliver() (bodies []string) {
	bodies = r.sim.Queue(records).Bodies[r.delivered:]
	r.delivered += len(bodies)
	for _, body := range bodies {
		must(r.sim.SendToQueue(eventQueue, body))
	}
	return bodies
}

// drop loses the records that have come since the last time.
func (r *rig) drop() { r.delivered = r.sim.Queue(records).Depth() }

// taken waits until the operator has taken all that is in its queue.
func (r *rig) taken() {
	r.t.Helper()
	r.eventually("waiting for the queue to be read", func() error {
		if n := r.sim.Queue(eventQueue).Depth(); n > 0 {
			return fmt.Errorf("there are %d messages", n)
		}
		return nil
	})
}

// quiet checks that messages which do sends, n of them, wake nobody. The counters are those of all tests: none may run beside.
func (r *rig) quiet(p *profile, outcome string, n int, do func()) {
	r.t.Helper()
	r.taken()
	_, mark := operatorLog.since(0)
	handled, before := messagesThat("handled"), messagesThat(outcome)
	do()
	r.taken()
	if got := messagesThat(outcome) - before; got != float64(n) {
		r.t.Errorf("%v messages count as %s, want %d", got, outcome, n)
	}
	if got := messagesThat("handled") - handled; got != 0 {
		r.t.Errorf("%s: %v messages were acted on", outcome, got)
	}
	if passes := logged(mark, `"Reconciling"`, `"`+r.ns+`"`); len(passes) > 0 {
		r.t.Errorf("%s: passes were made over %s: %q", outcome, p.Name, passes)
	}
}

// repairedBy waits until the newest repair is that of a path, and its author known.
func (r *rig) repairedBy(p *profile, path, who string, before v1alpha1.Repair) *profile {
	r.t.Helper()
	return r.until(p, "waiting for the repair of "+path, func(p *profile) error {
		if condition(p, v1alpha1.ReadyCondition).Status != metav1.ConditionTrue {
			return fmt.Errorf("not Ready")
		}
		last := newestRepair(p)
		if last.Path != path || last.Resource == before.Resource && last.Path == before.Path && last.Observed == before.Observed {
			return fmt.Errorf("the newest repair is that of %s %s", last.Resource, last.Path)
		}
		if last.ChangedBy != who {
			return fmt.Errorf("%s was changed by %q, not %q", path, last.ChangedBy, who)
		}
		return nil
	})
}

func newestRepair(p *profile) v1alpha1.Repair {
	if len(p.Status.Repairs) == 0 {
		return v1alpha1.Repair{}
	}
	return p.Status.Repairs[0]
}

// logged lists the log's lines since a mark that hold all of the words.
func logged(mark int, words ...string) []string {
	lines, _ := operatorLog.since(mark)
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) })
	})
}

// messagesThat counts the messages with an outcome, of all tests.
func messagesThat(outcome string) (n float64) {
	eachMetric("fargatesec_events_total", func(labels map[string]string, value float64) {
		if labels["outcome"] == outcome {
			n += value
		}
	})
	return n
}

// eachMetric hands out the series of a counter or gauge.
func eachMetric(name string, f func(labels map[string]string, value float64)) {
	families, err := prometheus.Gatherer(registry).Gather()
	must(err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			f(labels, m.GetCounter().GetValue()+m.GetGauge().GetValue())
		}
	}
}

// listen changes what the account listens to; "" is nothing.
func (r *rig) listen(queue string) {
	r.t.Helper()
	a := r.accountObject()
	r.eventually("editing the account", func() error {
		if err := kube.Get(r.ctx, client.ObjectKeyFromObject(a), a); err != nil {
			return err
		}
		a.Spec.DriftEvents = nil
		if queue != "" {
			listens(queue)(a)
		}
		return kube.Update(r.ctx, a)
	})
}
