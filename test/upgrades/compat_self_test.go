// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func pointer[T any](v T) *T { return &v }

func raw(text string) apiextensionsv1.JSON { return apiextensionsv1.JSON{Raw: []byte(text)} }

// sample has one of everything that narrowed looks at.
func sample() *crd {
	return &crd{Spec: apiextensionsv1.CustomResourceDefinitionSpec{
		Scope: apiextensionsv1.NamespaceScoped, Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "Sample"},
		Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
			Name: "v1", Served: true, SelectableFields: []apiextensionsv1.SelectableField{{JSONPath: ".word"}},
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &jsonSchema{
				Type: "object", Required: []string{"word"},
				Properties: map[string]jsonSchema{
					"word":   {Type: "string", Enum: []apiextensionsv1.JSON{raw(`"a"`), raw(`"b"`)}, Default: pointer(raw(`"a"`))},
					"text":   {Type: "string", MinLength: pointer[int64](1), MaxLength: pointer[int64](9), Pattern: "^a", Nullable: true},
					"number": {Type: "integer", Minimum: pointer(1.), Maximum: pointer(9.), MultipleOf: pointer(2.)},
					"list": {Type: "array", MinItems: pointer[int64](1), MaxItems: pointer[int64](9), XListType: pointer("atomic"),
						Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &jsonSchema{Type: "string", MaxLength: pointer[int64](9)}}},
					"map": {Type: "object", MinProperties: pointer[int64](1), MaxProperties: pointer[int64](9), XPreserveUnknownFields: pointer(true),
						AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Schema: &jsonSchema{Type: "string", MaxLength: pointer[int64](9)}}},
					"free": {Type: "object", XValidations: apiextensionsv1.ValidationRules{{Rule: "true"}}},
				},
			}},
		}},
	}}
}

// part changes a field of the sample.
func part(name string, change func(*jsonSchema)) func(*crd) {
	return func(c *crd) { in(c.Spec.Versions[0].Schema.OpenAPIV3Schema, change, strings.Split(name, "/")...) }
}

// root changes the sample's schema as a whole.
func root(change func(*jsonSchema)) func(*crd) {
	return func(c *crd) { change(c.Spec.Versions[0].Schema.OpenAPIV3Schema) }
}

// TestNarrowedFindsEveryBreak tries each kind of break, alone.
func TestNarrowedFindsEveryBreak(t *testing.T) {
	for want, change := range map[string]func(*crd){
		"scope or names changed":               func(c *crd) { c.Spec.Scope = apiextensionsv1.ClusterScoped },
		"v1 is not served any more":            func(c *crd) { c.Spec.Versions[0].Served = false },
		"cannot be selected by .word any more": func(c *crd) { c.Spec.Versions[0].SelectableFields = nil },
		".text: is gone":                       root(func(s *jsonSchema) { delete(s.Properties, "text") }),
		".text: is required now":               root(func(s *jsonSchema) { s.Required = append(s.Required, "text") }),
		`.text: the type was "string"`:         part("text", func(s *jsonSchema) { s.Type = "integer" }),
		`.number: the type was "integer"`:      part("number", func(s *jsonSchema) { s.Type, s.XIntOrString = "", true }),
		`.text: the format was ""`:             part("text", func(s *jsonSchema) { s.Format = "date" }),
		`.text: the pattern was "^a"`:          part("text", func(s *jsonSchema) { s.Pattern = "^b" }),
		".text: null is not allowed":           part("text", func(s *jsonSchema) { s.Nullable = false }),
		".text: has become an enumeration":     part("text", func(s *jsonSchema) { s.Enum = []apiextensionsv1.JSON{raw(`"a"`)} }),
		`.word: "b" is not allowed any more`:   part("word", func(s *jsonSchema) { s.Enum = s.Enum[:1] }),
		".word: the default was a":             part("word", func(s *jsonSchema) { s.Default = pointer(raw(`"b"`)) }),
		".text: minLength was 1 and is 2":      part("text", func(s *jsonSchema) { s.MinLength = pointer[int64](2) }),
		".text: maxLength was 9 and is 8":      part("text", func(s *jsonSchema) { s.MaxLength = pointer[int64](8) }),
		".free: maxProperties was not there":   part("free", func(s *jsonSchema) { s.MaxProperties = pointer[int64](8) }),
		".number: minimum was 1 and is 2":      part("number", func(s *jsonSchema) { s.Minimum = pointer(2.) }),
		".number: maximum was 9 and is 8":      part("number", func(s *jsonSchema) { s.Maximum = pointer(8.) }),
		".number: a bound does not belong":     part("number", func(s *jsonSchema) { s.ExclusiveMaximum = true }),
		".number: must be a multiple of 4":     part("number", func(s *jsonSchema) { s.MultipleOf = pointer(4.) }),
		".list: minItems was 1 and is 2":       part("list", func(s *jsonSchema) { s.MinItems = pointer[int64](2) }),
		".list: maxItems was 9 and is 8":       part("list", func(s *jsonSchema) { s.MaxItems = pointer[int64](8) }),
		".list: the list was atomic":           part("list", func(s *jsonSchema) { s.XListType = pointer("set") }),
		".list: entries must be unique":        part("list", func(s *jsonSchema) { s.UniqueItems = true }),
		".list[]: maxLength was 9 and is 8":    part("list/[]", func(s *jsonSchema) { s.MaxLength = pointer[int64](8) }),
		".list: the items changed":             part("list", func(s *jsonSchema) { s.Items = nil }),
		".map: minProperties was 1 and is 2":   part("map", func(s *jsonSchema) { s.MinProperties = pointer[int64](2) }),
		".map: maxProperties was 9 and is 8":   part("map", func(s *jsonSchema) { s.MaxProperties = pointer[int64](8) }),
		".map: unknown fields are dropped now": part("map", func(s *jsonSchema) { s.XPreserveUnknownFields = nil }),
		".map: other fields are not allowed":   part("map", func(s *jsonSchema) { s.AdditionalProperties = nil }),
		".map{}: maxLength was 9 and is 8":     part("map", func(s *jsonSchema) { s.AdditionalProperties.Schema.MaxLength = pointer[int64](8) }),
		".free: the rule is new: false":        part("free", func(s *jsonSchema) { s.XValidations = apiextensionsv1.ValidationRules{{Rule: "false"}} }),
		".free: not changed":                   part("free", func(s *jsonSchema) { s.Not = &jsonSchema{Required: []string{"a"}} }),
		".free: anyOf changed":                 part("free", func(s *jsonSchema) { s.AnyOf = []jsonSchema{{Required: []string{"a"}}} }),
		".free: allOf changed":                 part("free", func(s *jsonSchema) { s.AllOf = []jsonSchema{{Required: []string{"a"}}} }),
		".free: oneOf changed":                 part("free", func(s *jsonSchema) { s.OneOf = []jsonSchema{{Required: []string{"a"}}} }),
	} {
		now := sample()
		change(now)
		if problems := narrowed(sample(), now); len(problems) != 1 || !strings.HasPrefix(problems[0], want) {
			t.Errorf("want %q, got %q", want, problems)
		}
	}
}

// TestNarrowedLetsWideningPass tries what a version may do.
func TestNarrowedLetsWideningPass(t *testing.T) {
	for name, change := range map[string]func(*crd){
		"nothing": func(*crd) {},
		"a field more": part("free", func(s *jsonSchema) {
			s.Properties = map[string]jsonSchema{"new": {Type: "string", Default: pointer(raw(`"a"`))}}
		}),
		"a word more":    part("word", func(s *jsonSchema) { s.Enum = append(s.Enum, raw(`"c"`)) }),
		"any word":       part("word", func(s *jsonSchema) { s.Enum = nil }),
		"not required":   root(func(s *jsonSchema) { s.Required = nil }),
		"wider bounds":   part("text", func(s *jsonSchema) { s.MinLength, s.MaxLength = nil, pointer[int64](10) }),
		"no pattern":     part("text", func(s *jsonSchema) { s.Pattern = "" }),
		"a rule less":    part("free", func(s *jsonSchema) { s.XValidations = nil }),
		"described anew": part("text", func(s *jsonSchema) { s.Description = "another" }),
		"a version more": func(c *crd) {
			c.Spec.Versions = append(c.Spec.Versions, apiextensionsv1.CustomResourceDefinitionVersion{Name: "v2"})
		},
		"a column more": func(c *crd) {
			c.Spec.Versions[0].AdditionalPrinterColumns = []apiextensionsv1.CustomResourceColumnDefinition{{Name: "New"}}
		},
		"more to select by": func(c *crd) {
			c.Spec.Versions[0].SelectableFields = append(c.Spec.Versions[0].SelectableFields, apiextensionsv1.SelectableField{JSONPath: ".text"})
		},
	} {
		now := sample()
		change(now)
		if problems := narrowed(sample(), now); len(problems) > 0 {
			t.Errorf("%s: %q", name, problems)
		}
	}
}
