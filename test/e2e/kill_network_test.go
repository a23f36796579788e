// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/tally"
)

// TestCutOffFromAWS: what `kubectl get` shows while AWS cannot be reached, or only in bad ways, and that it passes
// without anybody's help. What was known before, drift included, stays.
func TestCutOffFromAWS(t *testing.T) {
	t.Parallel()
	s := startSuite(t, "network")
	s.operator = s.startOperator(t)
	s.applyAccount(t)
	l := &life{suite: s, world: s.newWorld(t, "cut")}
	l.driftInObserve(t)
	t.Run("bad connections", l.badConnections)
	t.Run("no connection", l.noConnection)
	s.logsAreClean(t)
	if !t.Failed() {
		tally.Add("real processes: connection to AWS refused, dropped, broken off, cut short and hanging: told and survived")
	}
}

// driftInObserve makes the profile and leaves it with one drift that is known and not repaired.
func (l *life) driftInObserve(t *testing.T) {
	t.Helper()
	l.apply(t, l.manifest(l.world))
	l.waitReady(t, l.world, "payments")
	l.setMode(t, l.world, "payments", v1alpha1.ModeObserve)
	did(t, nil, handiwork[0](&plot{suite: l.suite, world: l.world}, "payments"))
	l.readNow(t, l.world, "payments")
	l.checkColumns(t, "True", "True", "1", "Observe")
}

// badConnections: each service has a fault of its own, so one pass shows them all.
func (l *life) badConnections(t *testing.T) {
	faults := map[string]http.HandlerFunc{"eks": breakOff, "iam": drop, "kms": halfBody, "logs": hang}
	l.proxy.instead(func(c call) http.HandlerFunc { return faults[c.service] })
	defer l.proxy.instead(nil)
	p := l.readNow(t, l.world, "payments")
	for section, want := range map[string]struct{ reason, words string }{
		v1alpha1.FargateProfileReadyCondition:   {"AWSError", "eks:DescribeCluster: the connection broke off"},
		v1alpha1.PodExecutionRoleReadyCondition: {"AWSError", "iam:GetRole: the connection broke off"},
		v1alpha1.EncryptionReadyCondition:       {"AWSError", "kms:DescribeKey: the connection broke off"},
		v1alpha1.LoggingReadyCondition:          {"Timeout", "logs:DescribeLogGroups: no answer in time"},
	} {
		if c := conditionOf(p, section); c.Status == metav1.ConditionTrue || c.Reason != want.reason || !strings.Contains(c.Message, want.words) {
			t.Errorf("%s is %s %s: %s; want %s, saying %q", section, c.Status, c.Reason, c.Message, want.reason, want.words)
		}
	}
	l.checkTold(t, p, "AWSError", "the connection broke off")
	l.proxy.instead(nil)
	l.recovers(t)
}

// noConnection: nobody listens where AWS was.
func (l *life) noConnection(t *testing.T) {
	l.proxy.cut()
	p := l.readNow(t, l.world, "payments")
	l.checkTold(t, p, "EndpointUnreachable", "the endpoint "+strings.TrimPrefix(l.proxy.url, "http://")+" cannot be reached")
	l.proxy.mend(t)
	l.recovers(t)
}

// checkTold: Ready says what the matter is, and the drift that was known is still shown.
func (l *life) checkTold(t *testing.T, p *v1alpha1.FargateSecurityProfile, reason, words string) {
	t.Helper()
	for _, kind := range []string{v1alpha1.ReadyCondition, v1alpha1.ReconcilingCondition} {
		c := conditionOf(p, kind)
		want := metav1.ConditionFalse
		if kind == v1alpha1.ReconcilingCondition {
			want = metav1.ConditionTrue
		}
		if c.Status != want || c.Reason != reason || !strings.Contains(c.Message, words) {
			t.Errorf("%s is %s %s: %s; want %s %s, saying %q", kind, c.Status, c.Reason, c.Message, want, reason, words)
		}
	}
	l.checkColumns(t, "False", "True", "1", "Observe")
	if drift := driftOf(p); len(drift) != 1 || !strings.Contains(drift[0], "tcp/22") {
		t.Errorf("the drift that was known is now %q", drift)
	}
}

// recovers waits until all is as it was before, without asking for it.
func (l *life) recovers(t *testing.T) {
	t.Helper()
	l.waitReady(t, l.world, "payments")
	l.checkColumns(t, "True", "True", "1", "Observe")
}
