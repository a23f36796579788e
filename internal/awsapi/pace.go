// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"math"
	"time"
)

// How a pace is learnt: additive increase, multiplicative decrease. The numbers were measured, see
// docs/decisions/0016-rate-limits.md.
const (
	// firstRate, in calls per second, is what the first throttle takes for the rate, unless AWS took more in the last
	// second.
	firstRate = 20.0
	// leastRate keeps a family asking while AWS throttles everything: else it would not learn that this is over.
	leastRate = 0.5
	// decrease is what a throttle leaves of the rate.
	decrease = 0.7
	// steadyGrowth and shareGrowth are what a busy second without a throttle adds: calls per second, and a share of the
	// rate.
	steadyGrowth = 0.2
	shareGrowth  = 0.1
	// recovery is the share while the rate is below what AWS took before it throttled everything for a while.
	recovery = 1.0
	// spare is for how long unused tokens are kept.
	spare = time.Second
)

// pace is a token bucket whose rate is learnt from throttles. Without any it holds nobody up. It knows no clock and no
// lock: a bucket has those.
type pace struct {
	// rate is in calls per second, 0 before the first throttle. tokens had gathered at the time of filled.
	rate, tokens float64
	filled       time.Time
	// lessons is how often the rate was lowered, high the last rate at which AWS took calls before it was, and taking
	// whether AWS has taken a call since.
	lessons int
	high    float64
	taking  bool
	// taken counts the calls that AWS took in the second that began at second, takenBefore those of the second before.
	taken, takenBefore int
	second             time.Time
}

// take lets one call go, if there is a token for it.
func (p *pace) take(now time.Time) bool {
	if p.rate == 0 {
		return true
	}
	p.fill(now)
	if p.tokens < 1 {
		return false
	}
	p.tokens--
	return true
}

// giveBack returns the token of a call that was not made.
func (p *pace) giveBack() {
	if p.rate > 0 {
		p.tokens++
	}
}

// pause is how long it takes until there is a token.
func (p *pace) pause(now time.Time) time.Duration {
	if p.rate == 0 {
		return 0
	}
	p.fill(now)
	return time.Duration(math.Ceil((1 - p.tokens) / p.rate * float64(time.Second)))
}

func (p *pace) fill(now time.Time) {
	gathered := now.Sub(p.filled).Seconds() * p.rate
	p.tokens = min(p.tokens+gathered, max(1, p.rate*spare.Seconds()))
	p.filled = now
}

// took learns from a call that AWS did not throttle. A rate that held nobody up has not been tried, so it stays.
func (p *pace) took(now time.Time, lesson int, waited bool) {
	p.count(now)
	p.taking = p.taking || lesson == p.lessons
	if !waited || p.rate == 0 {
		return
	}
	p.fill(now)
	share := shareGrowth
	if p.rate < decrease*p.high {
		share = recovery
	}
	p.rate += min(p.rate, steadyGrowth/p.rate+share)
}

// throttled learns from a throttle, if the call went after the rate was lowered last (lesson is what lessons was then):
// the calls that were under way at that time are all throttled for the same reason.
func (p *pace) throttled(now time.Time, lesson int) {
	if lesson != p.lessons {
		return
	}
	if p.rate == 0 {
		p.count(now)
		p.rate = max(firstRate, float64(max(p.taken, p.takenBefore)))
	}
	if p.lessons == 0 || p.taking {
		p.high = p.rate
	}
	p.taking = false
	p.lessons++
	p.rate = max(leastRate, p.rate*decrease)
	p.tokens, p.filled = 0, now
}

// count notes a call that AWS took.
func (p *pace) count(now time.Time) {
	if since := now.Sub(p.second); since >= time.Second {
		p.takenBefore = p.taken
		if since >= 2*time.Second {
			p.takenBefore = 0
		}
		p.taken, p.second = 0, now
	}
	p.taken++
}
