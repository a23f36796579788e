// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

const profilesCRD = "fargatesecurityprofiles.fargatesecurity.io"

func going(at time.Time) metav1.ObjectMeta {
	gone := metav1.NewTime(at)
	return metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(time.Unix(0, 0)), DeletionTimestamp: &gone}
}

func madeAt(at time.Time) metav1.ObjectMeta {
	return metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(at)}
}

// TestAProfileThatGoesWithItsCRDIsHeld: whether a profile's deletion was asked for is told by when it, the CRD and the
// operator's namespace were deleted and made. What was not asked for, or may not have been, writes nothing to AWS.
func TestAProfileThatGoesWithItsCRDIsHeld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		namespace string
		holder    string
		is        func(deleted time.Time) metav1.ObjectMeta
		want      string // "" when the deletion was asked for
	}{
		"nothing else goes":                 {"platform", profilesCRD, func(time.Time) metav1.ObjectMeta { return madeAt(time.Unix(0, 0)) }, ""},
		"CRD first":                         {"platform", profilesCRD, func(d time.Time) metav1.ObjectMeta { return going(d.Add(-time.Second)) }, v1alpha1.ReasonCRDDeleted},
		"in the same second":                {"platform", profilesCRD, going, v1alpha1.ReasonCRDDeleted},
		"clocks apart":                      {"platform", profilesCRD, func(d time.Time) metav1.ObjectMeta { return going(d.Add(5 * time.Second)) }, v1alpha1.ReasonCRDDeleted},
		"profile long before the CRD":       {"platform", profilesCRD, func(d time.Time) metav1.ObjectMeta { return going(d.Add(time.Minute)) }, ""},
		"CRD made anew":                     {"platform", profilesCRD, func(d time.Time) metav1.ObjectMeta { return madeAt(d.Add(time.Second)) }, v1alpha1.ReasonCRDDeleted},
		"CRD made anew in the same second":  {"platform", profilesCRD, madeAt, v1alpha1.ReasonCRDDeleted},
		"CRD made anew, profile long after": {"platform", profilesCRD, func(d time.Time) metav1.ObjectMeta { return madeAt(d.Add(-time.Minute)) }, ""},
		"operator's namespace first":        {operatorNamespace, operatorNamespace, func(d time.Time) metav1.ObjectMeta { return going(d.Add(-time.Second)) }, v1alpha1.ReasonNamespaceDeleted},
		"profile long before the namespace": {operatorNamespace, operatorNamespace, func(d time.Time) metav1.ObjectMeta { return going(d.Add(time.Minute)) }, ""},
		"namespace made anew":               {operatorNamespace, operatorNamespace, func(d time.Time) metav1.ObjectMeta { return madeAt(d.Add(time.Second)) }, v1alpha1.ReasonNamespaceDeleted},
		"namespace of nobody's":             {"platform", "platform", func(d time.Time) metav1.ObjectMeta { return going(d.Add(-time.Second)) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, clock, url := newSim(t)
			l := newLone(t, sim, clock, url)
			l.holders[operatorNamespace] = madeAt(time.Unix(0, 0))
			p := l.declare(c.namespace)
			l.ready(p)
			before := len(sim.Objects())
			l.holders[c.holder] = c.is(l.delete(p))
			sim.ResetCalls()
			if c.want == "" {
				l.gone(p)
				if after := len(sim.Objects()); after != before-2 {
					t.Errorf("of %d objects %d are left, want the role and the Fargate profile gone", before, after)
				}
				return
			}
			if !l.pass(p) {
				t.Fatal("the profile was let go")
			}
			if calls := sim.Calls(); len(calls) > 0 {
				t.Errorf("AWS was called: %v", calls)
			}
			l.stalled(p, c.want, c.holder, "nothing is deleted in AWS", "spec.mode to Suspend", "fargatesecurity.io/confirm-deletion=uid-of-payments")
			if !l.told("Warning " + c.want) {
				t.Errorf("no Event says %s", c.want)
			}
		})
	}
}

// TestTheWaysOutOfAHeldDeletion: Suspend lets go and leaves AWS as it is; the annotation has the deletion done, when it
// names this very profile.
func TestTheWaysOutOfAHeldDeletion(t *testing.T) {
	t.Parallel()
	held := func(t *testing.T, change ...func(*profile)) (*lone, *profile) {
		sim, clock, url := newSim(t)
		l := newLone(t, sim, clock, url)
		p := l.declare("platform", change...)
		l.ready(p)
		l.holders[profilesCRD] = going(l.delete(p))
		l.pass(p)
		l.stalled(p, v1alpha1.ReasonCRDDeleted)
		return l, p
	}
	annotate := func(value string) func(*profile) {
		return func(p *profile) {
			p.Annotations = map[string]string{v1alpha1.ConfirmDeletionAnnotation: value}
		}
	}
	t.Run("Suspend", func(t *testing.T) {
		t.Parallel()
		l, p := held(t)
		before := len(l.sim.Objects())
		l.sim.ResetCalls()
		l.edit(p, mode(v1alpha1.ModeSuspend))
		l.gone(p)
		if calls := l.sim.Calls(); len(calls) > 0 || len(l.sim.Objects()) != before {
			t.Errorf("AWS was called: %v", calls)
		}
	})
	t.Run("confirmed", func(t *testing.T) {
		t.Parallel()
		l, p := held(t)
		before := len(l.sim.Objects())
		l.edit(p, annotate("uid-of-payments"))
		l.gone(p)
		if after := len(l.sim.Objects()); after != before-2 {
			t.Errorf("of %d objects %d are left, want the role and the Fargate profile gone", before, after)
		}
	})
	t.Run("confirmed, and retained", func(t *testing.T) {
		t.Parallel()
		l, p := held(t, func(p *profile) { p.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
		before := len(l.sim.Objects())
		l.edit(p, annotate("uid-of-payments"))
		l.gone(p)
		if after := len(l.sim.Objects()); after != before {
			t.Errorf("of %d objects %d are left, want all", before, after)
		}
	})
	t.Run("confirmed for its predecessor", func(t *testing.T) {
		t.Parallel()
		l, p := held(t, annotate("uid-of-another"))
		l.pass(p)
		l.stalled(p, v1alpha1.ReasonCRDDeleted)
	})
}

// TestNobodyIsDeletedByAnOperatorThatMayNotLook: with the RBAC of an older version the CRD cannot be read. That is said, and
// nothing is deleted for want of knowing.
func TestNobodyIsDeletedByAnOperatorThatMayNotLook(t *testing.T) {
	t.Parallel()
	sim, clock, url := newSim(t)
	l := newLone(t, sim, clock, url)
	p := l.declare("platform")
	l.ready(p)
	l.delete(p)
	delete(l.holders, profilesCRD)
	sim.ResetCalls()
	l.pass(p)
	l.stalled(p, v1alpha1.ReasonHolderUnreadable, profilesCRD, "config/rbac")
	if calls := sim.Calls(); len(calls) > 0 {
		t.Errorf("AWS was called: %v", calls)
	}
}
