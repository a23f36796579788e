// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
)

// writeLog is a client that notes what is written through it, also what the API server will find to change nothing.
type writeLog struct {
	client.Client
	mu     sync.Mutex
	writes []string
}

func (w *writeLog) note(verb string, obj any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = append(w.writes, fmt.Sprintf("%s %T", verb, obj))
}

func (w *writeLog) Create(ctx context.Context, obj client.Object, opts ...client.CreateOption) error {
	w.note("create", obj)
	return w.Client.Create(ctx, obj, opts...)
}

func (w *writeLog) Update(ctx context.Context, obj client.Object, opts ...client.UpdateOption) error {
	w.note("update", obj)
	return w.Client.Update(ctx, obj, opts...)
}

func (w *writeLog) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
	w.note("patch", obj)
	return w.Client.Patch(ctx, obj, patch, opts...)
}

func (w *writeLog) Delete(ctx context.Context, obj client.Object, opts ...client.DeleteOption) error {
	w.note("delete", obj)
	return w.Client.Delete(ctx, obj, opts...)
}

func (w *writeLog) Status() client.SubResourceWriter { return &statusLog{w.Client.Status(), w} }

type statusLog struct {
	client.SubResourceWriter
	log *writeLog
}

func (s *statusLog) Update(ctx context.Context, obj client.Object, opts ...client.SubResourceUpdateOption) error {
	s.log.note("update status of", obj)
	return s.SubResourceWriter.Update(ctx, obj, opts...)
}

func (s *statusLog) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	s.log.note("patch status of", obj)
	return s.SubResourceWriter.Patch(ctx, obj, patch, opts...)
}

// second is another reconciler beside the one that runs in the manager: it does nothing but what the test asks of it.
func second(t *testing.T, observeOnly bool) (*pass.Reconciler, *writeLog) {
	t.Helper()
	scheme := runtime.NewScheme()
	must(v1alpha1.AddToScheme(scheme))
	anotherName := true // beside the manager that runs
	idle, err := ctrl.NewManager(&rest.Config{Host: "127.0.0.1:1"}, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &anotherName},
	})
	must(err)
	log := &writeLog{Client: profiles.Client}
	r := justStarted()
	r.Client, r.ObserveOnly, r.ReadShared = log, observeOnly, false
	must(r.SetupWithManager(idle))
	return r, log
}

func reconcile(t *testing.T, r *pass.Reconciler, p *profile) {
	t.Helper()
	if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(p)}); err != nil {
		t.Fatal(err)
	}
}

// synced waits until the operator's cache has the profile as it is: a pass over an old copy may well write.
func (r *rig) synced(p *profile) {
	r.t.Helper()
	r.eventually("waiting for the cache", func() error {
		cached := &profile{}
		if err := profiles.Client.Get(r.ctx, client.ObjectKeyFromObject(p), cached); err != nil {
			return err
		}
		if now := r.get(p).ResourceVersion; cached.ResourceVersion != now {
			return fmt.Errorf("the cache has version %s, the API server %s", cached.ResourceVersion, now)
		}
		return nil
	})
}

// TestAnUnchangedPassSendsNoWrite: not even a write that would change nothing is sent to the API server.
func TestAnUnchangedPassSendsNoWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	passes, log := second(t, false)
	r.synced(p)
	r.sim.ResetCalls()
	reconcile(t, passes, p)
	reconcile(t, passes, p)
	if len(log.writes) > 0 || len(r.writes()) > 0 {
		t.Errorf("passes over an unchanged profile sent %q to Kubernetes and %q to AWS", log.writes, r.writes())
	}
	if len(r.sim.Calls()) == 0 {
		t.Error("the passes read nothing: they prove nothing")
	}
}

// TestObserveOnlyOperatorWritesNothing: with --observe-only, drift in a profile that says Enforce is reported and stays.
func TestObserveOnlyOperatorWritesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	passes, _ := second(t, true)
	// The operator of the suite, which does repair, may have a pass of its own in between.
	r.eventually("waiting for the drift to be seen", func() error {
		r.did(r.aws.EKS.UntagResource(r.ctx, untag(r.arn(p, "FargateProfile", "payments"))))
		r.synced(p)
		r.sim.ResetCalls()
		reconcile(t, passes, p)
		if got := driftPaths(r.get(p)); len(got) != 1 {
			return fmt.Errorf("drift %q: want the tag that was taken off", got)
		}
		return nil
	})
	if w := r.writes(); len(w) > 0 {
		t.Errorf("wrote %q", w)
	}
}
