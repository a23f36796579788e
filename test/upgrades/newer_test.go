// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// newer makes the CRDs those of a version to come: more fields everywhere, more words in every enumeration of status and
// in the mode.
func newer(definitions map[string]*crd) {
	for name, definition := range definitions {
		root := definition.Spec.Versions[0].Schema.OpenAPIV3Schema
		in(root, func(s *apiextensionsv1.JSONSchemaProps) { grow(s) }, "spec")
		in(root, func(s *apiextensionsv1.JSONSchemaProps) { grow(s) }, "status")
		if name != profilesCRD {
			continue
		}
		in(root, grow, "spec", "fargateProfile")
		in(root, grow, "spec", "securityGroups", "[]")
		in(root, words("Preview"), "spec", "mode")
		in(root, words("Shrink"), "spec", "deletionPolicy")
		in(root, words("Archive"), "spec", "securityGroups", "[]", "unlistedRules")
		for _, list := range []string{"drift", "repairs"} {
			in(root, grow, "status", list, "[]")
			in(root, words("Replaced"), "status", list, "[]", "action")
			in(root, words("Unrated"), "status", list, "[]", "severity")
		}
		in(root, grow, "status", "resources", "[]")
		in(root, words("Shared"), "status", "resources", "[]", "origin")
	}
}

// in changes a part of a schema. "[]" goes from a list to its items.
func in(s *apiextensionsv1.JSONSchemaProps, change func(*apiextensionsv1.JSONSchemaProps), path ...string) {
	switch {
	case len(path) == 0:
		change(s)
	case path[0] == "[]":
		in(s.Items.Schema, change, path[1:]...)
	default:
		part := s.Properties[path[0]]
		in(&part, change, path[1:]...)
		s.Properties[path[0]] = part
	}
}

// grow adds a field.
func grow(s *apiextensionsv1.JSONSchemaProps) {
	s.Properties["future"] = apiextensionsv1.JSONSchemaProps{Type: "string"}
}

// words adds a word to an enumeration.
func words(word string) func(*apiextensionsv1.JSONSchemaProps) {
	return func(s *apiextensionsv1.JSONSchemaProps) {
		s.Enum = append(slices.Clone(s.Enum), apiextensionsv1.JSON{Raw: []byte(`"` + word + `"`)})
	}
}

// spec is the declared object with fields of the newer version.
func ofNewerVersion(t *testing.T) (account, profile *unstructured.Unstructured) {
	t.Helper()
	list := objectsIn(t, filepath.Join("testdata", "declared.yaml"), func(s string) string { return s })
	account, profile = list[0], list[1]
	set(account, "kept", "spec", "future")
	set(profile, "kept", "spec", "future")
	set(profile, "kept", "spec", "fargateProfile", "future")
	groups, _, err := unstructured.NestedSlice(profile.Object, "spec", "securityGroups")
	must(err)
	groups[0].(map[string]any)["future"] = "kept"
	set(profile, groups, "spec", "securityGroups")
	return account, profile
}

func set(o *unstructured.Unstructured, value any, path ...string) {
	must(unstructured.SetNestedField(o.Object, value, path...))
}

// newerWorld is a world with the newer CRDs and the objects of the newer version.
func newerWorld(t *testing.T, change ...func(account, profile *unstructured.Unstructured)) (w *world, account, profile *unstructured.Unstructured) {
	t.Helper()
	install(t, current, newer)
	w = newWorld(t)
	account, profile = ofNewerVersion(t)
	for _, f := range change {
		f(account, profile)
	}
	w.create(account)
	w.create(profile)
	t.Cleanup(func() {
		for _, o := range []*unstructured.Unstructured{profile, account, named("SecurityGroupPolicy")} {
			w.remove(o)
		}
	})
	return w, account, profile
}

// TestFieldsOfANewerVersionSurvive: an operator that was rolled back writes finalizers and status, and loses no field of
// spec and status that only the newer version knows.
func TestFieldsOfANewerVersionSurvive(t *testing.T) {
	w, account, profile := newerWorld(t)
	future := func(o map[string]any) { must(unstructured.SetNestedField(o, "kept", "status", "future")) }
	for _, o := range []*unstructured.Unstructured{account, profile} {
		before := w.stored(o).Object["spec"]
		w.settle(o)
		w.editStatus(o, future)
		if o.GetKind() == "FargateSecurityProfile" {
			w.tamper(7) // a reason to write status again
		}
		w.settle(o)
		w.keeps(o, before)
		if finalizers := w.stored(o).GetFinalizers(); !slices.Contains(finalizers, v1alpha1.Finalizer) {
			t.Errorf("%s has the finalizers %q", o.GetKind(), finalizers)
		}
	}
	if repairs := w.typed(profile).Status.Repairs; len(repairs) != 1 {
		t.Errorf("status.repairs is %+v: status was not written again, and this proves nothing", repairs)
	}
	for _, o := range []*unstructured.Unstructured{profile, account} {
		before := w.stored(o).Object["spec"]
		w.edit(o, func(object map[string]any) { // somebody else holds the object too, so that it can be looked at
			must(unstructured.SetNestedStringSlice(object, []string{v1alpha1.Finalizer, "example.com/hold"}, "metadata", "finalizers"))
		})
		must(kube.Delete(t.Context(), o))
		for range 10 {
			w.pass(o)
		}
		w.keeps(o, before)
		if finalizers := w.stored(o).GetFinalizers(); !slices.Equal(finalizers, []string{"example.com/hold"}) {
			t.Errorf("%s has the finalizers %q", o.GetKind(), finalizers)
		}
		w.remove(o)
	}
}

// keeps checks that an object's spec is untouched, and that the newer version's field of status is there.
func (w *world) keeps(o *unstructured.Unstructured, spec any) {
	w.t.Helper()
	now := w.stored(o)
	if !reflect.DeepEqual(now.Object["spec"], spec) {
		w.t.Errorf("the spec of %s was\n%v\nand is\n%v", o.GetKind(), spec, now.Object["spec"])
	}
	if text, _, _ := unstructured.NestedString(now.Object, "status", "future"); text != "kept" {
		w.t.Errorf("the newer version's field is gone from the status of %s", o.GetKind())
	}
}

// stranger is an object of a kind that this version does not know.
var stranger = map[string]any{"kind": "VPCEndpoint", "name": "ecr", "arn": "arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint/vpce-0a", "origin": "Created", "state": "Available"}

// speakOfTheFuture writes into status what a newer operator could: words and kinds of objects that this one does not
// know.
func speakOfTheFuture(w *world, profile *unstructured.Unstructured) {
	w.editStatus(profile, func(o map[string]any) {
		status := o["status"].(map[string]any)
		entry := map[string]any{
			"resource": "SecurityGroup/payments-extra", "path": "tenancy", "desired": "a", "observed": "b", "severity": "Unrated", "action": "Replaced",
			"firstObservedTime": "2026-01-02T03:04:05Z", "future": "told",
		}
		status["drift"] = []any{entry, map[string]any{
			"resource": "VPCEndpoint/ecr", "path": "policy", "desired": "a", "observed": "b", "severity": "Unrated", "action": "Replaced",
			"firstObservedTime": "2026-01-02T03:04:05Z",
		}}
		repair := map[string]any{"repairedTime": "2026-01-02T03:04:05Z"}
		for k, v := range entry {
			repair[k] = v
		}
		status["repairs"] = []any{repair}
		for _, one := range status["resources"].([]any) {
			if r := one.(map[string]any); r["kind"] == "SecurityGroup" {
				r["origin"] = "Shared"
			}
		}
		status["resources"] = append(status["resources"].([]any), stranger)
		status["conditions"] = append(status["conditions"].([]any), map[string]any{
			"type": "EndpointsReady", "status": "True", "reason": "NotYetInvented", "message": "", "lastTransitionTime": "2026-01-02T03:04:05Z",
		})
	})
}

// TestStatusOfANewerVersionIsWorkedWith: the operator was rolled back, with its CRDs or without them. Status speaks of
// things that it does not know, part of AWS cannot be read, so that what status says is all there is, and still every
// pass writes a status that the API server takes, and the repair of drift goes on.
func TestStatusOfANewerVersionIsWorkedWith(t *testing.T) {
	for name, rollback := range map[string]func(*testing.T){
		"with the newer CRDs": func(*testing.T) {},
		"with its own CRDs":   func(t *testing.T) { install(t, current) },
	} {
		t.Run(name, func(t *testing.T) {
			w, _, profile := newerWorld(t)
			w.settle(profile)
			speakOfTheFuture(w, profile)
			rollback(t)
			w.sim.Deny("ec2:DescribeSecurityGroups")
			w.tamper(7)
			for range 3 { // no longer: by the simulator's clock it stays denied
				w.pass(profile)
			}
			status := w.typed(profile).Status
			if len(status.Repairs) != 2 || status.Repairs[0].Path != "retentionDays" {
				t.Errorf("the repair did not go on: %+v", status.Repairs)
			}
			if !slices.ContainsFunc(status.Drift, func(d v1alpha1.Drift) bool {
				return d.Path == "tenancy" && d.FirstObservedTime.Equal(at("2026-01-02T03:04:05Z"))
			}) {
				t.Errorf("what is known of an object that cannot be read is forgotten: %+v", status.Drift)
			}
			w.sim.Allow("ec2:DescribeSecurityGroups")
			w.settle(profile)
			if drift := w.typed(profile).Status.Drift; len(drift) > 0 {
				t.Errorf("drift that this version does not see stays in status: %+v", drift)
			}
			if condition(w.stored(profile), v1alpha1.ReadyCondition)["status"] != "True" {
				t.Errorf("not ready: %v", condition(w.stored(profile), v1alpha1.ReadyCondition))
			}
			if condition(w.stored(profile), "EndpointsReady") == nil {
				t.Error("the newer version's condition is gone")
			}
			if !lists(w, profile, "VPCEndpoint") {
				t.Error("the newer version's object is not listed any more: nobody would find it again")
			}
		})
	}
}

func at(text string) *metav1.Time {
	parsed, err := time.Parse(time.RFC3339, text)
	must(err)
	return &metav1.Time{Time: parsed}
}

// lists tells whether status.resources has an object of a kind.
func lists(w *world, profile *unstructured.Unstructured, kind string) bool {
	return slices.ContainsFunc(w.typed(profile).Status.Resources, func(r v1alpha1.ResourceStatus) bool { return r.Kind == kind })
}

// TestAnObjectOfAnUnknownKindHoldsTheDeletion: what this version can delete goes; the profile stays while status lists
// an object that only the newer version can take down, and says so. Suspend lets go.
func TestAnObjectOfAnUnknownKindHoldsTheDeletion(t *testing.T) {
	w, _, profile := newerWorld(t)
	w.settle(profile)
	speakOfTheFuture(w, profile)
	must(kube.Delete(t.Context(), profile))
	w.settle(profile)
	stalled := condition(w.stored(profile), v1alpha1.StalledCondition)
	if message, _ := stalled["message"].(string); stalled["reason"] != "KindUnknown" || !strings.Contains(message, "VPCEndpoint/ecr") {
		t.Errorf("Stalled is %v", stalled)
	}
	if len(w.typed(profile).Status.Resources) != 1 || !lists(w, profile, "VPCEndpoint") {
		t.Errorf("status.resources is %+v", w.typed(profile).Status.Resources)
	}
	for _, o := range w.ours() {
		if o.Kind != "key" {
			t.Errorf("left in AWS: %s %s", o.Kind, o.Name)
		}
	}
	w.edit(profile, func(o map[string]any) { must(unstructured.SetNestedField(o, "Suspend", "spec", "mode")) })
	w.settle(profile)
	if w.exists(profile) {
		t.Error("Suspend does not let go of the profile")
	}
}

// TestWordsOfANewerVersionInTheSpec: what a policy means that this version does not know, it does not guess: in an
// unknown mode it writes nothing to AWS, under an unknown policy it takes nothing away.
func TestWordsOfANewerVersionInTheSpec(t *testing.T) {
	t.Run("mode", func(t *testing.T) {
		w, _, profile := newerWorld(t, func(_, profile *unstructured.Unstructured) { set(profile, "Preview", "spec", "mode") })
		w.settle(profile)
		if wrote := w.tape.writes(); len(wrote) > 0 {
			t.Errorf("in an unknown mode the operator wrote %q", wrote)
		}
	})
	t.Run("unlistedRules", func(t *testing.T) {
		w, _, profile := newerWorld(t, func(_, profile *unstructured.Unstructured) {
			groups, _, err := unstructured.NestedSlice(profile.Object, "spec", "securityGroups")
			must(err)
			groups[1].(map[string]any)["unlistedRules"] = "Archive"
			set(profile, groups, "spec", "securityGroups")
		})
		w.settle(profile)
		w.leaveUnlistedRule()
		w.settle(profile)
		if !strings.Contains(describe(w.ours()), `"ingress tcp 22-22 10.1.0.0/16"`) {
			t.Errorf("under an unknown policy the rule was removed:\n%s", describe(w.ours()))
		}
	})
	t.Run("deletionPolicy", func(t *testing.T) {
		w, _, profile := newerWorld(t, func(_, profile *unstructured.Unstructured) { set(profile, "Shrink", "spec", "deletionPolicy") })
		w.settle(profile)
		before := len(w.sim.Objects())
		must(kube.Delete(t.Context(), profile))
		w.settle(profile)
		if after := len(w.sim.Objects()); w.exists(profile) || after != before {
			t.Errorf("of %d objects %d are left, under an unknown policy:\n%s", before, after, describe(w.sim.Objects()))
		}
	})
}
