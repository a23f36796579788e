// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	awspolicy "github.com/hashicorp/awspolicyequivalence"

	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// defaultVersion is what IAM assumes where a document names no Version
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html).
const defaultVersion = "2008-10-17"

// Policy returns the canonical form of an IAM policy document: compact JSON with sorted keys; statements and values as
// sorted sets, always lists; Effect and element names in AWS's case; actions and condition keys, whose case AWS
// ignores, in lower case; booleans and numbers of conditions as strings; an account's root ARN as its account id; and
// Version filled in. URL-encoded documents, as IAM returns them, and one-element lists of documents are accepted.
//
// The rules are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and the pages
// of the elements. An error says what is wrong and where.
func Policy(doc string) (string, error) { return policies.Get(doc, policy) }

// policies are documents that were put into canonical form before: those of ten thousand profiles, most of which are some
// hundred bytes long.
var policies = memo.New(16<<20, memo.Text)

func policy(doc string) (string, error) {
	doc = plain(doc)
	root, err := parse(doc)
	if err != nil {
		return "", err
	}
	c := &policyReader{doc: doc}
	p, err := c.policy(root)
	if err != nil {
		return "", err
	}
	text, err := compact(p)
	memo.Share(&text) // what is declared and what is found are mostly the same
	return text, err
}

// PolicyEqual says whether two policy documents mean the same to AWS. HashiCorp's awspolicyequivalence, which
// Terraform relies on, is the judge, but over canonical forms: by itself it takes any two string principals for equal,
// ignores elements that it does not know, and minds the case of actions. A document that cannot be read equals only
// the identical text.
func PolicyEqual(a, b string) bool {
	if a == b {
		return true
	}
	ca, errA := Policy(a)
	cb, errB := Policy(b)
	if errA != nil || errB != nil {
		return false
	}
	if ca == cb {
		return true
	}
	equal, err := awspolicy.PoliciesAreEquivalent(ca, cb)
	return err == nil && equal
}

// policyJSON and statementJSON list their fields in the order of their names: that is the order of canonical JSON.
type policyJSON struct {
	ID        string          `json:"Id,omitempty"`
	Statement []statementJSON `json:"Statement"`
	Version   string          `json:"Version"`
}

type statementJSON struct {
	Action       *[]string                      `json:"Action,omitempty"`
	Condition    map[string]map[string][]string `json:"Condition,omitempty"`
	Effect       string                         `json:"Effect"`
	NotAction    *[]string                      `json:"NotAction,omitempty"`
	NotPrincipal *map[string][]string           `json:"NotPrincipal,omitempty"`
	NotResource  *[]string                      `json:"NotResource,omitempty"`
	Principal    *map[string][]string           `json:"Principal,omitempty"`
	Resource     *[]string                      `json:"Resource,omitempty"`
	Sid          string                         `json:"Sid,omitempty"`
}

var (
	topElements       = []string{"Id", "Statement", "Version"}
	statementElements = []string{
		"Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid",
	}
	principalTypes = []string{"AWS", "CanonicalUser", "Federated", "Service"}
)

// policyReader takes the JSON of a policy apart; doc is there for the places in errors.
type policyReader struct{ doc string }

func (c *policyReader) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{place(c.doc, at)}, args...)...)
}

func (c *policyReader) policy(n *node) (policyJSON, error) {
	p := policyJSON{Version: defaultVersion, Statement: []statementJSON{}}
	if n.kind == list && len(n.items) == 1 {
		n = n.items[0]
	}
	elements, err := c.elements(n, "the policy", topElements)
	if err != nil {
		return p, err
	}
	if v := elements["Version"]; v != nil {
		if p.Version, err = c.text(v, "Version"); err != nil {
			return p, err
		}
	}
	if v := elements["Id"]; v != nil {
		if p.ID, err = c.text(v, "Id"); err != nil {
			return p, err
		}
	}
	if v := elements["Statement"]; v != nil {
		p.Statement, err = c.statements(v)
	}
	return p, err
}

// elements returns the fields of an object under AWS's spelling of their names; null counts as absent.
func (c *policyReader) elements(n *node, where string, known []string) (map[string]*node, error) {
	if n.kind != object {
		return nil, c.errorf(n.at, "%s is %s: expected an object", where, n.kind)
	}
	found := map[string]*node{}
	for _, f := range n.fields {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, f.name) })
		if i < 0 {
			return nil, c.errorf(f.at, "%q is no element of %s: expected one of %s", f.name, where, strings.Join(known, ", "))
		}
		if found[known[i]] != nil {
			return nil, c.errorf(f.at, "%s is there twice: keep one of them", known[i])
		}
		if f.value.kind != null {
			found[known[i]] = f.value
		}
	}
	return found, nil
}

func (c *policyReader) statements(n *node) ([]statementJSON, error) {
	byText := map[string]statementJSON{}
	for i, item := range itemsOf(n) {
		s, err := c.statement(item, fmt.Sprintf("Statement[%d]", i))
		if err != nil {
			return nil, err
		}
		key, err := compact(s)
		if err != nil {
			return nil, err
		}
		byText[key] = s
	}
	sorted := make([]statementJSON, 0, len(byText))
	for _, key := range slices.Sorted(maps.Keys(byText)) {
		sorted = append(sorted, byText[key])
	}
	return sorted, nil
}

func (c *policyReader) statement(n *node, where string) (statementJSON, error) {
	var s statementJSON
	e, err := c.elements(n, where, statementElements)
	if err != nil {
		return s, err
	}
	if s.Effect, err = c.effect(e["Effect"], n.at, where); err != nil {
		return s, err
	}
	if e["Sid"] != nil {
		if s.Sid, err = c.text(e["Sid"], where+".Sid"); err != nil {
			return s, err
		}
	}
	sets := []struct {
		name string
		into **[]string
		form func(string) string
	}{
		{"Action", &s.Action, strings.ToLower},
		{"NotAction", &s.NotAction, strings.ToLower},
		{"Resource", &s.Resource, asIs},
		{"NotResource", &s.NotResource, asIs},
	}
	for _, set := range sets {
		if e[set.name] == nil {
			continue
		}
		values, err := c.values(e[set.name], where+"."+set.name, set.form, text)
		if err != nil {
			return s, err
		}
		*set.into = &values
	}
	return s, c.principalsAndCondition(&s, e, where)
}

func (c *policyReader) principalsAndCondition(s *statementJSON, e map[string]*node, where string) (err error) {
	if n := e["Principal"]; n != nil {
		if s.Principal, err = c.principal(n, where+".Principal"); err != nil {
			return err
		}
	}
	if n := e["NotPrincipal"]; n != nil {
		if s.NotPrincipal, err = c.principal(n, where+".NotPrincipal"); err != nil {
			return err
		}
	}
	if n := e["Condition"]; n != nil {
		s.Condition, err = c.condition(n, where+".Condition")
	}
	return err
}

func (c *policyReader) effect(n *node, at int, where string) (string, error) {
	if n == nil {
		return "", c.errorf(at, "%s has no Effect: expected Allow or Deny", where)
	}
	for _, effect := range []string{"Allow", "Deny"} {
		if n.kind == text && strings.EqualFold(n.value, effect) {
			return effect, nil
		}
	}
	return "", c.errorf(n.at, "%s.Effect is %s: expected Allow or Deny", where, n.describe())
}

// principal reads "*" or a map of types; "*" by itself is the same as {"AWS": "*"}
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html, "All principals").
func (c *policyReader) principal(n *node, where string) (*map[string][]string, error) {
	if n.kind == text && n.value == "*" {
		return &map[string][]string{"AWS": {"*"}}, nil
	}
	if n.kind == text {
		return nil, c.errorf(n.at, "%s is the string %q: expected \"*\" or an object such as {\"AWS\": ...}", where, n.value)
	}
	byType, err := c.elements(n, where, principalTypes)
	if err != nil {
		return nil, err
	}
	principals := map[string][]string{}
	for name, v := range byType {
		form := asIs
		if name == "AWS" {
			form = accountID
		}
		if principals[name], err = c.values(v, where+"."+name, form, text, number); err != nil {
			return nil, err
		}
	}
	return &principals, nil
}

// rootARN is the ARN that IAM makes of an account id; the id alone does not tell the partition, and needs not.
var rootARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):root$`)

func accountID(principal string) string {
	if m := rootARN.FindStringSubmatch(principal); m != nil {
		return m[1]
	}
	return principal
}

// condition reads operator → key → values. Keys ignore case
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html); an operator without
// keys says nothing and is left out, a key without values never matches and is kept.
func (c *policyReader) condition(n *node, where string) (map[string]map[string][]string, error) {
	if n.kind != object {
		return nil, c.errorf(n.at, "%s is %s: expected an object of condition operators", where, n.kind)
	}
	condition := map[string]map[string][]string{}
	for _, operator := range n.fields {
		keys, err := c.conditionKeys(operator.value, where+"."+operator.name)
		if err != nil {
			return nil, err
		}
		if len(keys) > 0 {
			condition[operator.name] = keys
		}
	}
	return condition, nil
}

func (c *policyReader) conditionKeys(n *node, where string) (map[string][]string, error) {
	if n.kind != object {
		return nil, c.errorf(n.at, "%s is %s: expected an object of condition keys and values", where, n.kind)
	}
	keys := map[string][]string{}
	for _, f := range n.fields {
		key := strings.ToLower(f.name)
		if _, twice := keys[key]; twice {
			return nil, c.errorf(f.at, "%s: the key %q is there twice, as case does not count: put its values in one list", where, f.name)
		}
		values, err := c.values(f.value, where+"."+f.name, asIs, text, number, boolean)
		if err != nil {
			return nil, err
		}
		keys[key] = values
	}
	return keys, nil
}

func (c *policyReader) text(n *node, where string) (string, error) {
	if n.kind != text {
		return "", c.errorf(n.at, "%s is %s: expected a string", where, n.kind)
	}
	return n.value, nil
}

// values reads one value or a list of them as a sorted set.
func (c *policyReader) values(n *node, where string, form func(string) string, kinds ...kind) ([]string, error) {
	set := []string{}
	for _, item := range itemsOf(n) {
		if !slices.Contains(kinds, item.kind) {
			return nil, c.errorf(item.at, "%s holds %s: expected a string or a list of strings", where, item.kind)
		}
		set = append(set, form(item.value))
	}
	slices.Sort(set)
	return slices.Compact(set), nil
}

func asIs(s string) string { return s }

// itemsOf lets a single value stand for a list of one, as AWS does everywhere in policies.
func itemsOf(n *node) []*node {
	if n.kind == list {
		return n.items
	}
	return []*node{n}
}

func (n *node) describe() string {
	switch n.kind {
	case text:
		return strconv.Quote(n.value)
	case number, boolean:
		return n.value
	default:
		return n.kind.String()
	}
}

var integer = regexp.MustCompile(`^-?[0-9]+$`)

// numberText writes a JSON number as a policy's string: 3600, 3.6e3 and 3600.0 are one value.
func numberText(s string) string {
	if integer.MatchString(s) {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// compact is JSON without escapes for HTML, so that it stays readable in status.
func compact(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
