// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
)

func numbered(n int) ctrl.Request {
	return ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "team", Name: fmt.Sprint("p", n)}}
}

// inTurn is an object that takes turns.
func inTurn(n int) objectKey { return objectKey{"Thing", numbered(n).NamespacedName} }

// TestTurns: of four workers three take periodic passes, and the others come in their order, each once.
func TestTurns(t *testing.T) {
	registry := prometheus.NewRegistry()
	turns := newTurns(4, NewMetrics(registry).inLine)
	for n := range 8 {
		if got := turns.take(inTurn(n)); got != (n < 3) {
			t.Errorf("profile %d may go: %t", n, got)
		}
	}
	if turns.take(inTurn(3)) { // looked at once more while it stands in line
		t.Error("a profile in line may go before its turn")
	}
	shows(t, registry, "passes_waiting 5", "fargatesec_passes_waiting")
	for n := 3; n < 8; n++ {
		next, ok := turns.giveBack()
		if !ok || next != inTurn(n) {
			t.Fatalf("called %v (%t), want %v", next, ok, inTurn(n))
		}
		if turns.take(inTurn(99)) {
			t.Error("somebody else took the turn of who was called")
		}
		turns.leave(inTurn(99))
		if !turns.take(next) {
			t.Errorf("%v was called, and may not go", next)
		}
	}
	for range 3 {
		if next, ok := turns.giveBack(); ok {
			t.Errorf("%v was called, and stands in no line", next)
		}
	}
	if turns.under != 0 {
		t.Errorf("%d passes are under way after all", turns.under)
	}
	shows(t, registry, "passes_waiting 0", "fargatesec_passes_waiting")
}

// TestWhoNeedsNoTurnMakesRoom: a profile that somebody waits for, or that is gone, holds up nobody.
func TestWhoNeedsNoTurnMakesRoom(t *testing.T) {
	registry := prometheus.NewRegistry()
	turns := newTurns(1, NewMetrics(registry).inLine)
	for n := range 4 {
		turns.take(inTurn(n))
	}
	if next, ok := turns.leave(inTurn(1)); ok { // from the line
		t.Errorf("%v was called while another pass is under way", next)
	}
	shows(t, registry, "passes_waiting 2", "fargatesec_passes_waiting") // one of three has left
	if next, ok := turns.giveBack(); !ok || next != inTurn(2) {
		t.Errorf("called %v (%t), want %v", next, ok, inTurn(2))
	}
	if next, ok := turns.leave(inTurn(2)); !ok || next != inTurn(3) { // called, and not begun
		t.Errorf("called %v (%t), want %v", next, ok, inTurn(3))
	}
	if !turns.take(inTurn(3)) {
		t.Error("the last in line may not go")
	}
}
