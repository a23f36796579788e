// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// How statements are judged, on the side of caution:
//   - An Allow counts whatever its conditions are: whether a condition holds is not known here. The controls about
//     conditions themselves say so.
//   - An Allow with NotAction grants every action that it does not name.
//   - A Deny takes an action away only if it has no condition and is about every resource ("*"); any other Deny may
//     leave something open and is left aside. A Deny with NotAction takes away all that it does not name.
//   - A permissions boundary or a service control policy may narrow a role further; they are not read.
// Actions ignore case, and know * and ?
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).

// statement is one of a policy in canonical form: actions and condition keys in lower case, everything a list.
type statement struct {
	Effect                  string
	Action, NotAction       []string
	Resource, NotResource   []string
	Principal, NotPrincipal map[string][]string
	Condition               map[string]map[string][]string
}

// document is a named policy.
type document struct {
	name       string
	statements []statement
}

// statements reads a policy. What it returns is shared, and is not changed by anybody.
func statements(doc string) ([]statement, error) {
	c, err := canonical.Policy(doc)
	if err != nil {
		return nil, err
	}
	return parsed.Get(c, parse)
}

// parsed are policies that were read lately: one is asked for by several controls, some by every profile's.
var parsed = memo.New(1<<20, func(list []statement) int { return len(list) * statementBytes })

// statementBytes is about what one statement takes.
const statementBytes = 1 << 10

func parse(doc string) ([]statement, error) {
	var p struct{ Statement []statement }
	err := json.Unmarshal([]byte(doc), &p)
	return p.Statement, err
}

// documents returns all policies of a role that can be read, and the names of the others.
func documents(r *observed.Role) (read []document, unread []string) {
	add := func(name, doc string) {
		s, err := statements(doc)
		if err != nil {
			unread = append(unread, name)
			return
		}
		read = append(read, document{name, s})
	}
	for _, p := range r.ManagedPolicies {
		add(p.ARN, p.Document)
	}
	for _, name := range slices.Sorted(maps.Keys(r.InlinePolicies)) {
		add("inline "+name, r.InlinePolicies[name])
	}
	return read, unread
}

// matchesAny says whether one of the globs takes the action, which is in lower case as they are.
func matchesAny(globs []string, action string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return canonical.Match(g, action) })
}

func (s statement) covers(action string) bool {
	if len(s.NotAction) > 0 {
		return !matchesAny(s.NotAction, action)
	}
	return matchesAny(s.Action, action)
}

// grants says whether an Allow covers the action and no Deny that holds everywhere takes it away.
func (s statement) grants(action string, denies []statement) bool {
	return s.Effect == "Allow" && s.covers(action) && !denied(action, denies)
}

// absoluteDenies are the Deny statements without condition about every resource, of all policies together.
func absoluteDenies(docs []document) (denies []statement) {
	for _, d := range docs {
		for _, s := range d.statements {
			if s.Effect == "Deny" && len(s.Condition) == 0 && slices.ContainsFunc(s.Resource, onlyWildcards) {
				denies = append(denies, s)
			}
		}
	}
	return denies
}

// onlyWildcards is true of "*" and whatever else stands for everything.
func onlyWildcards(s string) bool { return strings.Contains(s, "*") && strings.Trim(s, "*:") == "" }

// anyResource says whether a statement is about every resource: "*", a glob that takes any ARN, or all but some.
func (s statement) anyResource() bool {
	return len(s.NotResource) > 0 || slices.ContainsFunc(s.Resource, func(r string) bool {
		return canonical.Match(r, "arn:aws:zz9:zz-zzzz-9:999999999999:zz9/zz9")
	})
}
