// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole/policytext"
)

const (
	alias    = "alias/fargate-payments"
	logGroup = "/aws/eks/prod/fargate/payments"
	auditor  = `{"Sid":"Auditor","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:DescribeKey","Resource":"*"}`
)

var scope = awsapi.Scope{Partition: "aws", AccountID: "111122223333", Region: "eu-west-1"}

func policy(t *testing.T, groups ...string) string {
	t.Helper()
	doc, err := Policy(scope, groups, []string{auditor})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func declared(t *testing.T) Desired {
	return Desired{Alias: alias, Policy: policy(t, logGroup), RotationPeriodDays: 365, DeletionWindowDays: 7, Description: "log groups of payments"}
}

// asDeclared is the key that KMS shows when everything is as declared.
func asDeclared(t *testing.T) detail {
	return detail{rotates: true, key: observed.Key{
		ID: "1234", ARN: "arn:aws:kms:eu-west-1:111122223333:key/1234", Alias: alias, AliasTarget: "1234", State: "Enabled",
		Policy: policy(t, logGroup), RotationEnabled: true, RotationPeriodDays: 365, CustomerManaged: true, Symmetric: true,
	}}
}

func TestDiffIsEmptyForEverySpelling(t *testing.T) {
	replace := func(old, new string) func(*testing.T, *Desired, *detail) {
		return func(t *testing.T, _ *Desired, o *detail) {
			changed := strings.Replace(o.key.Policy, old, new, 1)
			if changed == o.key.Policy {
				t.Fatalf("%s is not in %s", old, o.key.Policy)
			}
			o.key.Policy = changed
		}
	}
	spellings := map[string]func(*testing.T, *Desired, *detail){
		"as declared":            func(*testing.T, *Desired, *detail) {},
		"root as account id":     replace(`"arn:aws:iam::111122223333:root"`, `"111122223333"`),
		"list instead of string": replace(`"kms:*"`, `["kms:*"]`),
		"string instead of list": replace(`["arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/prod/fargate/payments"]`,
			`"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/prod/fargate/payments"`),
		"case of actions": replace("kms:Encrypt*", "KMS:encrypt*"),
		"canonical text": func(t *testing.T, _ *Desired, o *detail) {
			text, err := canonical.Policy(o.key.Policy)
			if err != nil {
				t.Fatal(err)
			}
			o.key.Policy = text
		},
		"period not reported":       func(_ *testing.T, _ *Desired, o *detail) { o.key.RotationPeriodDays = 0 },
		"period left to KMS":        func(_ *testing.T, d *Desired, _ *detail) { d.RotationPeriodDays = 0 },
		"rotation that is no topic": func(_ *testing.T, _ *Desired, o *detail) { o.rotates, o.key.RotationEnabled = false, false },
		"window":                    func(_ *testing.T, d *Desired, _ *detail) { d.DeletionWindowDays = 30 },
	}
	for name, change := range spellings {
		t.Run(name, func(t *testing.T) {
			d, o := declared(t), asDeclared(t)
			change(t, &d, &o)
			if got := diff(d, o); len(got) != 0 {
				t.Errorf("got %+v, want no difference", got)
			}
		})
	}
}

func TestDiffShowsOneDifferencePerChange(t *testing.T) {
	cases := []struct {
		name     string
		change   func(o *detail)
		path     string
		severity drift.Severity
		reason   string
		control  string
		observed string
	}{
		{"policy opened to everyone", func(o *detail) {
			o.key.Policy = strings.Replace(o.key.Policy, `{"AWS":"arn:aws:iam::444455556666:root"}`, `"*"`, 1)
		}, "policy", drift.High, ReasonPolicyChanged, "", `"AWS":["*"]`},
		{"policy for all log groups", func(o *detail) {
			o.key.Policy = strings.Replace(o.key.Policy, "/aws/eks/prod/fargate/payments", "*", 1)
		},
			"policy", drift.High, ReasonPolicyChanged, "", "log-group:*"},
		{"policy without a statement", func(o *detail) {
			o.key.Policy = strings.Replace(o.key.Policy, ","+auditor, "", 1)
		}, "policy", drift.High, ReasonPolicyChanged, "", ""},
		{"policy that is none", func(o *detail) { o.key.Policy = "" }, "policy", drift.High, ReasonPolicyChanged, "", ""},
		{"rotation off", func(o *detail) { o.key.RotationEnabled, o.key.RotationPeriodDays = false, 0 },
			"rotation", drift.High, ReasonRotationOff, "KMS.4", "Disabled"},
		{"rotation period", func(o *detail) { o.key.RotationPeriodDays = 2560 }, "rotationPeriodDays", drift.Medium, ReasonRotationPeriod, "", "2560"},
		{"disabled", func(o *detail) { o.key.State = "Disabled" }, "state", drift.Critical, ReasonDisabled, "", "Disabled"},
		{"pending deletion", func(o *detail) { o.key.State, o.rotates, o.key.RotationEnabled = "PendingDeletion", false, false },
			"state", drift.Critical, ReasonPendingDeletion, "KMS.3", "PendingDeletion"},
		{"alias gone", func(o *detail) { o.key.AliasTarget = "" }, "alias", drift.Medium, ReasonAliasMissing, "", drift.Absent},
		{"alias moved", func(o *detail) { o.key.AliasTarget = "9999" }, "alias", drift.High, ReasonAliasMoved, "", alias + " → 9999"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := asDeclared(t)
			c.change(&o)
			got := diff(declared(t), o)
			if len(got) != 1 {
				t.Fatalf("got %d differences, want 1: %+v", len(got), got)
			}
			one := got[0]
			if one.Path != c.path || one.Severity != c.severity || one.Reason != c.reason || one.Action != drift.Repair {
				t.Errorf("got %+v", one)
			}
			if c.control != "" && (len(one.Controls) != 1 || one.Controls[0] != c.control) {
				t.Errorf("got controls %v, want %s", one.Controls, c.control)
			}
			if !strings.Contains(one.Observed, c.observed) || one.Desired == one.Observed {
				t.Errorf("got desired %q, observed %q", one.Desired, one.Observed)
			}
			if n := max(len([]rune(one.Desired)), len([]rune(one.Observed))); n > policytext.Limit {
				t.Errorf("a text has %d characters", n)
			}
		})
	}
}

func TestPolicyDifferenceShowsOnlyTheStatementsThatDiffer(t *testing.T) {
	o := asDeclared(t)
	o.key.Policy = strings.Replace(o.key.Policy, "444455556666", "777788889999", 1)
	one := diff(declared(t), o)[0]
	if !strings.Contains(one.Desired, "444455556666") || !strings.Contains(one.Observed, "777788889999") || strings.Contains(one.Observed, "logs.eu-west-1") {
		t.Errorf("got desired %s, observed %s", one.Desired, one.Observed)
	}
}

func TestPolicyForTheLogService(t *testing.T) {
	china := awsapi.Scope{Partition: "aws-cn", AccountID: "111122223333", Region: "cn-north-1"}
	doc, err := Policy(china, []string{"b", "a", "b"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"logs.cn-north-1.amazonaws.com.cn"`, `"arn:aws-cn:iam::111122223333:root"`,
		`["arn:aws-cn:logs:cn-north-1:111122223333:log-group:a","arn:aws-cn:logs:cn-north-1:111122223333:log-group:b"]`,
	} {
		if !strings.Contains(doc, part) {
			t.Errorf("%s is not in %s", part, doc)
		}
	}
	if doc, _ := Policy(scope, nil, nil); strings.Contains(doc, "logs.") {
		t.Errorf("without log groups the service is still in %s", doc)
	}
}

func TestPolicyRefusesBadStatements(t *testing.T) {
	const sound = `"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Get*","Resource":"*"`
	for text, want := range map[string]string{
		`nonsense`: "additionalStatements[1]: not valid JSON at line 1, column 2", `[]`: "additionalStatements[1]: line 1, column 1",
		`{"Effect":"Allow","Action":"kms:*","Resource":"*"}`:                              "neither Principal nor NotPrincipal",
		`{"Effect":"Allow","Principal":"*","Resource":"*"}`:                               "neither Action nor NotAction",
		`{"Effect":"Maybe","Principal":"*","Action":"kms:*","Resource":"*"}`:              `Effect is "Maybe"`,
		`{"Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}`:            "no Effect",
		`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Get*"}`:       "neither Resource nor NotResource",
		`{` + sound + `,"Condition":{"Bool":{"a:b":"c"}},"Condition":{}}`:                 `additionalStatements[1]: line 1, column 122 (offset 121): "Condition" is there twice`,
		"{" + sound + ",\n\"Condition\":{\"StringLike\":{\"a:b\":\"c\",\"a:b\":\"*\"}}}":  `line 2, column 38 (offset 126): "a:b" is there twice`,
		"{" + sound + `,"Sid":"` + strings.Repeat("x", canonical.MaxKeyPolicySize) + `"}`: "KMS allows 32768",
	} {
		if _, err := Policy(scope, nil, []string{auditor, text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.200s: got %v, want an error about %s", text, err, want)
		}
	}
}

// TestPolicyHoldsStatementsAsTheyWereWritten: what was checked is what KMS gets.
func TestPolicyHoldsStatementsAsTheyWereWritten(t *testing.T) {
	const written = ` {"Sid": "two words", "Principal": {"AWS": 111122223333}, "Effect": "Allow", "Action": "kms:Get*", "Resource": "*"} `
	doc, err := Policy(scope, nil, []string{written})
	if want := `{"Sid":"two words","Principal":{"AWS":111122223333},"Effect":"Allow","Action":"kms:Get*","Resource":"*"}`; err != nil || !strings.Contains(doc, want) {
		t.Errorf("got %s, %v; want %s in it", doc, err, want)
	}
}

func TestHash(t *testing.T) {
	hash := func(change func(d *Desired)) string {
		d := declared(t)
		change(&d)
		return New(nil, nil, d, resource.Prior{}, nil).Hash()
	}
	base := hash(func(*Desired) {})
	if hash(func(d *Desired) { d.DeletionWindowDays, d.Description = 30, "" }) != base {
		t.Error("what is not compared changes the hash")
	}
	for name, change := range map[string]func(d *Desired){
		"alias":  func(d *Desired) { d.Alias += "x" },
		"policy": func(d *Desired) { d.Policy = policy(t, "other") },
		"period": func(d *Desired) { d.RotationPeriodDays = 90 },
	} {
		if hash(change) == base {
			t.Errorf("%s does not change the hash", name)
		}
	}
}
