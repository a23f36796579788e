// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// use is a sound statement of a key policy, without its braces.
const use = `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/x"},"Action":"kms:Decrypt","Resource":"*"`

func TestValidateKeyStatementAccepts(t *testing.T) {
	for name, statement := range map[string]string{
		"the plain case":           "{" + use + "}",
		"white space":              " \n{" + use + "}\n",
		"Sid with spaces":          `{"Sid":"Allow use of the key",` + use + "}",
		"everybody":                `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`,
		"every type of principal":  `{"Effect":"Allow","Principal":{"AWS":["111122223333","*"],"Service":"logs.eu-west-1.amazonaws.com","Federated":"a","CanonicalUser":"b"},"Action":"*","Resource":["*"]}`,
		"account id as a number":   `{"Effect":"Allow","Principal":{"AWS":111122223333},"Action":"kms:Get*","Resource":"*"}`,
		"all but":                  `{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"NotAction":"kms:Describe*","NotResource":"x"}`,
		"case of actions":          `{"Effect":"Allow","Principal":"*","Action":["KMS:decrypt","kms:ReEncrypt?rom"],"Resource":"*"}`,
		"conditions":               "{" + use + `,"Condition":{"StringEquals":{"kms:ViaService":["a","b"],"kms:CallerAccount":"111122223333"},"Bool":{"kms:GrantIsForAWSResource":true},"ForAllValues:StringLikeIfExists":{"kms:EncryptionContextKeys":"a"}}}`,
		"case of operators":        "{" + use + `,"Condition":{"stringEquals":{"kms:ViaService":"a"}}}`,
		"one key in two operators": "{" + use + `,"Condition":{"StringEquals":{"a:b":"c"},"StringLike":{"A:B":"d"}}}`,
		"resource of any form":     `{"Effect":"Allow","Principal":"*","Action":"kms:Get*","Resource":"arn:aws:kms:eu-west-1:111122223333:key/*"}`,
	} {
		if err := canonical.ValidateKeyStatement(statement); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidateKeyStatementRefuses(t *testing.T) {
	for _, row := range []struct{ name, statement, want string }{
		{"empty", " ", "the document is empty"},
		{"syntax", `{"Effect" "Allow"}`, "line 1, column 11 (offset 10): invalid character"},
		{"two statements", "{" + use + "},{" + use + "}", "not valid JSON"},
		{"a list", "[]", "the statement is a list: expected an object"},
		{"unknown element", "{" + use + `,"Conditon":{}}`, `the statement has "Conditon": expected only Action, `},
		{"case of an element", "{" + use + `,"condition":{}}`, `the statement has "condition": write Condition`},
		{"Sid", `{"Sid":1,` + use + "}", "the statement.Sid is 1: expected a string"},
		{"effect", `{"Effect":"allow","Principal":"*","Action":"kms:*","Resource":"*"}`, `Effect is "allow": expected "Allow" or "Deny"`},
		{"no effect", `{"Principal":"*","Action":"kms:*","Resource":"*"}`, "has no Effect: add"},
		{"no principal", `{"Effect":"Allow","Action":"kms:*","Resource":"*"}`, "neither Principal nor NotPrincipal: add Principal"},
		{"both principals", "{" + use + `,"NotPrincipal":"*"}`, "both Principal and NotPrincipal"},
		{"principal text", `{"Effect":"Allow","Principal":"arn:aws:iam::111122223333:root","Action":"kms:*","Resource":"*"}`, `the statement.Principal is "arn:aws:iam::111122223333:root": expected "*" or an object`},
		{"principals in a list", `{"Effect":"Allow","Principal":["*"],"Action":"kms:*","Resource":"*"}`, "Principal is a list: expected"},
		{"no principal in the object", `{"Effect":"Allow","Principal":{},"Action":"kms:*","Resource":"*"}`, "Principal is an empty object: expected at least one"},
		{"no principal in the list", `{"Effect":"Allow","Principal":{"AWS":[]},"Action":"kms:*","Resource":"*"}`, "Principal.AWS is an empty list"},
		{"unknown type", `{"Effect":"Allow","Principal":{"Aws":"*"},"Action":"kms:*","Resource":"*"}`, `Principal has "Aws": write AWS`},
		{"principal value", `{"Effect":"Allow","Principal":{"AWS":true},"Action":"kms:*","Resource":"*"}`, "Principal.AWS holds true: expected a string"},
		{"no action", `{"Effect":"Allow","Principal":"*","Resource":"*"}`, "neither Action nor NotAction"},
		{"action", `{"Effect":"Allow","Principal":"*","Action":"Decrypt","Resource":"*"}`, `Action holds "Decrypt": expected service:Action`},
		{"no resource", `{"Effect":"Allow","Principal":"*","Action":"kms:*"}`, "neither Resource nor NotResource"},
		{"resource value", `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":{}}`, "Resource holds an object: expected a string"},
		{"null for no condition", "{" + use + `,"Condition":null}`, "the statement.Condition is null: expected an object"},
		{"operator", "{" + use + `,"Condition":{"StringEqual":{"a:b":"c"}}}`, `operator "StringEqual"`},
		{"character", `{"Sid":"–",` + use + "}", "KMS takes characters up to U+00FF only"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := canonical.ValidateKeyStatement(row.statement); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error = %v\nwant ... %s", err, row.want)
			}
		})
	}
}

// twice are statements without braces and Resource that say a thing twice, and the column of the second.
var twice = []struct{ name, statement, want string }{
	{"element", `"Effect":"Deny","Effect":"Allow"`, `"Effect" is there twice`},
	{"element, escaped", `"Effect":"Deny","\u0045ffect":"Allow"`, `"Effect" is there twice`},
	{"element in another case", `"Effect":"Deny","effect":"Allow"`, `has "effect", and "Effect" before, which differ in the case of letters only`},
	{"unknown element", `"Effect":"Deny","x":1,"x":1`, `"x" is there twice`},
	{"condition", `"Effect":"Allow","Condition":{"Bool":{"a:b":"c"}},"Condition":{}`, `"Condition" is there twice`},
	{"operator", `"Effect":"Allow","Condition":{"StringEquals":{"a:b":"c"},"StringEquals":{"a:d":"e"}}`, `"StringEquals" is there twice`},
	{"operator in another case", `"Effect":"Allow","Condition":{"StringEquals":{"a:b":"c"},"stringequals":{"a:d":"e"}}`,
		`has "stringequals", and "StringEquals" before`},
	{"key", `"Effect":"Allow","Condition":{"StringEquals":{"a:b":"c","a:b":"*"}}`, `"a:b" is there twice`},
	{"key in another case", `"Effect":"Allow","Condition":{"StringEquals":{"aws:SourceIp":"c","AWS:SourceIP":"*"}}`,
		`has "AWS:SourceIP", and "aws:SourceIp" before`},
	{"inside a value", `"Effect":"Allow","Condition":{"StringEquals":{"a:b":[{"x":1,"x":2}]}}`, `"x" is there twice`},
}

// TestWhatIsSaidTwiceIsRefused: at any depth, in every document that a spec can hold, with the place.
func TestWhatIsSaidTwiceIsRefused(t *testing.T) {
	for _, row := range twice {
		t.Run(row.name, func(t *testing.T) {
			for which, err := range map[string]error{
				"inline policy": canonical.ValidatePolicy("{\"Statement\":\n[{\"Action\":\"s3:Get*\",\"Resource\":\"*\"," + row.statement + "}]}"),
				"key policy":    canonical.ValidateKeyStatement("{\"Action\":\"kms:Get*\",\"Principal\":\"*\",\n\"Resource\":\"*\"," + row.statement + "}"),
			} {
				if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "line 2, column ") {
					t.Errorf("%s: error = %v\nwant ... %s, and the place", which, err, row.want)
				}
			}
		})
	}
	for text, err := range map[string]error{
		`"Statement" is there twice`:              canonical.ValidatePolicy("{\"Statement\":[],\n\"Statement\":{" + read + "}}"),
		`has "STATEMENT", and "Statement" before`: canonical.ValidatePolicy("{\"Statement\":[],\n\"STATEMENT\":{" + read + "}}"),
		`"AWS" is there twice`:                    canonical.ValidateKeyStatement("{\"Principal\":{\"AWS\":\"111122223333\",\n\"AWS\":\"*\"}}"),
		`has "aws", and "AWS" before`:             canonical.ValidateKeyStatement("{\"Principal\":{\"AWS\":\"111122223333\",\n\"aws\":\"*\"}}"),
	} {
		if !strings.Contains(fmt.Sprint(err), text) || !strings.Contains(fmt.Sprint(err), "line 2, column ") {
			t.Errorf("error = %v\nwant ... %s, and the place", err, text)
		}
	}
}

// TestWhatIsAcceptedCanBeCompared: what is accepted can also be compared with what AWS shows.
func TestWhatIsAcceptedCanBeCompared(t *testing.T) {
	for _, statement := range []string{"{" + use + "}", "{" + use + `,"Condition":{"stringEquals":{"a:b":"c"},"Bool":{"A:B":true}}}`} {
		if _, err := canonical.Policy(`{"Statement":` + statement + `}`); err != nil || canonical.ValidateKeyStatement(statement) != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
