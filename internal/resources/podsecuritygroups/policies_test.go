// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// policyOwnedBy is a policy with an owner's annotation, and without any where the owner is "".
func policyOwnedBy(owner, name string) *unstructured.Unstructured {
	p := &unstructured.Unstructured{Object: map[string]any{}}
	p.SetAPIVersion(APIVersion)
	p.SetKind(Kind)
	p.SetNamespace("payments")
	p.SetName(name)
	if owner != "" {
		p.SetAnnotations(map[string]string{resource.OwnerTag: owner})
	}
	return p
}

func lists(client *fake.FakeDynamicClient) (n int) {
	for _, action := range client.Actions() {
		if action.GetVerb() == "list" {
			n++
		}
	}
	return n
}

func owned(ctx context.Context, t *testing.T, owners *Policies, owner string) []string {
	t.Helper()
	names, ok, err := owners.Owned(ctx, owner)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return names
}

// TestOneListServesAllProfiles: a list of everything for each profile is what made starts quadratic.
func TestOneListServesAllProfiles(t *testing.T) {
	const profiles = 40
	var objects []runtime.Object
	for n := range profiles {
		objects = append(objects, policyOwnedBy(fmt.Sprint("op/ns/", n), fmt.Sprint(n)))
	}
	client := newFake(append(objects, policyOwnedBy("", "a-strangers"))...)
	clock := time.Unix(1e9, 0)
	owners := NewPolicies(client, func() time.Time { return clock })
	within := func(age time.Duration) context.Context {
		return inventory.With(ctx, inventory.Age{Unheard: clock.Add(-age)})
	}
	for n := range profiles {
		if got := owned(within(time.Minute), t, owners, fmt.Sprint("op/ns/", n)); !slices.Equal(got, []string{fmt.Sprint("payments/", n)}) {
			t.Fatalf("profile %d owns %v", n, got)
		}
	}
	if n := lists(client); n != 1 {
		t.Errorf("%d lists for %d profiles, want 1", n, profiles)
	}
	if err := client.Tracker().Add(policyOwnedBy("op/ns/0", "new")); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(2 * time.Minute)
	if got := owned(within(time.Minute), t, owners, "op/ns/0"); len(got) != 2 || lists(client) != 2 {
		t.Errorf("%v after %d lists: what is older than the context allows was believed", got, lists(client))
	}
	if got := owned(within(time.Minute), t, owners, ""); len(got) != 0 {
		t.Errorf("nobody owns %v", got)
	}
}

// Where a context does not say how old answers may be, as before the last finalizer goes, the API server itself answers.
func TestWithoutAnAgeTheAPIServerIsAsked(t *testing.T) {
	client := newFake()
	clock := time.Unix(1e9, 0)
	owners := NewPolicies(client, func() time.Time { return clock })
	if got := owned(ctx, t, owners, "op/ns/n"); len(got) != 0 {
		t.Fatalf("owns %v", got)
	}
	if err := client.Tracker().Add(policyOwnedBy("op/ns/n", "n")); err != nil {
		t.Fatal(err)
	}
	if got := owned(ctx, t, owners, "op/ns/n"); len(got) != 1 { // at the very same moment
		t.Errorf("owns %v", got)
	}
}

// TestOneListShowsAllPolicies: looks within an interval cost one list, and no look shows what was true before a later one.
func TestOneListShowsAllPolicies(t *testing.T) {
	clock := time.Unix(1e9, 0)
	object := policyOwnedBy("op/ns/n", "a")
	if err := unstructured.SetNestedStringSlice(object.Object, []string{"sg-1"}, groupIDsPath...); err != nil {
		t.Fatal(err)
	}
	client := newFake(object, policyOwnedBy("op/ns/n", "b"))
	policies := NewPolicies(client, func() time.Time { return clock })
	aged := func(age inventory.Age) context.Context {
		age.Unheard = clock.Add(-time.Minute)
		return inventory.With(ctx, age)
	}
	look := func(ctx context.Context, name string) *resource.Observation {
		o, err := New(policies, Desired{Namespace: "payments", Name: name}).Observe(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	asked := func(verb string) (n int) {
		for _, action := range client.Actions() {
			if action.GetVerb() == verb {
				n++
			}
		}
		client.ClearActions()
		return n
	}
	want := look(ctx, "a")
	clock = clock.Add(time.Second)
	got := look(aged(inventory.Age{}), "a")
	if !got.Exists || !reflect.DeepEqual(got.Tags, want.Tags) || !slices.Equal(got.Uses, want.Uses) || detailOf(got).policy.Name != "a" {
		t.Errorf("a list shows %+v, and the API server %+v", got, want)
	}
	if look(aged(inventory.Age{}), "b"); look(aged(inventory.Age{}), "c").Exists {
		t.Error("what is not in the list exists")
	}
	if lists(client) != 1 || asked("get") != 1 {
		t.Errorf("%d lists for three looks, want 1, and no single read beside the first", lists(client))
	}
	clock = clock.Add(time.Second)
	look(aged(inventory.Age{Written: clock}), "a")
	if n := asked("get"); n != 1 {
		t.Errorf("after a write of its own, %d single reads, want 1", n)
	}
	look(ctx, "b")
	look(aged(inventory.Age{}), "b")
	if n := asked("get"); n != 2 {
		t.Errorf("after a look at the policy itself, %d single reads, want 2: nobody is told by a list what was true before", n)
	}
	look(aged(inventory.Age{}), "a")
	if n := asked("get"); n != 0 {
		t.Errorf("a policy that nobody has looked at since costs %d single reads", n)
	}
}

// TestAListIsNotEnoughToWrite: an update starts from the object itself, or it would take away what a list leaves out.
func TestAListIsNotEnoughToWrite(t *testing.T) {
	policies := NewPolicies(newFake(policyOwnedBy("op/ns/n", "a")), time.Now)
	r := New(policies, Desired{Namespace: "payments", Name: "a"})
	o, err := r.Observe(inventory.With(ctx, inventory.Age{}), nil)
	if err != nil || !o.Exists {
		t.Fatalf("%+v, %v", o, err)
	}
	if err := r.Tag(ctx, o, map[string]string{"team": "x"}, nil); err == nil {
		t.Error("written on top of what a list says")
	}
}

// twoPages is an API server with more policies than fit into one answer; client-go's fake knows no pages.
type twoPages struct {
	dynamic.Interface
	dynamic.NamespaceableResourceInterface
	asked []metav1.ListOptions
}

// Resource implements dynamic.Interface.
func (p *twoPages) Resource(schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return p
}

// List implements dynamic.ResourceInterface.
func (p *twoPages) List(_ context.Context, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	p.asked = append(p.asked, options)
	page := &unstructured.UnstructuredList{Object: map[string]any{}, Items: []unstructured.Unstructured{*policyOwnedBy("op/ns/n", fmt.Sprint(len(p.asked)))}}
	if len(p.asked) == 1 {
		page.SetContinue("more")
	}
	return page, nil
}

func TestPoliciesAreReadPageByPage(t *testing.T) {
	client := &twoPages{}
	if got := owned(ctx, t, NewPolicies(client, time.Now), "op/ns/n"); !slices.Equal(got, []string{"payments/1", "payments/2"}) {
		t.Errorf("owns %v", got)
	}
	if want := []metav1.ListOptions{{Limit: pageSize}, {Limit: pageSize, Continue: "more"}}; !reflect.DeepEqual(client.asked, want) {
		t.Errorf("asked for %+v", client.asked)
	}
}

func TestPoliciesWithoutAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answer error
		fails  bool
	}{
		"a cluster that does not know the kind": {apierrors.NewNotFound(resourceOf, ""), false},
		"a refusal":                             {apierrors.NewForbidden(resourceOf, "", errors.New("no")), true},
	} {
		client := newFake()
		client.PrependReactor("list", GVR.Resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, c.answer })
		got, _, err := NewPolicies(client, time.Now).Owned(ctx, "op/ns/n")
		if (err != nil) != c.fails || len(got) != 0 || (c.fails && !apierrors.IsForbidden(err)) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
