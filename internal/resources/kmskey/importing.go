// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// Found is an existing key as a declaration would have it.
type Found struct {
	observed.Key
	// Aliases are all of the key's, sorted.
	Aliases []string
	// AdditionalStatements are those that Policy does not write itself.
	AdditionalStatements []string
}

// Find reads a key with its aliases and policy; nil where there is none.
func Find(ctx context.Context, client awsapi.KMS, scope awsapi.Scope, arn string, logGroups []string) (*Found, error) {
	o, err := Existing(client, scope, arn).Observe(ctx, nil)
	if err != nil || !o.Exists {
		return nil, err
	}
	found := &Found{Key: detailOf(o).key}
	if found.Aliases, err = aliasesOf(ctx, client, arn); err != nil {
		return found, err
	}
	slices.Sort(found.Aliases)
	own, err := Policy(scope, logGroups, nil)
	if err != nil {
		return found, err
	}
	found.AdditionalStatements = statementsBeside(found.Policy, own)
	return found, nil
}

// statementsBeside lists the statements of a policy that mean none of those of another one, as they are written.
func statementsBeside(policy, other string) []string {
	known := statementsOf(other)
	var beside []string
	for _, text := range statementsOf(policy) {
		if !slices.ContainsFunc(known, func(k string) bool { return canonical.PolicyEqual(alone(k), alone(text)) }) {
			beside = append(beside, text)
		}
	}
	return beside
}

// statementsOf are the texts of a policy's statements. One that is not in a list is a list of one: IAM user guide, "Grammar of
// the IAM JSON policy language".
func statementsOf(policy string) []string {
	var doc struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(policy), &doc) != nil {
		return nil
	}
	var list []json.RawMessage
	if strings.HasPrefix(string(doc.Statement), "{") {
		list = []json.RawMessage{doc.Statement}
	} else if json.Unmarshal(doc.Statement, &list) != nil {
		return nil
	}
	var texts []string
	for _, raw := range list {
		texts = append(texts, string(raw))
	}
	return texts
}

func alone(statement string) string {
	return `{"Version":"2012-10-17","Statement":[` + statement + `]}`
}
