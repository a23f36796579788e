// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"crypto/sha256"
	"sync"
)

// memoBytes bounds each of a memo's two generations: the canonical forms of the documents of ten thousand profiles, most
// of which are some hundred bytes long.
const memoBytes = 16 << 20

// entryBytes is about what an entry takes besides its text.
const entryBytes = sha256.Size + 48

// memo remembers what was made of texts, by their SHA-256: whoever writes a document in AWS must not be able to have it
// taken for another. The same documents are read in every interval, and most never change.
//
// It forgets by generations: when the young one is full, it becomes the old one, and what was not asked for since the last
// time is gone. Its zero value, with most set, is ready.
type memo struct {
	most int // bytes in a generation

	mu         sync.Mutex
	young, old map[[sha256.Size]byte]string
	size       int // of young
}

// get returns what make gives, or gave, for a text. Errors are not remembered.
func (m *memo) get(text string, make func(string) (string, error)) (string, error) {
	key := sha256.Sum256([]byte(text))
	if form, ok := m.known(key); ok {
		return form, nil
	}
	form, err := make(text)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(key, form)
	return form, nil
}

func (m *memo) known(key [sha256.Size]byte) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if form, ok := m.young[key]; ok {
		return form, true
	}
	form, ok := m.old[key]
	if ok {
		m.keep(key, form)
	}
	return form, ok
}

func (m *memo) keep(key [sha256.Size]byte, form string) {
	if _, ok := m.young[key]; ok {
		return // somebody else was as fast
	}
	if m.young == nil || m.size+len(form)+entryBytes > m.most {
		m.old, m.young, m.size = m.young, map[[sha256.Size]byte]string{}, 0
	}
	m.young[key] = form
	m.size += len(form) + entryBytes
}
