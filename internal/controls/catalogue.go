// SPDX-License-Identifier: Apache-2.0

// Package controls is the posture catalogue: what a security reviewer would look at in a Fargate profile and the
// objects linked to it, as pure functions over the observed state. A control that cannot be evaluated says Unknown,
// never Passed.
//
// Controls that ask exactly what a published one asks carry its id (AWS Security Hub,
// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html). Ours are FSO.1 and on, and
// refer to the published ones that come near. Ids are never reused.
package controls

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// Result is how a control turned out.
type Result string

// The results.
const (
	Passed Result = "Passed"
	Failed Result = "Failed"
	// Unknown: what the control looks at was not declared or could not be read.
	Unknown Result = "Unknown"
	// NotApplicable: the question does not arise, e.g. the rotation of a key that AWS rotates.
	NotApplicable Result = "NotApplicable"
)

// Control is one question about the observed state.
type Control struct {
	ID, Title string
	Severity  drift.Severity
	// References are published controls (Security Hub ids, CIS-..., prowler:<check>) and AWS pages that it answers or is near to.
	References []string
	// LooksAt and Remediation are sentences for people: what is read, and how to put it right.
	LooksAt, Remediation string
	// Evaluate answers, with the reason as short text that is the same for the same state.
	Evaluate func(*observed.State) (Result, string)
}

// Posture is the outcome of the whole catalogue. Controls that do not apply are not counted.
type Posture struct {
	Passed, Failed, Unknown int
	// Score is the share of passed controls among those that passed or failed, 0 to 100, rounded down; 0 where none
	// could be judged. Only a posture without failures has 100.
	Score int
	// FailedControls are the ids, in the order of the catalogue.
	FailedControls []string
}

// Catalogue returns all controls in the order of their ids: prefix, then number.
func Catalogue() []Control {
	all := slices.Concat(trustControls(), permissionControls(), roleControls(), ingressControls(), groupControls(), subnetControls(),
		selectorControls(), profileControls(), podControls(), logControls(), keyControls(), keyPolicyControls())
	slices.SortFunc(all, func(a, b Control) int { return compareIDs(a.ID, b.ID) })
	return all
}

// compareIDs sorts FSO.2 before FSO.10.
func compareIDs(a, b string) int {
	prefixA, numberA, _ := strings.Cut(a, ".")
	prefixB, numberB, _ := strings.Cut(b, ".")
	na, _ := strconv.Atoi(numberA)
	nb, _ := strconv.Atoi(numberB)
	return cmp.Or(cmp.Compare(prefixA, prefixB), cmp.Compare(na, nb))
}

// Evaluate asks every control of a catalogue. A nil state leaves all of them Unknown.
func Evaluate(catalogue []Control, s *observed.State) Posture {
	if s == nil {
		s = &observed.State{}
	}
	var p Posture
	for _, c := range catalogue {
		result, _ := c.Evaluate(s)
		switch result {
		case Passed:
			p.Passed++
		case Failed:
			p.Failed++
			p.FailedControls = append(p.FailedControls, c.ID)
		case Unknown:
			p.Unknown++
		case NotApplicable:
		}
	}
	if judged := p.Passed + p.Failed; judged > 0 {
		p.Score = 100 * p.Passed / judged
	}
	return p
}

// maxWhy keeps reasons short enough for a condition's message.
const maxWhy = 240

// verdict is Failed with what was found, or else Unknown with what could not be read, or else Passed.
func verdict(found, unread []string, failed, passed string) (Result, string) {
	switch {
	case len(found) > 0:
		return Failed, canonical.Text(failed+": "+canonical.List(found), maxWhy)
	case len(unread) > 0:
		return Unknown, canonical.Text("not readable: "+canonical.List(unread), maxWhy)
	default:
		return Passed, passed
	}
}

// need judges a part of the state, and says Unknown where there is none.
func need[T any](what string, get func(*observed.State) *T, judge func(*observed.State, *T) (Result, string)) func(*observed.State) (Result, string) {
	return func(s *observed.State) (Result, string) {
		part := get(s)
		if part == nil {
			return Unknown, fmt.Sprintf("no %s was declared or could be read", what)
		}
		return judge(s, part)
	}
}

func role(judge func(*observed.State, *observed.Role) (Result, string)) func(*observed.State) (Result, string) {
	return need("pod execution role", func(s *observed.State) *observed.Role { return s.Role }, judge)
}
