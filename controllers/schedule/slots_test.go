// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
)

func numbered(n int) ctrl.Request {
	return ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "team", Name: fmt.Sprint("p", n)}}
}

// waiting is the gauge of how many wait, and what requires a value of it.
func waiting(t *testing.T) (length prometheus.Gauge, shown func(want float64)) {
	length = prometheus.NewGauge(prometheus.GaugeOpts{Name: "waiting"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(length)
	return length, func(want float64) {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		if got := families[0].GetMetric()[0].GetGauge().GetValue(); got != want {
			t.Errorf("%v wait, want %v", got, want)
		}
	}
}

// inTurn is an object that takes turns.
func inTurn(n int) declaration.Key {
	return declaration.Key{Kind: "Thing", NamespacedName: numbered(n).NamespacedName}
}

// TestTurns: of four workers three take periodic passes, and the others come in their order, each once.
func TestTurns(t *testing.T) {
	length, shown := waiting(t)
	turns := NewSlots(4, length)
	for n := range 8 {
		if got := turns.Acquire(inTurn(n)); got != (n < 3) {
			t.Errorf("profile %d may go: %t", n, got)
		}
	}
	if turns.Acquire(inTurn(3)) { // looked at once more while it stands in line
		t.Error("a profile in line may go before its turn")
	}
	shown(5)
	for n := 3; n < 8; n++ {
		next, ok := turns.Release()
		if !ok || next != inTurn(n) {
			t.Fatalf("called %v (%t), want %v", next, ok, inTurn(n))
		}
		if turns.Acquire(inTurn(99)) {
			t.Error("somebody else took the turn of who was called")
		}
		turns.Leave(inTurn(99))
		if !turns.Acquire(next) {
			t.Errorf("%v was called, and may not go", next)
		}
	}
	for range 3 {
		if next, ok := turns.Release(); ok {
			t.Errorf("%v was called, and stands in no line", next)
		}
	}
	if turns.under != 0 {
		t.Errorf("%d passes are under way after all", turns.under)
	}
	shown(0)
}

// TestWhoNeedsNoTurnMakesRoom: a profile that somebody waits for, or that is gone, holds up nobody.
func TestWhoNeedsNoTurnMakesRoom(t *testing.T) {
	length, shown := waiting(t)
	turns := NewSlots(1, length)
	for n := range 4 {
		turns.Acquire(inTurn(n))
	}
	if next, ok := turns.Leave(inTurn(1)); ok { // from the line
		t.Errorf("%v was called while another pass is under way", next)
	}
	shown(2) // one of three has left
	if next, ok := turns.Release(); !ok || next != inTurn(2) {
		t.Errorf("called %v (%t), want %v", next, ok, inTurn(2))
	}
	if next, ok := turns.Leave(inTurn(2)); !ok || next != inTurn(3) { // called, and not begun
		t.Errorf("called %v (%t), want %v", next, ok, inTurn(3))
	}
	if !turns.Acquire(inTurn(3)) {
		t.Error("the last in line may not go")
	}
}

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
