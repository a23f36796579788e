// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// violation is one way in which a request breaks its model.
type violation struct {
	operation, member string
	kind              string // missing, enum, short, long, pattern
	request           request
}

func (v violation) String() string { return v.operation + " " + v.member + " " + v.kind }

// stage is a simulator on which the tour is played again. EC2's ids are new in every run, so the stage puts its own in
// the place of those that were recorded.
type stage struct {
	sim *awssim.Sim
	ids map[string]string
}

// resourceID is an id of EC2.
var resourceID = regexp.MustCompile(`\b[a-z]+(-[a-z]+)*-0[0-9a-f]{16}\b`)

// send gives a request to the simulator.
func (s *stage) send(r request) (status int, body string) {
	own := func(text string) string {
		return resourceID.ReplaceAllStringFunc(text, func(id string) string { return cmp.Or(s.ids[id], id) })
	}
	req := httptest.NewRequest(r.method, "http://aws"+own(r.target), strings.NewReader(own(string(r.body))))
	req.Header = r.header.Clone()
	w := httptest.NewRecorder()
	s.sim.Handler().ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

// play sends a call of the tour and learns the ids of what it made.
func (s *stage) play(call request) (status int, body string) {
	status, body = s.send(call)
	fresh := func(text string, known func(id string) bool) []string {
		var out []string
		for _, id := range resourceID.FindAllString(text, -1) {
			if !known(id) && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
		return out
	}
	own := slices.Collect(maps.Values(s.ids))
	was := fresh(call.answer, func(id string) bool { return s.ids[id] != "" })
	is := fresh(body, func(id string) bool { return slices.Contains(own, id) })
	for i := range min(len(was), len(is)) {
		s.ids[was[i]] = is[i]
	}
	return status, body
}

// replayed is a stage after the first calls of the tour.
func replayed(t *testing.T, calls []request) *stage {
	t.Helper()
	s := &stage{sim: newSim(t), ids: map[string]string{}}
	for _, call := range calls {
		if status, body := s.play(call); status != http.StatusOK {
			t.Fatalf("%s succeeded on the tour, and not again: %d %s", call.operation, status, body)
		}
	}
	return s
}

// TestRequestsThatBreakTheModel changes a good request of each operation in every way that botocore's model forbids of
// its members, at the top and inside of lists and structures: leaves out a required one, sets a value that is not in its
// enumeration, one that is too short or small, one that is too long or great, a text that is not of its pattern. The simulator must refuse each with a 4xx, without a trace, but for those in
// notEnforced.
func TestRequestsThatBreakTheModel(t *testing.T) {
	calls, _ := tour(t)
	all := load(t)
	first := map[string]bool{}
	var accepted []string
	count := map[string]int{}
	codes := map[string][]string{}
	for i, call := range calls {
		if first[call.operation] {
			continue
		}
		first[call.operation] = true
		s := replayed(t, calls[:i])
		for _, v := range slices.Concat(violations(t, all, call), nestedViolations(all, call)) {
			count[v.kind]++
			status, body := s.send(v.request)
			switch {
			case status == http.StatusOK:
				accepted = append(accepted, v.String())
				s = replayed(t, calls[:i])
			case status < 400 || status >= 500:
				t.Errorf("%s: %d %s", v, status, body)
			default:
				codes[v.operation] = append(codes[v.operation], codeOf(body))
			}
		}
		// What was refused has left no trace: the good request still does what it did.
		if status, body := s.send(call); status != http.StatusOK {
			t.Errorf("%s fails after requests that were refused: %d %s", call.operation, status, body)
		}
	}
	slices.Sort(accepted)
	want := slices.Sorted(maps.Keys(notEnforced()))
	for _, v := range accepted {
		if !slices.Contains(want, v) {
			t.Errorf("%s: the simulator accepts it, and notEnforced does not have it", v)
		}
	}
	for _, v := range want {
		if !slices.Contains(accepted, v) {
			t.Errorf("%s: notEnforced has it, but the simulator refuses it (or nothing such is modelled)", v)
		}
	}
	for operation, said := range codes {
		for _, code := range said {
			if _, ok := mayAnswer(all, operation, code); !ok {
				t.Errorf("%s answered %s, which is not modelled for it", operation, code)
			}
		}
	}
	t.Logf("violations tried: %v; accepted and listed: %d", count, len(accepted))
}

var wireCode = regexp.MustCompile(`"__type":"([^"]+)"|<Code>([^<]+)</Code>`)

func codeOf(body string) string {
	match := wireCode.FindStringSubmatch(body)
	if match == nil {
		return ""
	}
	return match[1] + match[2]
}

// violations lists what can be made wrong of a call.
func violations(t *testing.T, all map[string]*model, call request) []violation {
	t.Helper()
	service, operation, _ := strings.Cut(call.operation, ":")
	m := all[service]
	input := m.Operations[operation].Input
	if input == nil {
		return nil
	}
	var out []violation
	in := m.Shapes[input.Shape]
	for _, name := range slices.Sorted(maps.Keys(in.Members)) {
		field := in.Members[name]
		if field.Location == "uri" || field.Location == "header" {
			continue // a path without a label is another path
		}
		e := editor{protocol: m.Metadata.Protocol, name: name, member: field, shape: m.Shapes[field.Shape], call: call}
		if e.shape.Member != nil {
			e.element = m.Shapes[e.shape.Member.Shape]
		}
		add := func(kind string, changed request, ok bool) {
			if ok {
				out = append(out, violation{call.operation, name, kind, changed})
			}
		}
		if slices.Contains(in.Required, name) {
			changed, ok := e.with(nil)
			add("missing", changed, ok)
		}
		for kind, value := range e.breaks() {
			changed, ok := e.with(value)
			add(kind, changed, ok)
		}
	}
	return out
}

// editor changes one top-level member of a request.
type editor struct {
	protocol, name string
	member         member
	shape, element shape
	call           request
}

// breaks are values that the member's shape forbids.
func (e *editor) breaks() map[string]any {
	out := map[string]any{}
	switch e.shape.Type {
	case "string":
		if len(e.shape.Enum) > 0 {
			out["enum"] = "NO_SUCH_VALUE"
			return out
		}
		bounds(out, e.shape, func(n int) any { return e.text(n) })
	case "integer", "long":
		if e.shape.Min != nil {
			out["short"] = int(*e.shape.Min) - 1
		}
		if e.shape.Max != nil {
			out["long"] = int(*e.shape.Max) + 1
		}
	case "list":
		bounds(out, e.shape, e.list)
	case "map":
		bounds(out, e.shape, func(n int) any {
			m := map[string]any{}
			for i := range n {
				m["k"+strconv.Itoa(i)] = "v"
			}
			return m
		})
	}
	return out
}

func bounds(out map[string]any, s shape, value func(n int) any) {
	if s.Min != nil && *s.Min > 0 {
		out["short"] = value(int(*s.Min) - 1)
	}
	if s.Max != nil && *s.Max < 1<<20 {
		out["long"] = value(int(*s.Max) + 1)
	}
}

// text is the member's own text, cut or made longer to n characters. A document grows by white space, which changes
// nothing but its length.
func (e *editor) text(n int) string {
	have := e.have()
	if len(have) >= n {
		return have[:n]
	}
	pad := "a"
	if strings.HasPrefix(have, "{") {
		pad = " "
	}
	return have + strings.Repeat(pad, n-len(have))
}

// have is the member's text in the good request.
func (e *editor) have() string {
	switch {
	case e.protocol == "query" || e.protocol == "ec2":
		form, _ := url.ParseQuery(string(e.call.body))
		return form.Get(e.wire())
	case e.member.Location == "querystring":
		target, _ := url.Parse(e.call.target)
		return target.Query().Get(e.wire())
	}
	var body map[string]any
	_ = json.Unmarshal(e.call.body, &body)
	text, _ := body[e.wire()].(string)
	return text
}

// list is a list of n elements like those of the good request.
func (e *editor) list(n int) any {
	if e.element.Type != "string" {
		return elements(n)
	}
	out := []any{}
	for i := range n {
		value := "x" + strconv.Itoa(i)
		if len(e.element.Enum) > 0 {
			value = e.element.Enum[i%len(e.element.Enum)]
		}
		out = append(out, value)
	}
	return out
}

// elements asks for a list of that many copies of the good request's first element.
type elements int

// wire is the member's name in the request.
func (e *editor) wire() string {
	name := e.name
	if e.member.LocationName != "" {
		name = e.member.LocationName
	}
	if e.protocol == "ec2" {
		if e.member.QueryName != "" {
			return e.member.QueryName
		}
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return name
}

// with returns the request with another value of the member, nil for none. It is not ok where that cannot be made.
func (e *editor) with(value any) (request, bool) {
	switch {
	case e.protocol == "query" || e.protocol == "ec2":
		return e.withForm(value)
	case e.member.Location == "querystring":
		target, err := url.Parse(e.call.target)
		if err != nil {
			return request{}, false
		}
		query := target.Query()
		if !setForm(query, e.wire(), value, false, false) {
			return request{}, false
		}
		target.RawQuery = query.Encode()
		changed := e.call
		changed.target = target.String()
		return changed, true
	}
	body := map[string]any{}
	if len(e.call.body) > 0 && json.Unmarshal(e.call.body, &body) != nil {
		return request{}, false
	}
	switch n := value.(type) {
	case nil:
		delete(body, e.wire())
	case elements:
		have, _ := body[e.wire()].([]any)
		if len(have) == 0 && n > 0 {
			return request{}, false
		}
		list := []any{}
		for range n {
			list = append(list, have[0])
		}
		body[e.wire()] = list
	default:
		body[e.wire()] = value
	}
	changed := e.call
	var err error
	changed.body, err = json.Marshal(body)
	return changed, err == nil
}

func (e *editor) withForm(value any) (request, bool) {
	form, err := url.ParseQuery(string(e.call.body))
	if err != nil || !setForm(form, e.wire(), value, true, e.protocol == "query") {
		return request{}, false
	}
	changed := e.call
	changed.body = []byte(form.Encode())
	return changed, true
}

// setForm replaces a member of a form, with all that is below it. Lists are numbered, for awsQuery below ".member".
func setForm(form url.Values, name string, value any, numbered, below bool) bool {
	old := maps.Clone(form)
	for key := range old {
		if key == name || numbered && strings.HasPrefix(key, name+".") {
			form.Del(key)
		}
	}
	item := name
	if below {
		item += ".member"
	}
	switch v := value.(type) {
	case nil:
	case []any:
		for i, one := range v {
			if numbered {
				form.Set(item+"."+strconv.Itoa(i+1), fmt.Sprint(one))
			} else {
				form.Add(name, fmt.Sprint(one))
			}
		}
	case elements:
		return copyElements(form, old, item, int(v))
	case map[string]any:
		return false
	default:
		form.Set(name, fmt.Sprint(v))
	}
	return true
}

func copyElements(form, old url.Values, item string, n int) bool {
	found := n == 0
	for key := range old {
		rest, below := strings.CutPrefix(key, item+".1")
		for i := range n {
			if below && (rest == "" || rest[0] == '.') {
				form.Set(item+"."+strconv.Itoa(i+1)+rest, old.Get(key))
				found = true
			}
		}
	}
	return found
}
