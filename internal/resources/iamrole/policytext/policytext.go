// SPDX-License-Identifier: Apache-2.0

// Package policytext shows in what two policy documents differ, as short text for status. It is pure.
package policytext

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

const (
	// Limit is how many characters of a document are shown.
	Limit = 200
	// lead is how much of what two texts have in common is shown before their first difference.
	lead = 40
)

// Difference shows the statements that only one of two documents has, in canonical form and cut to the part in which
// they differ. The texts depend on the documents' meaning only; they differ whenever that does.
func Difference(a, b string) (string, string) {
	x, y := statements(a), statements(b)
	onlyA, onlyB := without(x, y), without(y, x)
	if onlyA == "" && onlyB == "" { // they differ outside of their statements
		onlyA, onlyB = whole(a), whole(b)
	}
	return around([]rune(onlyA), []rune(onlyB))
}

// whole is a document's canonical form, or the document as it is when it cannot be read.
func whole(doc string) string {
	if text, err := canonical.Policy(doc); err == nil {
		return text
	}
	return doc
}

// statements are those of a document in canonical form; a document that cannot be read is one statement.
func statements(doc string) []string {
	var parsed struct{ Statement []json.RawMessage }
	text, err := canonical.Policy(doc)
	if err == nil {
		err = json.Unmarshal([]byte(text), &parsed)
	}
	if err != nil {
		return []string{doc}
	}
	var out []string
	for _, s := range parsed.Statement {
		out = append(out, string(s))
	}
	return out
}

func without(of, other []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(of), func(s string) bool { return slices.Contains(other, s) }), " ")
}

// around cuts two texts to the part in which they differ.
func around(x, y []rune) (string, string) {
	same := 0
	for same < len(x) && same < len(y) && x[same] == y[same] {
		same++
	}
	if same == len(x) || same == len(y) {
		same = 0 // one of them is empty, or the beginning of the other
	}
	return cut(x, same), cut(y, same)
}

func cut(text []rune, same int) string {
	if from := same - lead; from > 0 && len(text) > Limit {
		return "…" + canonical.Text(string(text[from:]), Limit-1)
	}
	return canonical.Text(string(text), Limit)
}
