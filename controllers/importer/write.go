// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// document is one file, or one part of the output: an object with its comments, or comments alone.
type document struct {
	name     string // of its file, without what follows the dot
	comments []string
	object   map[string]any // nil for comments alone
}

// documents are those of an estate: what could not be read, the account, then what was found.
func (e *Estate) documents() ([]document, error) {
	var docs []document
	if len(e.Missed) > 0 {
		missed := document{name: "not-read", comments: []string{"These could not be read, and what is printed lacks them. The policy that import needs is in docs/import.md."}}
		missed.comments = append(missed.comments, e.Missed...)
		docs = append(docs, missed)
	}
	account, err := documentOf(e.Account, accountNotes)
	if err != nil {
		return nil, err
	}
	docs = append(docs, account)
	for n, found := range e.Found {
		if found.Object == nil {
			docs = append(docs, document{name: fmt.Sprintf("left-out-%d", n+1), comments: append([]string{found.Title}, found.Notes...)})
			continue
		}
		doc, err := documentOf(found.Object, found.Notes)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

var accountNotes = []string{
	"Credentials are not imported: the operator uses its own identity. Where it is to work with a role of the account, set assumeRole.",
	"guardrails and quotas are what AWS does not tell. Without them, the defaults hold: no ingress from 0.0.0.0/0 and ::/0.",
}

func documentOf(obj runtime.Object, notes []string) (document, error) {
	kind := obj.GetObjectKind().GroupVersionKind().Kind
	fields, err := clean(obj)
	if err != nil {
		return document{}, fmt.Errorf("writing %s: %w", kind, err)
	}
	name, _ := fields["metadata"].(map[string]any)["name"].(string)
	return document{name: strings.ToLower(kind) + "-" + name, comments: notes, object: fields}, nil
}

// clean is an object without status and without what its zero values write.
func clean(obj runtime.Object) (map[string]any, error) {
	text, err := json.Marshal(obj)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	delete(fields, "status")
	if meta, ok := fields["metadata"].(map[string]any); ok {
		delete(meta, "creationTimestamp")
	}
	return fields, nil
}

// Formats are what the output can be written in.
var Formats = []string{"yaml", "json"}

// Write writes an estate as a stream. JSON has no comments: they go to notes.
func (e *Estate) Write(out, notes io.Writer, format string) error {
	docs, err := e.documents()
	if err != nil {
		return err
	}
	if format == "json" {
		return writeList(out, notes, docs)
	}
	for _, doc := range docs {
		text, err := doc.yaml()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "---\n%s", text); err != nil {
			return err
		}
	}
	return nil
}

// writeList writes one List, as kubectl does.
func writeList(out, notes io.Writer, docs []document) error {
	items := []any{}
	for _, doc := range docs {
		if _, err := io.WriteString(notes, doc.note()); err != nil {
			return err
		}
		if doc.object != nil {
			items = append(items, doc.object)
		}
	}
	return writeJSON(out, map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "    ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// WriteFiles writes each object into a file of its own, in a directory that is made if need be. Files that are there are not
// overwritten.
func (e *Estate) WriteFiles(dir string, notes io.Writer, format string) error {
	docs, err := e.documents()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var errs []error
	for _, doc := range docs {
		errs = append(errs, doc.writeFile(dir, notes, format))
	}
	return errors.Join(errs...)
}

func (d document) writeFile(dir string, notes io.Writer, format string) error {
	var text bytes.Buffer
	switch {
	case format == "json":
		if _, err := io.WriteString(notes, d.note()); err != nil || d.object == nil {
			return err
		}
		if err := writeJSON(&text, d.object); err != nil {
			return err
		}
	default:
		yaml, err := d.yaml()
		if err != nil {
			return err
		}
		text.WriteString(yaml)
	}
	path := filepath.Join(dir, d.name+"."+format)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: remove it, or give another --output-dir", path)
	}
	if err != nil {
		return err
	}
	_, err = text.WriteTo(file)
	return errors.Join(err, file.Close())
}

// note is the document's comments for a reader who does not see the document.
func (d document) note() string {
	if len(d.comments) == 0 {
		return ""
	}
	return d.name + ":\n" + comment(d.comments)
}

func (d document) yaml() (string, error) {
	if d.object == nil {
		return comment(d.comments), nil
	}
	text, err := yaml.Marshal(d.object)
	return comment(d.comments) + string(text), err
}

// maxLine is where comments are broken.
const maxLine = 110

// comment makes YAML comments of notes. Nothing in them, whatever AWS holds, ends a comment: what is no printable character is
// replaced. Source: YAML 1.2.2, "Line Break Characters" and "Character Set".
func comment(notes []string) string {
	var b strings.Builder
	for _, note := range notes {
		line := "# -"
		for _, word := range strings.FieldsFunc(note, unicode.IsSpace) {
			word = strings.Map(printable, word)
			if len(line)+1+len(word) > maxLine && line != "#  " {
				b.WriteString(line + "\n")
				line = "#  "
			}
			line += " " + word
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '\uFFFD'
	}
	return r
}
