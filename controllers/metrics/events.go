// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// EventOutcome is what became of a message of an event queue.
type EventOutcome string

const (
	// EventHandled says: the profiles concerned are read.
	EventHandled EventOutcome = "handled"
	// EventOwn says: the operator made the change itself.
	EventOwn EventOutcome = "own"
	// EventDuplicate says: it was received before.
	EventDuplicate EventOutcome = "duplicate"
	// EventBroken says: it cannot be understood.
	EventBroken EventOutcome = "broken"
	// EventUnrelated says: it is about nothing that a profile names.
	EventUnrelated EventOutcome = "unrelated"
)

// eventMetrics show what comes out of the event queues.
type eventMetrics struct {
	events *prometheus.CounterVec
	delay  prometheus.Histogram
	up     *prometheus.GaugeVec
}

func newEventMetrics() eventMetrics {
	return eventMetrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "events_total",
			Help: "Events of changes in AWS, by their source (such as aws.ec2) and what became of them: handled, own, duplicate, broken or unrelated.",
		}, []string{"source", "outcome"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Name: "event_delay_seconds",
			Help: "Time from a change in AWS until its event was received.", Buckets: prometheus.ExponentialBuckets(0.1, 2, 14),
		}),
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: metricsNamespace, Name: "event_queue_up",
			Help: "1 while the event queue of an AWSAccount answers, else 0.",
		}, []string{"account"}),
	}
}

func (m *eventMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.events, m.delay, m.up}
}

// eventSources are what the operator knows to come out of a queue. The label source has no other values but "other":
// whoever can send to the queue does not choose the number of series.
var eventSources = events.BusSources()

// Event counts an event of a source, e.g. aws.ec2.
func (m *Metrics) Event(source string, outcome EventOutcome) {
	if !eventSources[source] {
		source = "other"
	}
	m.events.events.WithLabelValues(source, string(outcome)).Inc()
}

// EventDelay notes how long an event took from the change until it was received. A clock that is behind AWS's counts as
// no delay.
func (m *Metrics) EventDelay(took time.Duration) { m.events.delay.Observe(max(0, took.Seconds())) }

// QueueUp notes whether the event queue of an AWSAccount answers.
func (m *Metrics) QueueUp(account string, up bool) {
	value := 0.0
	if up {
		value = 1
	}
	m.events.up.WithLabelValues(account).Set(value)
}

// ForgetQueue drops the queue of an AWSAccount that has none any more.
func (m *Metrics) ForgetQueue(account string) { m.events.up.DeleteLabelValues(account) }
