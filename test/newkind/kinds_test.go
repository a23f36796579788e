// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
	"github.com/fargate-security/fargate-security-operator/test/newkind/warehouse"
)

// twins are a Warehouse and a FargateSecurityProfile of one namespace, name, account and operator.
func (w *world) twins() (*warehouse.Warehouse, *v1alpha1.FargateSecurityProfile) {
	w.t.Helper()
	obj, profile := w.stored("same"), w.fargate("same")
	w.create(obj)
	w.create(profile)
	w.ready(obj)
	w.ready(profile)
	return obj, profile
}

// held is all that AWS holds of the service, and ofAWS all that the simulator holds: name, state and tags of each object.
func (w *world) held() []string {
	list := []string{}
	shelves, boxes := w.service.Stock()
	for name, s := range shelves {
		list = append(list, fmt.Sprintf("shelf %s %d %v", name, s.Height, s.Tags))
	}
	for name, b := range boxes {
		list = append(list, fmt.Sprintf("box %s %s %s %v", name, b.Colour, b.ShelfARN, b.Tags))
	}
	slices.Sort(list)
	return list
}

func (w *world) ofAWS() []string {
	list := []string{}
	for _, o := range w.sim.Objects() {
		list = append(list, fmt.Sprintf("%s %s %s %v %v", o.Kind, o.Name, o.Status, o.Tags, o.Facts))
	}
	slices.Sort(list)
	return list
}

// same checks that nothing has become of what do does.
func (w *world) same(what string, held func() []string, do func()) {
	w.t.Helper()
	before := held()
	if len(before) == 0 {
		w.t.Fatalf("%s: there is nothing that could have changed", what)
	}
	do()
	after := held()
	known := func(in []string) func(string) bool {
		return func(o string) bool { return slices.Contains(in, o) }
	}
	lost, made := slices.DeleteFunc(slices.Clone(before), known(after)), slices.DeleteFunc(after, known(before))
	if len(lost)+len(made) > 0 {
		w.t.Errorf("%s: AWS holds no more\n  %s\nand holds now\n  %s", what, strings.Join(lost, "\n  "), strings.Join(made, "\n  "))
	}
}

// passes works on both, in a process that remembers nothing, so that each looks for what carries its owner tag.
func (w *world) passes(objects ...v1alpha1.Declaration) {
	w.t.Helper()
	w.restart()
	for range 3 {
		for _, obj := range objects {
			w.pass(obj)
		}
		w.clock.Advance(longAfter)
	}
}

// TestTwoKindsOfOneName: a Warehouse and a FargateSecurityProfile of one namespace, name, account and operator leave each
// other's objects alone, in each mode of either, with a lost status too.
func TestTwoKindsOfOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj, profile := w.twins()
	both := func() []string { return append(w.held(), w.ofAWS()...) }
	for _, m := range []v1alpha1.Mode{v1alpha1.ModeObserve, v1alpha1.ModeSuspend, v1alpha1.ModeEnforce} {
		edit(w, obj, mode(m))
		w.same(fmt.Sprintf("the Warehouse in mode %s", m), both, func() { w.passes(obj, profile) })
		edit(w, profile, func(p *v1alpha1.FargateSecurityProfile) { p.Spec.Mode = m })
		w.same(fmt.Sprintf("the profile in mode %s", m), both, func() { w.passes(obj, profile) })
	}
	w.same("after the Warehouse's status was lost", both, func() { w.lose(obj); w.passes(obj, profile) })
	w.same("after the profile's status was lost", both, func() { w.lose(profile); w.passes(obj, profile) })
	w.ready(obj)
	w.ready(profile)
	for _, d := range []v1alpha1.Declaration{obj, profile} {
		if len(d.Found().Repairs) > 0 {
			t.Errorf("%s repaired %+v", d.GetName(), d.Found().Repairs)
		}
	}
	w.silent(obj)
	w.silent(profile)
}

// TestTwoKindsOfOneNameAreDeleted: each in turn, with its status and without: the other's objects stay, and its own go.
func TestTwoKindsOfOneNameAreDeleted(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		w := newWorld(t)
		obj, profile := w.twins()
		if lost {
			w.lose(obj)
			w.lose(profile)
			w.restart()
		}
		w.same("the Warehouse's deletion", w.ofAWS, func() { w.gone(obj) })
		w.want("after the Warehouse's deletion")
		w.pass(profile)

		obj = w.stored("same")
		w.create(obj)
		w.ready(obj)
		w.same("the profile's deletion", w.held, func() { w.gone(profile) })
		for _, o := range w.sim.Objects() {
			if o.Tags[resource.OwnerTag] != "" && o.Kind != "key" { // a key is on its way out for weeks
				t.Errorf("%s %s is left of the profile: %v", o.Kind, o.Name, o.Tags)
			}
		}
		w.silent(obj)
	}
}

// TestAnOwnerTagWithoutAKindIsNobodyElses: a tag of the form that has no kind in it is the profile's of that name, whatever
// carries it. To a Warehouse of that name it is another owner's: it is said, not touched, not found, and not deleted.
func TestAnOwnerTagWithoutAKindIsNobodyElses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := operatorID + "/" + w.ns + "/same"
	must(w.service.CreateShelf(w.ctx, "top", 120, map[string]string{resource.OwnerTag: old, resource.OriginTag: string(resource.Created)}))
	must(w.service.CreateShelf(w.ctx, "old", 120, map[string]string{resource.OwnerTag: old, resource.OriginTag: string(resource.Created)}))
	obj := w.stored("same", func(obj *warehouse.Warehouse) { obj.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt })
	w.create(obj)
	w.same("what carries a tag without a kind", w.held, func() {
		w.stalled(obj, v1alpha1.ReasonOwnedByOther, "belongs to "+old+" ")
		for _, m := range []v1alpha1.Mode{v1alpha1.ModeObserve, v1alpha1.ModeSuspend, v1alpha1.ModeEnforce} {
			edit(w, obj, mode(m))
			w.passes(obj)
		}
		w.lose(obj)
		w.passes(obj)
		w.gone(obj)
	})
}

// TestATagThatWasTakenToAnotherKind: an object that the Warehouse has made, and whose tag somebody has changed into the
// profile's, is the profile's from then on, as any object with its tag is: the Warehouse does not touch it, not even in its
// deletion, though status lists it. The same the other way round.
func TestATagThatWasTakenToAnotherKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("same")
	w.create(obj)
	w.ready(obj)
	old := map[string]string{resource.OwnerTag: operatorID + "/" + w.ns + "/same"}
	must(w.service.Tag(w.ctx, storage.ARN("box", "nails"), old, nil))
	held := func() []string {
		_, boxes := w.service.Stock()
		return []string{fmt.Sprint(boxes["nails"])}
	}
	w.same("the Warehouse's passes and its deletion", held, func() {
		w.stalled(obj, v1alpha1.ReasonOwnedByOther, "Box/nails")
		w.until(obj, "told so", func() bool { return true })
		must(w.service.DeleteBox(w.ctx, "bolts"))
		w.pass(obj)
		must(kube.Delete(w.ctx, obj))
		for range 3 { // its shelf cannot go before the box does
			w.pass(obj)
		}
	})

	profile := w.fargate("same")
	group := "/aws/eks/prod/fargate/same"
	w.did(w.aws.Logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group,
		Tags: map[string]string{resource.OwnerTag: w.owner("same"), resource.OriginTag: string(resource.Created)}}))
	w.create(profile)
	w.stalled(profile, v1alpha1.ReasonOwnedByOther, "LogGroup/"+group)
	for _, o := range w.sim.Objects() {
		if o.Kind == "log-group" && o.Name == group && o.Tags[resource.OwnerTag] != w.owner("same") {
			t.Errorf("the profile took %v", o.Tags)
		}
	}
}

// TestALeftoverOfAnyKind: what carries the Warehouse's owner tag is its own, of whatever kind it is: a role and a log group too,
// that another version declared perhaps. A Warehouse is about no cluster, so nobody asks EKS about the role.
func TestALeftoverOfAnyKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	obj := w.stored("same")
	w.create(obj)
	w.ready(obj)
	tags := map[string]string{resource.OwnerTag: w.owner("same"), resource.OriginTag: string(resource.Created)}
	w.did(w.aws.Logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/left"), Tags: tags}))
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	in := &iam.CreateRoleInput{RoleName: aws.String("left"), AssumeRolePolicyDocument: &trust}
	for key, value := range tags {
		in.Tags = append(in.Tags, iamtypes.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	w.did(w.aws.IAM.CreateRole(w.ctx, in))
	w.passes(obj)
	w.ready(obj)
	for _, o := range w.sim.Objects() {
		if o.Tags[resource.OwnerTag] != "" {
			t.Errorf("%s %s is left: %v\n%s", o.Kind, o.Name, o.Tags, describe(obj))
		}
	}
	w.silent(obj)
}

func (w *world) did(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestOwners: no owner of one kind is one of another, for names and namespaces that Kubernetes lets in.
func TestOwners(t *testing.T) {
	seen := map[string]string{}
	for _, kind := range []*Kind{warehouses, profiles} {
		for _, name := range []string{"a", "warehouse", "b"} {
			for _, ns := range []string{"a", "b", "warehouse"} {
				obj := kind.New()
				obj.SetNamespace(ns)
				obj.SetName(name)
				owner, is := ownerOf(kind, obj), kind.Name+" "+ns+"/"+name
				if other := seen[owner]; other != "" {
					t.Errorf("%s and %s have the owner %s", other, is, owner)
				}
				seen[owner] = is
			}
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); len(got) != 18 {
		t.Errorf("%q", got)
	}
}
