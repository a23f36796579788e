// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestWhichConditionsAreToldAsEvents: those of Kubernetes.
func TestWhichConditionsAreToldAsEvents(t *testing.T) {
	was := func(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: "m"}
	}
	yes, no := metav1.ConditionTrue, metav1.ConditionFalse
	for _, c := range []struct {
		what      string
		old, now  metav1.Condition
		told      bool
		eventType string
	}{
		{"ready for the first time", metav1.Condition{}, was("Ready", yes, "A"), true, "Normal"},
		{"ready no more", was("Ready", yes, "A"), was("Ready", no, "B"), true, "Warning"},
		{"not ready for another reason", was("Ready", no, "A"), was("Ready", no, "B"), true, "Warning"},
		{"ready as before", was("Ready", yes, "A"), was("Ready", yes, "A"), false, "Normal"},
		{"stalled", metav1.Condition{}, was("Stalled", yes, "A"), true, "Warning"},
		{"no drift at first", metav1.Condition{}, was("Drifted", no, "A"), false, "Normal"},
		{"drift at first", metav1.Condition{}, was("Drifted", yes, "A"), true, "Warning"},
		{"drift no more", was("Drifted", yes, "A"), was("Drifted", no, "B"), true, "Normal"},
		{"reconciling", metav1.Condition{}, was("Reconciling", yes, "A"), false, "Warning"},
		{"a section that warns", metav1.Condition{}, was("LoggingReady", yes, "A"), true, "Warning"},
		{"a section that is not ready", metav1.Condition{}, was("LoggingReady", no, "A"), false, "Normal"},
	} {
		var old *metav1.Condition
		if c.old.Type != "" {
			old = &c.old
		}
		if got := worthAnEvent(c.now, old); got != c.told {
			t.Errorf("%s: told is %t", c.what, got)
		}
		if c.told && eventType(c.now) != c.eventType {
			t.Errorf("%s: a %s event", c.what, eventType(c.now))
		}
	}
}
