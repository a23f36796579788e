// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"encoding/json"
	"slices"
	"strings"
)

// The IAM policy of the operator, derived from the interfaces: an operation that is added to one of them is in the
// policy at once. Which actions exist, and which resource types and condition keys they know, is taken from the Service
// Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html); every
// operation of the interfaces has an action of its own name there, but for those that a service has in renamed. None of it
// was tried on an AWS account.

// Not in the policy, on purpose:
//   - Tags that are given at creation are checked as ec2:CreateTags, eks:TagResource, iam:TagRole, kms:TagResource and
//     logs:TagResource, all of which are operations anyway; so is kms:PutKeyPolicy, which kms:CreateKey demands.
//   - kms:CreateGrant and kms:Decrypt: a log group's key is used by CloudWatch Logs itself, which the key policy allows
//     (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html names no permission of the
//     caller on the key but those to make it and to write its policy).

// ownerTag is resource.OwnerTag, which this package cannot import; a test holds the two together.
const ownerTag = "fargatesecurity.io/owner"

// Statement is one statement of the policy: what one purpose needs.
type Statement struct {
	Sid string
	// Why is a sentence for people; it is no part of the policy.
	Why       string `json:"-"`
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// grants are a service's statements of the policy. In a statement of grants Action names the actions that it takes; where
// it names none, it takes all of the service's that the statements before it have left.
type grants struct {
	// inObserve are the writes that ObservePolicy holds too.
	inObserve []Statement
	// deletes are the actions that delete objects, on the resources in deletable: with an owner tag only.
	deletes, deletable []string
	// roles are about roles that somebody else is given or takes, writes are about all else.
	roles, writes []Statement
}

// Actions lists the IAM actions that the operator's code can use, sorted.
func Actions() []string {
	var actions []string
	for _, s := range services {
		actions = append(actions, s.actions()...)
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// Policy is the IAM policy that the operator needs, as JSON.
func Policy() string { return document(Statements()) }

// ObservePolicy is the IAM policy of an operator that runs with --observe-only, or that has profiles in mode Observe
// only: nothing in it writes, but that messages are taken out of the operator's own queue.
func ObservePolicy() string { return document(statements(observing())) }

func document(statements []Statement) string {
	text, err := json.MarshalIndent(struct {
		Version   string
		Statement []Statement
	}{"2012-10-17", statements}, "", "  ")
	if err != nil { // strings, lists and maps of strings always encode
		panic("awsapi: " + err.Error())
	}
	return string(text) + "\n"
}

// Statements are the statements of Policy, those of ObservePolicy first. Each action is in exactly one of them.
func Statements() []Statement { return statements(append(observing(), acting()...)) }

func statements(purposes []purpose) []Statement {
	rest := Actions()
	all := []Statement{}
	for _, p := range purposes {
		s := p.Statement
		s.Effect, s.Action = "Allow", nil
		for _, action := range rest {
			if p.takes(action) {
				s.Action = append(s.Action, action)
			}
		}
		rest = slices.DeleteFunc(rest, p.takes)
		all = append(all, s)
	}
	return all
}

// purpose takes those of the remaining actions that belong to it.
type purpose struct {
	takes func(action string) bool
	Statement
}

// observing are the purposes of ObservePolicy, acting the others, in the order in which they take their actions.
func observing() []purpose {
	return append([]purpose{reading}, ofServices(func(g grants) []Statement { return g.inObserve })...)
}

func acting() []purpose {
	purposes := append([]purpose{deleting()}, ofServices(func(g grants) []Statement { return g.roles })...)
	return append(purposes, ofServices(func(g grants) []Statement { return g.writes })...)
}

// ofServices are the purposes of one part of the services' grants.
func ofServices(part func(grants) []Statement) []purpose {
	var purposes []purpose
	for _, s := range services {
		for _, statement := range part(s.policy) {
			takes := one(statement.Action)
			if len(statement.Action) == 0 {
				takes = of(s.prefix)
			}
			purposes = append(purposes, purpose{takes, statement})
		}
	}
	return purposes
}

func one(actions []string) func(string) bool {
	return func(action string) bool { return slices.Contains(actions, action) }
}

func of(prefix string) func(string) bool {
	return func(action string) bool { return strings.HasPrefix(action, prefix+":") }
}

func isRead(action string) bool {
	_, operation, _ := strings.Cut(action, ":")
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List")
}

// everything is for actions that know no resources, or whose resources nobody can know beforehand.
const everything = "*"

var reading = purpose{isRead, Statement{
	Sid: "ReadEverything",
	Why: "What drift detection and the posture controls look at. Most of these actions know no resource-level permissions. " +
		"iam:GetRole is also checked by EKS, which looks for its service-linked role.",
	Resource: []string{everything},
}}

// deleting has a condition, the third invariant of the design once more: what has no owner tag is not deleted. The
// resource types of these actions all know aws:ResourceTag (Service Authorization Reference, as above); the operator
// itself reads the tag before each deletion.
func deleting() purpose {
	var deletes, deletable []string
	for _, s := range services {
		deletes, deletable = append(deletes, s.policy.deletes...), append(deletable, s.policy.deletable...)
	}
	slices.Sort(deletable)
	return purpose{one(deletes), Statement{
		Sid:       "DeleteOwned",
		Why:       "Deletion, of objects with an owner tag only: AWS refuses to let the operator delete anything else. KMS takes up to five minutes to know a changed tag.",
		Resource:  deletable,
		Condition: map[string]map[string][]string{"Null": {"aws:ResourceTag/" + ownerTag: {"false"}}},
	}}
}
