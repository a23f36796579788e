// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
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

func owned(ctx context.Context, t *testing.T, owners *Owners, owner string) []string {
	t.Helper()
	names, err := owners.Owned(ctx, owner)
	if err != nil {
		t.Fatal(err)
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
	owners := NewOwners(client, func() time.Time { return clock })
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
	owners := NewOwners(client, func() time.Time { return clock })
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

func TestOwnersReadPageByPage(t *testing.T) {
	client := newFake()
	client.PrependReactor("list", GVR.Resource, func(action clienttesting.Action) (bool, runtime.Object, error) {
		options := action.(clienttesting.ListActionImpl).GetListOptions()
		page := &unstructured.UnstructuredList{Items: []unstructured.Unstructured{*policyOwnedBy("op/ns/n", "page"+options.Continue)}}
		page.SetAPIVersion(APIVersion)
		page.SetKind("SecurityGroupPolicyList")
		if options.Limit != pageSize {
			t.Errorf("a page of %d is asked for", options.Limit)
		}
		if options.Continue == "" {
			page.SetContinue("2")
		}
		return true, page, nil
	})
	if got := owned(ctx, t, NewOwners(client, time.Now), "op/ns/n"); !slices.Equal(got, []string{"payments/page", "payments/page2"}) {
		t.Errorf("owns %v", got)
	}
}

func TestOwnersWithoutAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answer error
		fails  bool
	}{
		"a cluster that does not know the kind": {apierrors.NewNotFound(resourceOf, ""), false},
		"a refusal":                             {apierrors.NewForbidden(resourceOf, "", errors.New("no")), true},
	} {
		client := newFake()
		client.PrependReactor("list", GVR.Resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, c.answer })
		got, err := NewOwners(client, time.Now).Owned(ctx, "op/ns/n")
		if (err != nil) != c.fails || len(got) != 0 || (c.fails && !apierrors.IsForbidden(err)) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
