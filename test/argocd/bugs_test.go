// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/test/argolua"
)

// luaBugs are deliberate bugs in health.lua, each of which a state in testdata must show. hack/mutants does the same for Go.
var luaBugs = []struct {
	old, new string
	// declaring: only the kinds that declare AWS objects have this line.
	declaring bool
}{
	{old: `if obj.metadata.deletionTimestamp ~= nil then`, new: `if false then`},
	{old: `hs.message .. ", held by "`, new: `hs.message .. ", with "`},
	{old: `if ready ~= nil and ready.status ~= "True" and ready.message ~= nil then`, new: `if false then`},
	{old: `if ready ~= nil and ready.status ~= "True" and ready.message ~= nil then`, new: `if ready ~= nil then`, declaring: true},
	{old: `if obj.status == nil or obj.status.observedGeneration`, new: `if obj.status.observedGeneration`},
	{old: `obj.status.observedGeneration ~= obj.metadata.generation`, new: `obj.status.observedGeneration == nil`, declaring: true},
	{old: `if isTrue(stalled) then`, new: `if false then`, declaring: true},
	{old: `if isTrue(drifted) and (obj.spec.mode == "Observe" or isTrue(ready)) then`, new: `if false then`, declaring: true},
	{old: `if isTrue(drifted) and (obj.spec.mode == "Observe" or isTrue(ready)) then`, new: `if isTrue(drifted) then`, declaring: true},
	{old: `(obj.spec.mode == "Observe" or isTrue(ready))`, new: `obj.spec.mode == "Observe"`, declaring: true},
	{old: `hs.message = drifted.message`, new: `hs.message = ready.message`, declaring: true},
	{old: `if isTrue(reconciling) then`, new: `if false then`},
	{old: `if obj.spec.mode == "Suspend" then`, new: `if false then`, declaring: true},
	{old: `if ready.status ~= "True" then`, new: `if false then`, declaring: true},
}

// TestTheStatesShowEveryRule: without any one rule of a health check, some state would have another health.
func TestTheStatesShowEveryRule(t *testing.T) {
	for _, kind := range kindNames() {
		b := newBook(kind)
		text, err := os.ReadFile(filepath.Join(b.dir, "health_test.yaml"))
		must(err)
		var tests healthTests
		must(yaml.UnmarshalStrict(text, &tests))
		lua, err := os.ReadFile(filepath.Join(b.dir, "health.lua"))
		must(err)
		for _, bug := range luaBugs {
			if bug.declaring && kind == "AWSAccount" {
				continue
			}
			if strings.Count(string(lua), bug.old) != 1 {
				t.Errorf("%s: health.lua does not have once: %s", kind, bug.old)
				continue
			}
			if wrong := strings.Replace(string(lua), bug.old, bug.new, 1); !shown(t, b.dir, tests, wrong) {
				t.Errorf("%s: no state shows that health.lua has %q in place of %q", kind, bug.new, bug.old)
			}
		}
	}
}

// shown tells whether a state has another health by a wrong script.
func shown(t *testing.T, dir string, tests healthTests, wrong string) bool {
	t.Helper()
	for _, test := range tests.Tests {
		if h, err := argolua.HealthOf(stored(t, dir, test.InputPath).Object, wrong); err != nil || h != test.HealthStatus {
			return true
		}
	}
	return false
}
