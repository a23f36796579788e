// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

func TestValidatePolicyAccepts(t *testing.T) {
	for name, doc := range map[string]string{
		"the plain case":      statement(read),
		"one statement":       `{"Version":"2012-10-17","Statement":{` + read + `}}`,
		"no Version":          `{"Statement":{` + read + `}}`,
		"old Version":         `{"Version":"2008-10-17","Id":"x","Statement":{` + read + `}}`,
		"everything":          statement(`"Effect":"Allow","Action":"*","Resource":"*"`),
		"NotAction":           statement(`"Effect":"Deny","NotAction":["iam:*","sts:Get?aller*"],"NotResource":"arn:aws:s3:::b"`),
		"wildcard in the ARN": statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:*"`),
		"variable":            statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"`),
		"conditions": statement(read + `,"Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThanIfExists":{"a:b":[1,"2"]},` +
			`"ForAnyValue:StringLike":{"aws:TagKeys":["a*"]},"Null":{"aws:TokenIssueTime":"false"}}`),
		"two names":  `{"Version":"2012-10-17","Statement":[{"Sid":"A1",` + read + `},{"Sid":"a1",` + read + `}]}`,
		"size limit": sized(canonical.MaxRolePolicySize),
		"much space": strings.Replace(statement(read), ",", ","+strings.Repeat(" \n", canonical.MaxRolePolicySize), 1),
		"Latin 1":    statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/é"`),
	} {
		if err := canonical.ValidatePolicy(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sized is a sound policy of exactly n characters.
func sized(n int) string {
	doc := statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/X"`)
	return strings.Replace(doc, "X", strings.Repeat("x", n-len(doc)+1), 1)
}

func TestValidatePolicyRefuses(t *testing.T) {
	for _, row := range []struct{ name, doc, want string }{
		{"empty", "", "the document is empty"},
		{"syntax", `{"Version" "2012-10-17"}`, "line 1, column 12 (offset 11): invalid character"},
		{"URL-encoded", "%7B%7D", "not valid JSON"},
		{"a list", "[" + statement(read) + "]", "the policy is a list: expected an object"},
		{"date as version", `{"Version":"2024-01-01","Statement":{` + read + `}}`, `Version is "2024-01-01": expected "2012-10-17"`},
		{"version number", `{"Version":2012,"Statement":{` + read + `}}`, `Version is 2012: expected`},
		{"Id", `{"Id":1,"Statement":{` + read + `}}`, "Id is 1: expected a string"},
		{"no Statement", `{"Version":"2012-10-17"}`, "the policy has no Statement: add a list"},
		{"empty Statement", `{"Version":"2012-10-17","Statement":[]}`, "Statement is an empty list: add"},
		{"Statement text", `{"Statement":["x"]}`, "Statement[0] is a string: expected an object"},
		{"unknown top", `{"Policy":1,"Statement":{` + read + `}}`, `the policy has "Policy": expected only Id, Statement, Version, remove it`},
		{"case", `{"statement":{` + read + `}}`, `the policy has "statement": write Statement`},
		{"unknown element", statement(read + `,"Conditon":{}`), `Statement[0] has "Conditon": expected only`},
		{"twice", statement(read + `,"Effect":"Deny"`), `"Effect" is there twice`},
		{"no Effect", statement(`"Action":"a:b","Resource":"*"`), `Statement[0] has no Effect: add`},
		{"effect case", statement(`"Effect":"allow","Action":"a:b","Resource":"*"`), `Statement[0].Effect is "allow": expected "Allow" or "Deny"`},
		{"no Action", statement(`"Effect":"Allow","Resource":"*"`), "Statement[0] has neither Action nor NotAction: add Action"},
		{"both actions", statement(read + `,"NotAction":"a:b"`), "both Action and NotAction: expected exactly one"},
		{"no Resource", statement(`"Effect":"Allow","Action":"a:b"`), "neither Resource nor NotResource"},
		{"both resources", statement(read + `,"NotResource":"*"`), "both Resource and NotResource"},
		{"empty Action", statement(`"Effect":"Allow","Action":[],"Resource":"*"`), "Statement[0].Action is an empty list"},
		{"action without service", statement(`"Effect":"Allow","Action":"GetObject","Resource":"*"`), `Action holds "GetObject": expected service:Action`},
		{"action with space", statement(`"Effect":"Allow","Action":"s3:Get Object","Resource":"*"`), `Action holds "s3:Get Object"`},
		{"action number", statement(`"Effect":"Allow","Action":5,"Resource":"*"`), "Statement[0].Action holds 5: expected a string"},
		{"resource name", statement(`"Effect":"Allow","Action":"s3:*","Resource":"bucket"`), `Resource holds "bucket": expected an ARN`},
		{"resource half", statement(`"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:b"`), `NotResource holds "arn:aws:s3:b": expected an ARN`},
		{"principal", statement(read + `,"Principal":"*"`), "Statement[0] has Principal: a role's own policy"},
		{"not principal", statement(read + `,"NotPrincipal":"*"`), "Statement[0] has NotPrincipal"},
		{"Sid", statement(`"Sid":"a b",` + read), `Statement[0].Sid is "a b": expected letters and digits`},
		{"Sid twice", `{"Statement":[{"Sid":"A",` + read + `},{"Sid":"A",` + read + `}]}`, `Statement[1].Sid is "A" as in another statement`},
		{"condition text", statement(read + `,"Condition":"x"`), `Statement[0].Condition is "x": expected an object`},
		{"operator", statement(read + `,"Condition":{"StringEqual":{"a:b":"c"}}`), `Condition has the operator "StringEqual"`},
		{"operator NullIfExists", statement(read + `,"Condition":{"NullIfExists":{"a:b":"true"}}`), `operator "NullIfExists"`},
		{"keys", statement(read + `,"Condition":{"StringEquals":["a"]}`), `Condition.StringEquals is a list: expected an object`},
		{"key", statement(read + `,"Condition":{"StringEquals":{"SourceArn":"c"}}`), `has the key "SourceArn": expected a prefix`},
		{"value", statement(read + `,"Condition":{"StringEquals":{"a:b":{}}}`), `StringEquals.a:b holds an object`},
		{"size", sized(canonical.MaxRolePolicySize + 1), "has 10241 characters without white space: IAM allows 10240"},
		{"character", statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/–"`), "IAM takes characters up to U+00FF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := canonical.ValidatePolicy(row.doc)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error = %v\nwant ... %s", err, row.want)
			}
		})
	}
}

func TestValidatePolicyNamesEveryProblem(t *testing.T) {
	err := canonical.ValidatePolicy("{\"Version\":\"1\",\n\"Statement\":[{\"Effect\":\"No\",\"Action\":\"x\",\"Resource\":\"y\"}]}")
	for _, want := range []string{"Version", "Effect", "Action", "Resource", "line 2, column 24"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
}
