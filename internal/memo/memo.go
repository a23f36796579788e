// SPDX-License-Identifier: Apache-2.0

// Package memo remembers what was made of texts, and has equal texts be one in memory. The same documents are read and
// judged in every interval, and most never change.
package memo

import (
	"crypto/sha256"
	"sync"
)

// entryBytes is about what an entry takes besides its value.
const entryBytes = sha256.Size + 48

// Memo remembers values by the SHA-256 of the texts that they were made of: whoever writes a document in AWS must not be
// able to have it taken for another. What it returns is shared, and must not be changed. It is safe for concurrent use.
//
// It forgets by generations: when the young one is full, it becomes the old one, and what was not asked for since the last
// time is gone.
type Memo[T any] struct {
	most int
	size func(T) int

	mu         sync.Mutex
	young, old map[[sha256.Size]byte]T
	used       int // of young, in bytes
}

// New returns a Memo with two generations of at most that many bytes each. size is how many bytes a value takes, about.
func New[T any](most int, size func(T) int) *Memo[T] {
	return &Memo[T]{most: most, size: size}
}

// Text is the size of a string.
func Text(s string) int { return len(s) }

// Get returns what make gives, or gave, for a text. Errors are those of make, and are not remembered.
func (m *Memo[T]) Get(text string, make func(string) (T, error)) (T, error) {
	key := sha256.Sum256([]byte(text))
	if value, ok := m.known(key); ok {
		return value, nil
	}
	value, err := make(text)
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(key, value)
	return value, nil
}

func (m *Memo[T]) known(key [sha256.Size]byte) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.young[key]; ok {
		return value, true
	}
	value, ok := m.old[key]
	if ok {
		m.keep(key, value)
	}
	return value, ok
}

func (m *Memo[T]) keep(key [sha256.Size]byte, value T) {
	if _, ok := m.young[key]; ok {
		return // somebody else was as fast
	}
	size := m.size(value) + entryBytes
	if m.young == nil || m.used+size > m.most {
		m.old, m.young, m.used = m.young, map[[sha256.Size]byte]T{}, 0
	}
	m.young[key] = value
	m.used += size
}
