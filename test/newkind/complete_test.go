// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
)

// TestEveryKindOfCustomResourceIsComplete names what a kind lacks that nobody would miss at once: a deletion that comes from its
// CRD's, an event that wakes nobody, a role that may not write its status, a page.
func TestEveryKindOfCustomResourceIsComplete(t *testing.T) {
	role, err := os.ReadFile(filepath.Join("..", "..", "config", "rbac", "role.yaml"))
	must(err)
	names := map[string]bool{}
	for _, kind := range allKinds() {
		t.Run(kind.Name, func(t *testing.T) {
			if names[kind.Name] {
				t.Error("there are two kinds of that name")
			}
			names[kind.Name] = true
			gvk, err := apiutil.GVKForObject(kind.New(), newScheme())
			if err != nil || gvk.Kind != kind.Name {
				t.Errorf("New makes a %s, %v", gvk, err)
			}
			if gvk, err := apiutil.GVKForObject(kind.NewList(), newScheme()); err != nil || gvk.Kind != kind.Name+"List" {
				t.Errorf("NewList makes a %s, %v", gvk, err)
			}
			crd := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"}}
			if err := kube.Get(t.Context(), client.ObjectKey{Name: kind.CRD}, crd); err != nil {
				t.Errorf("CRD names %q: %v", kind.CRD, err)
			}
			if kind.Noun == "" || len(kind.Sections) == 0 || len(kind.Sees) == 0 || kind.Declare == nil || kind.Claims == nil {
				t.Errorf("lacks its Noun (%q), its Sections (%q), what it Sees (%q), Declare (nil: %t) or Claims (nil: %t)", kind.Noun, kind.Sections, kind.Sees, kind.Declare == nil, kind.Claims == nil)
			}
			if kind.OwnerWithoutKind && kind.Name != "FargateSecurityProfile" {
				t.Error("only the first kind's owner tags are without the kind: those of a second one would be the same")
			}
			if gvk.Group == v1alpha1.GroupVersion.Group {
				ships(t, kind, string(role))
			}
		})
	}
}

// ships names what a kind lacks that is no test's.
func ships(t *testing.T, kind *Kind, role string) {
	plural, _, _ := strings.Cut(kind.CRD, ".")
	for _, resource := range []string{"- " + plural + "\n", "- " + plural + "/status\n", "- " + kind.CRD + "\n"} {
		if !strings.Contains(role, resource) {
			t.Errorf("config/rbac/role.yaml has no %q: add it to the markers", resource)
		}
	}
	if _, err := os.Stat(filepath.Join("..", "..", "docs", strings.ToLower(kind.Name)+".md")); err != nil {
		t.Errorf("has no page: %v", err)
	}
}

// TestTheTestKindsAreComplete holds the two AWS kinds of this package to what package resources holds its own to.
func TestTheTestKindsAreComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := resources.Order()
	for typ, name := range map[string]string{"shelf": "Shelf", "box": "Box"} {
		kind, named := resources.OfARN(storage.ARN(typ, "x"))
		if kind == nil || kind.Name != name || named != "x" {
			t.Fatalf("the ARN of a %s is read as %v %q", typ, kind, named)
		}
		env := &awsobject.Env{Account: &awsapi.Account{Scope: awsapi.Scope{Endpoint: w.url}}}
		left := resources.Leftover(env, name, "x", "")
		if left == nil || left.ID() != (resource.ID{Kind: name, Name: "x"}) || left.Hash() != "" {
			t.Fatalf("the leftover of a %s is %v", typ, left)
		}
		if seen, err := left.Observe(t.Context(), resource.Values{}); err != nil || seen.Exists {
			t.Errorf("one that is not there is seen as %+v, %v", seen, err)
		}
		if len(resources.Events(name, "x", "", "")) != 1 || !slices.Contains(order, name) {
			t.Errorf("%s: no events, or not in the order %q", name, order)
		}
	}
	if slices.Index(order, "Shelf") > slices.Index(order, "Box") {
		t.Errorf("a box needs a shelf, and comes before it: %q", order)
	}
}
