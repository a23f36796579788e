// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// FuzzDiff: whatever the stored object holds, the difference is written without a panic, what is written has none, but
// for a group yet to be made, and the rest of the object stays as it was.
func FuzzDiff(f *testing.F) {
	f.Add("pods", "sg-1", true, "tier", "backend", "a", "In", "2,1", `{"securityGroups":{"groupIds":["sg-2"]},"podSelector":{"matchLabels":{"a":"b"}}}`)
	f.Add("pods\npods", "", false, "", "", "", "", "", `{}`)
	f.Add("", "sg-1", true, "\xff", "", "b", "Exists", "", `{"podSelector":"all","serviceAccountSelector":{"matchLabels":[]},"other":1}`)
	f.Add("a\nb", "sg-1", true, "k", "v", "", "", "", `{"securityGroups":[],"podSelector":{"matchExpressions":[{"key":"b","operator":"In","values":["2","1","1"]},{"key":"a"}]}}`)
	f.Fuzz(func(t *testing.T, groups, made string, cluster bool, key, value, expression, operator, values, spec string) {
		object := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "n", "labels": map[string]any{"a": "b"}}}}
		var fields map[string]any
		if json.Unmarshal([]byte(spec), &fields) != nil {
			return
		}
		object.Object["spec"] = fields
		d := Desired{Namespace: "payments", Name: "n", IncludeClusterGroup: cluster, Cluster: clusterOfFuzz, PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}}
		if expression != "" {
			d.PodSelector.MatchExpressions = []metav1.LabelSelectorRequirement{
				{Key: expression, Operator: metav1.LabelSelectorOperator(operator), Values: strings.Split(values, ",")}, {Key: "a", Operator: metav1.LabelSelectorOpExists}}
		}
		known := resource.Values{{From: clusterOfFuzz, Value: resource.ClusterGroupID}: "sg-c"}
		for _, name := range strings.Split(groups, "\n") {
			id := resource.ID{Kind: "SecurityGroup", Name: name}
			d.Groups = append(d.Groups, id)
			if made != "" {
				known[resource.Ref{From: id, Value: resource.GroupID}] = made + name
			}
		}
		carryOut(t, New(nil, d), object, known)
	})
}

var clusterOfFuzz = resource.ID{Kind: "EKSCluster", Name: "prod"}

// carryOut does what Apply does to an object that is there, without an API server.
func carryOut(t *testing.T, r *Resource, object *unstructured.Unstructured, known resource.Values) {
	t.Helper()
	before := object.DeepCopy()
	repair := map[string]bool{}
	for _, one := range diff(*r.desired, policyOf(object), known) {
		if one.Desired == one.Observed && len(one.Desired) < maxText {
			t.Fatalf("the texts do not show the difference: %+v", one)
		}
		if one.WaitsFor == "" {
			repair[one.Path] = true
		} else if !strings.Contains(one.Desired, drift.Unknown) {
			t.Fatalf("waits for nothing: %+v", one)
		}
	}
	if err := r.fill(object, known, func(path string) bool { return repair[path] }); err != nil {
		return // the object's spec has another form; the API server refuses such
	}
	for _, one := range diff(*r.desired, policyOf(object), known) {
		if one.WaitsFor == "" {
			t.Fatalf("left after all was carried out: %+v\n%v", one, object.Object)
		}
	}
	for _, o := range []*unstructured.Unstructured{before, object} { // but for what was to change
		unstructured.RemoveNestedField(o.Object, groupIDsPath...)
		if left, ok, _ := unstructured.NestedMap(o.Object, groupIDsPath[:2]...); ok && len(left) == 0 {
			unstructured.RemoveNestedField(o.Object, groupIDsPath[:2]...)
		}
		for _, field := range []string{"podSelector", "serviceAccountSelector"} {
			if repair[field] {
				unstructured.RemoveNestedField(o.Object, "spec", field)
			}
		}
	}
	if !reflect.DeepEqual(before.Object, object.Object) {
		t.Fatalf("something else changed: %v, then %v", before.Object, object.Object)
	}
}
