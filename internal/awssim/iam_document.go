// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
)

// node is a JSON value that keeps the order of its members, so that a trust
// policy comes back in the order in which it was written.
type node struct {
	kind    byte // '{', '[' or 'v'
	members []member
	items   []*node
	value   any // of a 'v': string, json.Number, bool or nil
}

type member struct {
	name  string
	value *node
}

// parseNode reads one JSON document.
func parseNode(text string) (*node, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	n, err := readNode(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the document")
	}
	return n, nil
}

func readNode(dec *json.Decoder) (*node, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return &node{kind: 'v', value: tok}, nil
	}
	n := &node{kind: byte(delim)}
	for dec.More() {
		name := ""
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name = key.(string)
		}
		child, err := readNode(dec)
		if err != nil {
			return nil, err
		}
		if delim == '{' {
			n.members = append(n.members, member{name, child})
		} else {
			n.items = append(n.items, child)
		}
	}
	_, err = dec.Token()
	return n, err
}

// repeats tells whether an object in it has a member twice: IAM user guide,
// "Grammar of the IAM JSON policy language", notes: "Individual elements must
// not contain multiple instances of the same key".
func (n *node) repeats() bool {
	seen := map[string]bool{}
	for _, m := range n.members {
		if seen[m.name] || m.value.repeats() {
			return true
		}
		seen[m.name] = true
	}
	return slices.ContainsFunc(n.items, (*node).repeats)
}

// field returns a member, nil if it is not there.
func (n *node) field(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// list returns a list's items, and anything else as a list of itself.
func (n *node) list() []*node {
	if n.kind == '[' {
		return n.items
	}
	return []*node{n}
}

// text returns a string value.
func (n *node) text() (string, bool) {
	s, ok := n.value.(string)
	return s, ok && n.kind == 'v'
}

// strings returns a string or a list of strings.
func (n *node) strings() ([]string, bool) {
	var out []string
	for _, item := range n.list() {
		s, ok := item.text()
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

// String renders the node without white space.
func (n *node) String() string {
	var b bytes.Buffer
	n.write(&b)
	return b.String()
}

func (n *node) write(b *bytes.Buffer) {
	switch n.kind {
	case '{':
		b.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSONValue(b, m.name)
			b.WriteByte(':')
			m.value.write(b)
		}
		b.WriteByte('}')
	case '[':
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b)
		}
		b.WriteByte(']')
	default:
		writeJSONValue(b, n.value)
	}
}

func writeJSONValue(b *bytes.Buffer, v any) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // strings, numbers, booleans and null always encode
	b.Truncate(b.Len() - 1)
}

// encodeDocument is a policy document on the wire: URL-encoded in compliance
// with RFC 3986 (IAM API reference, GetRole and GetRolePolicy).
func encodeDocument(doc string) string {
	return strings.ReplaceAll(url.QueryEscape(doc), "+", "%20")
}

// policySize counts a document's characters; IAM does not count white space:
// IAM user guide "IAM and AWS STS quotas".
func policySize(doc string) int {
	n := 0
	for _, r := range doc {
		if !strings.ContainsRune(" \t\r\n", r) {
			n++
		}
	}
	return n
}
