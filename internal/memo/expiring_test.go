// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const life = time.Hour

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

// watch is a clock that tests move.
type watch struct{ at time.Time }

func (w *watch) now() time.Time { return w.at }

func newExpiring() (*Expiring[string, int], *watch) {
	w := &watch{at: noon}
	return NewExpiring[string, int](w.now, life), w
}

func upTo(value int, ok bool) string { return fmt.Sprint(value, ok) }

// TestAnEntryIsGoneAfterItsLife: not a moment before, and then for every method.
func TestAnEntryIsGoneAfterItsLife(t *testing.T) {
	for name, there := range map[string]func(*Expiring[string, int]) bool{
		"Get":    func(e *Expiring[string, int]) bool { return upTo(e.Get("a")) == "1 true" },
		"Use":    func(e *Expiring[string, int]) bool { return upTo(e.Use("a")) == "1 true" },
		"Len":    func(e *Expiring[string, int]) bool { return e.Len() == 1 },
		"Values": func(e *Expiring[string, int]) bool { return slices.Equal(e.Values(), []int{1}) },
		"Update": func(e *Expiring[string, int]) bool {
			return e.Update("a", func(value int, known bool) int { return map[string]int{"1 true": 1}[upTo(value, known)] }) == 1
		},
	} {
		e, w := newExpiring()
		e.Put("a", 1)
		w.at = noon.Add(life)
		if !there(e) {
			t.Errorf("%s: gone before its life is over", name)
		}
		e, w = newExpiring()
		e.Put("a", 1)
		w.at = noon.Add(life + 1)
		if there(e) {
			t.Errorf("%s: still there after its life", name)
		}
	}
}

// TestUseBeginsALifeAnew: so do Put and Update; to look at an entry does not.
func TestUseBeginsALifeAnew(t *testing.T) {
	for name, c := range map[string]struct {
		touch func(*Expiring[string, int])
		stays bool
	}{
		"Put":    {func(e *Expiring[string, int]) { e.Put("a", 2) }, true},
		"Use":    {func(e *Expiring[string, int]) { e.Use("a") }, true},
		"Update": {func(e *Expiring[string, int]) { e.Update("a", func(value int, _ bool) int { return value }) }, true},
		"Get":    {func(e *Expiring[string, int]) { e.Get("a") }, false},
		"Len":    {func(e *Expiring[string, int]) { e.Len() }, false},
		"Values": {func(e *Expiring[string, int]) { e.Values() }, false},
		"other":  {func(e *Expiring[string, int]) { e.Put("b", 1); e.Use("nobody"); e.Delete("nobody") }, false},
	} {
		e, w := newExpiring()
		e.Put("a", 1)
		w.at = noon.Add(life / 2)
		c.touch(e)
		w.at = noon.Add(life + 1)
		if _, there := e.Get("a"); there != c.stays {
			t.Errorf("%s: it is there: %t", name, there)
		}
	}
}

// TestValues: they are what was put last, in the order of their last use.
func TestValues(t *testing.T) {
	e, _ := newExpiring()
	for i, key := range []string{"a", "b", "c", "d"} {
		e.Put(key, i)
	}
	e.Put("a", 10)
	e.Use("c")
	e.Delete("d")
	if got := e.Values(); !slices.Equal(got, []int{1, 10, 2}) {
		t.Errorf("values are %v", got)
	}
	if got := e.Update("b", func(value int, _ bool) int { return value + 1 }); got != 2 || upTo(e.Get("b")) != "2 true" {
		t.Errorf("updated to %d", got)
	}
	if got := upTo(e.Get("d")); got != "0 false" {
		t.Errorf("what was deleted is %s", got)
	}
	e.Put("d", 4)
	if got := e.Values(); !slices.Equal(got, []int{10, 2, 2, 4}) {
		t.Errorf("values are %v", got)
	}
}

// TestWhatIsGoneIsNotHeld: any call frees it, and whoever is used all the time keeps nobody else.
func TestWhatIsGoneIsNotHeld(t *testing.T) {
	for name, call := range map[string]func(*Expiring[string, int]){
		"Put":    func(e *Expiring[string, int]) { e.Put("kept", 0) },
		"Use":    func(e *Expiring[string, int]) { e.Use("kept") },
		"Get":    func(e *Expiring[string, int]) { e.Get("kept") },
		"Update": func(e *Expiring[string, int]) { e.Update("kept", func(int, bool) int { return 0 }) },
		"Delete": func(e *Expiring[string, int]) { e.Delete("kept") },
		"Len":    func(e *Expiring[string, int]) { e.Len() },
		"Values": func(e *Expiring[string, int]) { e.Values() },
	} {
		e, w := newExpiring()
		for n := range 1000 {
			e.Put(fmt.Sprint(n), n)
		}
		w.at = noon.Add(life / 2)
		e.Put("kept", 0)
		w.at = noon.Add(life + 1)
		call(e)
		if held := e.held(); len(e.entries) > 1 || held != len(e.entries) {
			t.Errorf("%s: %d entries, %d in the list, of which one was used lately", name, len(e.entries), held)
		}
	}
}

// held counts the list.
func (e *Expiring[K, V]) held() (n int) {
	for one := e.ends.next; one != &e.ends; one = one.next {
		if one.next.prev != one || one.prev.next != one {
			panic("the list is torn")
		}
		n++
	}
	return n
}

// TestExpiringIsAMapWithTimes: against a plain map that is searched each time.
func TestExpiringIsAMapWithTimes(t *testing.T) {
	type plain struct {
		value int
		used  time.Time
	}
	e, w := newExpiring()
	model, random := map[string]plain{}, rand.New(rand.NewPCG(1, 2))
	for step := range 20000 {
		w.at = w.at.Add(time.Duration(random.IntN(int(life / 8))))
		for key, p := range model {
			if w.at.Sub(p.used) > life {
				delete(model, key)
			}
		}
		key := fmt.Sprint(random.IntN(20))
		p, known := model[key]
		var got, want string
		switch random.IntN(5) {
		case 0:
			e.Put(key, step)
			model[key] = plain{step, w.at}
		case 1:
			got, want = upTo(e.Get(key)), upTo(p.value, known)
		case 2:
			got, want = upTo(e.Use(key)), upTo(p.value, known)
			if known {
				model[key] = plain{p.value, w.at}
			}
		case 3:
			e.Update(key, func(value int, ok bool) int {
				got, want = upTo(value, ok), upTo(p.value, known)
				return value + 1
			})
			model[key] = plain{p.value + 1, w.at}
		case 4:
			e.Delete(key)
			delete(model, key)
		}
		if got != want || e.Len() != len(model) || e.held() != len(model) {
			t.Fatalf("step %d: got %s, want %s; %d entries, want %d", step, got, want, e.Len(), len(model))
		}
	}
}

// TestNobodyComesBetween: for the race detector, and no update is lost.
func TestNobodyComesBetween(t *testing.T) {
	e := NewExpiring[string, int](time.Now, life)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for n := range 200 {
				e.Update("sum", func(value int, _ bool) int { return value + 1 })
				key := strings.Repeat("x", n%7)
				e.Put(key, n)
				e.Use(key)
				e.Get(key)
				e.Delete(key)
				e.Len()
				e.Values()
			}
		})
	}
	wait.Wait()
	if got := upTo(e.Get("sum")); got != "1600 true" {
		t.Errorf("the sum is %s", got)
	}
}

// TestAnUpdateThatPanicsChangesNothing: and holds nobody up.
func TestAnUpdateThatPanicsChangesNothing(t *testing.T) {
	e, _ := newExpiring()
	e.Put("a", 1)
	for _, key := range []string{"a", "b"} {
		func() {
			defer func() { _ = recover() }()
			e.Update(key, func(int, bool) int { panic("a bug") })
		}()
	}
	if upTo(e.Get("a")) != "1 true" || e.Len() != 1 {
		t.Errorf("there are %v", e.Values())
	}
}
