// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/patch"
	"github.com/fargate-security/fargate-security-operator/controllers/report"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// delete deletes what belongs to the object and lets it go when AWS says that it is gone. In the modes that
// write nothing it lets go at once, and says what stays. An object that goes only with its CRD is held.
func (p *pass) delete(ctx context.Context) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(p.object, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	if !p.enforces() {
		p.Recorder.Eventf(p.object, nil, corev1.EventTypeWarning, "Abandoned", "Delete",
			"deleted while nothing may be written to AWS: everything stays there as it is, with its owner tags")
		return ctrl.Result{}, p.dropFinalizer(ctx)
	}
	if err := p.askedFor(ctx); err != nil {
		p.memories.Leave(p.owner())
		return p.unreachable(ctx, err)
	}
	if err := p.bind(ctx); err != nil {
		return p.unreachable(ctx, err)
	}
	defer p.noteWrite()
	search := p.searchDue()
	result, err := p.deleteOnce(ctx, search)
	if err == nil && len(result.Leftovers) == 0 && !search { // never without a last look for what carries our tag
		result, err = p.deleteOnce(ctx, true)
	}
	switch {
	case err != nil:
		return p.unreachable(ctx, err)
	case len(result.Leftovers) == 0 && len(report.UnknownKinds(p.object.Found().Resources)) == 0:
		return ctrl.Result{}, p.dropFinalizer(ctx)
	}
	return p.reportDeletion(ctx, &result)
}

// deleteOnce is one pass of a deletion.
func (p *pass) deleteOnce(ctx context.Context, search bool) (resource.Result, error) {
	declared := p.declared.Resources()
	leftovers, err := p.leftovers(ctx, declared, search)
	switch {
	case err != nil:
		return resource.Result{}, err
	case p.searchFailed != nil: // nothing is let go of before it was looked for
		return resource.Result{}, p.searchFailed
	}
	result := resource.Delete(ctx, declared, leftovers, p.options(true))
	p.forgetBegun(result.Removed)
	resources.CancelCreations(p.memory.Shared, p.env.Owner)
	p.noteDone(ctx, &result)
	return result, nil
}

func (p *pass) reportDeletion(ctx context.Context, result *resource.Result) (ctrl.Result, error) {
	before, status := copyOf(p.object), p.object.Found()
	list := report.Findings(p.Kind, result, false, p.retries.DeniedForLong(p.req, denied(result)))
	unknown, remaining := report.UnknownKinds(status.Resources), len(result.Leftovers) > 0
	if !remaining {
		list = report.UnknownKindsStay(unknown)
	}
	status.Resources = append(mergeRemaining(status.Resources, result), unknown...)
	verdict := report.VerdictOf(list, true, nil)
	verdict.Ready, verdict.Reconciling = metav1.ConditionFalse, !verdict.Stalled
	if len(list) == 0 {
		verdict.Reason, verdict.Message = v1alpha1.ReasonDeleting, "being deleted"
	}
	report.RecordSections(p.Kind.Sections, p.object, result, list)
	if err := p.report(ctx, before, verdict, false); err != nil {
		return ctrl.Result{}, err
	}
	p.noteSearch(result)
	wait := p.retries.Wait(result)
	if remaining && wait == 0 {
		wait = schedule.Jitter(p.Timing.Wait)
	}
	return p.retries.After(p.req, report.WorstKind(list), wait, p.account.Resync), nil
}

// mergeRemaining lists what is still there, with what status knew of it.
func mergeRemaining(known []v1alpha1.ResourceStatus, result *resource.Result) []v1alpha1.ResourceStatus {
	list := report.ResourceStatuses(result)
	for i := range list {
		for _, k := range known {
			if k.Kind == list[i].Kind && k.Name == list[i].Name {
				list[i].DeclarationHash = k.DeclarationHash
			}
		}
	}
	return list
}

// dropFinalizer removes the finalizer.
func (p *pass) dropFinalizer(ctx context.Context) error {
	p.forget(p.req)
	return patch.RemoveFinalizer(ctx, p.Client, p.object)
}
