// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, gitopsMutants...) }

// gitopsMutants break what Argo CD and Flux rely on. The bugs in health.lua stand in test/argocd, where a test runs them.
var gitopsMutants = []mutant{
	{"operator writes the spec beside its finalizer", 0, []edit{{"patchFinalizers",
		`return c.Patch(ctx,`,
		`if p, ok := obj.(*v1alpha1.FargateSecurityProfile); ok {
		slices.Reverse(p.Spec.SecurityGroups)
	}
	return c.Patch(ctx,`}},
		"TestNothingIsOutOfSync"},
	{"reconcile request of an account is not answered", 0, []edit{{"awsaccount.Reconciler.report",
		`status.LastHandledReconcileRequest = account.Annotations[v1alpha1.ReconcileRequestAnnotation]`,
		`status.LastHandledReconcileRequest = ""`}},
		"TestActions"},
}
