// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/internal/conditions"
)

func TestVerdictFollowsKstatus(t *testing.T) {
	for name, c := range map[string]struct {
		verdict              conditions.Verdict
		reconciling, stalled bool
	}{
		"ready":       {conditions.Verdict{Ready: metav1.ConditionTrue}, false, false},
		"on the way":  {conditions.Verdict{Ready: metav1.ConditionFalse, Reconciling: true}, true, false},
		"stalled":     {conditions.Verdict{Ready: metav1.ConditionFalse, Stalled: true}, false, true},
		"never both":  {conditions.Verdict{Ready: metav1.ConditionFalse, Stalled: true, Reconciling: true}, false, true},
		"plain drift": {conditions.Verdict{Ready: metav1.ConditionFalse}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			list := []metav1.Condition{{Type: "Reconciling", Status: metav1.ConditionTrue}, {Type: "Stalled", Status: metav1.ConditionTrue}}
			c.verdict.Reason = "Because"
			conditions.Apply(&list, 3, c.verdict)
			if got := meta.FindStatusCondition(list, "Reconciling") != nil; got != c.reconciling {
				t.Errorf("Reconciling is there: %v, want %v", got, c.reconciling)
			}
			if got := meta.FindStatusCondition(list, "Stalled") != nil; got != c.stalled {
				t.Errorf("Stalled is there: %v, want %v", got, c.stalled)
			}
			if ready := meta.FindStatusCondition(list, "Ready"); ready == nil || ready.Status != c.verdict.Ready || ready.ObservedGeneration != 3 {
				t.Errorf("Ready is %+v", ready)
			}
		})
	}
}

func TestNothingMovesWhenNothingChanged(t *testing.T) {
	list := []metav1.Condition{}
	v := conditions.Verdict{Ready: metav1.ConditionFalse, Reason: "A", Message: "a", Reconciling: true}
	conditions.Apply(&list, 1, v)
	old := metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for i := range list {
		list[i].LastTransitionTime = old
	}
	before := append([]metav1.Condition{}, list...)
	conditions.Apply(&list, 1, v)
	if !equality.Semantic.DeepEqual(before, list) {
		t.Errorf("%+v became %+v", before, list)
	}
	v.Message = "b"
	conditions.Apply(&list, 1, v)
	if list[0].LastTransitionTime != old || list[0].Message != "b" {
		t.Errorf("another message is no transition: %+v", list[0])
	}
}

func TestLongMessagesAreCutAtACharacter(t *testing.T) {
	list := []metav1.Condition{}
	conditions.Set(&list, 1, "Ready", metav1.ConditionTrue, "A", strings.Repeat("é", 5000))
	if m := list[0].Message; len(m) > 1024 || !utf8.ValidString(m) || !strings.HasSuffix(m, " ...") {
		t.Errorf("message of %d bytes, valid %v", len(m), utf8.ValidString(m))
	}
}

func TestJoinSaysEachThingOnce(t *testing.T) {
	if got := conditions.Join([]string{"a.", "", "b", "a"}); got != "a; b" {
		t.Errorf("Join gives %q", got)
	}
}

// TestTheOrderOfConditions: as asked for; what a newer version has written comes last, in the order that it had.
func TestTheOrderOfConditions(t *testing.T) {
	var list []metav1.Condition
	for _, kind := range []string{"NewerB", "Drifted", "NewerA", "Ready"} {
		list = append(list, metav1.Condition{Type: kind})
	}
	conditions.Sort(list, []string{"Ready", "Stalled", "Drifted"})
	for i, want := range []string{"Ready", "Drifted", "NewerB", "NewerA"} {
		if list[i].Type != want {
			t.Errorf("%d is %s, want %s", i, list[i].Type, want)
		}
	}
}
