// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// powerfulNames are AWS managed policies that give away an account, or all of it but IAM.
var powerfulNames = []string{"AdministratorAccess", "AdministratorAccess-Amplify", "IAMFullAccess", "PowerUserAccess"}

// powerful tells whether a managed policy gives away the account: by its name, or by its document where that is known.
func powerful(p observed.ManagedPolicy) bool {
	name := p.ARN[strings.LastIndex(p.ARN, "/")+1:]
	aws := strings.Contains(p.ARN, ":iam::aws:policy/")
	return aws && slices.Contains(powerfulNames, name) || grantsEverything(p.Document)
}

// canonicalStatement is a statement as canonical.Policy writes it: lists throughout, actions in lower case.
type canonicalStatement struct {
	Effect                      string
	Action, NotAction, Resource []string
	Principal                   map[string][]string
	NotPrincipal                map[string][]string
	Condition                   map[string]map[string][]string
}

// statements reads a document; nil for one that cannot be read.
func statements(doc string) []canonicalStatement {
	text, err := canonical.Policy(doc)
	if err != nil {
		return nil
	}
	var parsed struct{ Statement []canonicalStatement }
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return nil
	}
	return parsed.Statement
}

// grantsEverything tells whether a document allows all actions, or all of IAM's, on all resources. Conditions are
// not looked at: such a statement is worth a person's look whatever they say.
// Source: Security Hub control IAM.1.
func grantsEverything(doc string) bool {
	return slices.ContainsFunc(statements(doc), func(s canonicalStatement) bool {
		everything := slices.Contains(s.Action, "*") || slices.Contains(s.Action, "*:*") || slices.Contains(s.Action, "iam:*")
		return s.Effect == "Allow" && everything && slices.Contains(s.Resource, "*")
	})
}
