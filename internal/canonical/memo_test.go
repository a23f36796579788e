// SPDX-License-Identifier: Apache-2.0

package canonical

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
	m, made := &memo{most: 1 << 10}, counting{}
	for range 3 {
		for _, text := range []string{"a", "b"} {
			if got, err := m.get(text, made.upper); err != nil || got != strings.ToUpper(text) {
				t.Errorf("%q gives %q, %v", text, got, err)
			}
		}
	}
	if made["a"] != 1 || made["b"] != 1 {
		t.Errorf("made %v", made)
	}
	for range 2 {
		if _, err := m.get("", made.upper); err == nil {
			t.Error("an error is lost")
		}
	}
}

// What is asked for again and again stays, what is not goes, and the memo does not grow.
func TestMemoIsBounded(t *testing.T) {
	const most = 10 * (entryBytes + 4)
	m, made := &memo{most: most}, counting{}
	for n := range 1000 {
		_, _ = m.get("kept", made.upper)
		_, _ = m.get(fmt.Sprintf("%04d", n), made.upper)
		if entries := len(m.young) + len(m.old); entries > 20 || m.size > most {
			t.Fatalf("%d entries, the young ones of %d bytes", entries, m.size)
		}
	}
	if made["kept"] != 1 {
		t.Errorf("what is asked for all the time was made %d times", made["kept"])
	}
	if _, _ = m.get("0000", made.upper); made["0000"] != 2 {
		t.Errorf("what was asked for long ago was made %d times: nothing is forgotten", made["0000"])
	}
}

func TestPolicyIsMadeOnce(t *testing.T) {
	doc := fmt.Sprintf(`{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":%q}}`, t.Name())
	first, err := Policy(doc)
	if err != nil {
		t.Fatal(err)
	}
	most := testing.AllocsPerRun(100, func() {
		if again, err := Policy(doc); err != nil || again != first {
			t.Errorf("%q, then %q, %v", first, again, err)
		}
	})
	if most > 1 { // the bytes that are hashed
		t.Errorf("a document that is known costs %v allocations", most)
	}
}

func BenchmarkPolicy(b *testing.B) {
	doc := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/prod/fargate/payments:*"},{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}`
	b.Run("made", func(b *testing.B) {
		for b.Loop() {
			if _, err := policy(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			if _, err := Policy(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}
