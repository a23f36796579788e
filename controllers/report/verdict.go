// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/conditions"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Finding is one thing that keeps an object, and with it the custom resource, from being as declared.
type Finding struct {
	section, reason, message string
	stalled                  bool
	kind                     failure.Kind
	// idle: what is waited for is another object, which has a Finding of its own.
	idle bool
}

// Findings lists, in the order of the objects, what keeps them from being as declared. deniedLong says that missing
// permissions have been missing for a while.
func Findings(kind *declaration.Kind, result *resource.Result, enforce, deniedLong bool) []Finding {
	var list []Finding
	for _, o := range result.All() {
		list = append(list, objectFindings(kind, o, enforce, deniedLong)...)
	}
	return list
}

func objectFindings(kind *declaration.Kind, o *resource.Object, enforce, deniedLong bool) []Finding {
	var list []Finding
	for _, p := range o.Problems {
		list = append(list, Finding{section: o.Section, reason: p.Reason, message: p.Message, stalled: true})
	}
	for _, f := range o.Failures() {
		list = append(list, Finding{
			section: o.Section, reason: f.Reason, message: o.ID.String() + about(f.Paths) + ": " + f.Message,
			stalled: Stalls(f.Kind, deniedLong), kind: f.Kind,
		})
	}
	if w := o.Waiting; w != nil {
		list = append(list, Finding{section: o.Section, reason: w.Reason, message: w.Message, kind: failure.Busy, idle: w.Idle})
	}
	if len(o.Pending) > 0 && len(list) == 0 { // the next pass goes on with it
		list = append(list, Finding{section: o.Section, reason: "WaitingForAWS", message: o.ID.String() + " is on its way", kind: failure.Busy})
	}
	switch {
	case enforce:
		list = append(list, driftFindings(kind, o)...)
	case o.Read && !o.Exists && len(o.Problems) == 0:
		list = append(list, Finding{section: o.Section, reason: "ObjectMissing", message: o.ID.String() + " does not exist, and mode Observe creates nothing"})
	}
	return list
}

// SearchFindings says that objects with our owner tag could not be looked for.
func SearchFindings(err error, deniedLong bool) []Finding {
	if err == nil {
		return nil
	}
	f := awsapi.Classify(err)
	return []Finding{{
		reason: f.Reason, message: "looking for objects by their owner tag: " + f.Message, stalled: Stalls(f.Kind, deniedLong), kind: f.Kind,
	}}
}

// about names the fields that an error concerns, after the object.
func about(paths []string) string {
	switch len(paths) {
	case 0:
		return ""
	case 1:
		return " " + canonical.Text(paths[0], 120)
	default:
		return fmt.Sprintf(" %s and %d more", canonical.Text(paths[0], 120), len(paths)-1)
	}
}

// Stalls tells which failures only a person can end. A quota can be raised and a permission given: both are tried
// again, slowly.
func Stalls(kind failure.Kind, deniedLong bool) bool {
	return kind == failure.Invalid || kind == failure.Quota || kind == failure.AccessDenied && deniedLong
}

// driftFindings: in Enforce nothing may differ. What needs a replacement stays until a person decides.
func driftFindings(kind *declaration.Kind, o *resource.Object) []Finding {
	var list []Finding
	for _, d := range o.Drift {
		f := Finding{section: o.Section, reason: v1alpha1.ReasonDrifted, message: o.ID.String() + " " + canonical.Text(d.Path, 120) + " differs"}
		if d.Desired == drift.Healthy {
			f.reason, f.message = d.Reason, fmt.Sprintf("%s: AWS reports %s", o.ID, canonical.Text(d.Observed, 400))
		}
		if d.Action == drift.RequiresReplacement {
			f.reason, f.stalled = v1alpha1.ReasonRequiresReplacement, true
			f.message = fmt.Sprintf("%s: %s is %q, declared is %q: AWS cannot change it; put the spec back, or delete this %s and create it anew",
				o.ID, d.Path, canonical.Text(d.Observed, 160), canonical.Text(d.Desired, 160), kind.Name)
		}
		list = append(list, f)
	}
	return list
}

// VerdictOf sums the findings up. The first one that stalls gives the reason, else the first that is not plain drift; its
// message comes first, so that the cause survives when the text is cut, and who only waits for it comes last.
func VerdictOf(list []Finding, enforce bool, current []drift.Entry) conditions.Verdict {
	v := conditions.Verdict{Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, Message: "everything is as declared"}
	if !enforce {
		v.Reason, v.Message = v1alpha1.ReasonObserved, "everything declared exists; mode Observe writes nothing to AWS"
		if len(current) > 0 {
			v.Message += "; " + driftText(current)
		}
	}
	if len(list) == 0 {
		return v
	}
	lead := leading(list)
	v.Ready, v.Reason, v.Stalled = metav1.ConditionFalse, lead.reason, lead.stalled
	v.Reconciling = !lead.stalled && lead.kind != ""
	messages := []string{lead.message}
	for _, idle := range []bool{false, true} {
		for _, f := range list {
			if f.stalled == lead.stalled && (f.kind == "") == (lead.kind == "") && f.idle == idle {
				messages = append(messages, f.message)
			}
		}
	}
	v.Message = conditions.Join(messages)
	if lead.reason == v1alpha1.ReasonDrifted {
		v.Message = driftText(current)
	}
	return v
}

func leading(list []Finding) Finding {
	for _, f := range list {
		if f.stalled {
			return f
		}
	}
	for _, f := range list {
		if f.kind != "" && f.kind != failure.Busy {
			return f
		}
	}
	for _, f := range list {
		if f.kind == failure.Busy && !f.idle {
			return f
		}
	}
	for _, f := range list {
		if f.kind == failure.Busy {
			return f
		}
	}
	return list[0]
}

// WorstKind is the failure that decides when to come back, "" if there is none.
func WorstKind(list []Finding) failure.Kind {
	order := []failure.Kind{failure.Throttled, failure.Unreachable, failure.Transient, failure.NotFound, failure.AccessDenied, failure.Quota, failure.Invalid}
	for _, k := range order {
		for _, f := range list {
			if f.kind == k {
				return k
			}
		}
	}
	return ""
}

// RecordSections writes one condition for each declared section and takes away those of sections that are gone.
func RecordSections(sections []string, obj v1alpha1.Declaration, result *resource.Result, list []Finding) {
	for _, section := range sections {
		if !hasSection(result, section) {
			meta.RemoveStatusCondition(&obj.Found().Conditions, section)
			continue
		}
		status, reason, message := metav1.ConditionTrue, v1alpha1.ReasonReady, warnings(result, section)
		if of := inSection(list, section); len(of) > 0 {
			status, reason = metav1.ConditionFalse, leading(of).reason
			message = conditions.Join(append(texts(of), message))
		}
		conditions.Set(&obj.Found().Conditions, obj.GetGeneration(), section, status, reason, message)
	}
}

func hasSection(result *resource.Result, section string) bool {
	for _, o := range result.All() {
		if o.Section == section {
			return true
		}
	}
	return false
}

func inSection(list []Finding, section string) []Finding {
	var found []Finding
	for _, f := range list {
		if f.section == section {
			found = append(found, f)
		}
	}
	return found
}

func texts(list []Finding) []string {
	out := make([]string, 0, len(list))
	for _, f := range list {
		out = append(out, f.message)
	}
	return out
}

// warnings joins what a person should know of a section although nothing is stopped by it.
func warnings(result *resource.Result, section string) string {
	var messages []string
	for _, o := range result.All() {
		for _, w := range o.Warnings {
			if o.Section == section {
				messages = append(messages, w.Reason+": "+w.Message)
			}
		}
	}
	return conditions.Join(messages)
}

// ResultOf names a pass's result for the metrics.
func ResultOf(v conditions.Verdict, drifted bool) string {
	switch {
	case v.Stalled:
		return "stalled"
	case v.Reconciling:
		return "reconciling"
	case drifted:
		return "drifted"
	default:
		return "ready"
	}
}
