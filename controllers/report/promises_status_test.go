// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// These tests hold what api/v1alpha1 promises of status against small wrong changes that no other test sees
// (hack/mutants/promises.go).

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

func thing(n int) resource.ID { return resource.ID{Kind: "Thing", Name: fmt.Sprint(n)} }

// differing is a result in which objects have one difference each.
func differing(severities ...drift.Severity) *resource.Result {
	result := &resource.Result{}
	for n, severity := range severities {
		result.Objects = append(result.Objects, &resource.Object{ID: thing(n), Read: true, Exists: true, Drift: []drift.Difference{{
			Path: "field", Desired: "1", Observed: "2", Severity: severity, Action: drift.Repair, Reason: string(severity) + "Changed", Controls: []string{"EC2.13"},
		}}})
	}
	return result
}

func recorded(result *resource.Result, profile *v1alpha1.FargateSecurityProfile) []drift.Entry {
	current, _ := RecordDrift(kinds.FargateSecurityProfile, profile, result, nil, memory.NewChanges(func() time.Time { return noon }), noon)
	drifted(profile, current)
	return current
}

func drifted(profile *v1alpha1.FargateSecurityProfile, current []drift.Entry) *metav1.Condition {
	RecordDrifted(profile, current, &resource.Result{})
	return meta.FindStatusCondition(profile.Status.Conditions, v1alpha1.DriftedCondition)
}

// TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut: the count, and the condition, speak of all.
func TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut(t *testing.T) {
	severities := append(slices.Repeat([]drift.Severity{drift.Low}, 30), slices.Repeat([]drift.Severity{drift.Medium}, 29)...)
	profile := &v1alpha1.FargateSecurityProfile{}
	recorded(differing(append(severities, drift.High, drift.Critical)...), profile)
	counts := map[v1alpha1.Severity]int{}
	for _, d := range profile.Status.Drift {
		counts[d.Severity]++
	}
	if len(profile.Status.Drift) != 50 || counts["Critical"] != 1 || counts["High"] != 1 || counts["Medium"] != 29 || counts["Low"] != 19 {
		t.Errorf("%d are listed: %v", len(profile.Status.Drift), counts)
	}
	if first := profile.Status.Drift[0]; first.Severity != "Critical" || first.Resource != "Thing/60" {
		t.Errorf("the first one is %+v", first)
	}
	if *profile.Status.DriftCount != 61 {
		t.Errorf("driftCount is %d, want all 61", *profile.Status.DriftCount)
	}
	c := meta.FindStatusCondition(profile.Status.Conditions, v1alpha1.DriftedCondition)
	if c.Reason != "CriticalChanged" || !strings.HasPrefix(c.Message, "61 fields differ: Thing/60 field; ") || !strings.HasSuffix(c.Message, "and 56 more") {
		t.Errorf("Drifted says %s: %s", c.Reason, c.Message)
	}
}

// TestADifferenceIsListedInFull: with what it answers, and since when.
func TestADifferenceIsListedInFull(t *testing.T) {
	profile := &v1alpha1.FargateSecurityProfile{}
	recorded(differing(drift.High), profile)
	d := profile.Status.Drift[0]
	if d.Path != "field" || d.Desired != "1" || d.Observed != "2" || d.Severity != "High" || d.Action != "Repair" || !slices.Equal(d.Controls, []string{"EC2.13"}) || !d.FirstObservedTime.Time.Equal(noon) {
		t.Errorf("%+v", d)
	}
}

// TestWhatCouldNotBeReadStaysKnown: with its time; what was read and does not differ any more is gone.
func TestWhatCouldNotBeReadStaysKnown(t *testing.T) {
	profile := &v1alpha1.FargateSecurityProfile{}
	recorded(differing(drift.High, drift.High), profile)
	result := differing(drift.High, drift.High)
	result.Objects[0].Read, result.Objects[0].Drift = false, nil
	result.Objects[1].Drift = nil
	current := currentDrift(knownDrift(profile.Found()), result)
	if len(current) != 1 || current[0].Resource != "Thing/0" || !current[0].FirstObserved.Equal(noon) {
		t.Errorf("%+v", current)
	}
}

// TestTheReasonOfDriftThatIsOnlyRemembered: status keeps none.
func TestTheReasonOfDriftThatIsOnlyRemembered(t *testing.T) {
	profile := &v1alpha1.FargateSecurityProfile{}
	if c := drifted(profile, []drift.Entry{{Resource: "Thing/0", Difference: drift.Difference{Path: "field"}}}); c.Reason != v1alpha1.ReasonDrifted || c.Message != "1 field differs: Thing/0 field" {
		t.Errorf("Drifted says %s: %s", c.Reason, c.Message)
	}
}

// TestTheLastTenRepairs: newest first; a pass that repairs nothing changes nothing of what is said of the last one.
func TestTheLastTenRepairs(t *testing.T) {
	status := &v1alpha1.DeclarationStatus{}
	entries := func(paths ...string) []drift.Entry {
		var list []drift.Entry
		for _, path := range paths {
			list = append(list, drift.Entry{Resource: "Thing/0", Difference: drift.Difference{Path: path, Desired: "1", Observed: "2"}})
		}
		return list
	}
	for n := range 8 {
		recordRepairs(status, entries(fmt.Sprint("old", n)), noon.Add(time.Duration(n)*time.Minute))
	}
	recordRepairs(status, entries("a", "b", "c"), noon.Add(time.Hour))
	recordRepairs(status, nil, noon.Add(2*time.Hour))
	var got []string
	for _, r := range status.Repairs {
		got = append(got, r.Path)
	}
	if want := []string{"a", "b", "c", "old7", "old6", "old5", "old4", "old3", "old2", "old1"}; !slices.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
	last := status.LastRepair
	if last.Fields != 3 || !last.Time.Time.Equal(noon.Add(time.Hour)) || last.Message != "Thing/0: set a to 1 (was 2); Thing/0: set b to 1 (was 2); Thing/0: set c to 1 (was 2)" {
		t.Errorf("the last repair is %+v", last)
	}
	if !status.Repairs[2].RepairedTime.Time.Equal(noon.Add(time.Hour)) || !status.Repairs[3].RepairedTime.Time.Equal(noon.Add(7*time.Minute)) {
		t.Errorf("repaired at %v and %v", status.Repairs[2].RepairedTime, status.Repairs[3].RepairedTime)
	}
}

// TestHowARepairIsSaid: a value that is too long to be read in a sentence is left out of it.
func TestHowARepairIsSaid(t *testing.T) {
	long := strings.Repeat("x", 61)
	for want, d := range map[string]drift.Difference{
		"Thing/0: created again":                      {Path: drift.ObjectPath, Desired: drift.Present, Observed: drift.Absent},
		"Thing/0: removed p":                          {Path: "p", Observed: "2"},
		"Thing/0: put back p":                         {Path: "p", Desired: "1"},
		"Thing/0: put back q":                         {Path: "q", Desired: "1", Observed: long},
		"Thing/0: put back r":                         {Path: "r", Desired: long, Observed: "2"},
		"Thing/0: set p to 1 (was 2)":                 {Path: "p", Desired: "1", Observed: "2"},
		"Thing/0: set p to 1 (was " + long[:60] + ")": {Path: "p", Desired: "1", Observed: long[:60]},
	} {
		if got := repairText(drift.Entry{Resource: "Thing/0", Difference: d}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestALateEventNamesNobodyElse: who is known to have made what was repaired stays.
func TestALateEventNamesNobodyElse(t *testing.T) {
	who := memory.NewChanges(func() time.Time { return noon })
	group := []events.Object{{Kind: events.SecurityGroup, Name: "sg-1"}}
	who.Note(events.Change{Actor: "eve", Time: noon, Objects: group})
	status := &v1alpha1.DeclarationStatus{Repairs: []v1alpha1.Repair{
		{Drift: v1alpha1.Drift{Resource: "a", Path: "p", ChangedBy: "alice", FirstObservedTime: metav1.NewTime(noon)}},
		{Drift: v1alpha1.Drift{Resource: "a", Path: "p", FirstObservedTime: metav1.NewTime(noon)}},
	}}
	nameLate(status, who, func(string) []events.Object { return group })
	if status.Repairs[0].ChangedBy != "alice" || status.Repairs[1].ChangedBy != "eve" {
		t.Errorf("changed by %q and %q", status.Repairs[0].ChangedBy, status.Repairs[1].ChangedBy)
	}
}

// TestAnUnansweredCallIsNoFinding: the posture of before stays, and comes anew with the next full read.
func TestAnUnansweredCallIsNoFinding(t *testing.T) {
	before := &v1alpha1.Posture{Passed: 1, Failed: 2, Score: 33}
	status := &v1alpha1.DeclarationStatus{Posture: before}
	result := differing(drift.High)
	result.Objects[0].Read, result.Objects[0].Failure = false, &failure.Failure{Kind: failure.Throttled}
	if recordPosture(controls.Catalogue(), status, result); status.Posture != before {
		t.Errorf("judged without a read: %+v", status.Posture)
	}
	result.Objects[0].Read = true // a write has failed, which the controls do not look at
	if recordPosture(controls.Catalogue(), status, result); status.Posture == before {
		t.Error("not judged although all was read")
	}
}

// TestWhatStatusRemembersOfAnObject: priorOf reads what record has written.
func TestWhatStatusRemembersOfAnObject(t *testing.T) {
	result := &resource.Result{Objects: []*resource.Object{{
		ID: thing(1), Read: true, ARN: "arn:1", Origin: resource.Adopted, Hash: "abc", State: "Active", Began: noon,
	}}}
	profile := &v1alpha1.FargateSecurityProfile{}
	recorded(result, profile)
	want := resource.Prior{ARN: "arn:1", Origin: resource.Adopted, Hash: "abc", Began: noon}
	if got := PriorOf(profile.Found())[thing(1)]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if r := profile.Status.Resources[0]; r.State != "Active" {
		t.Errorf("%+v", r)
	}
}

// TestWhatOnlyAPersonCanEnd is Stalled.
func TestWhatOnlyAPersonCanEnd(t *testing.T) {
	for kind, want := range map[failure.Kind][2]bool{ // at once, and after a while
		failure.Invalid: {true, true}, failure.Quota: {true, true}, failure.AccessDenied: {false, true},
		failure.Throttled: {}, failure.Transient: {}, failure.Unreachable: {}, failure.NotFound: {}, failure.Busy: {},
	} {
		if got := [2]bool{Stalls(kind, false), Stalls(kind, true)}; got != want {
			t.Errorf("%s stalls: %v, want %v", kind, got, want)
		}
	}
}

// TestTheFailureThatPassesDecidesWhenToComeBack: or a missing permission would slow down the rest.
func TestTheFailureThatPassesDecidesWhenToComeBack(t *testing.T) {
	order := []failure.Kind{failure.Throttled, failure.Unreachable, failure.Transient, failure.NotFound, failure.AccessDenied, failure.Quota, failure.Invalid}
	for i, want := range order {
		var list []Finding
		for _, kind := range order[i:] {
			list = append([]Finding{{kind: kind}}, list...)
		}
		if got := WorstKind(list); got != want {
			t.Errorf("of %d failures %s decides, want %s", len(list), got, want)
		}
	}
	if got := WorstKind([]Finding{{}, {kind: failure.Busy}}); got != "" {
		t.Errorf("of none, %s decides", got)
	}
}

// TestASectionSpeaksOfItsOwnObjects: of their warnings too; one that is not declared any more is not there.
func TestASectionSpeaksOfItsOwnObjects(t *testing.T) {
	const groups, logs = v1alpha1.SecurityGroupsReadyCondition, v1alpha1.LoggingReadyCondition
	warning := func(text string) []resource.Problem {
		return []resource.Problem{{Reason: "W", Message: text, Warning: true}}
	}
	result := &resource.Result{Objects: []*resource.Object{
		{ID: thing(1), Section: groups, Read: true, Warnings: warning("of groups")}, {ID: thing(2), Section: logs, Read: true, Warnings: warning("of logs")},
	}}
	profile := &v1alpha1.FargateSecurityProfile{ObjectMeta: metav1.ObjectMeta{Generation: 7}}
	RecordSections(kinds.FargateSecurityProfile.Sections, profile, result, []Finding{{section: logs, reason: "Because", message: "no"}})
	for section, want := range map[string]metav1.Condition{
		groups: {Status: metav1.ConditionTrue, Message: "W: of groups"},
		logs:   {Status: metav1.ConditionFalse, Reason: "Because", Message: "no; W: of logs"},
	} {
		c := meta.FindStatusCondition(profile.Status.Conditions, section)
		if c == nil || c.Status != want.Status || c.Message != want.Message || want.Reason != "" && c.Reason != want.Reason || c.ObservedGeneration != 7 {
			t.Errorf("%s is %+v", section, c)
		}
	}
	result.Objects = result.Objects[:1]
	RecordSections(kinds.FargateSecurityProfile.Sections, profile, result, nil)
	if meta.FindStatusCondition(profile.Status.Conditions, logs) != nil || len(profile.Status.Conditions) != 1 {
		t.Errorf("conditions are %+v", profile.Status.Conditions)
	}
}
