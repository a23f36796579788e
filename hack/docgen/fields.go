// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// schema is what the pages show of a CRD's OpenAPI schema.
type schema struct {
	Type                 string
	Description          string
	Format               string
	Default              json.RawMessage
	Enum                 []any
	Pattern              string
	Minimum, Maximum     *float64
	MinLength, MaxLength *int64
	MinItems, MaxItems   *int64
	MaxProperties        *int64
	Required             []string
	Properties           map[string]schema
	Items                *schema
	AdditionalProperties *schema
	ListType             string   `json:"x-kubernetes-list-type"`
	ListMapKeys          []string `json:"x-kubernetes-list-map-keys"`
	Validations          []struct {
		Rule, Message string
	} `json:"x-kubernetes-validations"`
}

type crd struct {
	Spec struct {
		Versions []struct {
			Name                     string
			AdditionalPrinterColumns []column
			Schema                   struct{ OpenAPIV3Schema schema }
		}
	}
}

type column struct {
	Name, JSONPath string
	Priority       int
}

// field is one row of a table.
type field struct {
	Path, Type, Default, Limits, Description string
	Required                                 bool
	Checks                                   []string
}

// crdData reads a CRD for the page about its kind.
func crdData(file string) func(root string) (any, error) {
	return func(root string) (any, error) {
		text, err := os.ReadFile(filepath.Join(root, "config/crd/bases", file))
		if err != nil {
			return nil, err
		}
		var c crd
		if err := yaml.Unmarshal(text, &c); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(c.Spec.Versions) != 1 {
			return nil, fmt.Errorf("%s has %d versions, and the pages show one", file, len(c.Spec.Versions))
		}
		version := c.Spec.Versions[0]
		kind := version.Schema.OpenAPIV3Schema
		reasons, err := checkedReasons(root)
		if err != nil {
			return nil, err
		}
		spec, status := fieldsOf(kind, "spec"), fieldsOf(kind, "status")
		if len(spec) == 0 || len(status) == 0 {
			return nil, errors.New("no fields: the schema has another form than expected")
		}
		return map[string]any{
			"Spec": spec, "Status": status, "Checks": checksOf(kind), "Columns": version.AdditionalPrinterColumns,
			"Reasons": reasons,
		}, nil
	}
}

// fieldsOf lists the fields below one property of the kind, in the order of their paths' parts.
func fieldsOf(kind schema, name string) []field {
	root := kind.Properties[name]
	rows := []field{}
	if checks := checksOf(root); len(checks) > 0 {
		rows = append(rows, field{Path: name, Type: "object", Required: slices.Contains(kind.Required, name), Description: oneLine(root.Description), Checks: checks})
	}
	return append(rows, walk(name, root)...)
}

func walk(path string, s schema) []field {
	var rows []field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name]
		row := field{
			Path: path + "." + name, Type: typeOf(property), Default: string(property.Default), Limits: limitsOf(property),
			Description: oneLine(property.Description), Required: slices.Contains(s.Required, name), Checks: checksOf(property),
		}
		inner, suffix := property, ""
		if element := elementOf(property); element != nil {
			row.Checks = append(row.Checks, checksOf(*element)...)
			inner = *element
			suffix = "[]"
		}
		rows = append(rows, row)
		if !wellKnown(inner) {
			rows = append(rows, walk(row.Path+suffix, inner)...)
		}
	}
	return rows
}

func elementOf(s schema) *schema {
	if s.Items != nil {
		return s.Items
	}
	return s.AdditionalProperties
}

// wellKnown are types of Kubernetes' own that every reader knows.
func wellKnown(s schema) bool { return isSelector(s) || isCondition(s) }

func isSelector(s schema) bool {
	_, labels := s.Properties["matchLabels"]
	_, expressions := s.Properties["matchExpressions"]
	return labels && expressions
}

func isCondition(s schema) bool {
	_, moved := s.Properties["lastTransitionTime"]
	return moved
}

func typeOf(s schema) string {
	switch {
	case isSelector(s):
		return "label selector"
	case isCondition(s):
		return "condition"
	case s.Items != nil:
		return "list of " + typeOf(*s.Items)
	case s.AdditionalProperties != nil:
		return "map of " + typeOf(*s.AdditionalProperties)
	case s.Format == "date-time":
		return "time"
	default:
		return s.Type
	}
}

// limitsOf words what the schema demands of a value; those of a list's elements follow the list's own.
func limitsOf(s schema) string {
	var out []string
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			values = append(values, fmt.Sprint(v))
		}
		out = append(out, "one of "+strings.Join(values, ", "))
	}
	out = append(out, span(s.Minimum, s.Maximum, ""), spanOf(s.MinLength, s.MaxLength, " characters"),
		spanOf(s.MinItems, s.MaxItems, " entries"), spanOf(nil, s.MaxProperties, " entries"))
	if s.Pattern != "" {
		out = append(out, code(s.Pattern))
	}
	if s.ListType == "map" {
		out = append(out, "unique by "+strings.Join(s.ListMapKeys, ", "))
	}
	if s.ListType == "set" {
		out = append(out, "no duplicates")
	}
	if element := elementOf(s); element != nil && len(element.Properties) == 0 {
		if limits := limitsOf(*element); limits != "" {
			out = append(out, "each: "+limits)
		}
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), "; ")
}

func spanOf(low, high *int64, unit string) string {
	return span(toFloat(low), toFloat(high), unit)
}

func toFloat(n *int64) *float64 {
	if n == nil {
		return nil
	}
	f := float64(*n)
	return &f
}

func span(low, high *float64, unit string) string {
	switch {
	case low != nil && high != nil:
		return fmt.Sprintf("%v to %v%s", *low, *high, unit)
	case low != nil:
		return fmt.Sprintf("from %v%s", *low, unit)
	case high != nil:
		return fmt.Sprintf("up to %v%s", *high, unit)
	default:
		return ""
	}
}

func checksOf(s schema) []string {
	var out []string
	for _, v := range s.Validations {
		if !isCondition(s) {
			out = append(out, v.Message)
		}
	}
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
