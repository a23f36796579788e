// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// limitMetrics show how AWS's rate limits hold the operator up. What is known of the limits is asked for when metrics
// are scraped. Accounts and Regions are added up, so that the number of series does not grow with them.
type limitMetrics struct {
	limits func() []awsapi.Limit
	waits  *prometheus.HistogramVec

	throttles, waiting, rate *prometheus.Desc
}

func newLimitMetrics() *limitMetrics {
	name := func(n string) string { return prometheus.BuildFQName(metricsNamespace, "aws", n) }
	return &limitMetrics{
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Subsystem: "aws", Name: "wait_seconds",
			Help:    "How long calls waited for their turn under AWS's rate limits, by service and priority (urgent or periodic).",
			Buckets: prometheus.ExponentialBuckets(0.01, 4, 8),
		}, []string{"service", "priority"}),
		throttles: prometheus.NewDesc(name("throttles_total"),
			"Calls that AWS throttled, by service and family.", []string{"service", "family"}, nil),
		waiting: prometheus.NewDesc(name("calls_waiting"),
			"Calls that wait for their turn now, by service, family and priority.", []string{"service", "family", "priority"}, nil),
		rate: prometheus.NewDesc(name("rate_limit"),
			"Calls per second that the operator allows itself since AWS throttled some: the lowest of all accounts and Regions.",
			[]string{"service", "family"}, nil),
	}
}

// WatchLimits has the metrics show what limits returns, which is asked at each scrape. Call it before the first one.
func (m *Metrics) WatchLimits(limits func() []awsapi.Limit) { m.limits.limits = limits }

// ObserveWait is an awsapi.WaitObserver.
func (m *Metrics) ObserveWait(service string, urgent bool, waited time.Duration) {
	m.limits.waits.WithLabelValues(service, priorityName(urgent)).Observe(waited.Seconds())
}

func priorityName(urgent bool) string {
	if urgent {
		return "urgent"
	}
	return "periodic"
}

// Describe implements prometheus.Collector.
func (m *limitMetrics) Describe(ch chan<- *prometheus.Desc) {
	m.waits.Describe(ch)
	ch <- m.throttles
	ch <- m.waiting
	ch <- m.rate
}

// Collect implements prometheus.Collector.
func (m *limitMetrics) Collect(ch chan<- prometheus.Metric) {
	m.waits.Collect(ch)
	if m.limits == nil {
		return
	}
	for family, l := range sumByFamily(m.limits()) {
		show := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(desc, kind, value, append([]string{family.Service, family.Calls}, labels...)...)
		}
		show(m.throttles, prometheus.CounterValue, float64(l.Throttles))
		show(m.waiting, prometheus.GaugeValue, float64(l.Urgent), priorityName(true))
		show(m.waiting, prometheus.GaugeValue, float64(l.Periodic), priorityName(false))
		if l.Rate > 0 {
			show(m.rate, prometheus.GaugeValue, l.Rate)
		}
	}
}

// sumByFamily adds up the calls of a family over accounts and Regions. The rate is the lowest that was learnt.
func sumByFamily(limits []awsapi.Limit) map[awsapi.Family]awsapi.Limit {
	sums := map[awsapi.Family]awsapi.Limit{}
	for _, l := range limits {
		sum := sums[l.Family]
		sum.Urgent += l.Urgent
		sum.Periodic += l.Periodic
		sum.Throttles += l.Throttles
		if sum.Rate == 0 || l.Rate > 0 && l.Rate < sum.Rate {
			sum.Rate = l.Rate
		}
		sums[l.Family] = sum
	}
	return sums
}
