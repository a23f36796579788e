// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxDepth is far above what a policy needs: document, statements, condition, operator, key, values.
const maxDepth = 32

type kind int

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

var kindNames = map[kind]string{
	null: "null", boolean: "a boolean", number: "a number", text: "a string", list: "a list", object: "an object",
}

func (k kind) String() string { return kindNames[k] }

// node is a JSON value with its place in the document, which encoding/json does not keep.
type node struct {
	kind   kind
	at     int
	value  string // of text, number and boolean
	items  []*node
	fields []field
}

type field struct {
	name  string
	at    int
	value *node
}

// plain undoes the URL encoding in which IAM returns documents (RFC 3986,
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html) and the byte order mark of some editors.
func plain(doc string) string {
	doc = strings.TrimSpace(strings.TrimPrefix(doc, "\ufeff"))
	if !strings.HasPrefix(doc, "%") {
		return doc
	}
	if s, err := url.PathUnescape(doc); err == nil && json.Valid([]byte(s)) {
		return strings.TrimSpace(s)
	}
	if s, err := url.QueryUnescape(doc); err == nil {
		return strings.TrimSpace(s)
	}
	return doc
}

// parse reads a whole JSON document; an error says line and column. Names that occur twice in an object are refused at
// any depth, as IAM refuses them ("Individual elements must not contain multiple instances of the same key",
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-notes):
// encoding/json would silently take the last.
func parse(doc string) (*node, error) {
	if doc == "" {
		return nil, errors.New("the document is empty: expected a JSON object with Version and Statement")
	}
	if !utf8.ValidString(doc) {
		return nil, errors.New("the document is not valid UTF-8 text")
	}
	if err := syntax(doc); err != nil {
		return nil, err
	}
	r := &reader{doc: doc, dec: json.NewDecoder(strings.NewReader(doc))}
	r.dec.UseNumber()
	return r.value(0)
}

// syntax checks the whole document first, so that the reader meets sound tokens only.
func syntax(doc string) error {
	var raw json.RawMessage
	err := json.Unmarshal([]byte(doc), &raw)
	var se *json.SyntaxError
	if errors.As(err, &se) {
		return fmt.Errorf("not valid JSON at %s: %w", place(doc, int(se.Offset)-1), se)
	}
	return err
}

type reader struct {
	doc string
	dec *json.Decoder
}

func (r *reader) value(depth int) (*node, error) {
	at := r.next()
	if depth > maxDepth {
		return nil, r.errorf(at, "nested deeper than %d levels", maxDepth)
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, r.errorf(at, "%w", err)
	}
	n := &node{at: at}
	switch t := token.(type) {
	case json.Delim:
		return r.composite(n, t, depth)
	case string:
		n.kind, n.value = text, t
	case json.Number:
		n.kind, n.value = number, numberText(t.String())
	case bool:
		n.kind, n.value = boolean, fmt.Sprint(t)
	}
	return n, nil
}

func (r *reader) composite(n *node, open json.Delim, depth int) (*node, error) {
	n.kind = list
	read := r.item
	if open == '{' {
		n.kind, read = object, r.field
	}
	for r.dec.More() {
		if err := read(n, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := r.dec.Token()
	return n, err
}

func (r *reader) item(n *node, depth int) error {
	v, err := r.value(depth)
	n.items = append(n.items, v)
	return err
}

func (r *reader) field(n *node, depth int) error {
	at := r.next()
	token, err := r.dec.Token()
	if err != nil {
		return err
	}
	name, _ := token.(string)
	for _, f := range n.fields {
		if f.name == name {
			return r.errorf(at, "%q is there twice: keep one of them", name)
		}
	}
	v, err := r.value(depth)
	n.fields = append(n.fields, field{name: name, at: at, value: v})
	return err
}

// next is the offset of the coming token: the decoder's own offset is still before white space, comma and colon.
func (r *reader) next() int {
	at := int(r.dec.InputOffset())
	for at < len(r.doc) && strings.ContainsRune(" \t\r\n,:", rune(r.doc[at])) {
		at++
	}
	return at
}

func (r *reader) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("%s: %w", place(r.doc, at), fmt.Errorf(format, args...))
}

// place says where an offset is, as an editor would.
func place(doc string, offset int) string {
	offset = min(max(offset, 0), len(doc))
	before := doc[:offset]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
	return fmt.Sprintf("line %d, column %d (offset %d)", line, column, offset)
}
