// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"strings"
	"time"
)

// Rate is a token bucket: each call takes a token, and there are Burst at most.
type Rate struct {
	Burst     float64
	PerSecond float64 // how many tokens come back
}

// Rates are by operation ("kms:CreateKey"), by kind of operation of a service
// ("ec2:read", "ec2:write", and "ec2:unfiltered", see isUnfiltered) or by
// service ("iam"). The first of these that is there counts; what has none is
// not limited. Each operation has a bucket of its own.
type Rates map[string]Rate

// rates are limits that are in force, and what is left of them.
type rates struct {
	limits  Rates
	buckets map[bucketKey]*bucket
}

// bucketKey is an operation in one account and Region; the Region is empty for IAM.
type bucketKey struct{ account, region, operation string }

type bucket struct {
	tokens float64
	since  time.Time
}

// SetRates limits how often each operation can be called, in each account and
// Region (for IAM: each account), by the simulator's clock. All buckets begin
// full. Nil takes the limits away.
func (s *Sim) SetRates(limits Rates) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rates = rates{limits: maps.Clone(limits), buckets: map[bucketKey]*bucket{}}
}

// throttle takes a token for a call, or answers as its service does when it is asked too often.
func (s *Sim) throttle(c *call, op operation) error {
	if len(s.rates.limits) == 0 {
		return nil
	}
	rate, key, limited := s.rates.of(c, op)
	if !limited || s.rates.take(rate, key, s.now()) {
		return nil
	}
	return throttled(c.Service)
}

// of finds the rate and the bucket of a call.
func (r *rates) of(c *call, op operation) (Rate, bucketKey, bool) {
	key := bucketKey{c.Account, c.Region, c.Service + ":" + c.Operation}
	if c.Service == "iam" {
		key.region = "" // a global service
	}
	kind := c.Service + ":read"
	switch {
	case op.write:
		kind = c.Service + ":write"
	case isUnfiltered(c):
		if rate, ok := r.limits["ec2:unfiltered"]; ok {
			key.operation += " unfiltered"
			return rate, key, true
		}
	}
	for _, name := range []string{key.operation, kind, c.Service} {
		if rate, ok := r.limits[name]; ok {
			return rate, key, true
		}
	}
	return Rate{}, key, false
}

// take takes a token, if there is one.
func (r *rates) take(rate Rate, key bucketKey, now time.Time) bool {
	b := r.buckets[key]
	if b == nil {
		b = &bucket{rate.Burst, now}
		r.buckets[key] = b
	}
	b.tokens = min(rate.Burst, b.tokens+rate.PerSecond*now.Sub(b.since).Seconds())
	b.since = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// isUnfiltered tells a call that EC2 has a smaller bucket for, since it asks
// for neither a page nor a filter. Whether ids count as a filter is unverified:
// here they do not. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
func isUnfiltered(c *call) bool {
	if c.Service != "ec2" || c.Operation != "DescribeNetworkInterfaces" && c.Operation != "DescribeSecurityGroups" {
		return false
	}
	for name := range c.Params {
		if strings.HasPrefix(name, "Filter.") || name == "MaxResults" || name == "NextToken" {
			return false
		}
	}
	return true
}
