// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// A defaulted field has this value where the object leaves it out.
type defaulted struct {
	at   string
	want any
}

var defaults = map[string][]defaulted{
	account: {
		{"spec.resyncInterval", "5m"},
		{"spec.guardrails.forbiddenIngressCIDRs", []any{"0.0.0.0/0", "::/0"}},
	},
	profile: {
		{"spec.mode", "Enforce"},
		{"spec.deletionPolicy", "Delete"},
		{"spec.adoptionPolicy", "Refuse"},
		{"spec.fargateProfile.replacePolicy", "Never"},
		{"spec.podExecutionRole.unlistedPolicies", "Remove"},
		{"spec.securityGroups[0].unlistedRules", "Remove"},
		{"spec.podSecurityGroups.clusterSecurityGroup", "Include"},
		{"spec.encryption.kmsKey.rotationPeriodDays", int64(365)},
		{"spec.encryption.kmsKey.deletionWindowDays", int64(30)},
	},
}

func TestDefaults(t *testing.T) {
	for kind, fields := range defaults {
		obj := parse(t, full[kind])
		for _, d := range fields {
			set(t, obj, d.at, absent{})
		}
		if err := dryCreate(t, obj); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		for _, d := range fields {
			if got := at(obj.Object, d.at); !reflect.DeepEqual(got, d.want) {
				t.Errorf("%s: the default of %s is %#v, want %#v", kind, d.at, got, d.want)
			}
		}
	}
}

// A section that is not declared stays undeclared: no default makes one appear.
func TestDefaultsMakeNoSection(t *testing.T) {
	want := map[string][]string{
		account: {"accountID", "region", "resyncInterval"},
		profile: {"accountRef", "adoptionPolicy", "clusterName", "deletionPolicy", "fargateProfile", "mode"},
	}
	for kind := range minimal {
		obj := parse(t, minimal[kind])
		if err := dryCreate(t, obj); err != nil {
			t.Fatalf("%s: the smallest object is refused: %v", kind, err)
		}
		var got []string
		for field := range obj.Object["spec"].(object) {
			got = append(got, field)
		}
		slices.Sort(got)
		if !slices.Equal(got, want[kind]) {
			t.Errorf("%s: the smallest object comes back with %v, want %v", kind, got, want[kind])
		}
	}
}

// The objects that the other tests change must be good themselves, and go through the Go types without a loss.
func TestFullObjects(t *testing.T) {
	for kind, typed := range map[string]client.Object{account: &v1alpha1.AWSAccount{}, profile: &v1alpha1.FargateSecurityProfile{}} {
		obj := parse(t, full[kind])
		if err := dryCreate(t, obj); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, typed, true); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		back, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
		if err != nil {
			t.Fatal(err)
		}
		// A duration has many spellings.
		delete(back["spec"].(object), "resyncInterval")
		delete(obj.Object["spec"].(object), "resyncInterval")
		if !reflect.DeepEqual(back["spec"], obj.Object["spec"]) {
			t.Errorf("%s: the Go types make of it\n%v\nwant\n%v", kind, back["spec"], obj.Object["spec"])
		}
	}
}

func TestUnknownFields(t *testing.T) {
	for kind := range full {
		obj := parse(t, full[kind])
		set(t, obj, "spec.imageScanning", object{"mode": "x"})
		if err := dryCreate(t, obj); err == nil || !strings.Contains(err.Error(), `unknown field "spec.imageScanning"`) {
			t.Errorf("%s: a field that no code knows is not refused: %v", kind, err)
		}
	}
}

// The whole folder is applied as kubectl apply -k does it, by server-side apply, in its order.
func TestSamples(t *testing.T) {
	ctx := context.Background()
	data, err := os.ReadFile(filepath.Join(samplesDir, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct {
		Resources []string `json:"resources"`
	}
	if err := yaml.Unmarshal(data, &kustomization); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(samplesDir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(kustomization.Resources)+1 {
		t.Errorf("%s holds %d files, but its kustomization names %d", samplesDir, len(files)-1, len(kustomization.Resources))
	}
	kinds := map[string]bool{}
	for _, file := range kustomization.Resources {
		for _, obj := range readAll(t, filepath.Join(samplesDir, file)) {
			kinds[obj.GetKind()] = true
			if err := kube.Apply(ctx, client.ApplyConfigurationFromUnstructured(obj), client.FieldOwner("kubectl")); err != nil {
				t.Errorf("%s: %s %s is refused: %v", file, obj.GetKind(), obj.GetName(), err)
				continue
			}
			// A namespace cannot go without a controller manager; no other test minds it.
			if obj.GetKind() != "Namespace" {
				t.Cleanup(func() {
					if err := kube.Delete(ctx, obj); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
	for kind := range full {
		if !kinds[kind] {
			t.Errorf("%s has no %s", samplesDir, kind)
		}
	}
}

func readAll(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	var out []*unstructured.Unstructured
	for {
		obj := &unstructured.Unstructured{}
		switch err := decoder.Decode(&obj.Object); {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			t.Fatalf("%s: %v", file, err)
		case len(obj.Object) > 0:
			out = append(out, obj)
		}
	}
}

// The status subresource: neither path writes the other's half.
func TestStatusSubresource(t *testing.T) {
	ctx := context.Background()
	for kind := range full {
		t.Run(kind, func(t *testing.T) {
			obj := parse(t, full[kind])
			obj.SetName("subresource")
			obj.Object["status"] = value(t, status[kind])
			create(t, obj)
			if obj.Object["status"] != nil {
				t.Errorf("creating the object wrote its status: %v", obj.Object["status"])
			}
			generation := obj.GetGeneration()
			spec := runtime.DeepCopyJSON(obj.Object)["spec"]
			obj.Object["status"] = value(t, status[kind])
			field := map[string]string{account: "spec.resyncInterval", profile: "spec.mode"}[kind]
			set(t, obj, field, map[string]string{account: "1h", profile: "Suspend"}[kind])
			if err := kube.Status().Update(ctx, obj); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(obj.Object["spec"], spec) {
				t.Errorf("updating status changed the spec: %v", obj.Object["spec"])
			}
			if obj.GetGeneration() != generation {
				t.Errorf("updating status changed the generation")
			}
			if got, want := obj.Object["status"], asJSON(t, value(t, status[kind])); !reflect.DeepEqual(got, want) {
				t.Errorf("status is\n%v\nwant\n%v", got, want)
			}
			set(t, obj, "status.observedGeneration", 7)
			if err := kube.Update(ctx, obj); err != nil {
				t.Fatal(err)
			}
			if got := at(obj.Object, "status.observedGeneration"); got != int64(1) {
				t.Errorf("updating the object changed its status: observedGeneration is %v", got)
			}
		})
	}
}

// A status without drift keeps its zero: the column must print 0, not blank.
func TestDriftCountZeroIsKept(t *testing.T) {
	zero := int32(0)
	back, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&v1alpha1.FargateSecurityProfile{Status: v1alpha1.FargateSecurityProfileStatus{DeclarationStatus: v1alpha1.DeclarationStatus{DriftCount: &zero}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := at(back, "status.driftCount"); got != int64(0) {
		t.Errorf("driftCount 0 goes to the server as %v", got)
	}
}

func TestDiscovery(t *testing.T) {
	found, err := discovery.NewDiscoveryClientForConfigOrDie(config).ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]metav1.APIResource{}
	for _, r := range found.APIResources {
		got[r.Name] = r
	}
	for _, want := range []struct {
		plural, singular, kind, short string
		namespaced                    bool
	}{
		{"awsaccounts", "awsaccount", account, "awsacct", false},
		{"fargatesecurityprofiles", "fargatesecurityprofile", profile, "fsp", true},
	} {
		r, ok := got[want.plural]
		if !ok {
			t.Errorf("the server has no %s", want.plural)
			continue
		}
		if r.SingularName != want.singular || r.Kind != want.kind || r.Namespaced != want.namespaced {
			t.Errorf("%s: got %q, %q, namespaced %v", want.plural, r.SingularName, r.Kind, r.Namespaced)
		}
		if !slices.Equal(r.ShortNames, []string{want.short}) || !slices.Equal(r.Categories, []string{"fargate"}) {
			t.Errorf("%s: short names %v, categories %v", want.plural, r.ShortNames, r.Categories)
		}
		if _, ok := got[want.plural+"/status"]; !ok {
			t.Errorf("%s has no status subresource", want.plural)
		}
	}
	for name := range got {
		if !strings.HasPrefix(name, "awsaccounts") && !strings.HasPrefix(name, "fargatesecurityprofiles") {
			t.Errorf("%s is served, but not tested here", name)
		}
	}
}

// What kubectl get prints: the server makes the table, kubectl prints columns of priority 0, and the rest with -o wide.
func TestPrinterColumns(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		kind, path string
		want, wide []string
		cells      map[string]any // without status
		later      map[string]any // with it
	}{
		{
			account, "awsaccounts",
			[]string{"Name", "Account", "Region", "Ready", "Age"}, []string{"Caller", "Status"},
			map[string]any{"Name": "columns", "Account": "111122223333", "Region": "eu-west-1", "Ready": nil, "Caller": nil, "Status": nil},
			map[string]any{"Ready": "True", "Caller": "arn:aws:sts::111122223333:assumed-role/fso", "Status": ""},
		},
		{
			profile, "namespaces/default/fargatesecurityprofiles",
			[]string{"Name", "Cluster", "Mode", "Ready", "Drifted", "Drift", "Posture", "Age"}, []string{"Profile", "Status"},
			map[string]any{"Name": "columns", "Cluster": "prod", "Mode": "Enforce", "Ready": nil, "Drifted": nil, "Drift": nil, "Posture": nil, "Profile": nil, "Status": nil},
			map[string]any{"Ready": "False", "Drifted": "True", "Drift": int64(2), "Posture": int64(94), "Profile": "Active", "Status": "2 fields differ"},
		},
	} {
		t.Run(c.kind, func(t *testing.T) {
			obj := parse(t, full[c.kind])
			obj.SetName("columns")
			create(t, obj)
			path := c.path + "/columns"
			table := getTable(t, path)
			var plain, wide []string
			for _, column := range table.ColumnDefinitions {
				if column.Priority == 0 {
					plain = append(plain, column.Name)
				} else {
					wide = append(wide, column.Name)
				}
			}
			if !slices.Equal(plain, c.want) || !slices.Equal(wide, c.wide) {
				t.Errorf("columns are %v, wide adds %v; want %v and %v", plain, wide, c.want, c.wide)
			}
			expectCells(t, table, c.cells)
			obj.Object["status"] = value(t, status[c.kind])
			if err := kube.Status().Update(ctx, obj); err != nil {
				t.Fatal(err)
			}
			expectCells(t, getTable(t, path), c.later)
		})
	}
}

// metaCodecs decode what the server itself makes.
var metaCodecs = func() serializer.CodecFactory {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	utilruntime.Must(metav1.AddMetaToScheme(scheme))
	return serializer.NewCodecFactory(scheme)
}()

func getTable(t *testing.T, path string) *metav1.Table {
	t.Helper()
	restConfig := rest.CopyConfig(config)
	restConfig.APIPath, restConfig.GroupVersion = "/apis", &schema.GroupVersion{Group: v1alpha1.GroupVersion.Group, Version: v1alpha1.GroupVersion.Version}
	restConfig.NegotiatedSerializer = metaCodecs.WithoutConversion()
	rc, err := rest.RESTClientFor(restConfig)
	if err != nil {
		t.Fatal(err)
	}
	table := &metav1.Table{}
	if err := rc.Get().AbsPath("/apis/"+v1alpha1.GroupVersion.String()+"/"+path).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(context.Background()).Into(table); err != nil {
		t.Fatal(err)
	}
	return table
}

func expectCells(t *testing.T, table *metav1.Table, want map[string]any) {
	t.Helper()
	if len(table.Rows) != 1 {
		t.Fatalf("the table has %d rows", len(table.Rows))
	}
	for i, column := range table.ColumnDefinitions {
		w, ok := want[column.Name]
		if got := table.Rows[0].Cells[i]; ok && !reflect.DeepEqual(got, w) {
			t.Errorf("column %s is %#v, want %#v", column.Name, got, w)
		}
	}
}

// Who looks for the profiles of one cluster asks the server, not all of them.
func TestSelectableField(t *testing.T) {
	ctx := context.Background()
	for name, cluster := range map[string]string{"selectable-a": "cluster-a", "selectable-b": "cluster-b"} {
		obj := parse(t, minimal[profile])
		obj.SetName(name)
		set(t, obj, "spec.clusterName", cluster)
		create(t, obj)
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(profile + "List"))
	if err := kube.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{"spec.clusterName": "cluster-b"}); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || list.Items[0].GetName() != "selectable-b" {
		t.Errorf("spec.clusterName=cluster-b selects %d profiles: %v", len(list.Items), list.Items)
	}
	if err := kube.List(ctx, list, client.MatchingFields{"spec.mode": "Enforce"}); !apierrors.IsBadRequest(err) {
		t.Errorf("spec.mode is no selectable field, but the server says: %v", err)
	}
}
