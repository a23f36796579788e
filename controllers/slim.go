// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"slices"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// Slim is a transform of the cache: it leaves out what nobody here reads, and keeps once what thousands of profiles have in
// common. Every write of ours is a patch of the difference to what was read, so what is left out is not lost.
func Slim(obj any) (any, error) {
	o, ok := obj.(client.Object)
	if !ok {
		return obj, nil
	}
	o.SetManagedFields(nil)
	if annotations := o.GetAnnotations(); annotations[corev1.LastAppliedConfigAnnotation] != "" { // the object once more
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		o.SetAnnotations(annotations)
	}
	if profile, ok := obj.(*v1alpha1.FargateSecurityProfile); ok {
		shareTexts(profile)
	}
	return obj, nil
}

// shareTexts has texts that many profiles have in common be one text in memory, and lists take no more than they hold: a
// decoder makes room for more.
func shareTexts(p *v1alpha1.FargateSecurityProfile) {
	p.Status.Conditions, p.Status.Resources = slices.Clone(p.Status.Conditions), slices.Clone(p.Status.Resources)
	memo.Share(&p.APIVersion, &p.Kind, &p.Namespace, &p.Spec.AccountRef.Name, &p.Spec.ClusterName)
	memo.ShareAll(p.Spec.FargateProfile.SubnetIDs)
	for i := range p.Status.Conditions {
		shareCondition(&p.Status.Conditions[i])
	}
	for i := range p.Status.Resources {
		r := &p.Status.Resources[i]
		memo.Share(&r.Kind, &r.State)
		r.Origin = unique.Make(r.Origin).Value()
	}
	if p.Status.Posture != nil {
		memo.ShareAll(p.Status.Posture.FailedControls)
	}
	memo.ShareAll(p.Status.TagKeys)
}

func shareCondition(c *metav1.Condition) {
	memo.Share(&c.Type, &c.Reason, &c.Message)
	c.Status = unique.Make(c.Status).Value()
}
