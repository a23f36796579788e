// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// objectKey is an object of any kind.
type objectKey struct {
	kind string
	types.NamespacedName
}

func (k objectKey) request() ctrl.Request { return ctrl.Request{NamespacedName: k.NamespacedName} }

func keyOf(kind *Kind, obj client.Object) objectKey {
	return objectKey{kind.Name, client.ObjectKeyFromObject(obj)}
}

// eachOf calls do for each item of a list of declarations. Errors: the list is none.
func eachOf(list client.ObjectList, do func(v1alpha1.Declaration)) error {
	return meta.EachListItem(list, func(item runtime.Object) error {
		obj, ok := item.(v1alpha1.Declaration)
		if !ok {
			return fmt.Errorf("%T is no kind that declares AWS objects", item)
		}
		do(obj)
		return nil
	})
}

// asSet sorts a list and leaves out what is there twice; nil for an empty one, as it comes back from the API server.
func asSet(list []string) []string {
	slices.Sort(list)
	if list = slices.Compact(list); len(list) == 0 {
		return nil
	}
	return list
}
