// SPDX-License-Identifier: Apache-2.0

package canonical

import "strings"

// MaxKeyPolicySize is how many bytes KMS takes as a key policy
// (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html).
const MaxKeyPolicySize = 32 * 1024

// ValidateKeyStatement checks one statement of a KMS key policy, a JSON object, before AWS sees it. The error names every
// problem with its place, as that of ValidatePolicy does.
//
// A statement without Action or Resource is refused although KMS takes it, since it has no effect
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html, Policy). What KMS does not document is left
// to KMS: any string as Sid, which may hold spaces; resources, whose only useful value is "*"; operators of conditions in
// another case of letters.
func ValidateKeyStatement(statement string) error {
	doc := strings.TrimSpace(statement)
	root, err := parse(doc)
	if err != nil {
		return err
	}
	v := &validator{policyReader: policyReader{doc: doc}, service: "KMS", anyCase: true}
	v.characters()
	v.keyStatement(root)
	return v.err()
}

func (v *validator) keyStatement(n *node) {
	const where = "the statement"
	e := v.object(n, where, statementElements)
	if e == nil {
		return
	}
	if sid := e["Sid"]; sid != nil && sid.kind != text {
		v.problem(sid.at, "%s.Sid is %s: expected a string", where, sid.describe())
	}
	v.effect(n, e["Effect"], where)
	v.exactlyOne(n, e, where, "Principal", v.principals)
	v.exactlyOne(n, e, where, "Action", v.stringsThat(v.action))
	v.exactlyOne(n, e, where, "Resource", v.stringsThat(anything))
	if c := e["Condition"]; c != nil {
		v.condition(c, where+".Condition")
	}
}

func anything(*node, string) {}

// principals checks "*" or principals by their type. KMS wants at least one
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html, Policy).
func (v *validator) principals(n *node, where string) {
	if n.kind == text && n.value == "*" {
		return
	}
	if n.kind != object {
		v.problem(n.at, "%s is %s: expected \"*\" or an object such as {\"AWS\": \"arn:aws:iam::111122223333:root\"}", where, n.describe())
		return
	}
	if len(n.fields) == 0 {
		v.problem(n.at, "%s is an empty object: expected at least one principal", where)
	}
	byType := v.object(n, where, principalTypes)
	for _, name := range principalTypes {
		if values := byType[name]; values != nil {
			v.values(values, where+"."+name, []kind{text, number}, anything) // an account id may be a number
		}
	}
}
