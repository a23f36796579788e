// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// counting counts how often something is made of a text.
type counting map[string]int

func (c counting) upper(text string) (string, error) {
	c[text]++
	if text == "" {
		return "", errors.New("nothing")
	}
	return strings.ToUpper(text), nil
}

func TestMemoMakesOnce(t *testing.T) {
	m, made := New(1<<10, Text), counting{}
	for range 3 {
		for _, text := range []string{"a", "b"} {
			if got, err := m.Get(text, made.upper); err != nil || got != strings.ToUpper(text) {
				t.Errorf("%q gives %q, %v", text, got, err)
			}
		}
	}
	if made["a"] != 1 || made["b"] != 1 {
		t.Errorf("made %v", made)
	}
	for range 2 {
		if _, err := m.Get("", made.upper); err == nil {
			t.Error("an error is lost")
		}
	}
}

// What is asked for again and again stays, what is not goes, and the memo does not grow.
func TestMemoIsBounded(t *testing.T) {
	const most = 10 * (entryBytes + 4)
	m, made := New(most, Text), counting{}
	for n := range 1000 {
		_, _ = m.Get("kept", made.upper)
		_, _ = m.Get(fmt.Sprintf("%04d", n), made.upper)
		if entries := len(m.young) + len(m.old); entries > 20 || m.used > most {
			t.Fatalf("%d entries, the young ones of %d bytes", entries, m.used)
		}
	}
	if made["kept"] != 1 {
		t.Errorf("what is asked for all the time was made %d times", made["kept"])
	}
	if _, _ = m.Get("0000", made.upper); made["0000"] != 2 {
		t.Errorf("what was asked for long ago was made %d times: nothing is forgotten", made["0000"])
	}
}
