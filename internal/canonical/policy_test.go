// SPDX-License-Identifier: Apache-2.0

package canonical_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// statement is a policy of one statement, the frame of most rows.
func statement(s string) string {
	return `{"Version":"2012-10-17","Statement":[{` + s + `}]}`
}

const (
	read  = `"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]`
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},` +
		`"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"}}}]}`
)

type pair struct{ name, a, b string }

// sameDocuments are spellings of one policy that AWS takes or gives back.
var sameDocuments = []pair{
	{"list of one action", statement(read), statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`)},
	{"white space", statement(read), "\n {\n\t\"Version\": \"2012-10-17\",\r\n \"Statement\": [ {" + read + " } ]\n}\n"},
	{"URL encoding with %20", statement(read), url.PathEscape(statement(read))},
	{"URL encoding with +", "{ \"Version\": \"2012-10-17\", \"Statement\": [ {" + read + "} ] }",
		url.QueryEscape("{ \"Version\": \"2012-10-17\", \"Statement\": [ {" + read + "} ] }")},
	{"URL encoding of a plus sign", statement(`"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/a+b"`),
		url.QueryEscape(statement(`"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/a+b"`))},
	{"URL encoding of the trust policy", trust, url.QueryEscape(trust)},
	{"byte order mark", statement(read), "\ufeff" + statement(read)},
	{"order of keys", statement(read), `{"Statement":[{"Resource":["arn:aws:s3:::b/*"],"Action":["s3:GetObject"],"Effect":"Allow"}],"Version":"2012-10-17"}`},
	{"one statement without list", statement(read), `{"Version":"2012-10-17","Statement":{` + read + `}}`},
	{"list around the document", statement(read), "[" + statement(read) + "]"},
	{"order of statements",
		`{"Version":"2012-10-17","Statement":[{"Sid":"A",` + read + `},{"Sid":"B",` + read + `}]}`,
		`{"Version":"2012-10-17","Statement":[{"Sid":"B",` + read + `},{"Sid":"A",` + read + `}]}`},
	{"a statement twice",
		`{"Version":"2012-10-17","Statement":[{` + read + `},{` + read + `}]}`, statement(read)},
	{"order of actions", statement(`"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"*"`),
		statement(`"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":"*"`)},
	{"an action twice", statement(`"Effect":"Allow","Action":["s3:GetObject","s3:GetObject"],"Resource":"*"`),
		statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"*"`)},
	{"case of actions", statement(`"Effect":"Allow","Action":"S3:getobject","Resource":"*"`),
		statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"*"`)},
	{"case of NotAction", statement(`"Effect":"Deny","NotAction":"IAM:*","Resource":"*"`),
		statement(`"Effect":"Deny","NotAction":["iam:*"],"Resource":"*"`)},
	{"order of resources", statement(`"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a","arn:aws:s3:::b"]`),
		statement(`"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::a"]`)},
	{"order of NotResource", statement(`"Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::a","arn:aws:s3:::b"]`),
		statement(`"Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::b","arn:aws:s3:::a"]`)},
	{"case of Effect", statement(read), statement(`"Effect":"ALLOW","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]`)},
	{"case of elements", statement(read), `{"version":"2012-10-17","statement":[{"effect":"Allow","action":"s3:GetObject","resource":"arn:aws:s3:::b/*"}]}`},
	{"no Version is the old one", `{"Version":"2008-10-17","Statement":{` + read + `}}`, `{"Statement":{` + read + `}}`},
	{"empty Id", statement(read), `{"Id":"","Version":"2012-10-17","Statement":[{` + read + `}]}`},
	{"empty Sid", statement(read), statement(`"Sid":"",` + read)},
	{"null Sid", statement(read), statement(`"Sid":null,` + read)},
	{"empty Condition", statement(read), statement(read + `,"Condition":{}`)},
	{"operator without keys", statement(read), statement(read + `,"Condition":{"StringEquals":{}}`)},
	{"Boolean as string", statement(read + `,"Condition":{"Bool":{"aws:SecureTransport":true}}`),
		statement(read + `,"Condition":{"Bool":{"aws:SecureTransport":"true"}}`)},
	{"Boolean as list", statement(read + `,"Condition":{"Bool":{"aws:SecureTransport":[false]}}`),
		statement(read + `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`)},
	{"number as string", statement(read + `,"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":3600}}`),
		statement(read + `,"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}`)},
	{"number with fraction", statement(read + `,"Condition":{"NumericLessThan":{"s3:max-keys":1.50}}`),
		statement(read + `,"Condition":{"NumericLessThan":{"s3:max-keys":"1.5"}}`)},
	{"number with exponent", statement(read + `,"Condition":{"NumericLessThan":{"s3:max-keys":1e3}}`),
		statement(read + `,"Condition":{"NumericLessThan":{"s3:max-keys":["1000"]}}`)},
	{"order of condition values", statement(read + `,"Condition":{"StringEquals":{"aws:SourceAccount":["1","2"]}}`),
		statement(read + `,"Condition":{"StringEquals":{"aws:SourceAccount":["2","1"]}}`)},
	{"case of condition keys", statement(read + `,"Condition":{"StringEquals":{"aws:SourceAccount":"1"}}`),
		statement(read + `,"Condition":{"StringEquals":{"AWS:sourceaccount":"1"}}`)},
	{"order of operators", statement(read + `,"Condition":{"ArnLike":{"aws:SourceArn":"a"},"StringEquals":{"aws:SourceAccount":"1"}}`),
		statement(read + `,"Condition":{"StringEquals":{"aws:SourceAccount":"1"},"ArnLike":{"aws:SourceArn":"a"}}`)},
	{"account id for root", principal(`{"AWS":"111122223333"}`), principal(`{"AWS":"arn:aws:iam::111122223333:root"}`)},
	{"account id as number", principal(`{"AWS":111122223333}`), principal(`{"AWS":"arn:aws:iam::111122223333:root"}`)},
	{"account id for root in China", principal(`{"AWS":"111122223333"}`), principal(`{"AWS":"arn:aws-cn:iam::111122223333:root"}`)},
	{"account ids in a list", principal(`{"AWS":["111122223333","444455556666"]}`),
		principal(`{"AWS":["arn:aws:iam::444455556666:root","arn:aws:iam::111122223333:root"]}`)},
	{"account id and its root", principal(`{"AWS":["111122223333","arn:aws:iam::111122223333:root"]}`), principal(`{"AWS":"111122223333"}`)},
	{"everyone", principal(`"*"`), principal(`{"AWS":"*"}`)},
	{"everyone in a list", principal(`"*"`), principal(`{"AWS":["*"]}`)},
	{"service in a list", principal(`{"Service":["eks-fargate-pods.amazonaws.com"]}`), principal(`{"Service":"eks-fargate-pods.amazonaws.com"}`)},
	{"order of services", principal(`{"Service":["ec2.amazonaws.com","ecs.amazonaws.com"]}`), principal(`{"Service":["ecs.amazonaws.com","ec2.amazonaws.com"]}`)},
	{"order of principal types", principal(`{"AWS":"111122223333","Service":"a.amazonaws.com"}`), principal(`{"Service":"a.amazonaws.com","AWS":"111122223333"}`)},
	{"NotPrincipal", statement(`"Effect":"Deny","NotPrincipal":{"AWS":["111122223333"]},"Action":"kms:*","Resource":"*"`),
		statement(`"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"`)},
	{"escapes in strings", statement(`"Effect":"Allow","Action":"s3:\u002a","Resource":"arn:aws:s3:::b\/*"`),
		statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"`)},
	{"escaped markup", statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::\u003cb\u003e\u0026"`),
		statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::<b>&"`)},
}

func principal(p string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + p + `,"Action":"sts:AssumeRole"}]}`
}

// differentDocuments are changes that somebody could make, each of which matters.
var differentDocuments = []pair{
	{"action added", statement(read), statement(`"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::b/*"]`)},
	{"action removed", statement(`"Effect":"Allow","Action":["a:b","a:c"],"Resource":"*"`), statement(`"Effect":"Allow","Action":["a:b"],"Resource":"*"`)},
	{"action replaced", statement(read), statement(`"Effect":"Allow","Action":["s3:GetObjectAcl"],"Resource":["arn:aws:s3:::b/*"]`)},
	{"action widened", statement(read), statement(`"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::b/*"]`)},
	{"Action to NotAction", statement(read), statement(`"Effect":"Allow","NotAction":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]`)},
	{"NotAction changed", statement(`"Effect":"Deny","NotAction":"a:b","Resource":"*"`), statement(`"Effect":"Deny","NotAction":"a:c","Resource":"*"`)},
	{"effect turned round", statement(read), statement(`"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]`)},
	{"resource widened", statement(read), statement(`"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"]`)},
	{"case of resource", statement(read), statement(`"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::B/*"]`)},
	{"resource added", statement(read), statement(`"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*","arn:aws:s3:::c/*"]`)},
	{"Resource to NotResource", statement(read), statement(`"Effect":"Allow","Action":["s3:GetObject"],"NotResource":["arn:aws:s3:::b/*"]`)},
	{"NotResource changed", statement(`"Effect":"Allow","Action":"a:b","NotResource":"arn:aws:s3:::b"`), statement(`"Effect":"Allow","Action":"a:b","NotResource":"arn:aws:s3:::c"`)},
	{"resource removed", statement(read), statement(`"Effect":"Allow","Action":["s3:GetObject"]`)},
	{"statement added", statement(read), `{"Version":"2012-10-17","Statement":[{` + read + `},{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
	{"statement removed", `{"Version":"2012-10-17","Statement":[{` + read + `},{"Effect":"Deny","Action":"*","Resource":"*"}]}`, statement(read)},
	{"version", statement(read), `{"Version":"2008-10-17","Statement":[{` + read + `}]}`},
	{"version removed", statement(read), `{"Statement":[{` + read + `}]}`},
	{"Id", statement(read), `{"Version":"2012-10-17","Id":"x","Statement":[{` + read + `}]}`},
	{"Sid", statement(`"Sid":"A",` + read), statement(`"Sid":"B",` + read)},
	{"case of Sid", statement(`"Sid":"A",` + read), statement(`"Sid":"a",` + read)},
	{"Sid removed", statement(`"Sid":"A",` + read), statement(read)},
	{"condition removed", trust, principal(`{"Service":"eks-fargate-pods.amazonaws.com"}`)},
	{"condition value", trust, strings.Replace(trust, "prod/*", "*", 1)},
	{"condition value in another case", trust, strings.Replace(trust, "prod/*", "Prod/*", 1)},
	{"condition key", trust, strings.Replace(trust, "aws:SourceArn", "aws:PrincipalArn", 1)},
	{"condition operator", trust, strings.Replace(trust, "ArnLike", "ArnNotLike", 1)},
	{"condition operator with IfExists", trust, strings.Replace(trust, "ArnLike", "ArnLikeIfExists", 1)},
	{"condition value added", statement(read + `,"Condition":{"StringEquals":{"a:b":"1"}}`), statement(read + `,"Condition":{"StringEquals":{"a:b":["1","2"]}}`)},
	{"condition values emptied", statement(read + `,"Condition":{"StringEquals":{"a:b":"1"}}`), statement(read + `,"Condition":{"StringEquals":{"a:b":[]}}`)},
	{"condition that never holds", statement(read), statement(read + `,"Condition":{"StringEquals":{"a:b":[]}}`)},
	{"condition number", statement(read + `,"Condition":{"NumericLessThan":{"a:b":3600}}`), statement(read + `,"Condition":{"NumericLessThan":{"a:b":"36000"}}`)},
	{"condition Boolean", statement(read + `,"Condition":{"Bool":{"aws:SecureTransport":true}}`), statement(read + `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`)},
	{"condition operator added", statement(read + `,"Condition":{"StringEquals":{"a:b":"1"}}`), statement(read + `,"Condition":{"StringEquals":{"a:b":"1"},"Bool":{"c:d":"true"}}`)},
	{"condition key added", statement(read + `,"Condition":{"StringEquals":{"a:b":"1"}}`), statement(read + `,"Condition":{"StringEquals":{"a:b":"1","c:d":"2"}}`)},
	{"service principal", principal(`{"Service":"eks-fargate-pods.amazonaws.com"}`), principal(`{"Service":"ec2.amazonaws.com"}`)},
	{"service principal added", principal(`{"Service":"a.amazonaws.com"}`), principal(`{"Service":["a.amazonaws.com","b.amazonaws.com"]}`)},
	{"account principal added", principal(`{"Service":"a.amazonaws.com"}`), principal(`{"Service":"a.amazonaws.com","AWS":"111122223333"}`)},
	{"other account", principal(`{"AWS":"111122223333"}`), principal(`{"AWS":"arn:aws:iam::444455556666:root"}`)},
	{"root to role", principal(`{"AWS":"111122223333"}`), principal(`{"AWS":"arn:aws:iam::111122223333:role/root"}`)},
	{"role to id of a deleted role", principal(`{"AWS":"arn:aws:iam::111122223333:role/a"}`), principal(`{"AWS":"AROAEXAMPLEID"}`)},
	{"account to everyone", principal(`{"AWS":"111122223333"}`), principal(`"*"`)},
	{"string principal, which the library takes for anything", principal(`"*"`), principal(`"111122223333"`)},
	{"everyone to no principal, which the library does not see", statement(`"Effect":"Allow","Action":"sts:AssumeRole"`), principal(`"*"`)},
	{"principal type", principal(`{"AWS":"a.amazonaws.com"}`), principal(`{"Service":"a.amazonaws.com"}`)},
	{"Principal to NotPrincipal", principal(`{"AWS":"111122223333"}`), statement(`"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"`)},
	{"federated principal", principal(`{"Federated":"arn:aws:iam::1:oidc-provider/a"}`), principal(`{"Federated":"arn:aws:iam::1:oidc-provider/b"}`)},
	{"unknown element, which the library skips", statement(read), statement(read + `,"Conditions":{}`)},
	{"element twice, of which the library takes the last", statement(read), statement(`"Effect":"Deny",` + read)},
	{"unreadable", statement(read), statement(read) + "}"},
	{"nothing", statement(read), ""},
}

func TestSameDocuments(t *testing.T) {
	for _, row := range sameDocuments {
		t.Run(row.name, func(t *testing.T) {
			a, errA := canonical.Policy(row.a)
			b, errB := canonical.Policy(row.b)
			if errA != nil || errB != nil {
				t.Fatalf("cannot be read: %v, %v", errA, errB)
			}
			if a != b {
				t.Errorf("canonical forms differ:\n%s\n%s", a, b)
			}
			if !canonical.PolicyEqual(row.a, row.b) || !canonical.PolicyEqual(row.b, row.a) {
				t.Error("PolicyEqual says that they differ")
			}
		})
	}
}

func TestDifferentDocuments(t *testing.T) {
	for _, row := range differentDocuments {
		t.Run(row.name, func(t *testing.T) {
			if canonical.PolicyEqual(row.a, row.b) || canonical.PolicyEqual(row.b, row.a) {
				t.Error("PolicyEqual says that they are the same")
			}
			a, errA := canonical.Policy(row.a)
			b, errB := canonical.Policy(row.b)
			if errA == nil && errB == nil && a == b {
				t.Errorf("the same canonical form:\n%s", a)
			}
		})
	}
}

func TestPolicyForm(t *testing.T) {
	got, err := canonical.Policy(trust)
	want := `{"Statement":[{"Action":["sts:assumerole"],"Condition":{"ArnLike":{"aws:sourcearn":` +
		`["arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"]}},"Effect":"Allow",` +
		`"Principal":{"Service":["eks-fargate-pods.amazonaws.com"]}}],"Version":"2012-10-17"}`
	if err != nil || got != want {
		t.Errorf("Policy = %s, %v\nwant %s", got, err, want)
	}
}

func TestUnreadableEqualsOnlyItself(t *testing.T) {
	if !canonical.PolicyEqual("{", "{") {
		t.Error("the identical text is not equal")
	}
	if canonical.PolicyEqual("{", "{ ") {
		t.Error("two unreadable texts are equal")
	}
}

func TestPolicyErrors(t *testing.T) {
	for _, row := range []struct{ name, doc, want string }{
		{"empty", " ", "the document is empty"},
		{"cut off", `{"Version":`, "line 1, column 11 (offset 10): unexpected end of JSON input"},
		{"comma", "{\n  \"Version\": \"2012-10-17\",\n}", "line 3, column 1 (offset 29): invalid character '}'"},
		{"text behind", `{} x`, "line 1, column 4 (offset 3)"},
		{"not UTF-8", "{\"a\":\"\xff\"}", "not valid UTF-8"},
		{"a list of two", `[{},{}]`, "line 1, column 1 (offset 0): the policy is a list: expected an object"},
		{"unknown element", `{"Statements":[]}`, `line 1, column 2 (offset 1): "Statements" is no element of the policy`},
		{"twice", `{"Version":"1","Version":"2"}`, `offset 15): "Version" is there twice`},
		{"twice in two cases", `{"Version":"1","version":"2"}`, `offset 15): Version is there twice`},
		{"Version number", `{"Version":2012}`, "offset 11): Version is a number: expected a string"},
		{"Id list", `{"Id":[]}`, "Id is a list"},
		{"Statement string", `{"Statement":"x"}`, "Statement[0] is a string: expected an object"},
		{"no Effect", `{"Statement":[{"Action":"a:b"}]}`, "offset 14): Statement[0] has no Effect"},
		{"wrong Effect", `{"Statement":[{"Effect":"Permit"}]}`, `Statement[0].Effect is "Permit": expected Allow or Deny`},
		{"Effect list", `{"Statement":[{"Effect":["Allow"]}]}`, "Effect is a list"},
		{"Effect Boolean", `{"Statement":[{"Effect":true}]}`, "Effect is true"},
		{"Sid number", `{"Statement":[{"Effect":"Deny","Sid":1}]}`, "Statement[0].Sid is a number"},
		{"Action number", `{"Statement":[{"Effect":"Deny","Action":[1]}]}`, "Statement[0].Action holds a number"},
		{"Action nested", `{"Statement":[{"Effect":"Deny","Action":[["a:b"]]}]}`, "Statement[0].Action holds a list"},
		{"principal text", principal(`"ec2.amazonaws.com"`), `Statement[0].Principal is the string "ec2.amazonaws.com"`},
		{"principal type", principal(`{"Service ":"x"}`), `"Service " is no element of Statement[0].Principal`},
		{"principal value", principal(`{"AWS":true}`), "Principal.AWS holds a boolean"},
		{"NotPrincipal value", statement(`"Effect":"Deny","NotPrincipal":[]`), "NotPrincipal is a list"},
		{"condition list", statement(read + `,"Condition":[]`), "Statement[0].Condition is a list"},
		{"condition operator", statement(read + `,"Condition":{"Bool":"x"}`), "Condition.Bool is a string"},
		{"condition null", statement(read + `,"Condition":{"Bool":{"a:b":null}}`), "Condition.Bool.a:b holds null"},
		{"condition key twice", statement(read + `,"Condition":{"Bool":{"a:b":"1","A:B":"2"}}`), "case does not count"},
		{"deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested deeper than 32 levels"},
		{"very deep", strings.Repeat("[", 20000), "not valid JSON"},
		{"half encoded", "%7B%zz", "not valid JSON"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := canonical.Policy(row.doc)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error = %v\nwant ... %s", err, row.want)
			}
		})
	}
}
