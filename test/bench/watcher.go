// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// watcher keeps what a watch shows of the profiles, as a person's dashboard would.
type watcher struct {
	mu       sync.Mutex
	profiles map[string]*v1alpha1.FargateSecurityProfile // by name
	readyNow int
	// statuses are when drift was seen to come and go.
	statuses timings
}

// watch begins to watch, and ends with ctx.
func watch(ctx context.Context, config *rest.Config, scheme *runtime.Scheme) (*watcher, error) {
	w := &watcher{profiles: map[string]*v1alpha1.FargateSecurityProfile{}}
	all, err := cache.New(config, cache.Options{Scheme: scheme})
	if err != nil {
		return nil, err
	}
	informer, err := all.GetInformer(ctx, &v1alpha1.FargateSecurityProfile{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: w.take, UpdateFunc: func(_, obj any) { w.take(obj) }})
	if err != nil {
		return nil, err
	}
	go func() { _ = all.Start(ctx) }()
	if !all.WaitForCacheSync(ctx) {
		return nil, errors.New("the watch of profiles does not begin")
	}
	return w, nil
}

func (w *watcher) take(obj any) {
	p, ok := obj.(*v1alpha1.FargateSecurityProfile)
	if !ok {
		return
	}
	w.statuses.met(driftKey(p.Name, len(p.Status.Drift) > 0))
	w.mu.Lock()
	defer w.mu.Unlock()
	if isReady(w.profiles[p.Name]) {
		w.readyNow--
	}
	if isReady(p) {
		w.readyNow++
	}
	w.profiles[p.Name] = p
}

func driftKey(name string, drifted bool) string { return fmt.Sprint(name, drifted) }

func isReady(p *v1alpha1.FargateSecurityProfile) bool {
	return p != nil && meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ReadyCondition)
}

// ready counts the profiles that are.
func (w *watcher) ready() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.readyNow
}

// notReady says of one profile why it is not ready.
func (w *watcher) notReady() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, p := range w.profiles {
		if c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ReadyCondition); c != nil && !isReady(p) {
			return fmt.Sprintf("%s: %s: %s", name, c.Reason, c.Message)
		}
	}
	return "none has a status"
}

// arn is the ARN of an object of a profile, by its kind.
func (w *watcher) arn(profile, kind string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.profiles[profile]; p != nil {
		for _, r := range p.Status.Resources {
			if r.Kind == kind {
				return r.ARN, nil
			}
		}
	}
	return "", fmt.Errorf("status of %s has no %s", profile, kind)
}
