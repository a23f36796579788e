// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// end checks the end of a history, when all faults are over and nobody writes any more.
func (w *world) end() []string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	objects := w.sim.Objects()
	owners := w.owners()
	w.checkOrphans(objects, owners, add)
	for _, i := range w.installs {
		for _, name := range i.kube.names() {
			p := i.kube.get(name)
			say := func(format string, args ...any) { add(i.owner(name)+": "+format, args...) }
			outcomes.count(i.checkStatus(p, say))
			for _, r := range p.Status.Resources {
				outcomes.count("ends with a " + r.Kind)
			}
			switch {
			case p.Spec.Mode != v1alpha1.ModeEnforce || !p.DeletionTimestamp.IsZero():
			case meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ReadyCondition):
				i.checkReady(p, objects, say)
			case meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.StalledCondition):
				i.checkShield(p, objects, say)
			}
		}
		i.endOfAnnexes(objects, add)
	}
	return wrong
}

// checkStatus: status tells the truth about how the object ended. It returns that end in a word.
func (i *install) checkStatus(p v1alpha1.Declaration, add func(string, ...any)) string {
	status, suspended := p.Found(), p.Declared().Mode == v1alpha1.ModeSuspend
	is := func(kind string) bool { return meta.IsStatusConditionTrue(status.Conditions, kind) }
	if status.ObservedGeneration != p.GetGeneration() {
		add("status is of generation %d, not %d", status.ObservedGeneration, p.GetGeneration())
	}
	drifted := len(status.Drift) > 0
	if is(v1alpha1.DriftedCondition) != drifted && !suspended && !is(v1alpha1.StalledCondition) {
		add("Drifted is %v with %d differences", is(v1alpha1.DriftedCondition), len(status.Drift))
	}
	switch {
	case !p.GetDeletionTimestamp().IsZero():
		if !is(v1alpha1.StalledCondition) && !is(v1alpha1.ReconcilingCondition) {
			add("being deleted, and status does not say what it waits for")
		}
		return "deletion held up by " + reason(p)
	case suspended:
		return "suspended"
	case is(v1alpha1.StalledCondition):
		return "stalled"
	case drifted:
		return "drift reported"
	case is(v1alpha1.ReadyCondition):
		return "ready"
	}
	if !is(v1alpha1.ReconcilingCondition) {
		add("neither ready nor stalled, without drift and with nothing under way")
	}
	return "waiting for " + reason(p)
}

// reason is that of the Ready condition.
func reason(p v1alpha1.Declaration) string {
	if ready := meta.FindStatusCondition(p.Found().Conditions, v1alpha1.ReadyCondition); ready != nil {
		return ready.Reason
	}
	return "nobody knows what"
}

// checkOrphans: what carries an owner tag of ours belongs to a profile that exists, and no profile has two keys.
func (w *world) checkOrphans(objects []awssim.Object, owners map[string]v1alpha1.Declaration, add func(string, ...any)) {
	keys := map[string]int{}
	for _, o := range objects {
		owner := o.Tags[resource.OwnerTag]
		if !w.known(owner) || o.Kind == "key" && pending(o) {
			continue
		}
		if owners[owner] == nil && !w.abandoned[owner] {
			add("%s is left over of %s, which is no more", id(o), owner)
		}
		if o.Kind == "key" && o.Tags[resource.OriginTag] == string(resource.Created) {
			keys[owner]++
		}
	}
	for owner, n := range keys {
		if p := owners[owner]; n > 1 && p != nil && meta.IsStatusConditionTrue(p.Found().Conditions, v1alpha1.ReadyCondition) && p.Declared().Mode == v1alpha1.ModeEnforce {
			add("%s is ready and has %d keys", owner, n)
		}
	}
}

// checkReady: AWS holds exactly what a profile declares that says it is ready.
func (i *install) checkReady(p *profile, objects []awssim.Object, add func(string, ...any)) {
	owner, want := i.owner(p.Name), wantedBy(p)
	found := map[string]awssim.Object{}
	for _, o := range objects {
		if o.Tags[resource.OwnerTag] != owner || o.Kind == "key" {
			continue
		}
		found[id(o)] = o
		if _, declared := want.objects[id(o)]; !declared {
			add("ready, and still owns %s, which it does not declare", id(o))
		}
	}
	names := groupsByName(objects)
	for name, declared := range want.objects {
		o, exists := found[name]
		if !exists {
			add("ready, and has no %s", name)
			continue
		}
		compare(name, declared, plain(o, names), add)
		for k, v := range p.Spec.Tags {
			if o.Tags[k] != string(v) {
				add("ready, and %s has the tag %s=%q, not %q", name, k, o.Tags[k], v)
			}
		}
		if o.Kind == "profile" && o.Status != "ACTIVE" {
			add("ready, and %s is %s", name, o.Status)
		}
	}
	i.checkKey(p, objects, found, add)
	i.checkPods(p, found, add)
}

// checkShield: what keeps a profile from being ready keeps nothing else from being taken away, or at least shown.
func (i *install) checkShield(p *profile, objects []awssim.Object, add func(string, ...any)) {
	want, names := wantedBy(p), groupsByName(objects)
	shown := map[string]bool{}
	for _, d := range p.Status.Drift {
		shown[d.Resource] = true
	}
	for _, o := range objects {
		declared, is := want.objects[id(o)]
		if !is || declared.atLeast || o.Tags[resource.OwnerTag] != i.owner(p.Name) || shown[statusName(o)] {
			continue
		}
		for fact := range plain(o, names) {
			if grants(fact) && !declared.facts[fact] {
				add("stalled with %s, and %s has what is neither declared nor shown: %s", reason(p), id(o), fact)
			}
		}
	}
}

// statusName is how status calls a role or a group; "" for anything else.
func statusName(o awssim.Object) string {
	kind := map[string]string{"role": "IAMRole/", "group": "SecurityGroup/"}[o.Kind]
	if kind == "" {
		return ""
	}
	return kind + o.Name
}

func compare(name string, want object, have map[string]bool, add func(string, ...any)) {
	for fact := range want.facts {
		if !have[fact] {
			add("ready, and %s lacks: %s", name, fact)
		}
	}
	for fact := range have {
		switch {
		case want.facts[fact] || fact == "boundary ":
		case !want.atLeast:
			add("ready, and %s has what is not declared: %s", name, fact)
		case strings.HasPrefix(fact, "ingress ") && strings.HasSuffix(fact, " 0.0.0.0/0"):
			add("ready, and %s has what is forbidden: %s", name, fact)
		}
	}
}

// checkKey: the declared key is ours, enabled, rotated, found by its alias and used by the log group.
func (i *install) checkKey(p *profile, objects []awssim.Object, found map[string]awssim.Object, add func(string, ...any)) {
	if p.Spec.Encryption == nil {
		// An adopted log group keeps the key that somebody gave it; one that was declared once it lets go.
		for _, key := range objects {
			if p.Spec.Logging != nil && key.Tags[resource.OwnerTag] == i.owner(p.Name) && slices.Contains(found["log-group "+logGroupName(p)].Facts, "key "+key.ARN) {
				add("ready, and its log group uses a key of its own that is not declared any more")
			}
		}
		return
	}
	spec := p.Spec.Encryption.KMSKey
	at := slices.IndexFunc(objects, func(o awssim.Object) bool { return id(o) == "alias "+spec.Alias })
	if at < 0 {
		add("ready, and there is no %s", spec.Alias)
		return
	}
	at = slices.IndexFunc(objects, func(o awssim.Object) bool {
		return o.Kind == "key" && slices.Contains(objects[at].Facts, "target "+o.Name)
	})
	key := objects[at]
	if key.Tags[resource.OwnerTag] != i.owner(p.Name) || !slices.Contains(key.Facts, "state Enabled") ||
		!slices.Contains(key.Facts, fmt.Sprintf("rotation true %d", spec.RotationPeriodDays)) {
		add("ready, and its key is not as declared: %v %v", key.Tags, key.Facts)
	}
	if p.Spec.Logging != nil && !slices.Contains(found["log-group "+logGroupName(p)].Facts, "key "+key.ARN) {
		add("ready, and its log group does not use its key")
	}
}

// checkPods: the SecurityGroupPolicy names the declared groups.
func (i *install) checkPods(p *profile, found map[string]awssim.Object, add func(string, ...any)) {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(policyKind)
	err := i.kube.Get(context.Background(), client.ObjectKey{Namespace: podNamespace, Name: namespace + "." + p.Name}, o)
	spec := p.Spec.PodSecurityGroups
	ours := err == nil && o.GetAnnotations()[resource.OwnerTag] == i.owner(p.Name) // one that was released may be there
	if spec == nil || !ours {
		if (spec == nil) == ours {
			add("ready, and has a SecurityGroupPolicy of its own: declared %v, found %v", spec != nil, ours)
		}
		return
	}
	have, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "securityGroups", "groupIds")
	want := map[string]bool{}
	for _, g := range p.Spec.SecurityGroups {
		want[lastPart(found["group "+g.Name].ARN)] = true
	}
	if spec.ClusterSecurityGroup == v1alpha1.ClusterGroupInclude {
		want[i.w.clusterGroup(p.Spec.ClusterName)] = true
	}
	if got := set(have...); !maps.Equal(got, want) {
		add("ready, and its SecurityGroupPolicy names %v, not %v", got, want)
	}
	labels, _, _ := unstructured.NestedStringMap(o.Object, "spec", "podSelector", "matchLabels")
	if !maps.Equal(labels, spec.PodSelector.MatchLabels) {
		add("ready, and its SecurityGroupPolicy selects %v", labels)
	}
}

// clusterGroup is the id of the group that EKS made for a cluster.
func (w *world) clusterGroup(cluster string) string {
	for _, o := range w.sim.Objects() {
		if o.Kind == "group" && strings.HasPrefix(o.Name, "eks-cluster-sg-"+cluster+"-") {
			return lastPart(o.ARN)
		}
	}
	return ""
}
