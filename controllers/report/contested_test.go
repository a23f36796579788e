// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// putBack is a repair of one rule, as often as it is called.
func putBack(status *v1alpha1.DeclarationStatus, observed, who string, at time.Time) {
	recordRepairs(status, []drift.Entry{{
		Resource: "SecurityGroup/pods", ChangedBy: who, FirstObserved: at,
		Difference: drift.Difference{Path: "ingress[tcp/22 0.0.0.0/0]", Observed: observed, Severity: drift.Critical, Action: drift.Repair},
	}}, at)
}

func TestAContestedFieldIsSaid(t *testing.T) {
	status, result, now := &v1alpha1.DeclarationStatus{}, &resource.Result{}, noon
	for i := range contestedTimes {
		if list := Contested(status, result, now); len(list) != 0 {
			t.Fatalf("after %d repairs: %+v", i, list)
		}
		now = now.Add(10 * time.Minute)
		putBack(status, "tcp/22 0.0.0.0/0", map[bool]string{true: "arn:aws:iam::111122223333:role/alb", false: ""}[i == 1], now)
	}
	list := Contested(status, result, now)
	if len(list) != 1 || !list[0].stalled || list[0].reason != v1alpha1.ReasonContested {
		t.Fatalf("after %d repairs: %+v", contestedTimes, list)
	}
	for _, word := range []string{"SecurityGroup/pods", "ingress[tcp/22 0.0.0.0/0]", "role/alb", "5 times", "ignoreRules"} {
		if !strings.Contains(list[0].message, word) {
			t.Errorf("%q lacks %q", list[0].message, word)
		}
	}
	if len(status.Repairs) != 1 || status.Repairs[0].Times != contestedTimes {
		t.Errorf("repairs are %+v", status.Repairs)
	}
	if verdict := VerdictOf(list, true, nil); !verdict.Stalled || verdict.Reason != v1alpha1.ReasonContested {
		t.Errorf("verdict is %+v", verdict)
	}
	if list := Contested(status, result, now.Add(contestedWithin+time.Second)); len(list) != 0 {
		t.Errorf("after an hour of quiet: %+v", list)
	}
}

// Another value, and the same one long after, are other changes.
func TestOtherRepairsAreNoContest(t *testing.T) {
	status := &v1alpha1.DeclarationStatus{}
	putBack(status, "a", "", noon)
	putBack(status, "b", "", noon.Add(time.Minute))
	putBack(status, "a", "", noon.Add(2*time.Hour))
	if len(status.Repairs) != 3 || status.Repairs[0].Times != 0 {
		t.Errorf("repairs are %+v", status.Repairs)
	}
}

// TestTheCauseComesFirst: where objects wait for each other, the one cause is the first sentence, and survives being cut.
func TestTheCauseComesFirst(t *testing.T) {
	wait := func(n int, message string, idle bool) *resource.Object {
		return &resource.Object{ID: thing(n), Waiting: &resource.Waiting{Reason: "WaitingForX", Message: message, Idle: idle}}
	}
	result := &resource.Result{Objects: []*resource.Object{
		wait(0, "a waits for c", true), wait(1, "b waits for c", true), wait(2, "EKS is making c", false),
	}}
	if v := VerdictOf(Findings(kinds.FargateSecurityProfile, result, true, false), true, nil); v.Message != "EKS is making c; a waits for c; b waits for c" {
		t.Errorf("message is %q", v.Message)
	}
	result.Objects = append(result.Objects, &resource.Object{ID: thing(3), Failure: &failure.Failure{Kind: failure.Transient, Reason: "AWSError", Message: "down"}})
	if v := VerdictOf(Findings(kinds.FargateSecurityProfile, result, true, false), true, nil); !strings.HasPrefix(v.Message, "Thing/3: down; ") || v.Reason != "AWSError" {
		t.Errorf("reason %s, message %q", v.Reason, v.Message)
	}
}
