// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import "time"

// An operation takes minutes, and EKS does not tell of its end: not even CloudTrail does. Whoever asks too seldom holds up
// the cluster's line, and whoever asks too often uses up AWS's limits. So the first look comes when the quickest operation
// of late would have been over, and from then on looks are close.

const (
	// paceLife is for how many operations the quickest one is believed.
	paceLife = 20
	// early is how far before the expected end the first look is: the time may vary a little.
	early = 0.05
	// closeLooks is how far apart looks are around the expected end, as a part of the time that the operation takes, and
	// soonest and latest bound it.
	closeLooks      = 0.025
	soonest, latest = time.Second, 5 * time.Second
)

// pace is how long an operation takes: the quickest of late.
type pace struct {
	quickest time.Duration
	age      int
}

// saw returns the pace with one more operation in it.
func (p pace) saw(took time.Duration) pace {
	if p.age++; p.quickest == 0 || took < p.quickest || p.age > paceLife {
		return pace{quickest: took}
	}
	return p
}

// pause is how long to wait with the next look at an operation that began a while ago; 0 where nobody knows yet.
func (p pace) pause(elapsed time.Duration) time.Duration {
	if p.quickest == 0 {
		return 0
	}
	expected := p.quickest - time.Duration(float64(p.quickest)*early)
	close := min(max(time.Duration(float64(p.quickest)*closeLooks), soonest), latest)
	return min(max(expected-elapsed, close), askAgain)
}

// pause is how long to wait before a profile that is in a state of change is looked at again; 0 where nobody knows, or
// where its operation was not asked for by this process.
func (q *Queue) pause(cluster, name string) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.find(cluster, name)
	if t == nil || t.started.IsZero() {
		return 0
	}
	return q.paces[t.operation].pause(q.now().Sub(t.started))
}
