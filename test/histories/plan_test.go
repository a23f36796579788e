// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// plansOneIn: a plan, and what comes of it, takes as long as several histories.
const plansOneIn = 8

// made is a write that a pass has made: to AWS, or of a SecurityGroupPolicy.
type made struct {
	owner, call string
	// kind and arn are the object's; name is a SecurityGroupPolicy's.
	kind, arn, name string
}

func (m made) String() string { return m.call + " " + m.arn + m.name }

// madeBy makes a note of a write to AWS. w.mu is held.
func (w *world) madeBy(t *turn, c awssim.Call) {
	m := made{owner: t.owner, call: c.Action(), arn: c.Resource, kind: kindsOfServices[c.Service]}
	w.made = append(w.made, m)
}

// madePolicy makes a note of a write of a SecurityGroupPolicy.
func (w *world) madePolicy(what string, obj client.Object) {
	if _, ok := obj.(*unstructured.Unstructured); !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.now(); t != nil {
		w.made = append(w.made, made{owner: t.owner, call: "kube " + what, kind: "SecurityGroupPolicy", name: obj.GetName()})
	}
}

// see remembers the objects that there are. w.mu is held.
func (w *world) see(objects []awssim.Object) {
	for _, o := range objects {
		if !slices.ContainsFunc(w.seen, func(s awssim.Object) bool { return s.ARN == o.ARN }) {
			w.seen = append(w.seen, o)
		}
	}
}

// kindsOfServices: in these histories a service has one kind of objects that the operator writes.
var kindsOfServices = map[string]string{
	"iam": "IAMRole", "ec2": "SecurityGroup", "kms": "KMSKey", "logs": "LogGroup", "eks": "FargateProfile",
}

// touches are the fields that a call changes, by the beginnings of their paths.
var touches = map[string][]string{
	"iam:AttachRolePolicy": {"managedPolicies"}, "iam:DetachRolePolicy": {"managedPolicies"},
	"iam:PutRolePolicy": {"inlinePolicies"}, "iam:DeleteRolePolicy": {"inlinePolicies"},
	"iam:UpdateAssumeRolePolicy":     {"trustPolicy"},
	"iam:PutRolePermissionsBoundary": {"permissionsBoundary"}, "iam:DeleteRolePermissionsBoundary": {"permissionsBoundary"},
	"iam:TagRole": {"tags"}, "iam:UntagRole": {"tags"},
	"ec2:AuthorizeSecurityGroupIngress": {"ingress"}, "ec2:RevokeSecurityGroupIngress": {"ingress"}, "ec2:UpdateSecurityGroupRuleDescriptionsIngress": {"ingress"},
	"ec2:AuthorizeSecurityGroupEgress": {"egress"}, "ec2:RevokeSecurityGroupEgress": {"egress"}, "ec2:UpdateSecurityGroupRuleDescriptionsEgress": {"egress"},
	"ec2:ModifySecurityGroupRules": {"ingress", "egress"},
	"ec2:CreateTags":               {"tags"}, "ec2:DeleteTags": {"tags"},
	"kms:PutKeyPolicy": {"policy"}, "kms:EnableKeyRotation": {"rotation"}, "kms:CreateAlias": {"alias"}, "kms:UpdateAlias": {"alias"},
	"kms:DeleteAlias": {"alias"}, "kms:EnableKey": {"state"}, "kms:CancelKeyDeletion": {"state"},
	"kms:TagResource": {"tags"}, "kms:UntagResource": {"tags"},
	"logs:PutRetentionPolicy": {"retentionDays"}, "logs:DeleteRetentionPolicy": {"retentionDays"},
	"logs:AssociateKmsKey": {"kmsKey"}, "logs:DisassociateKmsKey": {"kmsKey"},
	"logs:TagResource": {"tags"}, "logs:UntagResource": {"tags"},
	"eks:TagResource": {"tags"}, "eks:UntagResource": {"tags"},
	"kube update": {"groupIDs", "podSelector", "serviceAccountSelector", "tags"},
}

// TestThePlanIsWhatHappens: what Plan says is what passes then do, call by call, and nothing else, for random estates and any
// edit, creation or deletion; and while it plans nothing is written.
func TestThePlanIsWhatHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		if pick(t, "share", plansOneIn) != 0 {
			return
		}
		w := newWorld(1)
		defer w.stop()
		w.estate(t)
		i := w.installs[0]
		name := from(t, "planned", profileNames)
		obj, do := i.draftChange(t, name)
		if obj == nil {
			return
		}
		w.noted("from here on it is planned")
		w.made = nil
		before := len(w.sim.Calls())
		planner := i.planner()
		plan, err := planner.Plan(context.Background(), obj, do.deletes)
		w.nothingWritten(t, before)
		if _, refused := pass.Refused(err); refused {
			outcomes.count("plans refused")
			return
		} else if err != nil {
			t.Fatalf("planning: %v\n%s", err, w.report())
		}
		do.apply()
		if err := w.settle(); err != nil {
			t.Fatalf("%v\n%s", err, w.report())
		}
		wrong, missing := w.unlike(plan, i.owner(name))
		if i.heldUp(name, plan) {
			outcomes.count("plans that AWS held up")
		} else {
			wrong = append(wrong, missing...)
		}
		if len(wrong) > 0 {
			t.Fatalf("the plan is not what happened:\n%s\nplan:\n%s\n%s", strings.Join(wrong, "\n"), planText(plan), w.report())
		}
		w.counted(plan)
		if again := i.kube.get(name); again != nil && !i.heldUp(name, plan) {
			plan, err := i.planner().Plan(context.Background(), again, false)
			if text := planText(acting(plan)); err != nil || text != "" {
				t.Fatalf("a second plan still wants to do something (%v):\n%s\n%s", err, text, w.report())
			}
		}
	})
}

// estate makes profiles and brings them to rest, and then has people change things that no pass has seen yet.
func (w *world) estate(t *rapid.T) {
	i := w.installs[0]
	for range pick(t, "brownfield", 3) {
		w.brownfield(t)
	}
	for range pick(t, "profiles", 3) {
		names := i.kube.names()
		i.create(t, slices.DeleteFunc(slices.Clone(profileNames), func(n string) bool { return slices.Contains(names, n) }))
	}
	if err := w.settle(); err != nil {
		t.Fatalf("%v\n%s", err, w.report())
	}
	for range pick(t, "changes by hand", 4) {
		w.tamper(t)
	}
	w.clock.Advance(between) // what AWS is at work on is done
}

// proposal is what a person is about to do.
type proposal struct {
	deletes bool
	apply   func()
}

// draftChange draws a creation, an edit or a deletion, as an object that is not in the cluster yet.
func (i *install) draftChange(t *rapid.T, name string) (*profile, proposal) {
	known := i.kube.get(name)
	spec := drawSpec(t, i.own(name))
	if known == nil {
		obj := &profile{}
		obj.Namespace, obj.Name, obj.Spec = namespace, name, *spec
		if err := rules.admit(obj, nil); err != nil {
			i.refused(t, err)
		}
		outcomes.count("plans of a creation")
		return obj, proposal{apply: func() { must(i.kube.create(name, spec)) }}
	}
	if !known.DeletionTimestamp.IsZero() {
		return nil, proposal{}
	}
	switch pick(t, "what", 6) {
	case 0:
		outcomes.count("plans of a deletion")
		return known, proposal{deletes: true, apply: func() { i.delete(name) }}
	case 1, 2: // nothing but what people have changed by hand
		outcomes.count("plans of a repair")
		return known, proposal{apply: func() {}}
	}
	spec.ClusterName = known.Spec.ClusterName
	obj := known.DeepCopy()
	obj.Spec = *spec
	if err := rules.admit(obj, known); err != nil {
		i.refused(t, err)
	}
	outcomes.count("plans of an edit")
	return obj, proposal{apply: func() { must(i.kube.edit(name, spec)) }}
}

// planner is an operator that knows nothing yet, as the plugin's is.
func (i *install) planner() *pass.Reconciler {
	kept := i.operators
	defer func() { i.operators = kept }()
	i.operators = [2]*pass.Reconciler{}
	return i.operator(0)
}

// nothingWritten wants no write, to AWS or to Kubernetes, among the calls since then.
func (w *world) nothingWritten(t *rapid.T, since int) {
	for _, c := range w.sim.Calls()[since:] {
		if c.Write {
			t.Fatalf("a plan has written: %s %s", c.Action(), c.Resource)
		}
	}
	if len(w.made) > 0 {
		t.Fatalf("a plan has written: %s", w.made)
	}
}

// heldUp tells that AWS refuses for good what only AWS knows, such as the deletion of what somebody else still uses: then
// some of the plan is not carried out.
func (i *install) heldUp(name string, plan []resource.Planned) bool {
	p := i.kube.get(name)
	if p == nil || slices.ContainsFunc(plan, func(p resource.Planned) bool { return len(p.Held) > 0 }) {
		return false
	}
	return !p.DeletionTimestamp.IsZero() || p.Spec.Mode == v1alpha1.ModeEnforce && !meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ReadyCondition)
}

// unlike lists the writes for an owner that the plan does not have, and what is missing of it.
func (w *world) unlike(plan []resource.Planned, owner string) (wrong, missing []string) {
	done := map[int][]made{}
	for _, m := range w.made {
		if m.owner != owner {
			continue
		}
		at := slices.IndexFunc(plan, func(p resource.Planned) bool { return w.isAbout(p, m) })
		switch {
		case at < 0:
			wrong = append(wrong, fmt.Sprintf("%s was not planned: the object is not in the plan", m))
			continue
		case !planned(plan[at], m):
			wrong = append(wrong, fmt.Sprintf("%s was not planned: the plan has %q for it", m, plan[at].Action))
		}
		done[at] = append(done[at], m)
	}
	for n, p := range plan {
		if p.Action != resource.ActionNone && len(done[n]) == 0 {
			missing = append(missing, fmt.Sprintf("%s of %s was planned, and no call made", p.Action, p.ID))
			continue
		}
		for _, d := range p.Changes {
			if !slices.ContainsFunc(done[n], func(m made) bool { return canMake(m, d) }) {
				missing = append(missing, fmt.Sprintf("a change of %s %s was planned, and no call made", p.ID, d.Path))
			}
		}
	}
	return wrong, missing
}

// isAbout tells that a write was one to the planned object.
func (w *world) isAbout(p resource.Planned, m made) bool {
	if p.ID.Kind != m.kind || p.ID.Kind == "EKSCluster" {
		return false
	}
	switch {
	case m.kind == "SecurityGroupPolicy":
		return strings.HasSuffix(p.ID.Name, m.name)
	case m.kind == "KMSKey":
		return p.ARN == "" || p.ARN == m.arn || strings.Contains(m.arn, "alias/")
	case m.kind == "FargateProfile": // the ARN of a call that creates or deletes lacks the id at its end
		return strings.HasSuffix(m.arn, "/"+p.ID.Name) || strings.Contains(m.arn, "/"+p.ID.Name+"/")
	case p.ARN != "":
		return p.ARN == m.arn
	case m.kind == "SecurityGroup":
		return slices.ContainsFunc(w.seen, func(o awssim.Object) bool { return o.ARN == m.arn && o.Name == p.ID.Name })
	}
	_, name := resources.OfARN(m.arn)
	return name == p.ID.Name
}

// planned tells that the plan for the object has the write.
func planned(p resource.Planned, m made) bool {
	switch p.Action {
	case resource.ActionCreate, resource.ActionDelete:
		return true
	case resource.ActionRelease:
		return slices.Contains(touches[m.call], "tags")
	case resource.ActionAdopt:
		if slices.Contains(touches[m.call], "tags") {
			return true
		}
	}
	return slices.ContainsFunc(p.Changes, func(d drift.Difference) bool { return canMake(m, d) })
}

// canMake tells that the write can have made the change.
func canMake(m made, d drift.Difference) bool {
	return slices.ContainsFunc(touches[m.call], func(prefix string) bool { return strings.HasPrefix(d.Path, prefix) })
}

// acting are the entries that do something.
func acting(plan []resource.Planned) []resource.Planned {
	return slices.DeleteFunc(slices.Clone(plan), func(p resource.Planned) bool { return p.Action == resource.ActionNone })
}

func planText(plan []resource.Planned) string {
	var b strings.Builder
	for _, p := range plan {
		fmt.Fprintf(&b, "  %s %q %s held %q\n", p.ID, p.Action, p.ARN, p.Held)
		for _, d := range p.Changes {
			fmt.Fprintf(&b, "    change %s: %q for %q\n", d.Path, d.Desired, d.Observed)
		}
		for _, d := range p.Differences {
			fmt.Fprintf(&b, "    stays %s: %q for %q (%s, waits for %q)\n", d.Path, d.Desired, d.Observed, d.Action, d.WaitsFor)
		}
	}
	return b.String()
}

// counted keeps count of what was planned.
func (w *world) counted(plan []resource.Planned) {
	for _, p := range plan {
		if p.Action != resource.ActionNone {
			outcomes.count("planned: " + string(p.Action))
		}
	}
}
