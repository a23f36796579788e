// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

const root = "../.."

// rendered is a page as it would be written now.
func rendered(t *testing.T, path string) string {
	t.Helper()
	for _, p := range pages {
		if p.path != path {
			continue
		}
		text, err := render(root, p.template, p.data)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	t.Fatalf("no page %s", path)
	return ""
}

// The commands in docs/iam.md cut the policies out of the page by these marks.
func TestPoliciesCanBeCutOutOfThePage(t *testing.T) {
	text := rendered(t, "docs/iam.md")
	for mark, want := range map[string]string{"policy": awsapi.Policy(), "observe": awsapi.ObservePolicy()} {
		block := regexp.MustCompile("(?s)\n<!-- " + mark + " -->\n```json\n(.*?)```\n<!-- end -->\n").FindStringSubmatch(text)
		if block == nil || block[1] != want {
			t.Errorf("%s: the block is %q", mark, block)
		}
	}
}

func TestEveryControlHasItsHeading(t *testing.T) {
	text := rendered(t, "docs/controls.md")
	for _, c := range controls.Catalogue() {
		if !strings.Contains(text, "\n## "+c.ID+"\n") {
			t.Errorf("%s has no heading", c.ID)
		}
	}
}

func TestFieldsAndReasonsOfTheCRDs(t *testing.T) {
	for path, wants := range map[string][]string{
		"docs/awsaccount.md": {"**`spec.accountID`**", "`status.callerARN`", "`[\"0.0.0.0/0\",\"::/0\"]`"},
		"docs/fargatesecurityprofile.md": {
			"`spec.securityGroups[].ingress[].cidr` ", "**`spec.fargateProfile.selectors[].namespace`**", "`status.drift[].firstObservedTime` | time",
			"| `NotOwned` |", "label selector", "1 to 5 entries", "&lt;clusterName>",
		},
	} {
		text := rendered(t, path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not have %s", path, want)
			}
		}
	}
}

// TestEveryServiceHasItsRule: the rules of config/aws, and what docs/events.md says of them, are for every service whose
// calls are known.
func TestEveryServiceHasItsRule(t *testing.T) {
	var services []string
	for _, rule := range events.Rules() {
		services = append(services, rule.Service)
		name := title(rule.Service) + "Rule"
		for path, wants := range map[string][]string{
			"config/aws/cloudformation/drift-events.yaml": {"- {\"Fn::GetAtt\": [" + name + ", Arn]}\n", "\n  " + name + ":\n", "eventSource: [" + rule.EventSource() + "]\n"},
			"config/aws/terraform/drift-events/main.tf":   {"\n    " + rule.Service + " = {\n", "eventSource = [\"" + rule.EventSource() + "\"]\n"},
		} {
			text := rendered(t, path)
			for _, want := range append(wants, rule.Calls...) {
				if !strings.Contains(text, want) {
					t.Errorf("%s does not have %q", path, want)
				}
			}
		}
	}
	text, err := os.ReadFile(root + "/docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	last := len(services) - 1
	if want := "for " + strings.Join(services[:last], ", ") + " and " + services[last] + ":"; !strings.Contains(string(text), want) {
		t.Errorf("docs/events.md does not name the rules %q", want)
	}
}

func TestCell(t *testing.T) {
	if got := cell("a | b\n  <c>"); got != `a \| b &lt;c>` {
		t.Errorf("got %q", got)
	}
	if got := code("^(a|b)$"); got != "`^(a\\|b)$`" {
		t.Errorf("got %q", got)
	}
}
