// SPDX-License-Identifier: Apache-2.0

package awssim

import "testing"

func TestTrusts(t *testing.T) {
	service := principal{kind: "Service", value: "eks.amazonaws.com"}
	session := principal{kind: "AWS", value: "arn:aws:sts::111122223333:assumed-role/ops/me"}
	about := map[string]string{"aws:SourceArn": "arn:aws:eks:eu-west-1:111122223333:cluster/prod"}
	allow := func(rest string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"` + rest + `}]}`
	}
	cases := map[string]struct {
		policy string
		who    principal
		want   bool
	}{
		"plain":              {allow(""), service, true},
		"one statement":      {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:*"}}`, service, true},
		"list of actions":    {`{"Statement":[{"Effect":"Allow","Principal":{"Service":["a","eks.amazonaws.com"]},"Action":["x","STS:assumerole"]}]}`, service, true},
		"other action":       {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:TagSession"}]}`, service, false},
		"other kind":         {`{"Statement":[{"Effect":"Allow","Principal":{"Federated":"eks.amazonaws.com"},"Action":"sts:*"}]}`, service, false},
		"deny wins":          {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","Action":"sts:*"}]}`, service, false},
		"no JSON":            {"{", service, false},
		"session by role":    {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/ops"},"Action":"sts:*"}]}`, session, true},
		"session by account": {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:*"}]}`, session, true},
		"session of another": {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":"sts:*"}]}`, session, false},
		"ArnLike":            {allow(`,"Condition":{"ArnLike":{"AWS:sourcearn":"arn:aws:eks:*:cluster/pro?"}}`), service, true},
		"ArnLike, not":       {allow(`,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:eks:*:cluster/test"}}`), service, false},
		"ArnNotLike":         {allow(`,"Condition":{"ArnNotLike":{"aws:SourceArn":"arn:aws:eks:*:cluster/prod"}}`), service, false},
		"StringEquals":       {allow(`,"Condition":{"StringEquals":{"aws:SourceArn":["x","` + about["aws:SourceArn"] + `"]}}`), service, true},
		"StringNotEquals":    {allow(`,"Condition":{"StringNotEquals":{"aws:SourceArn":"` + about["aws:SourceArn"] + `"}}`), service, false},
		"IfExists":           {allow(`,"Condition":{"StringEqualsIfExists":{"aws:SourceArn":"x"}}`), service, false},
		"unknown key":        {allow(`,"Condition":{"Bool":{"aws:SecureTransport":true}}`), service, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			wantEqual(t, "trusts", trusts(c.policy, c.who, "sts:AssumeRole", about), c.want)
		})
	}
}

func TestWildcard(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abcb", false}, {"a?c", "abc", true},
		{"a?c", "ac", false}, {"abc", "abcd", false}, {"*b*", "abc", true}, {"a**", "a", true}, {"a*b*c", "axbxbxc", true},
	} {
		wantEqual(t, c.pattern+" matches "+c.text, wildcard(c.pattern, c.text), c.want)
	}
}
