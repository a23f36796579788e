// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"encoding/json"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// selectorText is a selector as canonical JSON: sorted keys, expressions and values, nothing empty. A selector that is
// there but empty matches everything and is "{}"; one that is not there is "".
func selectorText(s *metav1.LabelSelector) string {
	if s == nil {
		return ""
	}
	c := s.DeepCopy()
	if len(c.MatchLabels) == 0 {
		c.MatchLabels = nil
	}
	for i := range c.MatchExpressions {
		slices.Sort(c.MatchExpressions[i].Values)
		c.MatchExpressions[i].Values = slices.Compact(c.MatchExpressions[i].Values)
	}
	slices.SortFunc(c.MatchExpressions, func(a, b metav1.LabelSelectorRequirement) int {
		return strings.Compare(expressionText(a), expressionText(b))
	})
	return jsonText(c)
}

func expressionText(e metav1.LabelSelectorRequirement) string {
	return e.Key + " " + string(e.Operator) + " " + strings.Join(e.Values, ",")
}

// selectorAt returns the canonical text of a selector in the spec of an object. What is no label selector (the CRD of
// another version, say) is shown as it is, so that it differs from every declared one.
func selectorAt(object *unstructured.Unstructured, field string) string {
	raw, found, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", field)
	if !found || raw == nil {
		return ""
	}
	fields, ok := raw.(map[string]any)
	if !ok {
		return jsonText(raw)
	}
	var s metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(fields, &s, true); err != nil {
		return jsonText(raw)
	}
	return selectorText(&s)
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
