// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FuzzApply: messages are bounded, the API server keeps every condition as it was written, and a second pass with the
// same verdict changes nothing.
func FuzzApply(f *testing.F) {
	f.Add("Drifted", "one; two", "three.", true, false)
	f.Add("X", string(make([]byte, 2000)), "", false, true)
	f.Add("X", "\xff", "é", true, true)
	f.Fuzz(func(t *testing.T, reason, a, b string, reconciling, stalled bool) {
		verdict := Verdict{Ready: metav1.ConditionFalse, Reason: reason, Message: Join([]string{a, b, a}), Reconciling: reconciling, Stalled: stalled}
		var list []metav1.Condition
		Apply(&list, 1, verdict)
		for _, c := range list {
			if len(c.Message) > maxMessage || !utf8.ValidString(c.Message) {
				t.Fatalf("the message of %s has %d bytes: %q", c.Type, len(c.Message), c.Message)
			}
			if c.Status != metav1.ConditionTrue && c.Type != ready || c.Type == "Reconciling" && stalled {
				t.Fatalf("%+v", list)
			}
		}
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		var kept []metav1.Condition
		if err := json.Unmarshal(text, &kept); err != nil {
			t.Fatal(err)
		}
		before := messages(kept)
		Apply(&kept, 1, verdict)
		if after := messages(kept); !reflect.DeepEqual(before, after) {
			t.Fatalf("a second pass moved %q to %q", before, after)
		}
	})
}

func messages(list []metav1.Condition) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.Type+" "+string(c.Status)+" "+c.Message)
	}
	return out
}
