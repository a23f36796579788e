// SPDX-License-Identifier: Apache-2.0

// Package conditions keeps the rules of status conditions in one place: what kstatus expects of Ready, Reconciling
// and Stalled, and that nothing moves when nothing changed.
//
// Source: https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
package conditions

import (
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxMessage keeps messages well under the 32,768 characters that metav1.Condition allows, and readable.
const maxMessage = 1024

// Verdict is what a pass comes to, for Ready, Reconciling and Stalled together.
type Verdict struct {
	// Ready says that all is as declared.
	Ready metav1.ConditionStatus
	// Reason and Message explain Ready, and whichever of Reconciling and Stalled is set.
	Reason, Message string
	// Reconciling: on the way, no help needed. Stalled: only a person can help; it wins over Reconciling.
	Reconciling, Stalled bool
}

// Types are the names of the three conditions that a Verdict becomes.
const (
	ready       = "Ready"
	reconciling = "Reconciling"
	stalled     = "Stalled"
)

// Apply writes the verdict: Ready always, Reconciling and Stalled only while True, and never both.
func Apply(list *[]metav1.Condition, generation int64, v Verdict) {
	Set(list, generation, ready, v.Ready, v.Reason, v.Message)
	setOnlyTrue(list, generation, stalled, v.Stalled, v)
	setOnlyTrue(list, generation, reconciling, v.Reconciling && !v.Stalled, v)
}

func setOnlyTrue(list *[]metav1.Condition, generation int64, kind string, isTrue bool, v Verdict) {
	if !isTrue {
		meta.RemoveStatusCondition(list, kind)
		return
	}
	Set(list, generation, kind, metav1.ConditionTrue, v.Reason, v.Message)
}

// Set writes one condition; lastTransitionTime moves only when its status does.
func Set(list *[]metav1.Condition, generation int64, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(list, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: Shorten(message, maxMessage), ObservedGeneration: generation,
	})
}

// Sort puts the conditions into the given order; types that it does not know go last, in the order they had.
func Sort(list []metav1.Condition, order []string) {
	slices.SortStableFunc(list, func(a, b metav1.Condition) int { return rank(order, a.Type) - rank(order, b.Type) })
}

func rank(order []string, kind string) int {
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}

// Join makes one message of several, each once.
func Join(messages []string) string {
	seen := make([]string, 0, len(messages))
	for _, m := range messages {
		m = strings.TrimSuffix(m, ".")
		if m != "" && !slices.Contains(seen, m) {
			seen = append(seen, m)
		}
	}
	return strings.Join(seen, "; ")
}

// Shorten cuts a message to at most max bytes, at a character. It also makes it what the API server keeps: JSON has no text that is not UTF-8, and a message that comes
// back different would be written in every pass.
func Shorten(message string, max int) string {
	message = strings.ToValidUTF8(message, "\uFFFD")
	if len(message) <= max {
		return message
	}
	cut := max - len(" ...")
	for cut > 0 && !utf8.RuneStart(message[cut]) {
		cut--
	}
	return message[:cut] + " ..."
}
