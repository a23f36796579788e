// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
)

// outputVersion is the apiVersion of what `-o json|yaml` writes. It is no kind of a cluster.
const outputVersion = "cli.fargatesecurity.io/v1alpha1"

// item is what every structured output says of an object.
type item struct {
	Kind      string        `json:"kind"`
	Namespace string        `json:"namespace,omitempty"`
	Name      string        `json:"name"`
	Account   string        `json:"account"`
	Mode      v1alpha1.Mode `json:"mode"`
	Notes     []string      `json:"notes,omitempty"`

	DriftKnown *bool                     `json:"driftKnown,omitempty"`
	DriftCount *int                      `json:"driftCount,omitempty"`
	Drift      []driftItem               `json:"drift,omitempty"`
	Resources  []v1alpha1.ResourceStatus `json:"resources,omitempty"`
	Posture    *v1alpha1.Posture         `json:"posture,omitempty"`
}

type driftItem struct {
	v1alpha1.Drift `json:",inline"`
	Next           string `json:"next"`
}

func itemOf(o *Object) item {
	return item{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Account: o.Spec.AccountRef.Name, Mode: o.Spec.Mode, Notes: o.notes()}
}

// driftReport is the output of drift for programs.
func driftReport(objects []*Object) (runtime.Object, error) {
	return reportOf("DriftReport", objects, func(o *Object, i *item) {
		known, n := o.driftKnown(), o.driftCount()
		i.DriftKnown, i.DriftCount = &known, &n
		for _, d := range o.Status.Drift {
			i.Drift = append(i.Drift, driftItem{d, o.next(d)})
		}
	})
}

// treeReport is the output of tree for programs.
func treeReport(objects []*Object) (runtime.Object, error) {
	return reportOf("TreeReport", objects, func(o *Object, i *item) { i.Resources = o.Status.Resources })
}

// postureReport is the output of posture for programs.
func postureReport(objects []*Object) (runtime.Object, error) {
	return reportOf("PostureReport", objects, func(o *Object, i *item) { i.Posture = o.Status.Posture })
}

func reportOf(kind string, objects []*Object, fill func(*Object, *item)) (runtime.Object, error) {
	items := []item{}
	for _, o := range objects {
		i := itemOf(o)
		fill(o, &i)
		items = append(items, i)
	}
	return structured(kind, map[string]any{"items": items})
}

// controlReport is the output of explain for programs.
func controlReport(list []controls.Control) (runtime.Object, error) {
	items := []map[string]any{}
	for _, c := range list {
		items = append(items, map[string]any{"id": c.ID, "title": c.Title, "severity": c.Severity, "looksAt": c.LooksAt,
			"remediation": c.Remediation, "references": c.References})
	}
	return structured("ControlList", map[string]any{"items": items})
}

func structured(kind string, fields map[string]any) (runtime.Object, error) {
	fields["apiVersion"], fields["kind"] = outputVersion, kind
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: map[string]any{}}
	return u, json.Unmarshal(text, &u.Object) // whole numbers stay whole
}
