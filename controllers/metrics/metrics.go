// SPDX-License-Identifier: Apache-2.0

// Package metrics has the operator's own metrics, beside those of controller-runtime.
package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

const metricsNamespace = "fargatesec"

// Metrics are the operator's own metrics, beside those of controller-runtime. No label holds an object's name or
// an ARN: the number of series does not grow with the number of objects.
type Metrics struct {
	awsCalls    *prometheus.CounterVec
	awsDuration *prometheus.HistogramVec
	repairs     *prometheus.CounterVec
	Passes      *prometheus.CounterVec
	InLine      prometheus.Gauge
	limits      *limitMetrics
	reads       *ReadAges
	events      eventMetrics

	mu    sync.Mutex
	drift map[declaration.Key]map[driftKey]int
	desc  *prometheus.Desc
}

type driftKey struct{ kind, severity string }

// New makes the metrics and registers them.
func New(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		awsCalls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Subsystem: "aws", Name: "calls_total",
			Help: "AWS calls by service, operation and error code (empty for success).",
		}, []string{"service", "operation", "code"}),
		awsDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Subsystem: "aws", Name: "call_duration_seconds",
			Help: "How long AWS calls took, by service.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}, []string{"service"}),
		repairs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "repaired_fields_total",
			Help: "Drifted fields that were repaired, by the kind of the object and severity.",
		}, []string{"kind", "severity"}),
		Passes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "passes_total",
			Help: "Reconcile passes by the kind of the custom resource and their result: ready, drifted, reconciling or stalled.",
		}, []string{"kind", "result"}),
		InLine: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: metricsNamespace, Name: "passes_waiting",
			Help: "Periodic passes that wait for their turn now: a part of the workers is kept for profiles that somebody waits for.",
		}),
		limits: newLimitMetrics(), reads: newReadAges(time.Now), events: newEventMetrics(),
		drift: map[declaration.Key]map[driftKey]int{},
		desc: prometheus.NewDesc(metricsNamespace+"_drifted_fields",
			"Fields that differ from their declaration now, by the kind of the object and severity.", []string{"kind", "severity"}, nil),
	}
	registry.MustRegister(m.awsCalls, m.awsDuration, m.repairs, m.Passes, m.InLine, m.limits, m.reads, m)
	registry.MustRegister(m.events.collectors()...)
	return m
}

// ObserveCall is an awsapi.CallObserver.
func (m *Metrics) ObserveCall(service, operation, code string, took time.Duration) {
	m.awsCalls.WithLabelValues(service, operation, code).Inc()
	m.awsDuration.WithLabelValues(service).Observe(took.Seconds())
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.desc }

// Collect implements prometheus.Collector: it adds up the drift of all objects.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sums := map[driftKey]int{}
	for _, counts := range m.drift {
		for key, n := range counts {
			sums[key] += n
		}
	}
	for key, n := range sums {
		ch <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, float64(n), key.kind, key.severity)
	}
}

// SetDrift replaces what is known of an object's drift; nil forgets the object.
func (m *Metrics) SetDrift(object declaration.Key, entries []drift.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.drift, object)
	if len(entries) == 0 {
		return
	}
	counts := map[driftKey]int{}
	for _, e := range entries {
		counts[driftKey{resource.KindOf(e.Resource), string(e.Severity)}]++
	}
	m.drift[object] = counts
}

// Repaired counts repaired fields.
func (m *Metrics) Repaired(entries []drift.Entry) {
	for _, e := range entries {
		m.repairs.WithLabelValues(resource.KindOf(e.Resource), string(e.Severity)).Inc()
	}
}
