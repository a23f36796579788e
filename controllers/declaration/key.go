// SPDX-License-Identifier: Apache-2.0

package declaration

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

// Key is an object of any kind.
type Key struct {
	Kind string
	types.NamespacedName
}

// Request is the key as a controller's queue has it.
func (k Key) Request() ctrl.Request { return ctrl.Request{NamespacedName: k.NamespacedName} }

// KeyOf is the key of an object of a kind.
func KeyOf(kind *Kind, obj client.Object) Key {
	return Key{kind.Name, client.ObjectKeyFromObject(obj)}
}

// EachOf calls do for each item of a list of declarations. Errors: the list is none.
func EachOf(list client.ObjectList, do func(v1alpha1.Declaration)) error {
	return meta.EachListItem(list, func(item runtime.Object) error {
		obj, ok := item.(v1alpha1.Declaration)
		if !ok {
			return fmt.Errorf("%T is no kind that declares AWS objects", item)
		}
		do(obj)
		return nil
	})
}

// AsSet sorts a list and leaves out what is there twice; nil for an empty one, as it comes back from the API server.
func AsSet(list []string) []string {
	slices.Sort(list)
	if list = slices.Compact(list); len(list) == 0 {
		return nil
	}
	return list
}
