// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// change is what a watch tells of an object.
type change struct {
	*Object
	gone bool
}

// follow sends what becomes of the objects of some kinds, the ones that are there first, until ctx ends. A lost connection is
// taken up again; what cannot get better by waiting ends it.
func (c *cluster) follow(ctx context.Context, kinds []kind, changes chan<- change) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for _, k := range kinds {
		api := c.of(k)
		informer := cache.NewSharedIndexInformer(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				o.LabelSelector = c.selector
				return api.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				o.LabelSelector = c.selector
				return api.Watch(ctx, o)
			},
		}, &unstructured.Unstructured{}, 0, cache.Indexers{})
		send := func(obj any, gone bool) {
			if late, ok := obj.(cache.DeletedFinalStateUnknown); ok {
				obj = late.Obj
			}
			if o, ok := read(obj); ok {
				select {
				case changes <- change{o, gone}:
				case <-ctx.Done():
				}
			}
		}
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(obj any) { send(obj, false) },
			UpdateFunc: func(_, obj any) { send(obj, false) },
			DeleteFunc: func(obj any) { send(obj, true) },
		})
		if err != nil {
			return err
		}
		err = informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
			if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err) {
				stop(c.explain(k, "watch", err))
			}
		})
		if err != nil {
			return err
		}
		go informer.RunWithContext(ctx)
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); cause != ctx.Err() { //nolint:errorlint // the very same: nobody gave a cause
		return cause
	}
	return nil
}

// kindsOf are the kinds of some targets, each once.
func kindsOf(targets []target) []kind {
	var kinds []kind
	for _, t := range targets {
		if !slices.ContainsFunc(kinds, func(k kind) bool { return k.GroupVersionResource == t.kind.GroupVersionResource }) {
			kinds = append(kinds, t.kind)
		}
	}
	return kinds
}
