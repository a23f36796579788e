// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// What the tag shows of the UIDs of three clusters.
const uidA, uidB, uidC = "aaaaaaaa", "bbbbbbbb", "cccccccc"

const restOfUID = "-0000-4000-8000-000000000000"

// shared are installations of one operator id over one AWS.
type shared struct {
	t     *testing.T
	sim   *awssim.Sim
	clock *awssim.ManualClock
	url   string
}

func newShared(t *testing.T) *shared {
	t.Helper()
	sim, clock, url := newSim(t)
	return &shared{t, sim, clock, url}
}

func (s *shared) installation(uid string, former ...string) *lone {
	return newLone(s.t, s.sim, s.clock, s.url, func(r *pass.Reconciler) {
		if r.Installation.Former = former; uid != "" {
			r.Installation.UID = uid + restOfUID
		}
	})
}

// restarted is another operator of an installation, without a memory.
func (s *shared) restarted(l *lone, former ...string) {
	o := l.operator
	l.operator = (&pass.Operator{
		Client: o.Client, API: o.API, Workload: o.Workload, Accounts: o.Accounts, Metrics: o.Metrics,
		Timing: o.Timing, OperatorID: o.OperatorID, Concurrency: 1, ReadShared: true, Now: o.Now,
		Installation: resource.Installation{UID: o.Installation.UID, Former: former},
	}).Reconciler(kinds.FargateSecurityProfile, o.Recorder)
}

// writes counts the writing calls since the last count.
func (s *shared) writes() int {
	n := 0
	for _, c := range s.sim.Calls() {
		if c.Write && c.Caller == operatorCaller {
			n++
		}
	}
	s.sim.ResetCalls()
	return n
}

// tag is what the objects say of who looks after them.
func (s *shared) tag() string {
	s.t.Helper()
	found := map[string]bool{}
	value := ""
	for _, o := range s.sim.Objects() {
		if o.Tags[resource.OwnerTag] != "" {
			value = o.Tags[resource.InstallationTag]
			found[value] = true
		}
	}
	if len(found) != 1 {
		s.t.Fatalf("the objects do not say the same: %v", found)
	}
	return value
}

func (s *shared) wantTag(want string) {
	s.t.Helper()
	if got := s.tag(); got != want {
		s.t.Errorf("the objects say %q, want %q", got, want)
	}
}

// has tells whether an object of that kind and name is there.
func (s *shared) has(kind, name string) bool {
	return slices.ContainsFunc(s.sim.Objects(), func(o awssim.Object) bool { return o.Kind == kind && o.Name == name })
}

// ofOurs lists what carries an owner tag.
func (s *shared) ofOurs() []string {
	var list []string
	for _, o := range s.sim.Objects() {
		if o.Tags[resource.OwnerTag] != "" {
			list = append(list, o.Kind+" "+o.Name)
		}
	}
	return list
}

// another is a profile of the same name that declares something else of the same role.
func another(p *profile) {
	p.Spec.PodExecutionRole.InlinePolicies = []v1alpha1.InlinePolicy{{Name: "pull-cache", Document: pullCache}}
}

// TestASecondInstallationIsNoticed: two clusters have the same operator id, and a profile of the same name each. The second
// one takes the objects over, the first one takes them back, and that is all: the second one says so, changes nothing any
// more, and deletes nothing. The first one says it too, and goes on.
func TestASecondInstallationIsNoticed(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	a, b := s.installation(uidA), s.installation(uidB)
	ofA := a.declare("platform")
	a.ready(ofA)
	s.wantTag(uidA)
	ofB := b.declare("platform", another)
	b.ready(ofB)
	s.wantTag(uidB + " from " + uidA)
	a.pass(ofA)
	s.wantTag(uidA + " not " + uidB)
	if c := condition(ofA, v1alpha1.ReadyCondition); c.Status != metav1.ConditionTrue {
		t.Errorf("the first one is not Ready\n%s", describe(ofA))
	}
	if c := condition(ofA, v1alpha1.FargateProfileReadyCondition); !strings.Contains(c.Message, resource.ReasonOperatorIDShared) || !strings.Contains(c.Message, uidB) {
		t.Errorf("the first one does not say who else there is: %s", c.Message)
	}
	if !a.told(resource.ReasonOperatorIDShared) {
		t.Error("no Event of the first one says it")
	}
	s.writes()
	for range 3 {
		b.pass(ofB)
		b.stalled(ofB, resource.ReasonOperatorIDShared, uidA, uidB, "--operator-id", "--former-installations="+uidA)
		a.pass(ofA)
		s.restarted(a)
		s.restarted(b)
	}
	if n := s.writes(); n > 0 {
		t.Errorf("%d writes after both have noticed", n)
	}
	if !b.told("Warning " + resource.ReasonOperatorIDShared) {
		t.Error("no Event of the second one says it")
	}
	b.delete(ofB)
	b.gone(ofB)
	if n := s.writes(); n > 0 {
		t.Errorf("%d writes by a deletion in the second one", n)
	}
	a.pass(ofA)
	if c := condition(ofA, v1alpha1.ReadyCondition); c.Status != metav1.ConditionTrue {
		t.Errorf("after the deletion in the second one\n%s", describe(ofA))
	}
	a.delete(ofA)
	a.gone(ofA)
	if left := s.ofOurs(); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// TestADeletionLeavesWhatAnotherHasTakenOver: the first one has not even noticed when its profile is deleted.
func TestADeletionLeavesWhatAnotherHasTakenOver(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	a, b := s.installation(uidA), s.installation(uidB)
	ofA, ofB := a.declare("platform"), b.declare("platform")
	a.ready(ofA)
	b.ready(ofB)
	s.writes()
	a.delete(ofA)
	a.gone(ofA)
	if n := s.writes(); n > 0 {
		t.Errorf("%d writes by a deletion in the first one", n)
	}
	b.pass(ofB)
	if c := condition(ofB, v1alpha1.ReadyCondition); c.Status != metav1.ConditionTrue {
		t.Errorf("after the deletion in the first one\n%s", describe(ofB))
	}
}

// TestWhatAnotherInstallationMadeIsNoLeftover: the second one's profile of the same name declares another role. That of the
// first one has its owner tag, and is declared by nobody as far as the second one knows.
func TestWhatAnotherInstallationMadeIsNoLeftover(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	a, b := s.installation(uidA), s.installation(uidB)
	name := func(name string) func(*profile) {
		return func(p *profile) { p.Spec.PodExecutionRole.Name, p.Spec.FargateProfile.Name = name, name }
	}
	ofA, ofB := a.declare("platform", name("one")), b.declare("platform", name("two"))
	a.ready(ofA)
	b.ready(ofB)
	b.pass(ofB)
	before := s.ofOurs()
	if len(before) != 4 {
		t.Errorf("of two roles and two Fargate profiles there are %v", before)
	}
	b.delete(ofB)
	b.gone(ofB)
	if after := s.ofOurs(); len(after) != 2 || s.has("role", "two") || !s.has("role", "one") {
		t.Errorf("after the deletion in the second one there are %v", after)
	}
}

// TestARebuiltClusterTakesOverUndisturbed: a cluster that is built anew with the operator id of one that is gone is Ready with
// one write per object, and then writes nothing.
func TestARebuiltClusterTakesOverUndisturbed(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	old := s.installation(uidA)
	p := old.declare("platform")
	old.ready(p)
	s.writes()
	rebuilt := s.installation(uidB)
	p = rebuilt.declare("platform")
	rebuilt.ready(p)
	if n := s.writes(); n != 2 {
		t.Errorf("taking over took %d writes, want one for the role and one for the Fargate profile", n)
	}
	for range 3 {
		s.restarted(rebuilt)
		rebuilt.pass(p)
		if c := condition(p, v1alpha1.ReadyCondition); c.Status != metav1.ConditionTrue || *p.Status.DriftCount != 0 || p.Status.LastRepair != nil {
			t.Errorf("disturbed\n%s", describe(p))
		}
	}
	if n := s.writes(); n > 0 {
		t.Errorf("%d writes after that", n)
	}
	again := s.installation(uidC)
	p = again.declare("platform")
	again.ready(p)
	s.wantTag(uidC + " from " + uidB + " " + uidA)
	again.delete(p)
	again.gone(p)
	if left := s.ofOurs(); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// TestShardsAndRestartsOfOneInstallation: operators of one cluster hand a profile to each other, and nothing is written.
func TestShardsAndRestartsOfOneInstallation(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	a := s.installation(uidA)
	p := a.declare("platform")
	a.ready(p)
	s.writes()
	for range 4 {
		s.restarted(a)
		a.pass(p)
		if c := condition(p, v1alpha1.ReadyCondition); c.Status != metav1.ConditionTrue {
			t.Errorf("disturbed\n%s", describe(p))
		}
	}
	if n := s.writes(); n > 0 {
		t.Errorf("%d writes", n)
	}
}

// TestAnInstallationThatIsGoneIsTakenOverForGood: the old cluster still ran when its successor began, and took its objects
// back. Now it is gone, and the successor is told so. Should it not be gone after all, it is the one that yields.
func TestAnInstallationThatIsGoneIsTakenOverForGood(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	a, b := s.installation(uidA), s.installation(uidB)
	ofA, ofB := a.declare("platform"), b.declare("platform")
	a.ready(ofA)
	b.ready(ofB)
	a.pass(ofA)
	b.pass(ofB)
	b.stalled(ofB, resource.ReasonOperatorIDShared)
	s.restarted(b, uidA+restOfUID)
	b.ready(ofB)
	s.wantTag(uidB + " not " + uidA)
	if c := condition(ofB, v1alpha1.FargateProfileReadyCondition); c.Message != "" {
		t.Errorf("what is known to be gone is still spoken of: %s", c.Message)
	}
	a.pass(ofA)
	a.stalled(ofA, resource.ReasonOperatorIDShared, uidB)
}

// TestObjectsOfOlderVersions have no such tag. Nothing is written for the tag alone; whoever changes one of them signs it,
// and so the second one to do so is noticed.
func TestObjectsOfOlderVersions(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	older, b := s.installation(""), s.installation(uidB)
	p := older.declare("platform")
	older.ready(p)
	s.wantTag("")
	s.writes()
	older.operator.Installation.UID = uidA + restOfUID
	s.restarted(older)
	older.pass(p)
	older.pass(p)
	if n := s.writes(); n > 0 {
		t.Errorf("an update wrote %d times", n)
	}
	ofB := b.declare("platform", another)
	b.ready(ofB)
	older.pass(p)
	b.pass(ofB)
	older.pass(p)
	b.pass(ofB)
	stalled := 0
	for _, x := range []*profile{p, ofB} {
		if condition(x, v1alpha1.StalledCondition).Reason == resource.ReasonOperatorIDShared {
			stalled++
		}
	}
	if stalled != 1 {
		t.Errorf("%d of the two yield, want one\n%s%s", stalled, describe(p), describe(ofB))
	}
}

// TestObserveTakesNothingOver: mode Observe writes no tag, and has nothing to say of a predecessor.
func TestObserveTakesNothingOver(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	a, b := s.installation(uidA), s.installation(uidB)
	ofA, ofB := a.declare("platform"), b.declare("platform")
	a.ready(ofA)
	s.writes()
	b.edit(ofB, mode(v1alpha1.ModeObserve))
	b.ready(ofB)
	if n := s.writes(); n > 0 || *ofB.Status.DriftCount != 0 {
		t.Errorf("%d writes\n%s", n, describe(ofB))
	}
}
