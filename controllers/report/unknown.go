// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// After a rollback, status is that of a newer operator: it may hold words and kinds of objects that this version does
// not know. Fields that it does not know are no matter: patches leave them alone.

// MapUnknownValues puts words of status that this version does not know into its own, in memory: a list is written as a whole,
// and an older CRD refuses all of status for one such word. What the pass does not write anew stays as it is stored.
func MapUnknownValues(status *v1alpha1.DeclarationStatus) {
	for i := range status.Drift {
		knownDriftValues(&status.Drift[i])
	}
	for i := range status.Repairs {
		knownDriftValues(&status.Repairs[i].Drift)
	}
	for i := range status.Resources {
		knownOrigin(&status.Resources[i])
	}
}

// knownDriftValues: how bad the difference is, is not known, so it must not be overlooked; and what was to be done about
// it, this version cannot do.
func knownDriftValues(d *v1alpha1.Drift) {
	switch drift.Severity(d.Severity) {
	case drift.Critical, drift.High, drift.Medium, drift.Low:
	default:
		d.Severity = v1alpha1.Severity(drift.High)
	}
	switch drift.Action(d.Action) {
	case drift.Repair, drift.ReportOnly, drift.RequiresReplacement:
	default:
		d.Action = v1alpha1.DriftAction(drift.ReportOnly)
	}
}

// knownOrigin: an object of a kind that we know is ours if its tags say so. Of another kind there are no tags to
// ask: it is ours, and is never deleted.
func knownOrigin(r *v1alpha1.ResourceStatus) {
	switch resource.Origin(r.Origin) {
	case "", resource.Created, resource.Adopted, resource.Referenced:
		return
	}
	r.Origin = ""
	if resources.Find(r.Kind) == nil {
		r.Origin = v1alpha1.Origin(resource.Adopted)
	}
}

// UnknownKinds are the objects in status that are ours and of a kind that this version does not know. They stay listed,
// or the newer version would not find them again.
func UnknownKinds(list []v1alpha1.ResourceStatus) []v1alpha1.ResourceStatus {
	var found []v1alpha1.ResourceStatus
	for _, r := range list {
		origin := resource.Origin(r.Origin)
		if (origin == resource.Created || origin == resource.Adopted) && resources.Find(r.Kind) == nil {
			found = append(found, r)
		}
	}
	return found
}

// UnknownKindsStay is why an object keeps its finalizer: the objects would stay in AWS, and nobody would know of them.
func UnknownKindsStay(list []v1alpha1.ResourceStatus) []Finding {
	if len(list) == 0 {
		return nil
	}
	var names []string
	for _, r := range list {
		names = append(names, r.Kind+"/"+r.Name)
	}
	return []Finding{{stalled: true, reason: "KindUnknown", message: fmt.Sprintf(
		"status lists %s, of a kind that this version of the operator does not know: run the version that made it, or set spec.mode to Suspend to leave it in AWS",
		strings.Join(names, ", "))}}
}
