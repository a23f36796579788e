// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"slices"
	"strings"
)

// policyDocument is a resource-based policy as far as the simulator weighs it.
type policyDocument struct {
	Version   string
	Statement statements
}

type statement struct {
	Effect    string
	Principal principals
	Action    texts
	Condition map[string]map[string]texts
}

type statements []statement

// UnmarshalJSON takes one statement or a list.
func (s *statements) UnmarshalJSON(data []byte) error {
	var list []statement
	if json.Unmarshal(data, &list) == nil {
		*s = list
		return nil
	}
	var one statement
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*s = statements{one}
	return nil
}

// texts is a string or a list of strings.
type texts []string

// UnmarshalJSON takes one string (or bool or number) or a list of strings.
func (t *texts) UnmarshalJSON(data []byte) error {
	var list []string
	if json.Unmarshal(data, &list) == nil {
		*t = list
		return nil
	}
	var one any
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	if text, ok := one.(string); ok {
		*t = texts{text}
	} else {
		*t = texts{strings.Trim(string(data), `"`)}
	}
	return nil
}

// principals are a statement's principals by kind; "*" is {"*": ["*"]}.
type principals map[string]texts

// UnmarshalJSON takes "*" or an object.
func (p *principals) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principals{"*": {"*"}}
		return nil
	}
	var byKind map[string]texts
	if err := json.Unmarshal(data, &byKind); err != nil {
		return err
	}
	*p = byKind
	return nil
}

// principal is who asks: a service, a federated provider, or an AWS identity.
type principal struct {
	kind  string // Service, Federated or AWS
	value string // service name, provider ARN or caller ARN
}

// in says whether the principal is among those of a statement: IAM user guide,
// "AWS JSON policy elements: Principal".
func (p principal) in(named principals) bool {
	if len(named["*"]) > 0 {
		return true
	}
	names := p.names()
	return slices.ContainsFunc(named[p.kind], func(have string) bool { return slices.Contains(names, have) })
}

// names lists the ways in which a policy can mean the principal.
func (p principal) names() []string {
	if p.kind != "AWS" {
		return []string{p.value}
	}
	account := accountOfARN(p.value)
	names := []string{"*", p.value, account, "arn:aws:iam::" + account + ":root"}
	if rest, ok := strings.CutPrefix(p.value, "arn:aws:sts::"+account+":assumed-role/"); ok {
		role, _, _ := strings.Cut(rest, "/")
		names = append(names, "arn:aws:iam::"+account+":role/"+role)
	}
	return names
}

// trusts says whether a policy lets the principal do the action, given what is
// known about the request. Deny wins over Allow. A condition on a key that is
// not in about is taken to hold: the simulator does not know it.
func trusts(policy string, who principal, action string, about map[string]string) bool {
	var doc policyDocument
	if json.Unmarshal([]byte(policy), &doc) != nil {
		return false
	}
	allowed := false
	for _, st := range doc.Statement {
		if !who.in(st.Principal) || !st.covers(action) || !st.holds(about) {
			continue
		}
		if st.Effect == "Deny" {
			return false
		}
		allowed = allowed || st.Effect == "Allow"
	}
	return allowed
}

// covers says whether the statement is about the action.
func (st statement) covers(action string) bool {
	return slices.ContainsFunc(st.Action, func(pattern string) bool {
		return wildcard(strings.ToLower(pattern), strings.ToLower(action))
	})
}

// holds weighs the conditions whose key is known.
func (st statement) holds(about map[string]string) bool {
	for operator, keys := range st.Condition {
		for key, want := range keys {
			have, known := lookup(about, key)
			if known && !conditionHolds(operator, want, have) {
				return false
			}
		}
	}
	return true
}

// lookup finds a condition key; their names are case-insensitive.
func lookup(about map[string]string, key string) (string, bool) {
	for name, value := range about {
		if strings.EqualFold(name, key) {
			return value, true
		}
	}
	return "", false
}

// conditionHolds weighs one condition: IAM user guide, "Condition operators".
func conditionHolds(operator string, want texts, have string) bool {
	operator = strings.TrimSuffix(operator, "IfExists")
	switch operator {
	case "StringEquals":
		return slices.Contains(want, have)
	case "StringNotEquals":
		return !slices.Contains(want, have)
	case "StringLike", "ArnLike", "ArnEquals":
		return slices.ContainsFunc(want, func(pattern string) bool { return wildcard(pattern, have) })
	case "StringNotLike", "ArnNotLike", "ArnNotEquals":
		return !slices.ContainsFunc(want, func(pattern string) bool { return wildcard(pattern, have) })
	}
	return true
}

// wildcard matches a pattern with * (any text) and ? (any one byte).
func wildcard(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
