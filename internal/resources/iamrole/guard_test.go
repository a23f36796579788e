// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

var noPassRole = guardrails.Guardrails{ForbiddenInlineActions: []string{"iam:PassRole"}}

func policy(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

const passes = `{"Effect":"Allow","Action":["s3:GetObject","iam:Pass*"],"Resource":"arn:aws:iam::111122223333:role/x"}`

// TestWhatAnInlinePolicyMayNotGrant: by every way in which a document says it.
func TestWhatAnInlinePolicyMayNotGrant(t *testing.T) {
	for name, row := range map[string]struct {
		doc       string
		forbidden bool
	}{
		"harmless":                {pullCache, false},
		"by a wildcard":           {policy(passes), true},
		"in the second statement": {policy(`{"Effect":"Deny","Action":"*","Resource":"*"},` + passes), true},
		"by everything":           {everything, true},
		"denied":                  {policy(`{"Effect":"Deny","Action":"iam:PassRole","Resource":"*"}`), false},
		"granted and denied":      {policy(passes + `,{"Effect":"Deny","Action":"iam:PassRole","Resource":"*"}`), true},
		"on a condition":          {policy(`{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`), true},
		"as all but others":       {policy(`{"Effect":"Allow","NotAction":["s3:*","iam:PassRole?"],"Resource":"*"}`), true},
		"as all but itself":       {policy(`{"Effect":"Allow","NotAction":"IAM:*","Resource":"*"}`), false},
		"denied all but others":   {policy(`{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}`), false},
		"escaped":                 {policy(`{"Effect":"Allow","Action":"iam:\u0050assRole","Resource":"*"}`), true},
		"statement by itself":     {`{"Version":"2012-10-17","Statement":` + passes + `}`, true},
	} {
		granted, err := grantsForbidden(noPassRole, row.doc)
		if err != nil || row.forbidden != (len(granted) > 0) {
			t.Errorf("%s: %v, %v", name, granted, err)
		}
	}
	if granted, err := grantsForbidden(guardrails.Guardrails{}, "nonsense"); granted != nil || err != nil {
		t.Errorf("without the guardrail nothing is read, and yet: %v, %v", granted, err)
	}
}

// TestInlineGuardrailHoldsForDeclarations: each with its field, also where nobody can tell.
func TestInlineGuardrailHoldsForDeclarations(t *testing.T) {
	d := declared()
	d.Guard = noPassRole
	d.InlinePolicies = map[string]string{"fine": pullCache, "passes": policy(passes), "broken": `{"Statement":[{"Effect":"Maybe"}]}`}
	problems := guardProblems(resource.ID{Kind: Kind, Name: d.Name}, d)
	if len(problems) != 2 || problems[0].Path != "inlinePolicies[broken]" || problems[1].Path != "inlinePolicies[passes]" {
		t.Fatalf("got %+v", problems)
	}
	for i, word := range []string{"Effect", "iam:PassRole"} {
		if p := problems[i]; p.Reason != ReasonGuardrail || p.Warning || !strings.Contains(p.Message, word) || !strings.Contains(p.Message, "forbiddenInlineActions") {
			t.Errorf("got %+v", p)
		}
	}
}

// TestForbiddenInlinePolicyIsTakenOff: even where unlisted policies are only reported, and before anything else is done.
// One that nobody can read is not known to be forbidden.
func TestForbiddenInlinePolicyIsTakenOff(t *testing.T) {
	f := newFixture(t)
	d := declared()
	d.RemoveUnlisted, d.Guard = false, noPassRole
	before := declared()
	before.ManagedPolicyARNs = nil
	before.InlinePolicies = map[string]string{"extra": pullCache, "passes": policy(passes)}
	f.created(before)
	r := f.role(d)
	o := f.observe(r)
	actions := map[string]drift.Action{}
	for _, one := range r.Diff(o, nil) {
		actions[one.Path] = one.Action
	}
	if actions["inlinePolicies[passes]"] != drift.Repair || actions["inlinePolicies[extra]"] != drift.ReportOnly {
		t.Errorf("got %v", actions)
	}
	if first := resource.InOrder(r.Changes(o, nil))[0]; first.Order != resource.Forbidden || first.Paths[0] != "inlinePolicies[passes]" {
		t.Errorf("the first change is %+v", first)
	}
	f.apply(r, o, nil)
	left := detailOf(f.observe(r)).InlinePolicies
	if left["passes"] != "" || left["extra"] == "" {
		t.Errorf("left: %v", left)
	}
	if removesInline(d, "nonsense") || removesInline(d, "") {
		t.Error("what cannot be read is taken off")
	}
}

// TestForbiddenInlinePolicyMakesRoom: it goes, so it does not count for what the role will have.
func TestForbiddenInlinePolicyMakesRoom(t *testing.T) {
	d, role := declared(), asDeclared()
	d.RemoveUnlisted = false
	role.InlinePolicies = map[string]string{"passes": policy(passes + `,{"Sid":"` + strings.Repeat("A", 10000) + `","Effect":"Deny","Action":"s3:*","Resource":"*"}`)}
	if got := inlineQuota(resource.ID{}, d, role); len(got) != 1 {
		t.Fatalf("without the guardrail: %+v", got)
	}
	d.Guard = noPassRole
	if got := inlineQuota(resource.ID{}, d, role); got != nil {
		t.Errorf("got %+v", got)
	}
}

// TestExistingRoleIsHeldAgainstTheNewGuardrails: a role that is only referred to.
func TestExistingRoleIsHeldAgainstTheNewGuardrails(t *testing.T) {
	f := newFixture(t)
	d := declared()
	d.PermissionsBoundaryARN, d.InlinePolicies = "", map[string]string{"passes": policy(passes)}
	f.created(d)
	for name, row := range map[string]struct {
		guard guardrails.Guardrails
		word  string
	}{
		"inline policy":     {noPassRole, "iam:PassRole"},
		"no boundary":       {guardrails.Guardrails{RequireBoundary: true}, "requirePermissionsBoundary"},
		"no boundary, once": {guardrails.Guardrails{RequireBoundary: true, PermissionsBoundaryARN: boundary}, boundary},
	} {
		got := f.observe(Existing(f.aws.IAM, f.aws.EKS, nil, "arn:aws:iam::111122223333:role/"+d.Name, "prod", row.guard)).Problems
		if len(got) != 1 || got[0].Reason != ReasonGuardrail || !strings.Contains(got[0].Message, row.word) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	other := declared()
	other.Name = "bounded"
	f.created(other)
	guard := guardrails.Guardrails{RequireBoundary: true, ForbiddenInlineActions: []string{"iam:*"}}
	if got := f.observe(Existing(f.aws.IAM, f.aws.EKS, nil, "arn:aws:iam::111122223333:role/bounded", "prod", guard)).Problems; got != nil {
		t.Errorf("a suitable role: %+v", got)
	}
}

// TestARoleWithoutBoundaryIsRefused: as a problem of the boundary, so that the rest of the role is looked after.
func TestARoleWithoutBoundaryIsRefused(t *testing.T) {
	d := declared()
	d.PermissionsBoundaryARN, d.FormerBoundaryARNs, d.Guard = "", []string{boundary}, guardrails.Guardrails{RequireBoundary: true}
	problems := guardProblems(resource.ID{Kind: Kind, Name: d.Name}, d)
	if len(problems) != 1 || problems[0].Path != boundaryPath || problems[0].Reason != ReasonGuardrail || !strings.Contains(problems[0].Message, "requirePermissionsBoundary") {
		t.Errorf("got %+v", problems)
	}
}
