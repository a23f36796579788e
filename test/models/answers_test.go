// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// element is a piece of an XML answer.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

// TestAnswersAreModelled wants nothing in the answers of the tour that botocore does not model there: no member that is
// not in the operation's output, none left out that is required, and no value that its shape does not have (numbers,
// times, enumerations, lengths, ranges and patterns), however deep.
func TestAnswersAreModelled(t *testing.T) {
	calls, _ := tour(t)
	all := load(t)
	n := 0
	listed := map[string]bool{}
	var checked limits
	for _, call := range calls {
		service, operation, _ := strings.Cut(call.operation, ":")
		m := all[service]
		output := ""
		if m.Operations[operation].Output != nil {
			output = m.Operations[operation].Output.Shape
		}
		w := &walker{model: m, limits: &checked}
		if strings.HasPrefix(call.answer, "<?xml") {
			w.answer(operation, output, call.answer)
		} else if strings.TrimSpace(call.answer) != "{}" || output != "" {
			var body any
			if err := json.Unmarshal([]byte(call.answer), &body); err != nil {
				t.Fatalf("%s: %v", call.operation, err)
			}
			w.json("", m.Shapes[output], body)
		}
		n += w.seen
		for _, problem := range w.problems {
			if _, ok := unmodelledAnswers[problem]; !ok {
				t.Errorf("%s: %s", call.operation, problem)
			}
			listed[problem] = true
		}
	}
	for problem := range unmodelledAnswers {
		if !listed[problem] {
			t.Errorf("unmodelledAnswers has %q, which does not show", problem)
		}
	}
	t.Logf("%d values in %d answers; %d lengths, %d ranges and %d patterns", n, len(calls), checked.lengths, checked.ranges, checked.patterns)
}

// walker holds an answer against a shape.
type walker struct {
	model    *model
	limits   *limits
	seen     int
	problems []string
}

// check notes what is wrong at a place, if anything is.
func (w *walker) check(path string, err error) {
	if err != nil {
		w.problem("%s: %v", path, err)
	}
}

func (w *walker) problem(format string, args ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// answer reads the document around the members: awsQuery has them in an element of their own.
func (w *walker) answer(operation, output, text string) {
	var root element
	if err := xml.Unmarshal([]byte(text), &root); err != nil {
		w.problem("%v", err)
		return
	}
	if root.XMLName.Local != operation+"Response" {
		w.problem("the root is %s", root.XMLName.Local)
	}
	members := element{}
	for _, child := range root.Children {
		switch child.XMLName.Local {
		case "requestId", "ResponseMetadata":
		case operation + "Result":
			members.Children = child.Children
		default:
			members.Children = append(members.Children, child)
		}
	}
	if output == "" && w.model.Metadata.Protocol == "ec2" {
		// Operations without output answer <return>true</return>: EC2 API reference, "Response Elements" of each.
		members.Children = slices.DeleteFunc(members.Children, func(e element) bool { return e.XMLName.Local == "return" && e.Text == "true" })
	}
	w.xml("", w.model.Shapes[output], members)
}

func (w *walker) xml(path string, s shape, e element) {
	switch s.Type {
	case "structure", "":
		w.required(path, s, func(wire string) bool {
			return slices.ContainsFunc(e.Children, func(child element) bool { return child.XMLName.Local == wire })
		})
		for _, child := range e.Children {
			name := child.XMLName.Local
			field, ok := s.named(name)
			if !ok {
				w.problem("%s.%s is not modelled", path, name)
				continue
			}
			w.xml(path+"."+name, w.model.Shapes[field.Shape], child)
		}
	case "list":
		want := s.Member.LocationName
		if want == "" {
			want = "member"
		}
		w.check(path, w.limits.length(s, len(e.Children)))
		for _, child := range e.Children {
			if child.XMLName.Local != want {
				w.problem("%s has a %s instead of a %s", path, child.XMLName.Local, want)
			}
			w.xml(path+"[]", w.model.Shapes[s.Member.Shape], child)
		}
	default:
		if len(e.Children) > 0 {
			w.problem("%s has members and is a %s", path, s.Type)
		}
		w.scalar(path, s, e.Text)
	}
}

// scalar checks a text against the shape of a value.
func (w *walker) scalar(path string, s shape, text string) {
	w.seen++
	var err error
	switch s.Type {
	case "integer", "long":
		var n int64
		if n, err = strconv.ParseInt(text, 10, 64); err == nil {
			err = w.limits.number(s, float64(n))
		}
	case "boolean":
		_, err = strconv.ParseBool(text)
	case "timestamp":
		_, err = time.Parse(time.RFC3339, text)
	case "string":
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
			err = fmt.Errorf("%q is none of %v", text, s.Enum)
		} else {
			err = w.limits.text(s, text)
		}
	default:
		err = fmt.Errorf("the type %s is not known to this test", s.Type)
	}
	w.check(path, err)
}

// named is the member that goes on the wire under a name.
func (s shape) named(wire string) (member, bool) {
	for name, field := range s.Members {
		if field.LocationName == wire || field.LocationName == "" && name == wire {
			return field, true
		}
	}
	return member{}, false
}

// required notes which members a structure must have and has not.
func (w *walker) required(path string, s shape, has func(wire string) bool) {
	for _, name := range s.Required {
		if wire := cmp.Or(s.Members[name].LocationName, name); !has(wire) {
			w.problem("%s.%s is required and missing", path, wire)
		}
	}
}

func (w *walker) json(path string, s shape, value any) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		if s.Type == "map" {
			w.check(path, w.limits.length(s, len(v)))
		}
		w.required(path, s, func(wire string) bool { return v[wire] != nil })
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if s.Type == "map" {
				w.check(path+"{}", w.limits.text(w.model.Shapes[s.Key.Shape], name))
				w.json(path+"[]", w.model.Shapes[s.Value.Shape], v[name])
			} else if field, ok := s.named(name); ok {
				w.json(path+"."+name, w.model.Shapes[field.Shape], v[name])
			} else {
				w.problem("%s.%s is not modelled", path, name)
			}
		}
	case []any:
		if s.Type != "list" {
			w.problem("%s is a list and not a %s", path, s.Type)
			return
		}
		w.check(path, w.limits.length(s, len(v)))
		for _, one := range v {
			w.json(path+"[]", w.model.Shapes[s.Member.Shape], one)
		}
	case float64:
		w.seen++
		if !slices.Contains([]string{"integer", "long", "timestamp", "double"}, s.Type) || s.Type != "timestamp" && s.Type != "double" && v != float64(int64(v)) {
			w.problem("%s is %v and a %s", path, v, s.Type)
			return
		}
		w.check(path, w.limits.number(s, v))
	case bool:
		w.seen++
		if s.Type != "boolean" {
			w.problem("%s is %v and a %s", path, v, s.Type)
		}
	case string:
		if s.Type != "string" {
			w.problem("%s is %q and a %s", path, v, s.Type)
			return
		}
		w.scalar(path, s, v)
	}
}
