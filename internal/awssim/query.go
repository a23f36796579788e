// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A query operation reads its members from a parsed form body. Its input is a
// struct whose fields carry the member's wire name in a `q` tag:
//
//	RoleName string   `q:"RoleName,required"`
//	Tags     []queryTag `q:"Tags.member"`       // Tags.member.1.Key, ...
//	Filters  []ec2Filter `q:"Filter"`            // Filter.1.Name, ...
//
// Supported are string, *string, *int, *bool, []string, and structs, pointers
// to structs and slices of structs of these. What a request carries and the
// input does not read is refused, so nothing is dropped in silence.

// queryTag is a tag as both query protocols send it.
type queryTag struct {
	Key   string  `q:"Key"`
	Value *string `q:"Value"`
}

// value is the tag's value; a missing one is the empty string.
func (t queryTag) value() string {
	if t.Value == nil {
		return ""
	}
	return *t.Value
}

// queryOp builds an operation that decodes its input before it runs.
// The fail function words a decoding problem in the service's own way.
func queryOp[I any](write bool, fail func(*queryProblem) error, run func(s *Sim, c *call, in *I) (any, error)) operation {
	return operation{
		write: write,
		input: func() any { return new(I) },
		handle: func(s *Sim, c *call) (any, error) {
			in := new(I)
			if p := decodeQuery(c.Params, in); p != nil {
				return nil, fail(p)
			}
			return run(s, c, in)
		},
	}
}

// queryProblem says what is wrong with a request's form.
type queryProblem struct {
	Kind   string // missing, malformed, unknown
	Member string
	Value  string
}

// decodeQuery fills in, a pointer to a tagged struct, from the form.
func decodeQuery(form url.Values, in any) *queryProblem {
	d := &queryDecoder{form: form, read: map[string]bool{"Action": true, "Version": true}}
	d.structure("", reflect.ValueOf(in).Elem())
	if d.problem == nil {
		if left := d.unread(); len(left) > 0 {
			d.problem = &queryProblem{Kind: "unknown", Member: left[0]}
		}
	}
	return d.problem
}

// unreadMembers lists the form's keys that the input does not read.
func unreadMembers(form url.Values, in any) []string {
	d := &queryDecoder{form: form, read: map[string]bool{"Action": true, "Version": true}}
	d.structure("", reflect.ValueOf(in).Elem())
	return d.unread()
}

type queryDecoder struct {
	form    url.Values
	read    map[string]bool
	problem *queryProblem
}

func (d *queryDecoder) fail(kind, member, value string) {
	if d.problem == nil {
		d.problem = &queryProblem{Kind: kind, Member: member, Value: value}
	}
}

func (d *queryDecoder) unread() []string {
	var left []string
	for key := range d.form {
		if !d.read[key] {
			left = append(left, key)
		}
	}
	slices.Sort(left)
	return left
}

// hasPrefix tells whether any key lies at or below the given name.
func (d *queryDecoder) hasPrefix(name string) bool {
	for key := range d.form {
		if key == name || strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

func (d *queryDecoder) structure(prefix string, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		tag, ok := field.Tag.Lookup("q")
		if !ok {
			if field.Anonymous {
				d.structure(prefix, v.Field(i))
			}
			continue
		}
		name, required := strings.CutSuffix(tag, ",required")
		if required && !d.hasPrefix(prefix+name) {
			d.fail("missing", prefix+name, "")
			continue
		}
		d.member(prefix+name, v.Field(i))
	}
}

func (d *queryDecoder) member(name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		d.list(name, v)
	case reflect.Struct:
		d.structure(name+".", v)
	case reflect.Pointer:
		if d.hasPrefix(name) {
			v.Set(reflect.New(v.Type().Elem()))
			d.member(name, v.Elem())
		}
	default:
		d.scalar(name, v)
	}
}

func (d *queryDecoder) list(name string, v reflect.Value) {
	// awsQuery sends an empty list as the bare member name with no value.
	if bare := strings.TrimSuffix(name, ".member"); d.form.Get(bare) == "" {
		d.read[bare] = true
	}
	for n := 1; d.hasPrefix(name + "." + strconv.Itoa(n)); n++ {
		item := reflect.New(v.Type().Elem()).Elem()
		d.member(name+"."+strconv.Itoa(n), item)
		v.Set(reflect.Append(v, item))
	}
}

func (d *queryDecoder) scalar(name string, v reflect.Value) {
	if !d.form.Has(name) {
		return
	}
	d.read[name] = true
	text := d.form.Get(name)
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			d.fail("malformed", name, text)
			return
		}
		v.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			d.fail("malformed", name, text)
			return
		}
		v.SetBool(b)
	default:
		panic(fmt.Sprintf("awssim: member %s has the unsupported type %s", name, v.Type()))
	}
}
