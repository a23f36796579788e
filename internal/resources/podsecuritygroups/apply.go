// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// BeginsItself implements resource.BeginsItself: the API server shows at once what it has stored.
func (*Resource) BeginsItself() {}

// Changes implements resource.Resource: one write for all fields, or one for each where some must not be changed.
func (r *Resource) Changes(o *resource.Observation, v resource.Values) []resource.Change {
	if r.desired == nil {
		return nil
	}
	var paths []string
	var singly []resource.Change
	for _, difference := range r.Diff(o, v) {
		if difference.WaitsFor == "" && difference.Action == drift.Repair {
			paths, singly = append(paths, difference.Path), append(singly, r.setting(o, v, difference.Path))
		}
	}
	if len(paths) == 0 {
		return nil
	}
	all := r.setting(o, v, paths...)
	all.Singly = singly
	return []resource.Change{all}
}

// setting is the change that sets the fields.
func (r *Resource) setting(o *resource.Observation, v resource.Values, paths ...string) resource.Change {
	return resource.Change{Paths: paths, Order: resource.Set, Do: func(ctx context.Context) error {
		return r.update(ctx, o, func(object *unstructured.Unstructured) error {
			return r.fill(object, v, func(path string) bool { return slices.Contains(paths, path) })
		})
	}}
}

// Create implements resource.Resource.
func (r *Resource) Create(ctx context.Context, v resource.Values, tags map[string]string) error {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetAPIVersion(APIVersion)
	object.SetKind(Kind)
	object.SetNamespace(r.namespace)
	object.SetName(r.name)
	object.SetAnnotations(withTags(nil, tags, nil))
	if err := r.fill(object, v, func(string) bool { return true }); err != nil {
		return err
	}
	_, err := r.policies.of(r.namespace).Create(ctx, object, metav1.CreateOptions{})
	if namespaceMissing(err) {
		return &resource.Waiting{
			Reason:  ReasonNamespaceNotFound,
			Message: fmt.Sprintf("%s waits for namespace %s, which does not exist in the cluster (or is being deleted); create it, or correct spec.podSecurityGroups.namespace.", r.ID(), r.namespace),
		}
	}
	return wrap("creating", r.ID(), err)
}

// namespaceMissing recognizes how the API server refuses to create an object in a namespace that does not exist or is
// being deleted.
func namespaceMissing(err error) bool {
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return true
	}
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return false
	}
	details := status.Status().Details
	return details != nil && details.Kind == "namespaces"
}

// fill sets the fields that are to be set, and leaves the rest of the spec as it is.
func (r *Resource) fill(object *unstructured.Unstructured, v resource.Values, wanted func(path string) bool) error {
	if wanted("groupIDs") {
		ids, _ := r.desired.groupIDs(v)
		if err := unstructured.SetNestedStringSlice(object.Object, ids, groupIDsPath...); err != nil {
			return fmt.Errorf("setting groupIds of %s: %w", r.ID(), err)
		}
	}
	selectors := map[string]*metav1.LabelSelector{
		"podSelector": r.desired.PodSelector, "serviceAccountSelector": r.desired.ServiceAccountSelector,
	}
	for field, selector := range selectors {
		if !wanted(field) {
			continue
		}
		if err := setSelector(object, field, selector); err != nil {
			return fmt.Errorf("setting %s of %s: %w", field, r.ID(), err)
		}
	}
	return nil
}

func setSelector(object *unstructured.Unstructured, field string, selector *metav1.LabelSelector) error {
	if selector == nil {
		unstructured.RemoveNestedField(object.Object, "spec", field)
		return nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(selector)
	if err != nil {
		return err
	}
	return unstructured.SetNestedMap(object.Object, fields, "spec", field)
}

// update writes the observed object back after change. Its resourceVersion is that of the observation, so a change by
// somebody else in between is a conflict; what the API server answers takes the observed object's place, so that a
// second update in the same pass is none.
func (r *Resource) update(ctx context.Context, o *resource.Observation, change func(*unstructured.Unstructured) error) error {
	observed := detailOf(o).object
	if observed == nil {
		return fmt.Errorf("updating %s: it was not read by itself before", r.ID())
	}
	object := observed.DeepCopy()
	if err := change(object); err != nil {
		return err
	}
	updated, err := r.policies.of(r.namespace).Update(ctx, object, metav1.UpdateOptions{})
	if err != nil {
		return wrap("updating", r.ID(), err)
	}
	updated.DeepCopyInto(observed)
	return nil
}

// Tag implements resource.Resource: tags are annotations.
func (r *Resource) Tag(ctx context.Context, o *resource.Observation, set map[string]string, remove []string) error {
	return r.update(ctx, o, func(object *unstructured.Unstructured) error {
		object.SetAnnotations(withTags(object.GetAnnotations(), set, remove))
		return nil
	})
}

// Delete implements resource.Resource. Only the object that was observed is deleted, not one of the same name made since.
func (r *Resource) Delete(ctx context.Context, o *resource.Observation) error {
	options := metav1.DeleteOptions{}
	if object := detailOf(o).object; object != nil && object.GetUID() != "" {
		uid := object.GetUID()
		options.Preconditions = &metav1.Preconditions{UID: &uid}
	}
	err := r.policies.of(r.namespace).Delete(ctx, r.name, options)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return wrap("deleting", r.ID(), err)
}

func wrap(verb string, id resource.ID, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", verb, id, err)
}
