// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// healthTests and actionTests are the files that Argo CD's own tests read beside health.lua and in actions/.
type healthTests struct {
	Tests []healthTest `json:"tests"`
}

type healthTest struct {
	HealthStatus health `json:"healthStatus"`
	InputPath    string `json:"inputPath"`
}

type actionTests struct {
	DiscoveryTests []discoveryTest `json:"discoveryTests"`
	ActionTests    []actionTest    `json:"actionTests"`
}

type discoveryTest struct {
	InputPath string   `json:"inputPath"`
	Result    []action `json:"result"`
}

type actionTest struct {
	Action             string `json:"action"`
	InputPath          string `json:"inputPath"`
	ExpectedOutputPath string `json:"expectedOutputPath"`
}

// book keeps what one kind's files are to hold.
type book struct {
	dir     string
	health  healthTests
	actions actionTests
	files   map[string][]byte // by path under dir
}

func newBook(kind string) *book {
	return &book{dir: filepath.Join(scripts, "fargatesecurity.io", kind), files: map[string][]byte{}}
}

// state writes down an object and its health.
func (b *book) state(name string, obj *unstructured.Unstructured, h health) {
	path := "testdata/" + name + ".yaml"
	b.files[path] = asText(obj)
	b.health.Tests = append(b.health.Tests, healthTest{h, path})
}

// discovery writes down which actions fit an object.
func (b *book) discovery(name string, obj *unstructured.Unstructured, fit []action) {
	path := "testdata/" + name + ".yaml"
	b.files["actions/"+path] = asText(obj)
	b.actions.DiscoveryTests = append(b.actions.DiscoveryTests, discoveryTest{path, fit})
}

// action writes down what an action makes of an object that discovery wrote down.
func (b *book) action(name, input string, after *unstructured.Unstructured) {
	path := "testdata/" + input + "_" + name + ".yaml"
	b.files["actions/"+path] = asText(after)
	b.actions.ActionTests = append(b.actions.ActionTests, actionTest{name, "testdata/" + input + ".yaml", path})
}

// close compares the files with what they are to hold, or writes them with -update.
func (b *book) close(t *testing.T) {
	t.Helper()
	for name, content := range map[string]any{"health_test.yaml": b.health, "actions/action_test.yaml": b.actions} {
		text, err := yaml.Marshal(content)
		must(err)
		b.files[name] = text
	}
	for _, dir := range []string{"testdata", "actions/testdata"} {
		b.unknown(t, dir)
	}
	for name, want := range b.files {
		path := filepath.Join(b.dir, name)
		if *update {
			must(os.MkdirAll(filepath.Dir(path), 0o755))
			must(os.WriteFile(path, want, 0o644))
			continue
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the operator and the scripts make of it (%v): look at the difference that `go test ./test/argocd -update` makes. It is to be:\n%s", path, err, want)
		}
	}
}

// unknown finds files that nothing writes any more.
func (b *book) unknown(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(b.dir, dir))
	if err != nil && !*update {
		t.Error(err)
	}
	for _, e := range entries {
		name := dir + "/" + e.Name()
		if _, known := b.files[name]; known {
			continue
		}
		if !*update {
			t.Errorf("%s: nothing writes %s", b.dir, name)
			continue
		}
		must(os.Remove(filepath.Join(b.dir, name)))
	}
}

var (
	timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	groupID   = regexp.MustCompile(`\bsg-[0-9a-f]{17}\b`)
	uuid      = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
)

// asText is an object as YAML, with what differs from run to run made the same, and without what is Kubernetes' own business.
func asText(obj *unstructured.Unstructured) []byte {
	obj = obj.DeepCopy()
	obj.SetManagedFields(nil)
	obj.SetResourceVersion("1")
	text, err := yaml.Marshal(steady(obj.Object))
	must(err)
	return text
}

// steady replaces times, ids and the simulator's address.
func steady(value any) any {
	switch v := value.(type) {
	case string:
		if timestamp.MatchString(v) {
			return "2026-03-04T05:06:07Z"
		}
		if strings.HasPrefix(v, "http://127.0.0.1:") {
			return "http://127.0.0.1:4566"
		}
		return uuid.ReplaceAllString(groupID.ReplaceAllString(v, "sg-0123456789abcdef0"), "01234567-89ab-4cde-8f01-23456789abcd")
	case []any:
		for i := range v {
			v[i] = steady(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = steady(v[key])
		}
	}
	return value
}

// TestUpstreamShape runs what Argo CD's own tests run over the files: scripts and testdata stand for themselves.
func TestUpstreamShape(t *testing.T) {
	for _, kind := range kindNames() {
		b := newBook(kind)
		var h healthTests
		var a actionTests
		for name, into := range map[string]any{"health_test.yaml": &h, "actions/action_test.yaml": &a} {
			text, err := os.ReadFile(filepath.Join(b.dir, name))
			if err != nil {
				t.Fatalf("%s: %v: `go test ./test/argocd -update` writes the tests of a kind that TestStory knows", kind, err)
			}
			must(yaml.UnmarshalStrict(text, into))
		}
		statuses := map[string]bool{}
		for _, test := range h.Tests {
			statuses[test.HealthStatus.Status] = true
			if got := healthOf(t, stored(t, b.dir, test.InputPath)); got != test.HealthStatus {
				t.Errorf("%s %s: %+v, want %+v", kind, test.InputPath, got, test.HealthStatus)
			}
		}
		for _, status := range []string{"Healthy", "Progressing", "Degraded"} {
			if !statuses[status] {
				t.Errorf("%s: no test has the status %s", kind, status)
			}
		}
		if len(a.DiscoveryTests) == 0 || len(a.ActionTests) == 0 {
			t.Errorf("%s: its actions have no tests", kind)
		}
		for _, test := range a.DiscoveryTests {
			if got := discover(t, stored(t, b.dir, "actions/"+test.InputPath)); !slices.Equal(got, test.Result) {
				t.Errorf("%s %s: the actions are %+v, want %+v", kind, test.InputPath, got, test.Result)
			}
		}
		for _, test := range a.ActionTests {
			got := asText(act(t, stored(t, b.dir, "actions/"+test.InputPath), test.Action))
			if want := asText(stored(t, b.dir, "actions/"+test.ExpectedOutputPath)); !bytes.Equal(got, want) {
				t.Errorf("%s: %s of %s is\n%s\nwant\n%s", kind, test.Action, test.InputPath, got, want)
			}
		}
	}
}

func stored(t *testing.T, dir, path string) *unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	return manifests(t, text)[0]
}
