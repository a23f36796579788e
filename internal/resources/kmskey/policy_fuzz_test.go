// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// FuzzPolicy: any additional statement is refused, or gives a policy that leaves the account in charge of its key, keeps
// the service's statement as it is, and is the same when it is written again.
func FuzzPolicy(f *testing.F) {
	f.Add("/aws/a", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/x"},"Action":"kms:Decrypt","Resource":"*"}`)
	f.Add("", `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`)
	f.Add("a\na", `[]`)
	f.Add("\x00", `{"Sid":1}`)
	f.Add("", `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"Bool":{"a:b":"c"}},"Condition":{}}`)
	f.Add("b", `{"Effect":"Allow"} {"Effect":"Deny"}`)
	f.Fuzz(func(t *testing.T, groups, statement string) {
		scope := awsapi.Scope{Partition: "aws", AccountID: "111122223333", Region: "eu-west-1"}
		names := strings.Split(groups, "\n")
		bare, err := Policy(scope, names, nil)
		if err != nil {
			t.Fatal(err)
		}
		with, err := Policy(scope, names, []string{statement})
		if err != nil {
			return
		}
		plain, err := canonical.Policy(with)
		if err != nil {
			t.Fatalf("%v: %s", err, with)
		}
		if again, err := Policy(scope, names, []string{statement}); err != nil || again != with {
			t.Fatalf("%s, and again %s", with, again)
		}
		own := strings.TrimSuffix(bare, "],\"Version\":\"2012-10-17\"}")
		if own == bare || !strings.HasPrefix(with, own+",") {
			t.Fatalf("our own statements are not the first: %s", with)
		}
		if same, err := canonical.Policy(plain); err != nil || same != plain {
			t.Fatalf("%s, and again %s", plain, same)
		}
	})
}
