// SPDX-License-Identifier: Apache-2.0

// Package report turns what a pass found and did into status: drift, conditions, posture, and Kubernetes Events.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/conditions"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

const (
	maxDrift     = 50
	maxRepairs   = 10
	maxResources = 64
	maxText      = 2048
	// maxActor bounds who is named in a sentence.
	maxActor = 200
	// maxValue is how long a value may be to be shown within a sentence.
	maxValue = 60
)

// ConditionOrder is the order of status.conditions.
func ConditionOrder(kind *declaration.Kind) []string {
	return append([]string{
		v1alpha1.ReadyCondition, v1alpha1.ReconcilingCondition, v1alpha1.StalledCondition, v1alpha1.DriftedCondition,
	}, kind.Sections...)
}

// PriorOf is what status remembers, for the engine.
func PriorOf(status *v1alpha1.DeclarationStatus) map[resource.ID]resource.Prior {
	prior := map[resource.ID]resource.Prior{}
	for _, r := range status.Resources {
		prior[resource.ID{Kind: r.Kind, Name: r.Name}] = resource.Prior{
			ARN: r.ARN, Origin: resource.Origin(r.Origin), Hash: r.DeclarationHash, Began: r.CreationTime.Time,
		}
	}
	return prior
}

// RecordDrift writes what a pass found and did into status, and what earlier ones did that could not be told. The same
// findings give the same status.
func RecordDrift(kind *declaration.Kind, obj v1alpha1.Declaration, result *resource.Result, earlier []drift.Entry, who *memory.Changes, now time.Time) (current, repaired []drift.Entry) {
	status := obj.Found()
	known := knownDrift(status)
	current = drift.Merge(known, currentDrift(known, result), now)
	repaired = append(drift.Merge(known, repairedDrift(result), now), earlier...)
	objects := entryObjects(status, result, kind.ClusterOf(obj))
	who.Attribute(current, known, objects)
	who.Attribute(repaired, known, objects)
	nameLate(status, who, objects)
	for _, e := range repaired {
		who.Settle(objects(e.Resource))
	}

	status.Resources = append(ResourceStatuses(result), UnknownKinds(status.Resources)...)
	status.Drift = nil
	for _, e := range current[:min(len(current), maxDrift)] {
		status.Drift = append(status.Drift, apiDrift(e))
	}
	count := int32(len(current)) //nolint:gosec // bounded by the number of fields
	status.DriftCount = &count
	recordRepairs(status, repaired, now)
	recordPosture(kind.Controls, status, result)
	return current, repaired
}

// knownDrift reads the drift that status lists.
func knownDrift(status *v1alpha1.DeclarationStatus) []drift.Entry {
	entries := make([]drift.Entry, 0, len(status.Drift))
	for _, d := range status.Drift {
		entries = append(entries, drift.Entry{
			Resource: d.Resource,
			Difference: drift.Difference{
				Path: d.Path, Desired: d.Desired, Observed: d.Observed,
				Severity: drift.Severity(d.Severity), Action: drift.Action(d.Action), Controls: d.Controls,
			},
			FirstObserved: d.FirstObservedTime.Time, ChangedBy: d.ChangedBy,
		})
	}
	return entries
}

// currentDrift lists the drift of everything read, and keeps what was known of what could not be read.
func currentDrift(known []drift.Entry, result *resource.Result) []drift.Entry {
	var entries []drift.Entry
	for _, o := range result.All() {
		if !o.Read {
			entries = append(entries, ofResource(known, o.ID.String())...)
			continue
		}
		for _, d := range o.Drift {
			entries = append(entries, drift.Entry{Resource: o.ID.String(), Difference: d})
		}
		for _, e := range ofResource(known, o.ID.String()) {
			if !o.Judged(e.Path) {
				entries = append(entries, e)
			}
		}
	}
	return entries
}

func ofResource(entries []drift.Entry, name string) []drift.Entry {
	var found []drift.Entry
	for _, e := range entries {
		if e.Resource == name {
			found = append(found, e)
		}
	}
	return found
}

func repairedDrift(result *resource.Result) []drift.Entry {
	var entries []drift.Entry
	for _, o := range result.Objects {
		for _, d := range o.Repaired {
			entries = append(entries, drift.Entry{Resource: o.ID.String(), Difference: d})
		}
	}
	return entries
}

func apiDrift(e drift.Entry) v1alpha1.Drift {
	return v1alpha1.Drift{
		Resource: e.Resource, Path: canonical.Text(e.Path, maxText),
		Desired: canonical.Text(e.Desired, maxText), Observed: canonical.Text(e.Observed, maxText),
		Severity: v1alpha1.Severity(e.Severity), Action: v1alpha1.DriftAction(e.Action),
		Controls: e.Controls, FirstObservedTime: metav1.NewTime(e.FirstObserved.Truncate(time.Second)), ChangedBy: e.ChangedBy,
	}
}

func recordRepairs(status *v1alpha1.DeclarationStatus, repaired []drift.Entry, now time.Time) {
	if len(repaired) == 0 {
		return
	}
	at := metav1.NewTime(now.Truncate(time.Second))
	var all []v1alpha1.Repair
	var done []string
	earlier := slices.Clone(status.Repairs)
	for _, e := range repaired {
		repair := v1alpha1.Repair{Drift: apiDrift(e), RepairedTime: at}
		earlier = countRepair(&repair, earlier)
		all = append(all, repair)
		done = append(done, repairText(e))
	}
	all = append(all, earlier...)
	status.Repairs = all[:min(len(all), maxRepairs)]
	status.LastRepair = &v1alpha1.LastRepair{
		Time: at, Fields: int32(len(repaired)), //nolint:gosec // bounded by the number of fields
		Message: canonical.Text(strings.Join(done, "; "), maxText),
	}
}

// entryObjects returns how events may call the object that a difference is about.
func entryObjects(status *v1alpha1.DeclarationStatus, result *resource.Result, cluster string) func(string) []events.Object {
	return func(name string) []events.Object {
		var objects []events.Object
		for _, o := range result.All() {
			if o.ID.String() == name {
				objects = append(objects, resources.Events(o.ID.Kind, o.ID.Name, o.ARN, cluster)...)
			}
		}
		for _, r := range status.Resources { // a group or key that was made anew was deleted under its former id
			if r.Kind+"/"+r.Name == name {
				objects = append(objects, resources.Events(r.Kind, r.Name, r.ARN, cluster)...)
			}
		}
		return objects
	}
}

// nameLate fills in who made what was repaired before its event came.
func nameLate(status *v1alpha1.DeclarationStatus, who *memory.Changes, objects func(string) []events.Object) {
	for i := range status.Repairs {
		if r := &status.Repairs[i]; r.ChangedBy == "" {
			r.ChangedBy = who.Of(objects(r.Resource), r.Path, r.FirstObservedTime.Time)
		}
	}
}

// by says who made a change, where that is known.
func by(e drift.Entry) string {
	if e.ChangedBy == "" {
		return ""
	}
	return " (changed by " + canonical.Text(e.ChangedBy, maxActor) + ")"
}

// repairText says what a repair did, from the field's point of view, and who had made it necessary.
func repairText(e drift.Entry) string { return repairOf(e) + by(e) }

func repairOf(e drift.Entry) string {
	switch {
	case e.Path == drift.ObjectPath:
		return fmt.Sprintf("%s: created again", e.Resource)
	case e.Desired == "":
		return fmt.Sprintf("%s: removed %s", e.Resource, e.Path)
	case e.Observed == "":
		return fmt.Sprintf("%s: put back %s", e.Resource, e.Path)
	case len(e.Desired) > maxValue || len(e.Observed) > maxValue: // a policy document; status.repairs has it
		return fmt.Sprintf("%s: put back %s", e.Resource, e.Path)
	default:
		return fmt.Sprintf("%s: set %s to %s (was %s)", e.Resource, e.Path, e.Desired, e.Observed)
	}
}

// recordPosture keeps the last posture when something could not be read: an unanswered call is no finding. A kind without
// controls has no posture.
func recordPosture(catalogue []controls.Control, status *v1alpha1.DeclarationStatus, result *resource.Result) {
	if len(catalogue) == 0 {
		return
	}
	for _, o := range result.Objects {
		if o.Failure != nil && !o.Read || o.Incomplete() {
			return
		}
	}
	p := controls.Evaluate(catalogue, &result.State)
	status.Posture = &v1alpha1.Posture{
		Passed: int32(p.Passed), Failed: int32(p.Failed), Score: int32(p.Score), //nolint:gosec // bounded by the catalogue
		FailedControls: p.FailedControls,
	}
}

// ResourceStatuses is status.resources after a pass: at most 64.
func ResourceStatuses(result *resource.Result) []v1alpha1.ResourceStatus {
	var list []v1alpha1.ResourceStatus
	for _, o := range result.All() {
		list = append(list, v1alpha1.ResourceStatus{
			Kind: o.ID.Kind, Name: o.ID.Name, ARN: o.ARN, State: o.State,
			Origin: v1alpha1.Origin(o.Origin), DeclarationHash: o.Hash, CreationTime: metav1.NewTime(o.Began),
		})
	}
	return list[:min(len(list), maxResources)]
}

// RecordDrifted writes the Drifted condition: its reason is that of the worst difference.
func RecordDrifted(obj v1alpha1.Declaration, current []drift.Entry, result *resource.Result) {
	if len(current) == 0 {
		conditions.Set(&obj.Found().Conditions, obj.GetGeneration(), v1alpha1.DriftedCondition, metav1.ConditionFalse,
			v1alpha1.ReasonNoDrift, "nothing differs from the spec"+pendingText(result))
		return
	}
	reason := current[0].Reason
	if reason == "" { // known from status only, which does not keep reasons
		reason = v1alpha1.ReasonDrifted
	}
	conditions.Set(&obj.Found().Conditions, obj.GetGeneration(), v1alpha1.DriftedCondition, metav1.ConditionTrue,
		reason, driftText(current))
}

// pendingText names the objects that the operator has yet to bring to what is declared.
func pendingText(result *resource.Result) string {
	var names []string
	for _, o := range result.Objects {
		if len(o.Pending) > 0 {
			names = append(names, o.ID.String())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " but what is still to be done: " + strings.Join(names, ", ")
}

// driftText counts the differences and names the worst.
func driftText(current []drift.Entry) string {
	var names []string
	for _, e := range current[:min(len(current), 5)] {
		names = append(names, e.Resource+" "+canonical.Text(e.Path, 120)+by(e))
	}
	if more := len(current) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	verb := "fields differ"
	if len(current) == 1 {
		verb = "field differs"
	}
	return fmt.Sprintf("%d %s: %s", len(current), verb, strings.Join(names, "; "))
}
