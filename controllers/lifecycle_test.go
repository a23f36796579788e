// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// TestTheFullProfileHasEveryKind: what it lacks would be drifted, repaired, denied and deleted in no test.
func TestTheFullProfileHasEveryKind(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	for _, kind := range resources.Order() {
		if !slices.ContainsFunc(p.Status.Resources, func(o v1alpha1.ResourceStatus) bool { return o.Kind == kind }) {
			t.Errorf("rig.full declares no %s", kind)
		}
	}
}

func TestFullProfileIsMadeKeptAndDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	var kinds []string
	for _, o := range p.Status.Resources {
		kinds = append(kinds, o.Kind+":"+string(o.Origin))
		if o.ARN == "" && o.Kind != "SecurityGroupPolicy" { // Kubernetes has no ARNs
			t.Errorf("%s/%s has no ARN", o.Kind, o.Name)
		}
	}
	want := []string{"EKSCluster:Referenced", "KMSKey:Created", "LogGroup:Created", "IAMRole:Created",
		"SecurityGroup:Created", "SecurityGroup:Created", "SecurityGroupPolicy:Created", "FargateProfile:Created"}
	if !slices.Equal(kinds, want) {
		t.Errorf("resources %q, want %q", kinds, want)
	}
	for _, section := range v1alpha1.SectionConditions {
		if condition(p, section).Status != metav1.ConditionTrue {
			t.Errorf("section %s:\n%s", section, describe(p))
		}
	}
	if p.Status.ProfileStatus != "Active" || *p.Status.DriftCount != 0 || p.Status.LastRepair != nil {
		t.Errorf("profile status %q, drift %d, last repair %v: a first creation is no drift and no repair", p.Status.ProfileStatus, *p.Status.DriftCount, p.Status.LastRepair)
	}
	if p.Status.Posture == nil || p.Status.Posture.Passed < 10 {
		t.Errorf("posture %+v", p.Status.Posture)
	}
	r.silent(p)
	r.gone(p)
	r.nothingLeft()
}

// nothingLeft checks that AWS holds nothing with our owner tag but keys that are pending deletion.
func (r *rig) nothingLeft() {
	r.t.Helper()
	owner := operatorID + "/" + r.ns + "/payments"
	arns, _, err := r.view().Owned(r.ctx, owner)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, arn := range arns {
		if strings.Contains(arn, ":kms:") && r.keyState(arn) == "PendingDeletion" {
			continue
		}
		r.t.Errorf("left over in AWS: %s", arn)
	}
}

func TestObserveNeverWrites(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full(mode(v1alpha1.ModeObserve))
	r.create(p)
	r.until(p, "waiting for the first read", func(*profile) error { return nil })
	if got := condition(p, v1alpha1.ReadyCondition); got.Status != metav1.ConditionFalse {
		t.Errorf("Ready is %s although nothing exists", got.Status)
	}
	if *p.Status.DriftCount != 7 { // everything but the cluster is absent
		t.Errorf("drift count %d\n%s", *p.Status.DriftCount, describe(p))
	}
	r.gone(p)
	if w := r.writes(); len(w) > 0 {
		t.Errorf("mode Observe wrote to AWS: %q", w)
	}
}

func TestSuspendTouchesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full(mode(v1alpha1.ModeSuspend))
	r.create(p)
	r.until(p, "waiting for Suspended", func(*profile) error { return nil })
	if c := condition(p, v1alpha1.ReadyCondition); c.Reason != v1alpha1.ReasonSuspended {
		t.Errorf("Ready: %+v", c)
	}
	for _, c := range r.sim.Calls() {
		if c.Service != "sts" {
			t.Errorf("mode Suspend called %s", c.Action())
		}
	}
}

func TestRetainReleasesEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full(func(p *profile) { p.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
	r.create(p)
	r.ready(p)
	before := r.snapshot()
	r.gone(p)
	r.nothingLeft() // with our owner tag
	if after := r.snapshot(); after != before {
		t.Errorf("a release changed more than the owner tags:\n%s\nthen\n%s", before, after)
	}
}

// TestWhatWasReleasedIsNotOursAgain: a profile that is made anew right after a release finds what is there without our tags,
// and not as it was read, with them, before the release.
func TestWhatWasReleasedIsNotOursAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full(func(p *profile) { p.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
	r.create(p)
	r.ready(p)
	r.gone(p)
	again := r.full()
	r.create(again)
	r.stalled(again, v1alpha1.ReasonNotOwned)
	for _, o := range again.Status.Resources {
		if o.Origin == v1alpha1.Origin(resource.Created) {
			t.Errorf("%s/%s counts as created by the profile, which was refused it", o.Kind, o.Name)
		}
	}
}

func TestLostStatusLosesAndLeaksNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	before := r.snapshot()
	// The custom resource vanishes without its finalizer having run, as after a restore, and is created again.
	r.edit(p, func(p *profile) { p.Finalizers = nil; p.Spec.Mode = v1alpha1.ModeSuspend })
	r.gone(p)
	again := r.full(func(p *profile) {
		p.Spec.SecurityGroups = p.Spec.SecurityGroups[:1]
		p.Spec.SecurityGroups[0].Ingress = nil
	})
	r.create(again)
	r.ready(again)
	for _, o := range again.Status.Resources {
		if o.Origin == v1alpha1.Origin(resource.Adopted) {
			t.Errorf("%s/%s counts as adopted: it would never be deleted", o.Kind, o.Name)
		}
	}
	if after := r.snapshot(); !strings.Contains(before, "payments-extra") || strings.Contains(after, "payments-extra") {
		t.Errorf("the group that left the spec was not found by its owner tag:\n%s", after)
	}
	r.gone(again)
	r.nothingLeft()
}
