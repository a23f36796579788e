// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// FuzzValidate: no document panics, and one that is accepted says nothing twice: a reader that keeps only one of two equal
// names, as encoding/json does, has read the same.
func FuzzValidate(f *testing.F) {
	for _, row := range sameDocuments {
		f.Add(row.a, "{"+use+"}")
	}
	for _, row := range twice {
		f.Add(statement(`"Action":"s3:Get*","Resource":"*",`+row.statement), `{"Action":"kms:*","Principal":"*","Resource":"*",`+row.statement+"}")
	}
	f.Fuzz(func(t *testing.T, doc, statement string) {
		if canonical.ValidatePolicy(doc) == nil {
			saysItOnce(t, doc)
		}
		if canonical.ValidateKeyStatement(statement) == nil {
			saysItOnce(t, `{"Statement":[`+statement+`]}`)
		}
	})
}

func saysItOnce(t *testing.T, doc string) {
	t.Helper()
	want, err := canonical.Policy(doc)
	if err != nil {
		t.Fatalf("accepted, but cannot be read: %v\n%s", err, doc)
	}
	once := json.NewDecoder(strings.NewReader(doc))
	once.UseNumber()
	var read any
	if err := once.Decode(&read); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := canonical.Policy(string(again)); err != nil || got != want {
		t.Fatalf("%s\nis read as %s\nand after encoding/json as %s, %v", doc, want, got, err)
	}
}
