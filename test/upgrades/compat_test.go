// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// narrowedOnPurpose is what today's CRDs refuse although a frozen version's took it, with the reason. An object that
// holds such a value keeps working: only an edit of that very field is refused (ratcheting, KEP-4008).
var narrowedOnPurpose = map[string]string{
	"since v0.1: fargatesecurityprofiles.fargatesecurity.io: .spec.tags: the rule is new: self.all(k, !k.lowerAscii().startsWith('aws:') && !k.lowerAscii().startsWith('fargatesecurity.io/'))":                                                                                             "a security fix: IAM takes tag keys without regard to case, so our owner tag in other letters would have passed for ours",
	"since v0.1: awsaccounts.fargatesecurity.io: .spec: the rule is new: !has(self.driftEvents) || !self.driftEvents.queueURL.contains('.amazonaws.com') || self.driftEvents.queueURL.contains('sqs.' + self.region + '.') || self.driftEvents.queueURL.contains('//' + self.region + '.')": "it speaks of a field that v0.1 did not have",
}

// TestSchemasOnlyWiden: what a frozen version's CRDs took, the CRDs of today take, but for what is listed.
func TestSchemasOnlyWiden(t *testing.T) {
	now := schemas(t, current)
	met := map[string]bool{}
	for _, version := range frozen(t) {
		for name, before := range schemas(t, filepath.Join("testdata", version)) {
			for _, problem := range narrowed(before, now[name]) {
				problem = fmt.Sprintf("since %s: %s: %s", version, name, problem)
				if met[problem] = true; narrowedOnPurpose[problem] == "" {
					t.Error(problem)
				}
			}
		}
	}
	for problem := range narrowedOnPurpose {
		if !met[problem] {
			t.Errorf("is listed, and not so any more: %s", problem)
		}
	}
}

// narrowed lists in what a CRD refuses or drops what it took before.
func narrowed(before, now *crd) []string {
	var problems []string
	if before.Spec.Scope != now.Spec.Scope || !reflect.DeepEqual(before.Spec.Names, now.Spec.Names) {
		problems = append(problems, "scope or names changed")
	}
	for _, old := range before.Spec.Versions {
		i := slices.IndexFunc(now.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return v.Name == old.Name && v.Served })
		if i < 0 {
			problems = append(problems, old.Name+" is not served any more")
			continue
		}
		version := now.Spec.Versions[i]
		for _, field := range old.SelectableFields {
			if !slices.Contains(version.SelectableFields, field) {
				problems = append(problems, "cannot be selected by "+field.JSONPath+" any more")
			}
		}
		d := &differ{}
		d.compare("", old.Schema.OpenAPIV3Schema, version.Schema.OpenAPIV3Schema)
		problems = append(problems, d.problems...)
	}
	return problems
}

type jsonSchema = apiextensionsv1.JSONSchemaProps

// differ finds what a schema takes and another does not. What it cannot judge, such as a rule in CEL that was changed,
// counts as narrower: whoever changes it shows here why it is not, or freezes a new version of the API.
type differ struct{ problems []string }

func (d *differ) add(path, format string, args ...any) {
	d.problems = append(d.problems, strings.TrimPrefix(path+": ", ": ")+fmt.Sprintf(format, args...))
}

func (d *differ) compare(path string, old, now *jsonSchema) {
	if old.Type != now.Type || old.XIntOrString != now.XIntOrString {
		d.add(path, "the type was %q and is %q", old.Type, now.Type)
		return
	}
	d.text(path, old, now)
	d.bounds(path, old, now)
	d.lists(path, old, now)
	d.rules(path, old, now)
	d.fields(path, old, now)
	d.below(path, old, now)
}

// text compares what a value may look like.
func (d *differ) text(path string, old, now *jsonSchema) {
	if now.Format != "" && now.Format != old.Format {
		d.add(path, "the format was %q and is %q", old.Format, now.Format)
	}
	if now.Pattern != "" && now.Pattern != old.Pattern {
		d.add(path, "the pattern was %q and is %q", old.Pattern, now.Pattern)
	}
	if old.Nullable && !now.Nullable {
		d.add(path, "null is not allowed any more")
	}
	words := map[string]bool{}
	for _, word := range now.Enum {
		words[string(word.Raw)] = true
	}
	switch {
	case len(now.Enum) > 0 && len(old.Enum) == 0:
		d.add(path, "has become an enumeration")
	case len(now.Enum) > 0:
		for _, word := range old.Enum {
			if !words[string(word.Raw)] {
				d.add(path, "%s is not allowed any more", word.Raw)
			}
		}
	}
	if !reflect.DeepEqual(value(old.Default), value(now.Default)) {
		d.add(path, "the default was %v and is %v: what was left out means something else", value(old.Default), value(now.Default))
	}
}

func value(raw *apiextensionsv1.JSON) any {
	if raw == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(raw.Raw, &v); err != nil {
		return string(raw.Raw)
	}
	return v
}

// bounds compares how great and how long a value may be.
func (d *differ) bounds(path string, old, now *jsonSchema) {
	least(d, path, "minimum", old.Minimum, now.Minimum)
	least(d, path, "minLength", old.MinLength, now.MinLength)
	least(d, path, "minItems", old.MinItems, now.MinItems)
	least(d, path, "minProperties", old.MinProperties, now.MinProperties)
	most(d, path, "maximum", old.Maximum, now.Maximum)
	most(d, path, "maxLength", old.MaxLength, now.MaxLength)
	most(d, path, "maxItems", old.MaxItems, now.MaxItems)
	most(d, path, "maxProperties", old.MaxProperties, now.MaxProperties)
	if now.ExclusiveMinimum && !old.ExclusiveMinimum || now.ExclusiveMaximum && !old.ExclusiveMaximum {
		d.add(path, "a bound does not belong to the range any more")
	}
	if now.MultipleOf != nil && !reflect.DeepEqual(old.MultipleOf, now.MultipleOf) {
		d.add(path, "must be a multiple of %v", *now.MultipleOf)
	}
}

func least[N int64 | float64](d *differ, path, name string, old, now *N) {
	if now != nil && (old == nil || *now > *old) {
		d.add(path, "%s was %s and is %v", name, bound(old), *now)
	}
}

func most[N int64 | float64](d *differ, path, name string, old, now *N) {
	if now != nil && (old == nil || *now < *old) {
		d.add(path, "%s was %s and is %v", name, bound(old), *now)
	}
}

func bound[N int64 | float64](n *N) string {
	if n == nil {
		return "not there"
	}
	return fmt.Sprint(*n)
}

// lists compares which entries of a list are the same entry.
func (d *differ) lists(path string, old, now *jsonSchema) {
	kind := func(s *jsonSchema) string {
		if s.XListType == nil {
			return "atomic"
		}
		return *s.XListType
	}
	if kind(old) != kind(now) || !slices.Equal(old.XListMapKeys, now.XListMapKeys) {
		d.add(path, "the list was %s by %q and is %s by %q", kind(old), old.XListMapKeys, kind(now), now.XListMapKeys)
	}
	if now.UniqueItems && !old.UniqueItems {
		d.add(path, "entries must be unique")
	}
}

// rules compares what is beyond single values.
func (d *differ) rules(path string, old, now *jsonSchema) {
	for _, rule := range now.XValidations {
		if !slices.ContainsFunc(old.XValidations, func(r apiextensionsv1.ValidationRule) bool { return r.Rule == rule.Rule }) {
			d.add(path, "the rule is new: %s", rule.Rule)
		}
	}
	for name, both := range map[string][2]any{
		"allOf": {old.AllOf, now.AllOf}, "anyOf": {old.AnyOf, now.AnyOf}, "oneOf": {old.OneOf, now.OneOf}, "not": {old.Not, now.Not},
	} {
		if !reflect.DeepEqual(both[0], both[1]) {
			d.add(path, "%s changed", name)
		}
	}
}

// fields compares which members there are, and which there must be.
func (d *differ) fields(path string, old, now *jsonSchema) {
	for _, name := range now.Required {
		if !slices.Contains(old.Required, name) {
			d.add(path+"."+name, "is required now")
		}
	}
	keeps := func(s *jsonSchema) bool { return s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields }
	if keeps(old) && !keeps(now) {
		d.add(path, "unknown fields are dropped now")
	}
	for _, name := range slices.Sorted(maps.Keys(old.Properties)) {
		was := old.Properties[name]
		is, ok := now.Properties[name]
		if !ok {
			d.add(path+"."+name, "is gone")
			continue
		}
		d.compare(path+"."+name, &was, &is)
	}
}

// below compares what is in lists and maps.
func (d *differ) below(path string, old, now *jsonSchema) {
	switch {
	case old.Items != nil && old.Items.Schema != nil && now.Items != nil && now.Items.Schema != nil:
		d.compare(path+"[]", old.Items.Schema, now.Items.Schema)
	case !reflect.DeepEqual(old.Items, now.Items):
		d.add(path, "the items changed")
	}
	switch was, is := old.AdditionalProperties, now.AdditionalProperties; {
	case was != nil && was.Schema != nil && is != nil && is.Schema != nil:
		d.compare(path+"{}", was.Schema, is.Schema)
	case was != nil && !reflect.DeepEqual(was, is):
		d.add(path, "other fields are not allowed any more")
	}
}
