// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// A promise is one thing that a schema asks for: what is the keyword or, for a rule in CEL, its message.
type promise struct{ path, what string }

// TestEveryRuleIsTested fails for a rule of the CRDs that no row of the tables breaks.
func TestEveryRuleIsTested(t *testing.T) {
	for kind, root := range schemas(t) {
		t.Run(kind, func(t *testing.T) {
			tested := map[promise]bool{}
			for _, r := range rules(kind) {
				tested[promiseOf(t, root, r)] = true
			}
			made := map[promise]bool{}
			walk(root, "", func(path string, s *apiextensionsv1.JSONSchemaProps) {
				for _, what := range keywords(s) {
					made[promise{path, what}] = true
				}
				for _, field := range s.Required {
					made[promise{join(path, field), required}] = true
				}
				for _, v := range s.XValidations {
					if v.Message == "" {
						t.Errorf("%s: the rule %q has no message: say what to do", path, v.Rule)
					}
					made[promise{path, v.Message}] = true
				}
			})
			for p := range made {
				if !tested[p] {
					t.Errorf("%s: no row of the tables in table_test.go breaks this rule: %s", p.path, p.what)
				}
			}
			for p := range tested {
				if !made[p] {
					t.Errorf("%s: a row of the tables is for a rule that the schema does not have: %s", p.path, p.what)
				}
			}
			if len(made) < 20 {
				t.Errorf("only %d rules found: the schema was not read as it should be", len(made))
			}
			t.Logf("%d rules, %d rows", len(made), len(rules(kind)))
		})
	}
}

// TestEveryDefaultIsTested fails for a default of the CRDs that the table of defaults does not have.
func TestEveryDefaultIsTested(t *testing.T) {
	for kind, root := range schemas(t) {
		walk(root, "", func(path string, s *apiextensionsv1.JSONSchemaProps) {
			if s.Default == nil {
				return
			}
			tested := slices.ContainsFunc(defaults[kind], func(d defaulted) bool {
				_, found := schemaPath(root, d.at)
				return found == path
			})
			if !tested {
				t.Errorf("%s: the default of %s is in no row of the table in surface_test.go", kind, path)
			}
		})
	}
}

// schemas returns the schema of each kind under config/crd/bases.
func schemas(t *testing.T) map[string]*apiextensionsv1.JSONSchemaProps {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(crdDir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*apiextensionsv1.JSONSchemaProps{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(data, &crd); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(crd.Spec.Versions) != 1 {
			t.Fatalf("%s has %d versions: these tests know one", file, len(crd.Spec.Versions))
		}
		kind := crd.Spec.Names.Kind
		if full[kind] == "" {
			t.Fatalf("%s: there are no tests for kind %s", file, kind)
		}
		out[kind] = crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	}
	if len(out) != len(full) {
		t.Fatalf("%s holds the kinds %v, but the tests are for %v", crdDir, slices.Sorted(maps.Keys(out)), slices.Sorted(maps.Keys(full)))
	}
	return out
}

// keywords returns what a schema asks of its own value.
func keywords(s *apiextensionsv1.JSONSchemaProps) []string {
	listType := ""
	if s.XListType != nil {
		listType = *s.XListType
	}
	var out []string
	for what, has := range map[string]bool{
		pattern: s.Pattern != "", enum: len(s.Enum) > 0, unique: listType == "set" || listType == "map",
		"maxLength": s.MaxLength != nil, "minLength": s.MinLength != nil, "maxItems": s.MaxItems != nil || s.MaxProperties != nil, "minItems": s.MinItems != nil,
		"minProperties": s.MinProperties != nil, "maximum": s.Maximum != nil, "minimum": s.Minimum != nil,
	} {
		if has {
			out = append(out, what)
		}
	}
	return out
}

// keywordOf tells the keyword from what the server says when it is broken.
func keywordOf(says string) string {
	for part, what := range map[string]string{
		"Too long": "maxLength", "chars long": "minLength", "at most % items": "maxItems", "at least % items": "minItems",
		"less than or equal to": "maximum", "greater than or equal to": "minimum", enum: enum,
	} {
		if holds(says, part) {
			return what
		}
	}
	return says
}

// promiseOf returns the promise that a row breaks.
func promiseOf(t *testing.T, root *apiextensionsv1.JSONSchemaProps, r rule) promise {
	t.Helper()
	field := r.field
	if field == "" {
		field = r.at
	}
	if r.says == unique {
		field = field[:strings.LastIndex(field, "[")]
	}
	s, path := schemaPath(root, field)
	if s == nil {
		t.Fatalf("the schema has no field %s", field)
	}
	// A rule in CEL stands at the field that its message names, or above it.
	p := promise{path, ""}
	walk(root, "", func(home string, s *apiextensionsv1.JSONSchemaProps) {
		for _, v := range s.XValidations {
			if v.Message == r.says && within(path, home) {
				p = promise{home, v.Message}
			}
		}
	})
	if p.what == "" {
		p.what = keywordOf(r.says)
	}
	return p
}

// within reports whether path is home or below it.
func within(path, home string) bool {
	rest, ok := strings.CutPrefix(path, home)
	return ok && (home == "" || rest == "" || strings.ContainsAny(rest[:1], ".[{"))
}

// walk visits a schema and all below it, but not what Kubernetes itself defines: metadata, conditions, label selectors.
func walk(s *apiextensionsv1.JSONSchemaProps, path string, visit func(path string, s *apiextensionsv1.JSONSchemaProps)) {
	if _, selector := s.Properties["matchExpressions"]; selector || path == "metadata" || path == "status.conditions[]" {
		return
	}
	visit(path, s)
	for name := range s.Properties {
		child := s.Properties[name]
		walk(&child, join(path, name), visit)
	}
	if s.Items != nil {
		walk(s.Items.Schema, path+"[]", visit)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		walk(s.AdditionalProperties.Schema, path+"{}", visit)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// schemaPath returns the schema of a field of an object, and its path: spec.tags{} for spec.tags.team.
func schemaPath(root *apiextensionsv1.JSONSchemaProps, field string) (*apiextensionsv1.JSONSchemaProps, string) {
	s, path := root, ""
	for _, step := range split(field) {
		child, named := s.Properties[step]
		switch {
		case named:
			s, path = &child, join(path, step)
		case s.Items != nil:
			s, path = s.Items.Schema, path+"[]"
		case s.AdditionalProperties != nil:
			s, path = s.AdditionalProperties.Schema, path+"{}"
		case path == "metadata":
			return s, path
		default:
			return nil, ""
		}
	}
	return s, path
}
