// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"sync"
	"time"
)

// Expiring is a map whose entries expire: one that was not used for longer than its life is gone. Put, Use and Update use
// an entry, Get does not. It is safe for concurrent use.
//
// What is gone is no longer returned, not counted, and not held: each call first drops it. So an Expiring holds what was
// used within one life and nothing else. There is no other bound: whoever fills it bounds how much that is. Entries stand in
// the order of their last use, so a call costs the same however many there are.
type Expiring[K comparable, V any] struct {
	now  func() time.Time
	life time.Duration

	mu      sync.Mutex
	entries map[K]*entry[K, V]
	// ends closes the list of entries to a ring: next is the one used least recently, prev the one used last.
	ends entry[K, V]
}

type entry[K comparable, V any] struct {
	key        K
	value      V
	used       time.Time
	prev, next *entry[K, V]
}

// NewExpiring returns an empty Expiring that takes the time from now, which must not go back.
func NewExpiring[K comparable, V any](now func() time.Time, life time.Duration) *Expiring[K, V] {
	e := &Expiring[K, V]{now: now, life: life, entries: map[K]*entry[K, V]{}}
	e.ends.prev, e.ends.next = &e.ends, &e.ends
	return e
}

// Put sets the value of a key.
func (e *Expiring[K, V]) Put(key K, value V) {
	e.Update(key, func(V, bool) V { return value })
}

// Update sets the value of a key to what change makes of the one before; known is false where there is none. It returns the
// new value. Nobody comes in between; change must not call the Expiring.
func (e *Expiring[K, V]) Update(key K, change func(value V, known bool) V) V {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.expire()
	var last V
	one, known := e.entries[key]
	if known {
		last = one.value
	}
	value := change(last, known) // should it panic, nothing has changed
	if !known {
		one = &entry[K, V]{key: key}
		one.prev, one.next = one, one
		e.entries[key] = one
	}
	one.value = value
	e.use(one, now)
	return value
}

// Get returns the value of a key, and false where there is none.
func (e *Expiring[K, V]) Get(key K) (V, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expire()
	return e.value(key)
}

// Use is Get, and the life of the entry begins anew.
func (e *Expiring[K, V]) Use(key K) (V, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.expire()
	if one := e.entries[key]; one != nil {
		e.use(one, now)
	}
	return e.value(key)
}

// Delete removes a key.
func (e *Expiring[K, V]) Delete(key K) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expire()
	if one := e.entries[key]; one != nil {
		e.drop(one)
	}
}

// Len is how many entries there are.
func (e *Expiring[K, V]) Len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expire()
	return len(e.entries)
}

// Values returns all values, the one used least recently first.
func (e *Expiring[K, V]) Values() []V {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expire()
	values := make([]V, 0, len(e.entries))
	for one := e.ends.next; one != &e.ends; one = one.next {
		values = append(values, one.value)
	}
	return values
}

// The methods below want e.mu held.

// expire drops what is gone, and returns the time.
func (e *Expiring[K, V]) expire() time.Time {
	now := e.now()
	for one := e.ends.next; one != &e.ends && now.Sub(one.used) > e.life; one = e.ends.next {
		e.drop(one)
	}
	return now
}

func (e *Expiring[K, V]) value(key K) (none V, ok bool) {
	if one := e.entries[key]; one != nil {
		return one.value, true
	}
	return none, false
}

// use moves an entry to the end of the list.
func (e *Expiring[K, V]) use(one *entry[K, V], now time.Time) {
	one.used = now
	one.prev.next, one.next.prev = one.next, one.prev
	one.prev, one.next = e.ends.prev, &e.ends
	one.prev.next, e.ends.prev = one, one
}

func (e *Expiring[K, V]) drop(one *entry[K, V]) {
	one.prev.next, one.next.prev = one.next, one.prev
	delete(e.entries, one.key)
}
