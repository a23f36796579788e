// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

// overdue is how many of its intervals a profile may go without a full read.
const overdue = 1.5

// ReadAges shows how old the operator's knowledge of AWS is, without a series for each profile.
type ReadAges struct {
	now func() time.Time

	mu    sync.Mutex
	reads map[types.NamespacedName]read

	oldest, profiles, late *prometheus.Desc
}

// read is when a profile was last read in full, and how often it is to be.
type read struct {
	at       time.Time
	interval time.Duration
}

// newReadAges makes ReadAges that go by the clock now.
func newReadAges(now func() time.Time) *ReadAges {
	return &ReadAges{
		now: now, reads: map[types.NamespacedName]read{},
		oldest: prometheus.NewDesc(metricsNamespace+"_oldest_read_age_seconds",
			"Time since the full read of AWS that is the longest ago of all profiles' last ones.", nil, nil),
		profiles: prometheus.NewDesc(metricsNamespace+"_profiles",
			"Profiles that AWS has been read for.", nil, nil),
		late: prometheus.NewDesc(metricsNamespace+"_profiles_overdue",
			"Profiles whose last full read is longer ago than one and a half of their intervals.", nil, nil),
	}
}

// set notes a full read of a profile that is to be read once in every interval.
func (a *ReadAges) set(profile types.NamespacedName, at time.Time, interval time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reads[profile] = read{at, interval}
}

// forget drops a profile that is no more, or is not to be read.
func (a *ReadAges) forget(profile types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.reads, profile)
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

// setRead notes a full read of AWS for a profile.
func (m *Metrics) setRead(profile types.NamespacedName, at time.Time, interval time.Duration) {
	m.reads.set(profile, at, interval)
}

// forgetRead drops what is known of a profile's reads.
func (m *Metrics) forgetRead(profile types.NamespacedName) { m.reads.forget(profile) }
