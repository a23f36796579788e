// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resource/resourcetest"
)

var (
	ctx        = context.Background()
	cluster    = resource.ID{Kind: "EKSCluster", Name: "prod"}
	pods       = resource.ID{Kind: "SecurityGroup", Name: "pods"}
	database   = resource.ID{Kind: "SecurityGroup", Name: "database"}
	resourceOf = schema.GroupResource{Group: GVR.Group, Resource: GVR.Resource}
)

func declaration() Desired {
	return Desired{
		Namespace: "payments", Name: "payments", Groups: []resource.ID{pods, database}, IncludeClusterGroup: true, Cluster: cluster,
		PodSelector: &metav1.LabelSelector{
			MatchLabels: map[string]string{"tier": "backend", "app": "x"},
			MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: "b", Operator: metav1.LabelSelectorOpIn, Values: []string{"2", "1"}}, {Key: "a", Operator: metav1.LabelSelectorOpExists},
			},
		},
	}
}

func known() resource.Values {
	return resource.Values{
		{From: pods, Value: resource.GroupID}: "sg-1", {From: database, Value: resource.GroupID}: "sg-2",
		{From: cluster, Value: resource.ClusterGroupID}: "sg-c",
	}
}

func newFake(objects ...runtime.Object) *fake.FakeDynamicClient {
	return fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
		map[schema.GroupVersionResource]string{GVR: "SecurityGroupPolicyList"}, objects...)
}

func policiesOf(client dynamic.Interface) *Policies { return NewPolicies(client, time.Now) }

func observe(t *testing.T, r *Resource) *resource.Observation {
	t.Helper()
	o, err := r.Observe(ctx, known())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

var ownerTags = map[string]string{resource.OwnerTag: "op/ns/n", resource.OriginTag: "Created"}

// created is a policy made by Apply, with the Resource that made it.
func created(t *testing.T) (*fake.FakeDynamicClient, *Resource) {
	t.Helper()
	client := newFake()
	r := New(policiesOf(client), declaration())
	if err := resourcetest.Apply(ctx, r, observe(t, r), known(), ownerTags); err != nil {
		t.Fatal(err)
	}
	return client, r
}

func writes(client *fake.FakeDynamicClient) (out []string) {
	for _, action := range client.Actions() {
		if action.GetVerb() != "get" {
			out = append(out, action.GetVerb())
		}
	}
	return out
}

func TestCreate(t *testing.T) {
	client, r := created(t)
	object, err := client.Resource(GVR).Namespace("payments").Get(ctx, "payments", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ids, _, _ := unstructured.NestedStringSlice(object.Object, groupIDsPath...)
	if !slices.Equal(ids, []string{"sg-1", "sg-2", "sg-c"}) { // in the declared order, the cluster's last
		t.Errorf("groupIds are %v", ids)
	}
	if object.GetAPIVersion() != APIVersion || object.GetKind() != Kind || !maps.Equal(object.GetAnnotations(), ownerTags) {
		t.Errorf("object is %+v", object)
	}
	o := observe(t, r)
	if got := r.Diff(o, known()); len(got) != 0 {
		t.Errorf("differences after creation: %+v", got)
	}
	if !o.Exists || !maps.Equal(o.Tags, ownerTags) || !slices.Equal(o.Uses, ids) {
		t.Errorf("observation is %+v", o)
	}
	var s observed.State
	o.Record(&s)
	if s.PodSecurityGroups == nil || s.PodSecurityGroups.ServiceAccountSelector != "" || !slices.Equal(s.PodSecurityGroups.GroupIDs, ids) {
		t.Errorf("recorded %+v", s.PodSecurityGroups)
	}
	client.ClearActions()
	if err := resourcetest.Apply(ctx, r, o, known(), nil); err != nil || len(writes(client)) != 0 {
		t.Errorf("second pass wrote %v, %v", writes(client), err)
	}
}

func TestEveryFieldIsReportedAndRepaired(t *testing.T) {
	want := selectorText(declaration().PodSelector)
	for name, c := range map[string]struct {
		tamper func(spec map[string]any)
		want   drift.Difference
	}{
		"group added": {
			tamper: func(spec map[string]any) {
				spec["securityGroups"] = map[string]any{"groupIds": []any{"sg-1", "sg-2", "sg-c", "sg-x"}}
			},
			want: drift.Difference{Path: "groupIDs", Desired: "sg-1, sg-2, sg-c", Observed: "sg-1, sg-2, sg-c, sg-x", Reason: ReasonGroups},
		},
		"group missing": {
			tamper: func(spec map[string]any) { spec["securityGroups"] = map[string]any{"groupIds": []any{"sg-2", "sg-c"}} },
			want:   drift.Difference{Path: "groupIDs", Desired: "sg-1, sg-2, sg-c", Observed: "sg-2, sg-c", Reason: ReasonGroups},
		},
		"groups gone": {
			tamper: func(spec map[string]any) { delete(spec, "securityGroups") },
			want:   drift.Difference{Path: "groupIDs", Desired: "sg-1, sg-2, sg-c", Reason: ReasonGroups},
		},
		"pod selector": {
			tamper: func(spec map[string]any) {
				spec["podSelector"] = map[string]any{"matchLabels": map[string]any{"tier": "web"}}
			},
			want: drift.Difference{Path: "podSelector", Desired: want, Observed: `{"matchLabels":{"tier":"web"}}`, Reason: ReasonSelector},
		},
		"pod selector widened to all": {
			tamper: func(spec map[string]any) { spec["podSelector"] = map[string]any{} },
			want:   drift.Difference{Path: "podSelector", Desired: want, Observed: "{}", Reason: ReasonSelector},
		},
		"pod selector gone": {
			tamper: func(spec map[string]any) { delete(spec, "podSelector") },
			want:   drift.Difference{Path: "podSelector", Desired: want, Reason: ReasonSelector},
		},
		"service account selector added": {
			tamper: func(spec map[string]any) {
				spec["serviceAccountSelector"] = map[string]any{"matchLabels": map[string]any{"a": "b"}}
			},
			want: drift.Difference{Path: "serviceAccountSelector", Observed: `{"matchLabels":{"a":"b"}}`, Reason: ReasonSelector},
		},
		"selector that is none": {
			tamper: func(spec map[string]any) { spec["serviceAccountSelector"] = map[string]any{"wrong": "b"} },
			want:   drift.Difference{Path: "serviceAccountSelector", Observed: `{"wrong":"b"}`, Reason: ReasonSelector},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, r := created(t)
			object := detailOf(observe(t, r)).object
			spec, _ := object.Object["spec"].(map[string]any)
			c.tamper(spec)
			spec["ofNoConcern"] = "kept"
			if _, err := client.Resource(GVR).Namespace("payments").Update(ctx, object, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			o := observe(t, r)
			c.want.Severity, c.want.Action = drift.High, drift.Repair
			if got := r.Diff(o, known()); !reflect.DeepEqual(got, []drift.Difference{c.want}) {
				t.Fatalf("got  %+v\nwant %+v", got, c.want)
			}
			if err := resourcetest.Apply(ctx, r, o, known(), nil); err != nil {
				t.Fatal(err)
			}
			o = observe(t, r)
			if got := r.Diff(o, known()); len(got) != 0 {
				t.Errorf("after the repair: %+v", got)
			}
			kept, _, _ := unstructured.NestedString(detailOf(o).object.Object, "spec", "ofNoConcern")
			if kept != "kept" || !maps.Equal(o.Tags, ownerTags) {
				t.Errorf("the repair took more away: %+v", detailOf(o).object)
			}
		})
	}
}

func TestOtherSpellingsOfTheSameAreNoDifference(t *testing.T) {
	d := declaration()
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"securityGroups": map[string]any{"groupIds": []any{"sg-c", "sg-2", "sg-1", "sg-1"}},
		"podSelector": map[string]any{
			"matchExpressions": []any{
				map[string]any{"key": "a", "operator": "Exists", "values": []any{}},
				map[string]any{"operator": "In", "key": "b", "values": []any{"1", "2", "1"}},
			},
			"matchLabels": map[string]any{"app": "x", "tier": "backend"},
		},
		"serviceAccountSelector": nil,
	}}}
	if got := diff(d, policyOf(object), known()); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	d.PodSelector, d.ServiceAccountSelector = nil, &metav1.LabelSelector{MatchLabels: map[string]string{}}
	have := observed.PodSecurityGroups{GroupIDs: []string{"sg-1", "sg-2", "sg-c"}, ServiceAccountSelector: "{}"}
	if got := diff(d, have, known()); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestUnknownGroupIsWaitedFor(t *testing.T) {
	client, r := created(t)
	object := detailOf(observe(t, r)).object
	if err := setSelector(object, "podSelector", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Resource(GVR).Namespace("payments").Update(ctx, object, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	v := known()
	delete(v, resource.Ref{From: database, Value: resource.GroupID})
	o := observe(t, r)
	got := r.Diff(o, v)
	if len(got) != 2 || got[0].WaitsFor != "SecurityGroup/database" || got[0].Desired != "SecurityGroup/database (known after creation), sg-1, sg-c" {
		t.Fatalf("got %+v", got)
	}
	if err := resourcetest.Apply(ctx, r, o, v, nil); err != nil {
		t.Fatal(err)
	}
	o = observe(t, r)
	ids := detailOf(o).policy.GroupIDs
	if !slices.Equal(ids, []string{"sg-1", "sg-2", "sg-c"}) || len(r.Diff(o, known())) != 0 {
		t.Errorf("what waits was written, or what does not wait was not: %v, %+v", ids, r.Diff(o, known()))
	}
	needs := r.Needs()
	if len(needs) != 3 || needs[2] != (resource.Ref{From: cluster, Value: resource.ClusterGroupID}) {
		t.Errorf("needs %v", needs)
	}
}

func TestTooManyGroups(t *testing.T) {
	d := declaration()
	d.Groups = []resource.ID{pods, pods, pods, pods}
	if o := observe(t, New(policiesOf(newFake()), d)); len(o.Problems) != 0 {
		t.Errorf("five are too many: %+v", o.Problems)
	}
	d.Groups = append(d.Groups, pods)
	o := observe(t, New(policiesOf(newFake()), d))
	if len(o.Problems) != 1 || o.Problems[0].Reason != ReasonTooManyGroups || !strings.Contains(o.Problems[0].Message, "6 security groups") {
		t.Errorf("problems are %+v", o.Problems)
	}
}

// fail makes a verb fail once with an error of the API server.
func fail(client *fake.FakeDynamicClient, verb string, err error) {
	client.PrependReactor(verb, GVR.Resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
}

func TestMissingCRDIsAProblem(t *testing.T) {
	client := newFake()
	// What client-go makes of the API server's plain "404 page not found".
	fail(client, "get", apierrors.NewGenericServerResponse(404, "GET", resourceOf, "payments", "404 page not found", 0, true))
	o := observe(t, New(policiesOf(client), declaration()))
	if o.Exists || len(o.Problems) != 1 || o.Problems[0].Reason != ReasonCRDMissing {
		t.Fatalf("observation is %+v", o)
	}
	if o := observe(t, Leftover(policiesOf(client), "payments", "payments")); o.Exists || len(o.Problems) != 0 {
		t.Errorf("a leftover in a cluster without the CRD is gone: %+v", o)
	}
}

func TestMissingPolicyIsNoProblem(t *testing.T) {
	if o := observe(t, New(policiesOf(newFake()), declaration())); o.Exists || len(o.Problems) != 0 {
		t.Errorf("observation is %+v", o)
	}
}

func TestMissingNamespaceIsWaitedFor(t *testing.T) {
	terminating := apierrors.NewForbidden(resourceOf, "payments", errors.New("being terminated"))
	terminating.ErrStatus.Details.Causes = append(terminating.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
	for name, c := range map[string]struct {
		err   error
		waits bool
	}{
		"missing":     {apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "payments"), true},
		"terminating": {terminating, true},
		"forbidden":   {apierrors.NewForbidden(resourceOf, "payments", errors.New("no")), false},
		"not found":   {apierrors.NewNotFound(resourceOf, "payments"), false},
	} {
		t.Run(name, func(t *testing.T) {
			client := newFake()
			fail(client, "create", c.err)
			r := New(policiesOf(client), declaration())
			err := resourcetest.Apply(ctx, r, observe(t, r), known(), nil)
			var waiting *resource.Waiting
			if waits := errors.As(err, &waiting); waits != c.waits {
				t.Fatalf("error is %v", err)
			}
			if c.waits && (waiting.Reason != ReasonNamespaceNotFound || !strings.Contains(waiting.Message, "namespace payments")) {
				t.Errorf("waiting is %+v", waiting)
			}
			if !c.waits && !errors.Is(err, c.err) {
				t.Errorf("the API's error is lost: %v", err)
			}
		})
	}
}

// An update starts from the object as it was observed, so that a change in between is a conflict; and a second update in
// the same pass (a repair after a tag) starts from the answer of the first.
func TestUpdatesCarryTheResourceVersion(t *testing.T) {
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": APIVersion, "kind": Kind,
		"metadata": map[string]any{"namespace": "payments", "name": "payments", "resourceVersion": "7", "uid": "u"},
	}}
	client := newFake(object)
	var sent []string
	client.PrependReactor("update", GVR.Resource, func(action clienttesting.Action) (bool, runtime.Object, error) {
		update, _ := action.(clienttesting.UpdateAction)
		got, _ := update.GetObject().(*unstructured.Unstructured)
		sent = append(sent, got.GetResourceVersion())
		answer := got.DeepCopy()
		answer.SetResourceVersion(got.GetResourceVersion() + "0")
		return true, answer, nil
	})
	r := New(policiesOf(client), declaration())
	o := observe(t, r)
	if err := r.Tag(ctx, o, map[string]string{"team": "payments"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := resourcetest.Apply(ctx, r, o, known(), nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sent, []string{"7", "70"}) {
		t.Errorf("resource versions sent: %v", sent)
	}
}

func TestTags(t *testing.T) {
	_, r := created(t)
	set := map[string]string{"team": "payments", "Cost Center": "12", "aws/x/y": "z"} // the last two are no annotation keys
	if err := r.Tag(ctx, observe(t, r), set, nil); err != nil {
		t.Fatal(err)
	}
	o := observe(t, r)
	want := maps.Clone(ownerTags)
	maps.Copy(want, set)
	if !maps.Equal(o.Tags, want) {
		t.Errorf("tags are %v", o.Tags)
	}
	annotations := detailOf(o).object.GetAnnotations()
	if annotations["team"] != "payments" || annotations[tagsAnnotation] != `{"Cost Center":"12","aws/x/y":"z"}` || len(annotations) != 4 {
		t.Errorf("annotations are %v", annotations)
	}
	if err := r.Tag(ctx, o, nil, []string{"team", "Cost Center", "aws/x/y"}); err != nil {
		t.Fatal(err)
	}
	if got := detailOf(observe(t, r)).object.GetAnnotations(); !maps.Equal(got, ownerTags) {
		t.Errorf("annotations are %v", got)
	}
}

func TestDelete(t *testing.T) {
	client, _ := created(t)
	r := Leftover(policiesOf(client), "payments", "payments")
	o := observe(t, r)
	if !o.Exists || r.Diff(o, nil) != nil || r.Hash() != "" || r.Needs() != nil {
		t.Fatalf("observation is %+v", o)
	}
	detailOf(o).object.SetUID("u")
	for range 2 { // once more, after a lost answer
		if err := r.Delete(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, action := range client.Actions() {
		if d, ok := action.(clienttesting.DeleteActionImpl); ok {
			if p := d.DeleteOptions.Preconditions; p == nil || p.UID == nil || *p.UID != "u" {
				t.Errorf("deleted without the uid as precondition: %+v", d.DeleteOptions)
			}
		}
	}
	if o = observe(t, r); o.Exists {
		t.Errorf("observation is %+v", o)
	}
}

func TestTerminatingIsBusy(t *testing.T) {
	now := metav1.Now()
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": APIVersion, "kind": Kind, "metadata": map[string]any{"namespace": "payments", "name": "payments"},
	}}
	object.SetDeletionTimestamp(&now)
	object.SetFinalizers([]string{"x/y"})
	if o := observe(t, New(policiesOf(newFake(object)), declaration())); o.Busy == nil || o.State != "Terminating" {
		t.Errorf("observation is %+v", o)
	}
}

func TestErrorsAreReturnedRaw(t *testing.T) {
	client := newFake()
	denied := apierrors.NewForbidden(resourceOf, "payments", errors.New("no"))
	fail(client, "get", denied)
	if _, err := New(policiesOf(client), declaration()).Observe(ctx, nil); !errors.Is(err, denied) {
		t.Errorf("error is %v", err)
	}
}

func TestHash(t *testing.T) {
	base := New(nil, declaration()).Hash()
	same := declaration()
	slices.Reverse(same.PodSelector.MatchExpressions)
	if New(nil, same).Hash() != base {
		t.Error("order changes the hash")
	}
	for name, edit := range map[string]func(*Desired){
		"selector":      func(d *Desired) { d.PodSelector = nil },
		"accounts":      func(d *Desired) { d.ServiceAccountSelector = &metav1.LabelSelector{} },
		"groups":        func(d *Desired) { d.Groups = d.Groups[1:] },
		"cluster group": func(d *Desired) { d.IncludeClusterGroup = false },
	} {
		d := declaration()
		edit(&d)
		if New(nil, d).Hash() == base {
			t.Errorf("an edit of the %s does not change the hash", name)
		}
	}
}
