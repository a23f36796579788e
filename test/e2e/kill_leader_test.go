// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/fargate-security/fargate-security-operator/test/tally"
)

// The access keys by which two operators are told apart in AWS's log.
const (
	leaderKey  = "AKIAE2ELEADER7QZXWAA"
	standbyKey = "AKIAE2ESTANDBY7QZXWB"
)

// TestLeaderIsKilled: of two operators one works and one waits. The one that works is killed in the middle of a creation;
// the other one takes over when the lease has run out, and not before. Then every call is throttled for a while.
func TestLeaderIsKilled(t *testing.T) {
	t.Parallel()
	s := startSuite(t, "leader")
	s.env = []string{"AWS_ACCESS_KEY_ID=" + leaderKey}
	leader := s.startOperator(t)
	s.operator = leader
	s.applyAccount(t)
	s.env = []string{"AWS_ACCESS_KEY_ID=" + standbyKey}
	standby := s.startOperator(t)
	l := &life{suite: s, world: s.newWorld(t, "lease")}
	t.Run("hand-over", func(t *testing.T) { l.handOver(t, leader, standby) })
	t.Run("a page of throttles", l.throttled)
	s.logsAreClean(t)
}

func (l *life) handOver(t *testing.T, leader, standby *operator) {
	mark := l.proxy.mark()
	died := make(chan struct{})
	var once sync.Once
	l.proxy.onAnswer(func(c call) {
		if c.String() == "eks:CreateFargateProfile" && c.status == http.StatusOK && c.key == leaderKey {
			once.Do(func() { leader.Kill(); close(died) })
		}
	})
	l.apply(t, l.manifest(l.world))
	until(t, "waiting for the leader to create the Fargate profile", func() error {
		select {
		case <-died:
			return nil
		default:
			return errNotYet
		}
	}, standby.process)
	l.proxy.onAnswer(nil)
	l.operator = standby
	if l.cluster.leaseHolder(t) == "" {
		t.Error("the lease was released by a process that was killed")
	}
	p := l.waitReady(t, l.world, "payments")
	if p.Status.ProfileStatus != "Active" {
		t.Errorf("the Fargate profile is %s", p.Status.ProfileStatus)
	}
	l.checkOneAtATime(t, mark)
	l.eachOnce(t, &plot{suite: l.suite, world: l.world, profiles: []string{"payments"}})
	if !t.Failed() {
		tally.Add("real processes: the leader was killed in the middle of a creation; the other one finished it, nothing was made twice")
	}
}

// checkOneAtATime looks through all calls: the second operator made none before the first one's last, and nothing was
// created twice.
func (l *life) checkOneAtATime(t *testing.T, mark int) {
	t.Helper()
	calls := l.proxy.since(mark)
	keys := make([]string, len(calls))
	for i, c := range calls {
		keys[i] = c.key
	}
	if order := slices.Compact(keys); !slices.Equal(order, []string{leaderKey, standbyKey}) {
		t.Errorf("the operators called AWS in the order %q: want the first one, then the other", order)
	}
	counts := map[string]int{}
	for _, c := range calls {
		if c.status == http.StatusOK { // EKS refuses a creation as long as it does not see the role
			counts[c.String()]++
		}
	}
	for _, operation := range []string{"kms:CreateKey", "kms:CreateAlias", "logs:CreateLogGroup", "iam:CreateRole", "ec2:CreateSecurityGroup", "eks:CreateFargateProfile"} {
		if counts[operation] != 1 {
			t.Errorf("%s was called %d times, want once", operation, counts[operation])
		}
	}
}
