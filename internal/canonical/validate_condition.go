// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"slices"
	"strings"
)

// conditionOperators are those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
var conditionOperators = []string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
	"NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
}

func (v *validator) condition(n *node, where string) {
	if n.kind != object {
		v.problem(n.at, "%s is %s: expected an object such as {\"StringEquals\": {\"aws:ResourceAccount\": \"111122223333\"}}", where, n.describe())
		return
	}
	v.twins(n, where)
	for _, operator := range n.fields {
		if !v.knownOperator(operator.name) {
			v.problem(operator.at, "%s has the operator %q: expected one of IAM's condition operators, such as StringEquals or ArnLike",
				where, operator.name)
		}
		v.conditionKeys(operator.value, where+"."+operator.name)
	}
}

// twins reports names of an object that differ in the case of letters only: AWS ignores the case of condition keys
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html), and where it does not
// say, nobody can tell which of the two counts. The same name twice is refused by the parser.
func (v *validator) twins(n *node, where string) {
	seen := map[string]string{}
	for _, f := range n.fields {
		folded := strings.ToLower(f.name)
		if first, twice := seen[folded]; twice {
			v.problem(f.at, "%s has %q, and %q before, which differ in the case of letters only: leave one of them, with what both say",
				where, f.name, first)
			continue
		}
		seen[folded] = f.name
	}
}

// knownOperator tells an operator with its prefix and suffix. The case of its letters is AWS's in what AWS documents;
// where anyCase is set, others are left to AWS.
func (v *validator) knownOperator(name string) bool {
	for known := range operatorForms {
		if name == known || v.anyCase && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// operatorForms are all operators as they can be written: Null knows no IfExists.
var operatorForms = func() map[string]bool {
	forms := map[string]bool{}
	for _, operator := range conditionOperators {
		for _, prefix := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			forms[prefix+operator] = true
			if operator != "Null" {
				forms[prefix+operator+"IfExists"] = true
			}
		}
	}
	return forms
}()

func (v *validator) conditionKeys(n *node, where string) {
	if n.kind != object {
		v.problem(n.at, "%s is %s: expected an object of condition keys and values", where, n.describe())
		return
	}
	v.twins(n, where)
	for _, key := range n.fields {
		if !strings.Contains(key.name, ":") {
			v.problem(key.at, "%s has the key %q: expected a prefix and a name, such as aws:SourceArn", where, key.name)
		}
		for _, item := range itemsOf(key.value) {
			if !slices.Contains([]kind{text, number, boolean}, item.kind) {
				v.problem(item.at, "%s.%s holds %s: expected a string or a list of strings", where, key.name, item.describe())
			}
		}
	}
}
