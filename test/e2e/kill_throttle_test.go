// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/tally"
)

// attempts is how often one call is tried in a pass (awsapi.Sessions.MaxAttempts).
const attempts = 3

// throttling is how each service asks for fewer calls: EC2 as in its list of error codes, IAM and STS as XML services do,
// EKS and the others as in their API references.
var throttling = map[string]struct {
	code   string
	status int
}{
	"ec2": {"RequestLimitExceeded", 503}, "iam": {"Throttling", 400}, "sts": {"Throttling", 400}, "eks": {"TooManyRequestsException", 429},
	"kms": {"ThrottlingException", 400}, "logs": {"ThrottlingException", 400}, "tagging": {"ThrottledException", 400},
}

// throttled: every call is throttled over some passes. Status says so, no pass asks for more than it has to, and the
// operator goes on by itself.
func (l *life) throttled(t *testing.T) {
	token, healthy := l.scraper(t), l.callsOfAPass(t)
	passes := l.passes(t, token)
	mark := l.proxy.mark()
	l.proxy.instead(func(c call) http.HandlerFunc {
		return refusing(c, throttling[c.service].status, throttling[c.service].code, "Rate exceeded")
	})
	defer l.proxy.instead(nil)
	p := l.readNow(t, l.world, "payments")
	ready := conditionOf(p, v1alpha1.ReadyCondition)
	if ready.Status != metav1.ConditionFalse || ready.Reason != "Throttled" || !strings.Contains(ready.Message, "Rate exceeded") {
		t.Errorf("Ready is %s %s: %s; want Throttled", ready.Status, ready.Reason, ready.Message)
	}
	l.checkColumns(t, "False", "False", "0", "Enforce")
	until(t, "waiting for more passes", func() error {
		if n := l.passes(t, token) - passes; n < 3 {
			return fmt.Errorf("%d passes: %w", n, errNotYet)
		}
		return nil
	}, l.operator.process)
	l.proxy.instead(nil)
	calls, n := len(l.proxy.since(mark)), l.passes(t, token)-passes
	// A throttled pass makes one call for each object, and one to look for others by their tags; one pass may be under way.
	if limit := (n + 1) * attempts * (len(p.Status.Resources) + 1); calls > limit {
		t.Errorf("%d calls in %d throttled passes, want at most %d: one for each object, tried %d times", calls, n, limit, attempts)
	}
	l.waitReady(t, l.world, "payments")
	t.Logf("throttled: %d calls in %d passes; a healthy pass makes %d", calls, n, healthy)
	tally.Add(fmt.Sprintf("real processes: every call throttled: %d calls in %d passes (a healthy pass makes %d); recovered", calls, n, healthy))
}

// callsOfAPass counts the calls of a pass over a profile as it is to be.
func (l *life) callsOfAPass(t *testing.T) int {
	t.Helper()
	l.lastPassesEnd(t)
	mark := l.proxy.mark()
	l.readNow(t, l.world, "payments")
	return len(l.proxy.since(mark))
}

var passesMetric = regexp.MustCompile(`(?m)^fargatesec_passes_total\{kind="FargateSecurityProfile",[^}]*\} (\d+)$`)

// passes is how many passes over profiles the operator has counted.
func (l *life) passes(t *testing.T, token string) int {
	t.Helper()
	status, body, err := l.operator.scrape(token)
	if err != nil || status != http.StatusOK {
		t.Fatalf("scraping: %d %v", status, err)
	}
	total := 0
	for _, m := range passesMetric.FindAllStringSubmatch(body, -1) {
		n, err := strconv.Atoi(m[1])
		must(err)
		total += n
	}
	return total
}
