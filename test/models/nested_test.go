// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// leaf is a plain value in a request: at the top, or inside of lists and structures.
type leaf struct {
	path     string // of members, with [] for the elements of lists
	shape    shape
	required bool
	have     string
	// set returns the request with another value in its place, nil for none.
	set func(value any) request
}

// leaves lists the plain values of a good request.
func leaves(m *model, input shape, call request) []leaf {
	if m.Metadata.Protocol == "query" || m.Metadata.Protocol == "ec2" {
		return formLeaves(m, input, call)
	}
	var body map[string]any
	if json.Unmarshal(call.body, &body) != nil {
		return nil
	}
	w := &bodyWalker{model: m, call: call, body: body}
	w.structure("", input, body)
	return w.found
}

// bodyWalker goes through a JSON body along its shape.
type bodyWalker struct {
	model *model
	call  request
	body  map[string]any
	found []leaf
}

func (w *bodyWalker) structure(path string, s shape, have map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(s.Members)) {
		field := s.Members[name]
		wire := name
		if field.LocationName != "" {
			wire = field.LocationName
		}
		value, ok := have[wire]
		if !ok {
			continue
		}
		put := func(v any) {
			if v == nil {
				delete(have, wire)
			} else {
				have[wire] = v
			}
		}
		w.value(strings.TrimPrefix(path+"."+name, "."), w.model.Shapes[field.Shape], slices.Contains(s.Required, name), value, put)
	}
}

func (w *bodyWalker) value(path string, s shape, required bool, have any, put func(any)) {
	switch v := have.(type) {
	case map[string]any:
		if s.Type == "map" {
			for _, key := range slices.Sorted(maps.Keys(v)) {
				w.value(path+"{}", w.model.Shapes[s.Value.Shape], false, v[key], func(value any) { v[key] = value })
			}
			return
		}
		w.structure(path, s, v)
	case []any:
		if len(v) > 0 && s.Member != nil { // the first stands for all
			w.value(path+"[]", w.model.Shapes[s.Member.Shape], false, v[0], func(value any) { v[0] = value })
		}
	default:
		text, _ := have.(string)
		w.found = append(w.found, leaf{path: path, shape: s, required: required, have: text, set: func(value any) request {
			put(value)
			changed := w.call
			changed.body, _ = json.Marshal(w.body)
			put(have)
			return changed
		}})
	}
}

// formLeaves finds, for each key of a form, the shape that it is of.
func formLeaves(m *model, input shape, call request) []leaf {
	form, err := url.ParseQuery(string(call.body))
	if err != nil {
		return nil
	}
	var found []leaf
	for _, key := range slices.Sorted(maps.Keys(form)) {
		l, ok := formLeaf(m, input, key)
		if !ok || strings.Contains(key, ".2") { // the first element stands for all
			continue
		}
		l.have = form.Get(key)
		l.set = func(value any) request {
			changed := maps.Clone(form)
			delete(changed, key)
			switch v := value.(type) {
			case string:
				changed.Set(key, v)
			case int:
				changed.Set(key, strconv.Itoa(v))
			}
			out := call
			out.body = []byte(changed.Encode())
			return out
		}
		found = append(found, l)
	}
	return found
}

// formLeaf follows the parts of a key, such as Tags.member.1.Key, through the shapes.
func formLeaf(m *model, s shape, key string) (leaf, bool) {
	l := leaf{}
	for _, part := range strings.Split(key, ".") {
		_, err := strconv.Atoi(part)
		switch {
		case s.Type == "structure":
			name, field, ok := s.inForm(m.Metadata.Protocol, part)
			if !ok {
				return l, false
			}
			l.path, l.required, s = strings.TrimPrefix(l.path+"."+name, "."), slices.Contains(s.Required, name), m.Shapes[field.Shape]
		case s.Type == "list" && (part == "member" || part == s.Member.LocationName):
		case s.Type == "list" && err == nil:
			l.path, l.required, s = l.path+"[]", false, m.Shapes[s.Member.Shape]
		default:
			return l, false
		}
	}
	l.shape = s
	return l, s.Type != "structure" && s.Type != "list"
}

// inForm is the member that goes under a name in a form.
func (s shape) inForm(protocol, wire string) (string, member, bool) {
	for name, field := range s.Members {
		e := editor{protocol: protocol, name: name, member: field}
		if e.wire() == wire {
			return name, field, true
		}
	}
	return "", member{}, false
}

// nestedViolations lists what can be made wrong below the top of a request, and which texts its patterns forbid anywhere.
func nestedViolations(all map[string]*model, call request) []violation {
	service, operation, _ := strings.Cut(call.operation, ":")
	m := all[service]
	input := m.Operations[operation].Input
	if input == nil {
		return nil
	}
	var out []violation
	for _, l := range leaves(m, m.Shapes[input.Shape], call) {
		add := func(kind string, value any) {
			out = append(out, violation{call.operation, l.path, kind, l.set(value)})
		}
		if bad, ok := l.shape.unlike(l.have); ok {
			add("pattern", bad)
		}
		if !strings.ContainsAny(l.path, ".[{") {
			continue // violations has the rest
		}
		if l.required {
			add("missing", nil)
		}
		for kind, value := range l.breaks() {
			add(kind, value)
		}
	}
	return out
}

// breaks are values that the leaf's shape forbids.
func (l leaf) breaks() map[string]any {
	e := editor{shape: l.shape}
	if l.shape.Type != "string" || len(l.shape.Enum) > 0 {
		return e.breaks()
	}
	out := map[string]any{}
	bounds(out, l.shape, func(n int) any {
		if n <= len(l.have) {
			return l.have[:n]
		}
		return l.have + strings.Repeat("a", n-len(l.have))
	})
	return out
}

// unlike is a text like the one that is there which the shape's pattern forbids: its last character is another.
func (s shape) unlike(have string) (string, bool) {
	pattern, err := patternOf(s.Pattern)
	if s.Pattern == "" || err != nil || have == "" {
		return "", false
	}
	for _, last := range []string{"!", " ", "ü", "\n", "\x01"} {
		if bad := have[:len(have)-1] + last; !pattern.MatchString(bad) {
			return bad, true
		}
	}
	return "", false
}
