// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"github.com/expr-lang/expr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const gitopsPage = root + "/docs/gitops.md"

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// pageObjects are all objects of the page's YAML.
func pageObjects(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(gitopsPage)
	if err != nil {
		t.Fatal(err)
	}
	var list []*unstructured.Unstructured
	for _, block := range yamlBlock.FindAllSubmatch(text, -1) {
		for _, part := range bytes.Split(block[1], []byte("\n---\n")) {
			// Strict, so that no key stands twice.
			must(yaml.UnmarshalStrict(part, &map[string]any{}))
			list = append(list, manifests(t, part)...)
		}
	}
	return list
}

// pageObject is the object of that kind and name on the page.
func pageObject(t *testing.T, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, obj := range pageObjects(t) {
		if obj.GetKind() == kind && obj.GetName() == name {
			return obj
		}
	}
	t.Fatalf("%s has no %s %s", gitopsPage, kind, name)
	return nil
}

// TestThePage: each YAML block holds objects, and the API server takes ours.
func TestThePage(t *testing.T) {
	w := &world{t: t, ctx: t.Context()}
	w.namespaces()
	ours := map[string]bool{}
	for _, obj := range pageObjects(t) {
		if obj.GetAPIVersion() == "" || obj.GetKind() == "" {
			t.Errorf("no object: %v", obj.Object)
		}
		if strings.HasPrefix(obj.GetAPIVersion(), "fargatesecurity.io/") {
			ours[obj.GetKind()] = true
			w.applied(obj, true)
		}
	}
	for _, kind := range kindNames() {
		if !ours[kind] {
			t.Errorf("the page has no example of kind %s", kind)
		}
	}
}

// app is an Application as the notifications controller sees it, with a profile of that health.
func app(health any) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"name": "payments"},
		"status": map[string]any{
			"sync": map[string]any{"revision": "abc"},
			"resources": []any{
				map[string]any{"kind": "Namespace", "name": "platform", "version": "v1"},
				map[string]any{"group": "fargatesecurity.io", "kind": "FargateSecurityProfile", "namespace": "platform", "name": "payments", "health": health},
			},
		},
	}
}

// TestTheNotification: the trigger fires for drift alone, once for each set of drifted objects, and the template names the
// field. Argo CD evaluates triggers with this library, and templates with Go's.
func TestTheNotification(t *testing.T) {
	cm := pageObject(t, "ConfigMap", "argocd-notifications-cm")
	text, _, err := unstructured.NestedString(cm.Object, "data", "trigger.on-fargate-drift")
	must(err)
	var triggers []struct {
		When    string   `json:"when"`
		OncePer string   `json:"oncePer"`
		Send    []string `json:"send"`
	}
	must(yaml.UnmarshalStrict([]byte(text), &triggers))
	drifted := map[string]any{"status": "Degraded", "message": "1 field differs: LogGroup/x retentionDays"}
	fresh := map[string]any{"metadata": map[string]any{"name": "new"}, "status": map[string]any{"sync": map[string]any{"revision": "abc"}}}
	for name, c := range map[string]struct {
		app   map[string]any
		fires bool
		once  string
	}{
		"drifted":                 {app(drifted), true, "abcFargateSecurityProfile/payments"},
		"healthy":                 {app(map[string]any{"status": "Healthy"}), false, "abc"},
		"health is not persisted": {app(nil), false, "abc"},
		"nothing synced yet":      {fresh, false, "abc"},
	} {
		env := map[string]any{"app": c.app}
		fires, err := expr.Eval(triggers[0].When, env)
		if err != nil || fires != c.fires {
			t.Errorf("%s: the trigger says %v (%v), want %v", name, fires, err, c.fires)
		}
		once, err := expr.Eval(triggers[0].OncePer, env)
		if err != nil || once != c.once {
			t.Errorf("%s: once per %q (%v), want %q", name, once, err, c.once)
		}
	}
	text, found, err := unstructured.NestedString(cm.Object, "data", "template."+triggers[0].Send[0])
	if err != nil || !found {
		t.Fatalf("there is no template %s (%v)", triggers[0].Send[0], err)
	}
	var body struct {
		Message string `json:"message"`
	}
	must(yaml.UnmarshalStrict([]byte(text), &body))
	var out strings.Builder
	must(template.Must(template.New("").Parse(body.Message)).Execute(&out, map[string]any{"app": app(drifted)}))
	if want := "payments: Fargate security differs from Git.\nFargateSecurityProfile platform/payments: 1 field differs: LogGroup/x retentionDays\n"; out.String() != want {
		t.Errorf("the message is %q, want %q", out.String(), want)
	}
}
