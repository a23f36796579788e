// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
)

// overdue is how many of its intervals an object may go without a full read.
const overdue = 1.5

// ReadAges shows how old the operator's knowledge of AWS is, without a series for each object.
type ReadAges struct {
	now func() time.Time

	mu    sync.Mutex
	reads map[declaration.Key]read

	oldest, profiles, late *prometheus.Desc
}

// read is when an object was last read in full, and how often it is to be.
type read struct {
	at       time.Time
	interval time.Duration
}

// newReadAges makes ReadAges that go by the clock now.
func newReadAges(now func() time.Time) *ReadAges {
	return &ReadAges{
		now: now, reads: map[declaration.Key]read{},
		oldest: prometheus.NewDesc(metricsNamespace+"_oldest_read_age_seconds",
			"Time since the full read of AWS that is the longest ago of all profiles' last ones.", nil, nil),
		profiles: prometheus.NewDesc(metricsNamespace+"_profiles",
			"Profiles that AWS has been read for.", nil, nil),
		late: prometheus.NewDesc(metricsNamespace+"_profiles_overdue",
			"Profiles whose last full read is longer ago than one and a half of their intervals.", nil, nil),
	}
}

// set notes a full read of an object that is to be read once in every interval.
func (a *ReadAges) set(object declaration.Key, at time.Time, interval time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reads[object] = read{at, interval}
}

// forget drops an object that is no more, or is not to be read.
func (a *ReadAges) forget(object declaration.Key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.reads, object)
}

// Describe implements prometheus.Collector.
func (a *ReadAges) Describe(ch chan<- *prometheus.Desc) {
	ch <- a.oldest
	ch <- a.profiles
	ch <- a.late
}

// Collect implements prometheus.Collector.
func (a *ReadAges) Collect(ch chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var oldest time.Duration
	late, now := 0, a.now()
	for _, r := range a.reads {
		age := now.Sub(r.at)
		oldest = max(oldest, age)
		if age.Seconds() > overdue*r.interval.Seconds() {
			late++
		}
	}
	ch <- prometheus.MustNewConstMetric(a.oldest, prometheus.GaugeValue, oldest.Seconds())
	ch <- prometheus.MustNewConstMetric(a.profiles, prometheus.GaugeValue, float64(len(a.reads)))
	ch <- prometheus.MustNewConstMetric(a.late, prometheus.GaugeValue, float64(late))
}

// SetRead notes a full read of AWS for an object.
func (m *Metrics) SetRead(object declaration.Key, at time.Time, interval time.Duration) {
	m.reads.set(object, at, interval)
}

// ForgetRead drops what is known of an object's reads.
func (m *Metrics) ForgetRead(object declaration.Key) { m.reads.forget(object) }
