// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// TestObjectsOfOlderVersions upgrades what each frozen version left, and what this version leaves: the CRDs are replaced,
// and the operator goes on with objects whose status another version wrote.
func TestObjectsOfOlderVersions(t *testing.T) {
	t.Run("this version", func(t *testing.T) { upgrade(t, thisVersion(t)) })
	for _, version := range frozen(t) {
		t.Run(version, func(t *testing.T) { upgrade(t, filepath.Join("testdata", version)) })
	}
}

// frozen lists the frozen versions.
func frozen(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name())
		}
	}
	if len(list) == 0 {
		t.Fatal("no version is frozen")
	}
	return list
}

func upgrade(t *testing.T, dir string) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, *world){
		"untouched":                    staysAsItIs,
		"drifted during the upgrade":   driftIsStillDrift,
		"edited and deleted afterward": worksOn,
	} {
		t.Run(name, func(t *testing.T) {
			install(t, dir)
			w := newWorld(t)
			w.thaw(dir)
			check(t, w)
		})
	}
}

// staysAsItIs: the upgraded operator finds everything as declared, writes nothing to AWS, and keeps the books.
func staysAsItIs(t *testing.T, w *world) {
	profile := named("FargateSecurityProfile")
	before, was := w.sim.Objects(), w.typed(profile)
	install(t, current)
	w.tape.calls = nil
	w.settle(named("AWSAccount"))
	w.settle(profile)
	if wrote := w.tape.writes(); len(wrote) > 0 {
		t.Errorf("the upgraded operator wrote %q", wrote)
	}
	if after := w.sim.Objects(); !reflect.DeepEqual(before, after) {
		t.Errorf("AWS had\n%s\nand has\n%s", describe(before), describe(after))
	}
	is := w.typed(profile)
	if len(was.Status.Drift) == 0 || len(was.Status.Repairs) == 0 {
		t.Error("the older version left no drift or no repair in status: this proves little")
	}
	if !reflect.DeepEqual(was.Status.Drift, is.Status.Drift) {
		t.Errorf("status.drift was\n%+v\nand is\n%+v", was.Status.Drift, is.Status.Drift)
	}
	if !reflect.DeepEqual(was.Status.Repairs, is.Status.Repairs) {
		t.Errorf("status.repairs was\n%+v\nand is\n%+v", was.Status.Repairs, is.Status.Repairs)
	}
	if !reflect.DeepEqual(identities(was), identities(is)) {
		t.Errorf("status.resources was\n%q\nand is\n%q", identities(was), identities(is))
	}
	isWell(t, is)
}

// identities are what status.resources says of whose an object is. (States and hashes may be told in another way.)
func identities(p *v1alpha1.FargateSecurityProfile) []string {
	var list []string
	for _, r := range p.Status.Resources {
		list = append(list, strings.Join([]string{r.Kind, r.Name, r.ARN, string(r.Origin)}, " "))
	}
	return list
}

// isWell: the reported rule of payments-extra is all that is amiss.
func isWell(t *testing.T, p *v1alpha1.FargateSecurityProfile) {
	t.Helper()
	for _, c := range p.Status.Conditions {
		good := c.Status == metav1.ConditionTrue
		if c.Type == v1alpha1.ReadyCondition || c.Type == "SecurityGroupsReady" {
			good = c.Reason == v1alpha1.ReasonDrifted
		}
		if !good {
			t.Errorf("condition %s is %s, %s: %s", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	if p.Status.ObservedGeneration != p.Generation {
		t.Errorf("status is of generation %d, the spec of %d", p.Status.ObservedGeneration, p.Generation)
	}
}

// driftIsStillDrift: what changes behind the back of both versions is repaired, and told as drift. The new version must
// not take it for an edit of the spec, which would be done without a word.
func driftIsStillDrift(t *testing.T, w *world) {
	w.tamper(30)
	install(t, current)
	w.tape.calls = nil
	profile := named("FargateSecurityProfile")
	before := w.typed(profile).Status.Repairs
	w.settle(profile)
	wrote := w.tape.writes()
	if want := []string{"logs:PutRetentionPolicy"}; !slices.Equal(wrote, want) {
		t.Errorf("the upgraded operator wrote %q, want %q", wrote, want)
	}
	repairs := w.typed(profile).Status.Repairs
	if len(repairs) != len(before)+1 || repairs[0].Path != "retentionDays" || repairs[0].Observed != "30" {
		t.Errorf("status.repairs is %+v", repairs)
	}
}

// worksOn: edits reach AWS, and a deletion takes down what the older version made.
func worksOn(t *testing.T, w *world) {
	install(t, current)
	profile := named("FargateSecurityProfile")
	w.settle(profile)
	w.edit(profile, func(o map[string]any) {
		must(unstructured.SetNestedField(o, int64(30), "spec", "logging", "logGroup", "retentionDays"))
	})
	w.settle(profile)
	if !strings.Contains(describe(w.ours()), `"retention 30"`) {
		t.Errorf("the edit did not reach AWS:\n%s", describe(w.ours()))
	}
	isWell(t, w.typed(profile))
	if err := kube.Delete(t.Context(), profile); err != nil {
		t.Fatal(err)
	}
	w.settle(profile)
	if w.exists(profile) {
		t.Errorf("the profile is still there: %v", w.stored(profile).Object["status"])
	}
	for _, o := range w.ours() {
		if o.Kind != "key" || !slices.Contains(o.Facts, "state PendingDeletion") {
			t.Errorf("left in AWS: %s %s", o.Kind, o.Name)
		}
	}
	account := named("AWSAccount")
	if err := kube.Delete(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	w.settle(account)
	if w.exists(account) {
		t.Error("the account is still there")
	}
}
