// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"fmt"
	"testing"
)

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
