// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"reflect"
	"slices"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// Slim returns a transform of the cache: it leaves out what nobody here reads, and keeps once what thousands of objects have in
// common. Every write of ours is a patch of the difference to what was read, so what is left out is not lost.
func Slim() toolscache.TransformFunc {
	ofType := map[reflect.Type]*declaration.Kind{}
	for _, kind := range kinds.All {
		ofType[reflect.TypeOf(kind.New())] = kind
	}
	return func(obj any) (any, error) {
		o, ok := obj.(client.Object)
		if !ok {
			return obj, nil
		}
		o.SetManagedFields(nil)
		if annotations := o.GetAnnotations(); annotations[corev1.LastAppliedConfigAnnotation] != "" { // the object once more
			delete(annotations, corev1.LastAppliedConfigAnnotation)
			o.SetAnnotations(annotations)
		}
		if declaration, ok := obj.(v1alpha1.Declaration); ok {
			shareTexts(declaration)
			if kind := ofType[reflect.TypeOf(obj)]; kind != nil && kind.ShareTexts != nil {
				kind.ShareTexts(declaration)
			}
		}
		return obj, nil
	}
}

// shareTexts has texts that many objects have in common be one text in memory, and lists take no more than they hold: a
// decoder makes room for more.
func shareTexts(obj v1alpha1.Declaration) {
	status := obj.Found()
	status.Conditions, status.Resources = slices.Clone(status.Conditions), slices.Clone(status.Resources)
	namespace := obj.GetNamespace()
	memo.Share(&namespace, &obj.Declared().AccountRef.Name)
	obj.SetNamespace(namespace)
	for i := range status.Conditions {
		shareCondition(&status.Conditions[i])
	}
	for i := range status.Resources {
		r := &status.Resources[i]
		memo.Share(&r.Kind, &r.State)
		r.Origin = unique.Make(r.Origin).Value()
	}
	if status.Posture != nil {
		memo.ShareAll(status.Posture.FailedControls)
	}
	memo.ShareAll(status.TagKeys)
}

func shareCondition(c *metav1.Condition) {
	memo.Share(&c.Type, &c.Reason, &c.Message)
	c.Status = unique.Make(c.Status).Value()
}
