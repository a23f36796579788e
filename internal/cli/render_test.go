// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
)

var update = flag.Bool("update", false, "Write the golden files.")

var now = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (go test -update writes it) is now:\n%s\nwas:\n%s", path, got, want)
	}
}

func object(kind, name string, mode v1alpha1.Mode, change ...func(*Object)) *Object {
	o := &Object{TypeMeta: metav1.TypeMeta{Kind: kind}, ObjectMeta: metav1.ObjectMeta{Namespace: "platform", Name: name, Generation: 1}}
	o.Spec.Mode, o.Spec.AccountRef.Name = mode, "prod-eu"
	o.Status.ObservedGeneration = 1
	o.with(v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReasonReady, "everything is as declared")
	o.with(v1alpha1.DriftedCondition, metav1.ConditionFalse, v1alpha1.ReasonNoDrift, "nothing differs")
	for _, f := range change {
		f(o)
	}
	return o
}

func (o *Object) with(kind string, status metav1.ConditionStatus, reason, message string) {
	o.Status.Conditions = slices.DeleteFunc(o.Status.Conditions, func(c metav1.Condition) bool { return c.Type == kind })
	o.Status.Conditions = append(o.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message})
}

func drifts(list ...v1alpha1.Drift) func(*Object) {
	return func(o *Object) {
		o.Status.Drift = list
		for i := range list {
			list[i].FirstObservedTime = metav1.NewTime(now.Add(-time.Duration(i+1) * 7 * time.Minute))
		}
		o.with(v1alpha1.DriftedCondition, metav1.ConditionTrue, v1alpha1.ReasonDrifted, "differs")
	}
}

// fixtures have each state that a reader can meet, of two kinds.
func fixtures() []*Object {
	port := v1alpha1.Drift{Resource: "SecurityGroup/pods", Path: "ingress[tcp/22 0.0.0.0/0]", Observed: "tcp/22 0.0.0.0/0", Severity: "Critical",
		Action: "ReportOnly", Controls: []string{"EC2.13", "EC2.18"}, ChangedBy: "arn:aws:iam::111122223333:user/alice"}
	days := v1alpha1.Drift{Resource: "LogGroup//aws/eks/prod", Path: "retentionDays", Desired: "90", Observed: "1", Severity: "High", Action: "Repair"}
	escape := v1alpha1.Drift{Resource: "Shelf/top", Path: "tags[\x1b]0;pwned\a]", Desired: "x", Observed: strings.Repeat("long ", 30), Severity: "Low", Action: "Repair"}
	replace := v1alpha1.Drift{Resource: "Box/nails", Path: "height", Desired: "20", Observed: "30", Severity: "Medium", Action: "RequiresReplacement"}
	hundred := int32(53)
	return []*Object{
		object("FargateSecurityProfile", "clean", "Enforce"),
		object("FargateSecurityProfile", "payments", "Observe", drifts(port, days)),
		object("Warehouse", "stores", "Enforce", drifts(escape, replace), func(o *Object) { o.Status.DriftCount = &hundred }),
		object("Warehouse", "held", "Enforce", drifts(days), func(o *Object) {
			o.with(v1alpha1.StalledCondition, metav1.ConditionTrue, v1alpha1.ReasonGuardrailViolation, "spec.shelf: too high")
		}),
		object("Warehouse", "asleep", "Suspend", drifts(days)),
		object("Warehouse", "new", "Enforce", func(o *Object) { o.Status = v1alpha1.DeclarationStatus{} }),
		object("Warehouse", "edited", "Enforce", func(o *Object) { o.Generation = 3 }),
	}
}

// TestDriftForPeople, with and without colours: terminals obey nothing that AWS holds.
func TestDriftForPeople(t *testing.T) {
	for name, look := range map[string]style.Look{"drift.txt": {}, "drift-wide.txt": {Wide: true}, "drift-colour.txt": {Colour: true}} {
		var out strings.Builder
		RenderDrift(&out, look, fixtures(), now)
		golden(t, name, out.String())
		if !look.Colour && strings.ContainsAny(out.String(), "\x1b\a") {
			t.Errorf("%s: control characters of an AWS object reach the terminal", name)
		}
		if strings.Contains(out.String(), "\x1b]0;") {
			t.Errorf("%s: an AWS object sets the terminal's title", name)
		}
	}
}

func TestDriftForPrograms(t *testing.T) {
	obj, err := driftReport(fixtures())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&printers.YAMLPrinter{}).PrintObj(obj, &out); err != nil {
		t.Fatal(err)
	}
	golden(t, "drift.yaml", out.String())
}

// TestTree: whose an object is, also where another of the shown objects made it.
func TestTree(t *testing.T) {
	key := v1alpha1.ResourceStatus{Kind: "KMSKey", Name: "alias/shared", ARN: "arn:aws:kms:eu-west-1:111122223333:key/1", State: "Active", Origin: "Created"}
	used, foreign, absent := key, key, key
	used.Origin = "Referenced"
	foreign.Name, foreign.ARN, foreign.Origin = "alias/theirs", "arn:aws:kms:eu-west-1:111122223333:key/2", ""
	absent.Name, absent.ARN, absent.State, absent.Origin = "alias/none", "", "Absent", ""
	list := []*Object{
		object("FargateSecurityProfile", "payments", "Enforce", func(o *Object) { o.Status.Resources = []v1alpha1.ResourceStatus{key, foreign} }),
		object("Warehouse", "stores", "Observe", func(o *Object) { o.Status.Resources = []v1alpha1.ResourceStatus{used, absent} }),
		object("Warehouse", "elsewhere", "Enforce", func(o *Object) {
			o.Spec.AccountRef.Name, o.Status.Resources = "dev-eu", []v1alpha1.ResourceStatus{used}
		}),
	}
	for name, look := range map[string]style.Look{"tree.txt": {}, "tree-wide.txt": {Wide: true}} {
		var out strings.Builder
		RenderTree(&out, look, list)
		golden(t, name, out.String())
	}
}

func TestPosture(t *testing.T) {
	list := []*Object{
		object("FargateSecurityProfile", "payments", "Enforce", func(o *Object) {
			o.Status.Posture = &v1alpha1.Posture{Passed: 17, Failed: 2, Score: 89, FailedControls: []string{"EC2.18", "FSO.1"}}
		}),
		object("FargateSecurityProfile", "orders", "Enforce", func(o *Object) {
			o.Status.Posture = &v1alpha1.Posture{Passed: 18, Failed: 2, Score: 90, FailedControls: []string{"EC2.18", "FSO.9999"}}
		}),
		object("Warehouse", "stores", "Enforce"),
	}
	var out strings.Builder
	RenderPosture(&out, style.Look{}, list)
	golden(t, "posture.txt", out.String())
}

// run runs the plugin without a cluster.
func run(args ...string) (code int, out, errOut string) {
	streams, _, stdout, stderr := genericiooptions.NewTestIOStreams()
	code = Run(args, "test", streams, nil)
	return code, stdout.String(), stderr.String()
}

func TestExplain(t *testing.T) {
	code, out, _ := run("explain", "ec2.18")
	if code != ExitOK {
		t.Fatalf("exit code %d", code)
	}
	golden(t, "explain.txt", out)
	if code, out, _ := run("explain"); code != ExitOK || !strings.Contains(out, "EC2.18") || !strings.Contains(out, "FSO.1 ") {
		t.Errorf("the list: %d\n%s", code, out)
	}
	code, out, errOut := run("explain", "EC2.81")
	if code != ExitError || out != "" || !strings.Contains(errOut, `no control "EC2.81"; did you mean`) || !strings.Contains(errOut, "EC2.18") {
		t.Errorf("an unknown control: %d %s", code, errOut)
	}
}

// TestBadInput is refused before a cluster is asked: there is none.
func TestBadInput(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for want, args := range map[string][]string{
		`--output=jsn is no format; did you mean json`: {"drift", "-o", "jsn"},
		`--mode=Guess: expected Enforce or Observe`:    {"resume", "payments", "--mode=Guess"},
		`name the objects, choose them by --selector`:  {"suspend"},
		`unknown command "drfit"`:                      {"drfit"},
		`unknown flag: --nope`:                         {"tree", "--nope"},
	} {
		if code, _, errOut := run(args...); code != ExitError || !strings.Contains(errOut, want) {
			t.Errorf("%q: exit code %d, %q lacks %q", args, code, errOut, want)
		}
	}
}

// TestVerdict: what is not known is no success.
func TestVerdict(t *testing.T) {
	all := fixtures()
	clean, drifted, unread := all[0], all[1], all[5]
	for _, c := range []struct {
		what string
		list []*Object
		want string
	}{
		{"nothing", nil, ""},
		{"clean", []*Object{clean}, ""},
		{"drift", []*Object{clean, drifted}, errDrift.Error()},
		{"not read", []*Object{clean, unread}, "not known"},
		{"not read since the last edit", []*Object{clean, all[6]}, "not known"},
		{"both", []*Object{unread, drifted}, errDrift.Error()},
	} {
		err := verdictOf(c.list)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", c.what, err, c.want)
		}
	}
}

func TestColours(t *testing.T) {
	if !colours(true, false, "xterm") || colours(false, false, "xterm") || colours(true, true, "xterm") || colours(true, false, "dumb") {
		t.Error("colours are for terminals that have them, without NO_COLOR")
	}
}

// TestKindsThatDeclare: of the category, without what is known to declare nothing.
func TestKindsThatDeclare(t *testing.T) {
	verbs := metav1.Verbs{"get", "list", "watch"}
	of := func(name, kind string, categories ...string) metav1.APIResource {
		return metav1.APIResource{Name: name, SingularName: strings.ToLower(kind), Kind: kind, Categories: categories, Verbs: verbs}
	}
	kinds, err := declaring([]*metav1.APIResourceList{
		{GroupVersion: "fargatesecurity.io/v1alpha1", APIResources: []metav1.APIResource{
			of("fargatesecurityprofiles", "FargateSecurityProfile", category), of("awsaccounts", "AWSAccount", category), of("tomorrows", "Tomorrow", category),
		}},
		{GroupVersion: "v1", APIResources: []metav1.APIResource{of("pods", "Pod", "all")}},
		{GroupVersion: "other.io/v1", APIResources: []metav1.APIResource{of("warehouses", "Warehouse", category), of("warehouses/status", "Warehouse", category)}},
	})
	var names []string
	for _, k := range kinds {
		names = append(names, k.Kind)
	}
	if want := []string{"FargateSecurityProfile", "Tomorrow", "Warehouse"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v: not %v", names, err, want)
	}
}
