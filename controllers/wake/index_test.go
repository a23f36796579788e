// SPDX-License-Identifier: Apache-2.0

package wake

import (
	"context"
	"maps"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// linked is a profile of an account with a role, in a cluster, on a subnet that all share.
func linked(name, account, role string) *v1alpha1.FargateSecurityProfile {
	return &v1alpha1.FargateSecurityProfile{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name},
		Spec: v1alpha1.FargateSecurityProfileSpec{
			DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: account}}, ClusterName: "prod",
			FargateProfile: v1alpha1.FargateProfileSpec{SubnetIDs: []string{"subnet-0a"}},
		},
		Status: v1alpha1.FargateSecurityProfileStatus{DeclarationStatus: v1alpha1.DeclarationStatus{Resources: []v1alpha1.ResourceStatus{
			{Kind: "EKSCluster", Name: "prod"}, {Kind: "IAMRole", Name: role},
			{Kind: "SecurityGroup", Name: "web", ARN: "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-" + name},
		}}},
	}
}

func names(found Keys) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for req := range maps.Keys(found) {
			if !yield(req.Name) {
				return
			}
		}
	})
}

func TestLinksFindThoseConcerned(t *testing.T) {
	l := &Index{}
	l.Set(kinds.FargateSecurityProfile, linked("a", "one", "pods-a"))
	l.Set(kinds.FargateSecurityProfile, linked("b", "one", "pods-b"))
	l.Set(kinds.FargateSecurityProfile, linked("b", "one", "pods-b")) // again, unchanged
	l.Set(kinds.FargateSecurityProfile, linked("c", "two", "pods-a")) // a role of the same name in another account
	moved := linked("d", "one", "pods-d")
	l.Set(kinds.FargateSecurityProfile, moved)
	l.Set(kinds.FargateSecurityProfile, linked("d", "two", "pods-d"))
	l.Set(kinds.FargateSecurityProfile, linked("e", "one", "pods-e"))
	l.Forget(declaration.KeyOf(kinds.FargateSecurityProfile, linked("e", "one", "pods-e")))
	l.Set(kinds.FargateSecurityProfile, linked("f", "one", "pods-old"))
	l.Set(kinds.FargateSecurityProfile, linked("f", "one", "pods-new"))
	cases := []struct {
		what     string
		accounts []string
		object   events.Object
		named    []string
		all      []string
	}{
		{"a role", []string{"one"}, events.Object{Kind: events.Role, Name: "pods-a"}, []string{"a"}, nil},
		{"a role of both accounts", []string{"one", "two"}, events.Object{Kind: events.Role, Name: "pods-a"}, []string{"a", "c"}, nil},
		{"a name of another kind", []string{"one"}, events.Object{Kind: events.LogGroup, Name: "pods-a"}, nil, nil},
		{"a group by its id", []string{"one"}, events.Object{Kind: events.SecurityGroup, Name: "sg-b"}, []string{"b"}, nil},
		{"a group by its name", []string{"one"}, events.Object{Kind: events.SecurityGroup, Name: "web"}, []string{"a", "b", "f"}, nil},
		{"a subnet that only the spec names", []string{"one"}, events.Object{Kind: events.Subnet, Name: "subnet-0a"}, []string{"a", "b", "f"}, nil},
		{"a profile that moved, in its former account", []string{"one"}, events.Object{Kind: events.Role, Name: "pods-d"}, nil, nil},
		{"a profile that moved, in its new account", []string{"two"}, events.Object{Kind: events.Role, Name: "pods-d"}, []string{"d"}, nil},
		{"a profile that is no more", []string{"one"}, events.Object{Kind: events.Role, Name: "pods-e"}, nil, nil},
		{"a role that was left", []string{"one"}, events.Object{Kind: events.Role, Name: "pods-old"}, nil, nil},
		{"a role that was taken", []string{"one"}, events.Object{Kind: events.Role, Name: "pods-new"}, []string{"f"}, nil},
		{"a route table", []string{"one"}, events.Object{Kind: events.RouteTable, Name: "rtb-1"}, nil, []string{"a", "b", "f"}},
		{"an object without a name", []string{"two"}, events.Object{Kind: events.Subnet, Name: events.Any}, nil, []string{"c", "d"}},
		{"no account", nil, events.Object{Kind: events.RouteTable, Name: "rtb-1"}, nil, nil},
	}
	for _, c := range cases {
		named, all := l.Find(c.accounts, []events.Object{c.object})
		if !slices.Equal(names(named), c.named) || !slices.Equal(names(all), c.all) {
			t.Errorf("%s: found %v by name and %v of all, not %v and %v", c.what, names(named), names(all), c.named, c.all)
		}
	}
	named, all := l.Find([]string{"one"}, []events.Object{{Kind: events.Role, Name: "pods-a"}, {Kind: events.RouteTable, Name: "rtb-1"}})
	if !slices.Equal(names(named), []string{"a"}) || !slices.Equal(names(all), []string{"b", "f"}) {
		t.Errorf("who is named is among all too: %v, %v", names(named), names(all))
	}
	for name := range maps.Clone(l.byOwner) {
		l.Forget(name)
	}
	if len(l.byObject)+len(l.byOwner) != 0 {
		t.Errorf("of nobody are left %d objects and %d profiles", len(l.byObject), len(l.byOwner))
	}
}

// TestWhatAKindDoesNotSeeDoesNotConcernIt: a change of an object that has no name is told to those kinds only whose objects may
// have to do with it.
func TestWhatAKindDoesNotSeeDoesNotConcernIt(t *testing.T) {
	other := *kinds.FargateSecurityProfile
	other.Name, other.Sees = "OfRolesOnly", []events.Kind{events.Role}
	l := &Index{}
	l.Set(kinds.FargateSecurityProfile, linked("a", "one", "pods-a"))
	l.Set(&other, linked("b", "one", "pods-b"))
	for object, want := range map[events.Object][]string{
		{Kind: events.RouteTable, Name: "rtb-1"}:      {"a"},
		{Kind: events.Subnet, Name: events.Any}:       {"a"},
		{Kind: events.Role, Name: events.Any}:         {"a", "b"},
		{Kind: events.Kind("Bell"), Name: events.Any}: nil,
	} {
		if named, all := l.Find([]string{"one"}, []events.Object{object}); len(named) > 0 || !slices.Equal(names(all), want) {
			t.Errorf("%v: found %v by name and %v of all, not %v", object, names(named), names(all), want)
		}
	}
}

// TestLinksKnowProfilesBeforeTheirFirstPass: an event may come right after the operator's start. What a pass has left is
// newer than what the reader shows.
func TestLinksKnowProfilesBeforeTheirFirstPass(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	reader := fake.NewClientBuilder().WithScheme(scheme).WithObjects(linked("a", "one", "pods-a"), linked("b", "one", "pods-old")).Build()
	l := &Index{}
	l.Set(kinds.FargateSecurityProfile, linked("b", "one", "pods-new"))
	for range 2 {
		if err := l.Prime(context.Background(), reader, kinds.All); err != nil {
			t.Fatal(err)
		}
	}
	for role, want := range map[string][]string{"pods-a": {"a"}, "pods-new": {"b"}, "pods-old": nil} {
		if named, _ := l.Find([]string{"one"}, []events.Object{{Kind: events.Role, Name: role}}); !slices.Equal(names(named), want) {
			t.Errorf("%s: found %v, not %v", role, names(named), want)
		}
	}
	if err := (&Index{}).Prime(context.Background(), fake.NewClientBuilder().WithScheme(runtime.NewScheme()).Build(), kinds.All); err == nil {
		t.Error("a list that fails is taken for one of nothing")
	}
}
