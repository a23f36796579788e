// SPDX-License-Identifier: Apache-2.0

package guardrails_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
)

func TestGrantsForbidden(t *testing.T) {
	allow := func(actions ...string) guardrails.Statement { return guardrails.Statement{Actions: actions} }
	except := func(actions ...string) guardrails.Statement {
		return guardrails.Statement{NotActions: append([]string{}, actions...)}
	}
	for _, row := range []struct {
		name      string
		forbidden []string
		statement guardrails.Statement
		want      []string
	}{
		{"nothing forbidden", nil, allow("*"), nil},
		{"something else", []string{"iam:*"}, allow("ecr:GetAuthorizationToken", "s3:*"), nil},
		{"the very action", []string{"iam:PassRole"}, allow("ecr:Get*", "iam:PassRole"), []string{"iam:PassRole"}},
		{"in other letters", []string{"iam:PassRole"}, allow("IAM:passrole"), []string{"iam:PassRole"}},
		{"forbidden in other letters", []string{"IAM:PASSROLE"}, allow("iam:passrole"), []string{"IAM:PASSROLE"}},
		{"everything", []string{"iam:PassRole"}, allow("*"), []string{"iam:PassRole"}},
		{"the service", []string{"iam:PassRole"}, allow("iam:*"), []string{"iam:PassRole"}},
		{"wildcard in the policy", []string{"iam:PassRole"}, allow("iam:P?ssR*"), []string{"iam:PassRole"}},
		{"wildcard in the guardrail", []string{"iam:*"}, allow("iam:GetUser"), []string{"iam:*"}},
		{"wildcards that meet", []string{"*:Delete*"}, allow("s3:*Object"), []string{"*:Delete*"}},
		{"wildcards that do not", []string{"iam:Create*"}, allow("iam:Delete*", "iam:?reat"), nil},
		{"all is forbidden", []string{"*"}, allow("ecr:GetAuthorizationToken"), []string{"*"}},
		{"several", []string{"iam:*", "s3:*", "sts:AssumeRole"}, allow("sts:*", "iam:GetUser"), []string{"iam:*", "sts:AssumeRole"}},
		{"all but something else", []string{"iam:PassRole"}, except("s3:*"), []string{"iam:PassRole"}},
		{"all but it", []string{"iam:PassRole"}, except("s3:*", "iam:passrole"), nil},
		{"all but its service", []string{"iam:PassRole", "IAM:Create*"}, except("Iam:*"), nil},
		{"all but a part of it", []string{"iam:*"}, except("iam:PassRole", "iam:Create*"), []string{"iam:*"}},
		{"all but a part of it, by wildcards that meet", []string{"iam:*Role"}, except("iam:Pass*"), []string{"iam:*Role"}},
		{"all but all", []string{"iam:*"}, except("*"), nil},
		{"all but nothing", []string{"iam:*"}, except(), []string{"iam:*"}},
		{"both elements", []string{"iam:*"}, guardrails.Statement{Actions: []string{"iam:GetUser"}, NotActions: []string{"iam:*"}}, []string{"iam:*"}},
		{"no action", []string{"iam:*"}, guardrails.Statement{}, nil},
	} {
		g := guardrails.Guardrails{ForbiddenInlineActions: row.forbidden}
		if got := g.GrantsForbidden([]guardrails.Statement{allow("a:b"), row.statement}); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// FuzzGrantsForbidden: an action that is forbidden and granted, by what a policy says in whatever letters, is found.
func FuzzGrantsForbidden(f *testing.F) {
	f.Add("iam:*\n*:Delete?", "iam:P*", "s3:*", "IAM:PassRole")
	f.Add("*", "", "*", "a:b")
	f.Fuzz(func(t *testing.T, forbidden, granted, excepted, action string) {
		if len(forbidden)+len(granted)+len(excepted) > 200 {
			return
		}
		low := strings.ToLower(action)
		g := guardrails.Guardrails{ForbiddenInlineActions: strings.Split(forbidden, "\n")}
		isForbidden := slices.ContainsFunc(g.ForbiddenInlineActions, func(glob string) bool { return canonical.Match(strings.ToLower(glob), low) })
		byAction, byExcept := guardrails.Statement{Actions: []string{granted}}, guardrails.Statement{NotActions: []string{excepted}}
		if isForbidden && canonical.Match(strings.ToLower(granted), low) && len(g.GrantsForbidden([]guardrails.Statement{byAction})) == 0 {
			t.Fatalf("Action %q grants %q, which %q forbid", granted, action, forbidden)
		}
		if isForbidden && !canonical.Match(strings.ToLower(excepted), low) && len(g.GrantsForbidden([]guardrails.Statement{byExcept})) == 0 {
			t.Fatalf("NotAction %q grants %q, which %q forbid", excepted, action, forbidden)
		}
		if !strings.ContainsAny(forbidden, "*?\n") && !strings.ContainsAny(granted, "*?") && !strings.EqualFold(forbidden, granted) &&
			len(g.GrantsForbidden([]guardrails.Statement{byAction})) > 0 {
			t.Fatalf("Action %q does not grant %q", granted, forbidden)
		}
	})
}
