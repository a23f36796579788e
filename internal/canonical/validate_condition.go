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
	for _, operator := range n.fields {
		if !knownOperator(operator.name) {
			v.problem(operator.at, "%s has the operator %q: expected one of IAM's condition operators, such as StringEquals or ArnLike",
				where, operator.name)
		}
		v.conditionKeys(operator.value, where+"."+operator.name)
	}
}

func knownOperator(name string) bool {
	for _, prefix := range []string{"ForAllValues:", "ForAnyValue:"} {
		name = strings.TrimPrefix(name, prefix)
	}
	base := strings.TrimSuffix(name, "IfExists")
	if base == "Null" && base != name {
		return false
	}
	return slices.Contains(conditionOperators, base)
}

func (v *validator) conditionKeys(n *node, where string) {
	if n.kind != object {
		v.problem(n.at, "%s is %s: expected an object of condition keys and values", where, n.describe())
		return
	}
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
