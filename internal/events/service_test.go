// SPDX-License-Identifier: Apache-2.0

package events

import (
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// changesNothing are actions of the operator's policy that change nothing that it looks at, with the reason.
var changesNothing = map[string]string{
	"iam:PassRole": "it is checked on calls of other services, and is none itself",
	"sqs":          "messages are taken out of the operator's own queue",
	"sts":          "credentials are no objects",
}

// TestWhatTheOperatorWritesIsKnown: what the operator can do, somebody else can undo by a call of the same service. A
// service that it writes to and that has no file here would be looked at by periodic reads only.
func TestWhatTheOperatorWritesIsKnown(t *testing.T) {
	seen := 0
	for _, action := range awsapi.Actions() {
		prefix, call, _ := strings.Cut(action, ":")
		read := strings.HasPrefix(call, "Describe") || strings.HasPrefix(call, "Get") || strings.HasPrefix(call, "List")
		if read || changesNothing[action] != "" || changesNothing[prefix] != "" {
			continue
		}
		seen++
		if !slices.Contains(Calls()[prefix+domain], call) {
			t.Errorf("the operator can call %s, and no row of the service %s has it", action, prefix)
		}
	}
	if seen == 0 {
		t.Error("no write was seen")
	}
}

func TestServicesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range services {
		if !strings.HasSuffix(s.source, domain) || seen[s.source] {
			t.Errorf("%q is no eventSource of its own", s.source)
		}
		seen[s.source] = true
		if s.objects == "" || len(s.rows) == 0 {
			t.Errorf("%s lacks its objects in words (%q) or its rows (%d)", s.source, s.objects, len(s.rows))
		}
		for _, r := range s.rows {
			if r.find == nil || len(strings.Fields(r.calls)) == 0 {
				t.Errorf("%s has a row without calls or without a find: %q", s.source, r.calls)
			}
		}
	}
}
