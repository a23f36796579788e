// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// AWS answers reads from replicas that may lag behind. Documented are EC2
// (developer guide "Eventual consistency in the Amazon EC2 API": wait up to
// five minutes), IAM (user guide "Troubleshoot IAM", "Changes that I make are
// not always immediately visible"), KMS (developer guide "AWS KMS eventual
// consistency": a few seconds, in some cases minutes) and the status of an EKS
// cluster (API reference, UpdateClusterConfig). The Tagging API learns of tags
// from the services. CloudWatch Logs and the rest of EKS document nothing; a
// Stale fault makes them lag all the same.
//
// A write is held against the truth. That is kinder than AWS in one way: EC2
// and KMS may answer a write with NotFound for an object that was just made,
// which tests have with Refuse.

// past is what all accounts held from one moment on.
type past struct {
	since    time.Time
	accounts map[string]*account
}

// KeepPast has the simulator remember, from now on, what it held within the
// last window of its clock, for Stale to answer from. It costs one copy of
// everything for each write. What was before KeepPast counts as the state at
// KeepPast.
func (s *Sim) KeepPast(window time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window, s.pasts = window, []past{{accounts: cloneAccounts(s.accounts)}}
}

// remember notes the state after a change. Several changes at one time of the
// clock leave one past state, the last.
func (s *Sim) remember() {
	if s.window <= 0 {
		return
	}
	now := s.now()
	if last := len(s.pasts) - 1; s.pasts[last].since.Equal(now) {
		s.pasts = s.pasts[:last]
	}
	s.pasts = append(s.pasts, past{now, cloneAccounts(s.accounts)})
	s.pasts = s.pasts[pastAt(s.pasts, now.Add(-s.window)):]
}

// pastAt is the index of the state that was in force at a time: the last one
// that began by then, or the oldest that is known.
func pastAt(pasts []past, at time.Time) int {
	later := slices.IndexFunc(pasts, func(p past) bool { return p.since.After(at) })
	if later < 0 {
		later = len(pasts)
	}
	return max(later-1, 0)
}

// asOf is a simulator that holds what this one held some time ago, and whose
// clock stands there. Only reads may run on it.
func (s *Sim) asOf(age time.Duration) (*Sim, error) {
	if s.window <= 0 || age > s.window {
		return nil, errf(http.StatusNotImplemented, "AwssimPastNotKept", "A Stale fault of %s needs Sim.KeepPast of at least that", age)
	}
	at := s.now().Add(-age)
	opts := s.opts
	opts.Clock = NewManualClock(at)
	return &Sim{opts: opts, accounts: cloneAccounts(s.pasts[pastAt(s.pasts, at)].accounts)}, nil
}

// canBeStale tells that a call reads what AWS keeps. STS reads nothing back
// that a caller has written: it makes sessions. Nor does SQS: a receive changes
// what it reads.
func canBeStale(service string, op operation) bool {
	return !op.write && service != "sts" && service != "sqs"
}

func cloneAccounts(accounts map[string]*account) map[string]*account {
	return deepCopy(maps.Clone(accounts))
}
