// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/loggroup"
)

// annex is a second kind of custom resource, for these histories only: some of the objects of a profile, in sections of its
// own. An annex has the namespace, the name, the account and the operator of a profile, and AWS objects of its own.
type annex struct {
	metav1.TypeMeta
	metav1.ObjectMeta `json:"metadata"`
	Spec              annexSpec   `json:"spec"`
	Status            annexStatus `json:"status"`
}

type annexSpec struct {
	v1alpha1.DeclarationSpec `json:",inline"`
	Role                     string   `json:"role"`
	Policies                 []string `json:"policies"`
	// LogGroup is "" for none.
	LogGroup  string `json:"logGroup,omitempty"`
	Retention int32  `json:"retention,omitempty"`
}

type annexStatus struct {
	v1alpha1.DeclarationStatus `json:",inline"`
}

type annexList struct {
	metav1.TypeMeta
	metav1.ListMeta `json:"metadata"`
	Items           []annex `json:"items"`
}

// Declared implements v1alpha1.Declaration.
func (a *annex) Declared() *v1alpha1.DeclarationSpec { return &a.Spec.DeclarationSpec }

// Found implements v1alpha1.Declaration.
func (a *annex) Found() *v1alpha1.DeclarationStatus { return &a.Status.DeclarationStatus }

// DeepCopyObject implements runtime.Object.
func (a *annex) DeepCopyObject() runtime.Object {
	c := *a
	a.ObjectMeta.DeepCopyInto(&c.ObjectMeta)
	a.Spec.DeclarationSpec.DeepCopyInto(&c.Spec.DeclarationSpec)
	c.Spec.Policies = slices.Clone(a.Spec.Policies)
	a.Status.DeclarationStatus.DeepCopyInto(&c.Status.DeclarationStatus)
	return &c
}

// DeepCopyObject implements runtime.Object.
func (l *annexList) DeepCopyObject() runtime.Object {
	c := *l
	c.Items = nil
	for i := range l.Items {
		c.Items = append(c.Items, *l.Items[i].DeepCopyObject().(*annex))
	}
	return &c
}

const (
	annexLogs = "AnnexLogsReady"
	annexRole = "AnnexRoleReady"
)

var annexKind = &declaration.Kind{
	Name: "Annex", CRD: "annexes.test.fargatesecurity.io", Noun: "annex",
	New:      func() v1alpha1.Declaration { return &annex{} },
	NewList:  func() client.ObjectList { return &annexList{} },
	Sections: []string{annexLogs, annexRole},
	Cluster:  func(v1alpha1.Declaration) string { return clusterNames[0] },
	Sees:     kinds.FargateSecurityProfile.Sees,
	Claims:   func(v1alpha1.Declaration) []guardrails.Claim { return nil },
	Declare: func(env *declaration.Env, obj v1alpha1.Declaration) declaration.Declared {
		return annexed{env, obj.(*annex)}
	},
}

// addAnnexes makes the kind known.
func addAnnexes() {
	group := schema.GroupVersion{Group: "test.fargatesecurity.io", Version: "v1"}
	scheme.AddKnownTypeWithName(group.WithKind("Annex"), &annex{})
	scheme.AddKnownTypeWithName(group.WithKind("AnnexList"), &annexList{})
	kinds.All = append(kinds.All, annexKind)
}

// annexed is what one annex declares.
type annexed struct {
	*declaration.Env
	annex *annex
}

// Resources implements declaration.Declared.
func (a annexed) Resources() []resource.Resource {
	s := a.annex.Spec
	var list []resource.Resource
	if s.LogGroup != "" {
		list = append(list, loggroup.New(a.Logs, a.Scope, loggroup.Desired{Name: s.LogGroup, RetentionDays: s.Retention}))
	}
	return append(list, iamrole.New(a.IAM, a.EKS, iamrole.Policies(a.Env.Env), iamrole.Desired{
		Name: s.Role, TrustPolicy: iamrole.TrustPolicy(a.Scope, a.Cluster), ManagedPolicyARNs: s.Policies, RemoveUnlisted: true,
		Guard: a.Guard, MaxManagedPolicies: int(a.Quotas.ManagedPoliciesPerRole), ClusterName: a.Cluster,
	}))
}

// Section implements declaration.Declared.
func (a annexed) Section(id resource.ID) string {
	return map[string]string{loggroup.Kind: annexLogs, iamrole.Kind: annexRole}[id.Kind]
}

// Problems implements declaration.Declared.
func (a annexed) Problems() map[resource.ID][]resource.Problem { return nil }

// RecordIntent implements declaration.Declared.
func (a annexed) RecordIntent(bool) {}

// RecordOwn implements declaration.Declared.
func (a annexed) RecordOwn(*resource.Result) {}

// annexOwner is the owner tag of an annex, spelt out without the operator's code.
func (i *install) annexOwner(name string) string { return i.id + "/" + namespace + "/Annex/" + name }

// annex returns an annex, nil if there is none.
func (k *kubernetes) annex(name string) *annex {
	a := &annex{}
	err := k.Get(context.Background(), key(name), a)
	if apierrors.IsNotFound(err) {
		return nil
	}
	must(err)
	return a
}

func (k *kubernetes) annexNames() []string {
	list := &annexList{}
	must(k.List(context.Background(), list))
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}

// annexWanted is what AWS must hold for an annex: wantedBy of its kind.
func annexWanted(a *annex) wanted {
	if a == nil {
		return wanted{}
	}
	if !a.DeletionTimestamp.IsZero() {
		return wanted{status: a.Status.DeclarationStatus}
	}
	w := wanted{spec: &a.Spec.DeclarationSpec, status: a.Status.DeclarationStatus, objects: map[string]object{}}
	role := set("boundary ")
	for _, arn := range a.Spec.Policies {
		role["attached "+arn] = true
	}
	w.objects["role "+a.Spec.Role] = object{facts: role}
	if a.Spec.LogGroup != "" {
		w.objects["log-group "+a.Spec.LogGroup] = object{facts: set(fmt.Sprintf("retention %d", a.Spec.Retention))}
	}
	return w
}

// drawAnnex draws what a person declares: mostly objects of its own, and sometimes those that profiles declare too.
func drawAnnex(t *rapid.T, own, name string) annexSpec {
	s := annexSpec{
		DeclarationSpec: v1alpha1.DeclarationSpec{
			AccountRef:     v1alpha1.AccountReference{Name: accountName},
			Mode:           mostly(t, "mode", v1alpha1.ModeEnforce, v1alpha1.ModeObserve, v1alpha1.ModeSuspend),
			DeletionPolicy: mostly(t, "deletion", v1alpha1.DeletionPolicyDelete, v1alpha1.DeletionPolicyRetain),
			AdoptionPolicy: mostly(t, "adoption", v1alpha1.AdoptionPolicyRefuse, v1alpha1.AdoptionPolicyAdopt),
		},
		Role:     mostly(t, "role", own+"-annex", sharedRole, own+"-role"),
		Policies: []string{from(t, "policy", attachable)},
	}
	if coin(t, "logging") {
		s.LogGroup = mostly(t, "log group", "/annex/"+own, sharedLogGroup, "/aws/eks/"+clusterNames[0]+"/fargate/"+name)
		s.Retention = from(t, "retention", []int32{30, 90})
	}
	if coin(t, "tagged") {
		s.Tags = map[string]v1alpha1.TagValue{"team": from(t, "team", []v1alpha1.TagValue{"x", "y"})}
	}
	return s
}

// annexStep does one thing that can be done with an annex.
func (w *world) annexStep(t *rapid.T) {
	i := w.installs[0]
	names := i.kube.annexNames()
	if len(names) == 0 {
		i.annexCreate(t, profileNames)
		return
	}
	name := from(t, "annex", names)
	switch pick(t, "annex step", 10) {
	case 0, 1:
		i.annexCreate(t, slices.DeleteFunc(slices.Clone(profileNames), func(n string) bool { return slices.Contains(names, n) }))
	case 2, 3:
		i.annexEdit(t, name)
	case 4:
		i.annexDelete(name)
	case 5:
		i.annexLose(name)
	default:
		faults := drawFaults(t, 1)
		for _, at := range slices.Sorted(maps.Keys(faults)) {
			f := faults[at]
			f.annex = f.kind == heldUp && coin(t, "held up by an annex")
			faults[at] = f
		}
		i.annexPass(pick(t, "operator", 2), name, faults)
		w.clock.Advance(between / 4)
		outcomes.count("passes over the second kind under faults")
	}
}

func (i *install) annexCreate(t *rapid.T, names []string) {
	if len(names) == 0 {
		return
	}
	name := from(t, "name", names)
	must(i.kube.Create(context.Background(), &annex{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Generation: 1, UID: types.UID("uid-" + strconv.FormatInt(uids.Add(1), 10))},
		Spec:       drawAnnex(t, i.own(name), name),
	}))
	i.w.noted("%s created", i.annexOwner(name))
	outcomes.count("objects of the second kind")
}

func (i *install) annexEdit(t *rapid.T, name string) {
	spec, a := drawAnnex(t, i.own(name), name), i.kube.annex(name)
	if !a.DeletionTimestamp.IsZero() {
		return
	}
	a.Spec = spec
	a.Generation++
	must(i.kube.Update(context.Background(), a))
	i.w.noted("%s edited", i.annexOwner(name))
}

func (i *install) annexDelete(name string) {
	a := i.kube.annex(name)
	if !a.DeletionTimestamp.IsZero() {
		return
	}
	if a.Spec.Mode != v1alpha1.ModeEnforce {
		i.w.abandoned[i.annexOwner(name)] = true
	}
	must(i.kube.Delete(context.Background(), a))
	i.w.noted("%s deleted", i.annexOwner(name))
}

// annexLose loses a status, as a restore from a backup does, and with it the memory of those who have read it: the search by
// owner tag finds the objects again. What an annex has adopted, it cannot know any more to be so unless the tag says it.
func (i *install) annexLose(name string) {
	a := i.kube.annex(name)
	a.Status = annexStatus{}
	must(i.kube.Status().Update(context.Background(), a))
	i.operators = [2]*pass.Reconciler{}
	i.w.noted("%s lost its status", i.annexOwner(name))
	outcomes.count("lost statuses of the second kind")
}

// annexPass has one operator work on one annex once.
func (i *install) annexPass(n int, name string, faults map[int]fault) {
	i.operator(n)
	i.run(i.annexes[n], &turn{install: i, operator: n, name: name, owner: i.annexOwner(name), wanted: annexWanted(i.kube.annex(name)), faults: faults})
}

// endOfAnnexes checks how the annexes have ended.
func (i *install) endOfAnnexes(objects []awssim.Object, add func(string, ...any)) {
	names := groupsByName(objects)
	for _, name := range i.kube.annexNames() {
		a, owner := i.kube.annex(name), i.annexOwner(name)
		say := func(format string, args ...any) { add(owner+": "+format, args...) }
		outcomes.count("of the second kind " + i.checkStatus(a, say))
		if a.Spec.Mode != v1alpha1.ModeEnforce || !a.DeletionTimestamp.IsZero() || !meta.IsStatusConditionTrue(a.Status.Conditions, v1alpha1.ReadyCondition) {
			continue
		}
		want, found := annexWanted(a), map[string]bool{}
		for _, o := range objects {
			declared, is := want.objects[id(o)]
			switch ours := o.Tags[resource.OwnerTag] == owner; {
			case ours && !is:
				say("ready, and still owns %s, which it does not declare", id(o))
			case ours:
				found[id(o)] = true
				compare(id(o), declared, plain(o, names), say)
			}
		}
		for name := range want.objects {
			if !found[name] {
				say("ready, and has no %s of its own", name)
			}
		}
	}
}
