// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// MaxRolePolicySize is what IAM allows for the inline policies of a role, white space not counted
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const MaxRolePolicySize = 10240

// maxPolicyRune is the highest character that IAM takes in a document
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html, PolicyDocument), and KMS too
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html, Policy).
const maxPolicyRune = '\u00FF'

var (
	sidForm    = regexp.MustCompile(`^[0-9A-Za-z]*$`)
	actionForm = regexp.MustCompile(`^(\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+)$`)
	versions   = []string{"2012-10-17", defaultVersion}
)

// ValidatePolicy checks the document of an identity policy (inline on a role) before AWS sees it, against the grammar
// of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. The error names every problem:
// the field, where it is, what was found, what is expected and so what to do. Names have to be in AWS's case here: a
// declaration should look as AWS shows it.
func ValidatePolicy(doc string) error {
	root, err := parse(strings.TrimSpace(doc))
	if err != nil {
		return err
	}
	v := &validator{policyReader: policyReader{doc: strings.TrimSpace(doc)}, service: "IAM"}
	v.characters()
	v.document(root)
	v.size()
	return v.err()
}

type validator struct {
	policyReader
	problems []error
	sids     []string
	// service is who will read the document.
	service string
	// anyCase accepts condition operators in any case of letters.
	anyCase bool
}

// err puts all problems into one line, as conditions show it.
func (v *validator) err() error {
	if len(v.problems) == 0 {
		return nil
	}
	all := make([]string, len(v.problems))
	for i, p := range v.problems {
		all[i] = p.Error()
	}
	return errors.New(strings.Join(all, "; "))
}

func (v *validator) problem(at int, format string, args ...any) {
	v.problems = append(v.problems, v.errorf(at, format, args...))
}

func (v *validator) characters() {
	for at, r := range v.doc {
		if r > maxPolicyRune {
			v.problem(at, "the document holds the character %q: %s takes characters up to U+00FF only, replace it", r, v.service)
			return
		}
	}
}

// PolicySize counts the characters of a policy as IAM does for its quotas: without white space.
func PolicySize(doc string) int {
	n := 0
	for _, r := range doc {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

func (v *validator) size() {
	if n := PolicySize(v.doc); n > MaxRolePolicySize {
		v.problems = append(v.problems, fmt.Errorf(
			"the document has %d characters without white space: IAM allows %d for all inline policies of a role together, "+
				"use wildcards, fewer statements or a managed policy", n, MaxRolePolicySize))
	}
}

// object returns the fields by name, and reports those that are not known or not in AWS's spelling: AWS answers
// "Unknown field statement" to a policy with statement (https://github.com/pulumi/pulumi-hugo/issues/3333).
func (v *validator) object(n *node, where string, known []string) map[string]*node {
	if n.kind != object {
		v.problem(n.at, "%s is %s: expected an object", where, n.kind)
		return nil
	}
	v.twins(n, where)
	found := map[string]*node{}
	for _, f := range n.fields {
		if slices.Contains(known, f.name) {
			found[f.name] = f.value
			continue
		}
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, f.name) })
		if i >= 0 {
			v.problem(f.at, "%s has %q: write %s", where, f.name, known[i])
			found[known[i]] = f.value
			continue
		}
		v.problem(f.at, "%s has %q: expected only %s, remove it", where, f.name, strings.Join(known, ", "))
	}
	return found
}

func (v *validator) document(n *node) {
	e := v.object(n, "the policy", topElements)
	if e == nil {
		return
	}
	if version := e["Version"]; version != nil && !(version.kind == text && slices.Contains(versions, version.value)) {
		v.problem(version.at, "Version is %s: expected \"2012-10-17\", which is the version of the language, not of your policy", version.describe())
	}
	if id := e["Id"]; id != nil && id.kind != text {
		v.problem(id.at, "Id is %s: expected a string", id.describe())
	}
	statements := e["Statement"]
	if statements == nil {
		v.problem(n.at, "the policy has no Statement: add a list with at least one statement")
		return
	}
	if statements.kind == list && len(statements.items) == 0 {
		v.problem(statements.at, "Statement is an empty list: add at least one statement, or leave the policy out")
	}
	for i, s := range itemsOf(statements) {
		v.statement(s, fmt.Sprintf("Statement[%d]", i))
	}
}

func (v *validator) statement(n *node, where string) {
	e := v.object(n, where, statementElements)
	if e == nil {
		return
	}
	v.sid(e["Sid"], where)
	v.effect(n, e["Effect"], where)
	for _, name := range []string{"Principal", "NotPrincipal"} {
		if e[name] != nil {
			v.problem(e[name].at, "%s has %s: a role's own policy applies to the role and must not name one, remove it", where, name)
		}
	}
	v.exactlyOne(n, e, where, "Action", v.stringsThat(v.action))
	v.exactlyOne(n, e, where, "Resource", v.stringsThat(v.resource))
	if c := e["Condition"]; c != nil {
		v.condition(c, where+".Condition")
	}
}

func (v *validator) effect(statement, effect *node, where string) {
	switch {
	case effect == nil:
		v.problem(statement.at, "%s has no Effect: add \"Effect\": \"Allow\" or \"Deny\"", where)
	case effect.kind != text || (effect.value != "Allow" && effect.value != "Deny"):
		v.problem(effect.at, "%s.Effect is %s: expected \"Allow\" or \"Deny\", in this case of letters", where, effect.describe())
	}
}

func (v *validator) sid(n *node, where string) {
	switch {
	case n == nil:
	case n.kind != text || !sidForm.MatchString(n.value):
		v.problem(n.at, "%s.Sid is %s: expected letters and digits only", where, n.describe())
	case n.value != "" && slices.Contains(v.sids, n.value):
		v.problem(n.at, "%s.Sid is %q as in another statement: expected a name of its own, change or remove it", where, n.value)
	default:
		v.sids = append(v.sids, n.value)
	}
}

// exactlyOne checks an element that is there either as itself or as its Not form.
func (v *validator) exactlyOne(n *node, e map[string]*node, where, name string, check func(n *node, where string)) {
	is, not := e[name], e["Not"+name]
	switch {
	case is == nil && not == nil:
		v.problem(n.at, "%s has neither %s nor Not%s: add %s", where, name, name, name)
	case is != nil && not != nil:
		v.problem(not.at, "%s has both %s and Not%s: expected exactly one, remove the other", where, name, name)
	case is != nil:
		check(is, where+"."+name)
	default:
		check(not, where+".Not"+name)
	}
}

// stringsThat checks a string or a list of strings, each by check.
func (v *validator) stringsThat(check func(n *node, where string)) func(n *node, where string) {
	return func(n *node, where string) { v.values(n, where, []kind{text}, check) }
}

func (v *validator) values(n *node, where string, kinds []kind, check func(n *node, where string)) {
	if n.kind == list && len(n.items) == 0 {
		v.problem(n.at, "%s is an empty list: expected at least one value", where)
	}
	for _, item := range itemsOf(n) {
		if !slices.Contains(kinds, item.kind) {
			v.problem(item.at, "%s holds %s: expected a string or a list of strings", where, item.describe())
			continue
		}
		check(item, where)
	}
}

func (v *validator) action(n *node, where string) {
	if !actionForm.MatchString(n.value) {
		v.problem(n.at, "%s holds %q: expected service:Action such as ecr:GetAuthorizationToken, or *", where, n.value)
	}
}

// resource wants an ARN: five colons, of which a wildcard can stand for some.
func (v *validator) resource(n *node, where string) {
	arn := strings.HasPrefix(n.value, "arn:") && (strings.Count(n.value, ":") >= 5 || strings.ContainsRune(n.value, '*'))
	if n.value != "*" && !arn {
		v.problem(n.at, "%s holds %q: expected an ARN such as arn:aws:s3:::bucket/*, or *", where, n.value)
	}
}
