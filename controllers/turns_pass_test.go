// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
)

// slowly holds up whoever is the first to ask for an AWSAccount, and shows one profile as edited since its last pass.
type slowly struct {
	client.Client
	edited        string
	first         atomic.Bool
	held, release chan struct{}
}

// Get implements client.Client.
func (c *slowly) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if _, ok := obj.(*v1alpha1.AWSAccount); ok && c.first.CompareAndSwap(false, true) {
		close(c.held)
		<-c.release
	}
	err := c.Client.Get(ctx, key, obj, opts...)
	if p, ok := obj.(*v1alpha1.FargateSecurityProfile); ok && p.Name == c.edited {
		p.Generation++
	}
	return err
}

// wakes is a queue that tells who was woken.
type wakes struct {
	workqueue.TypedRateLimitingInterface[ctrl.Request]
	woken chan ctrl.Request
}

// Add implements workqueue.TypedInterface.
func (q wakes) Add(req ctrl.Request) { q.woken <- req }

// TestAnEditDoesNotWaitForPeriodicPasses: while the only periodic pass that may be under way is held up, another one stands
// in line without holding a worker, and a profile that was edited is worked on. Then the one in line has its turn.
func TestAnEditDoesNotWaitForPeriodicPasses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	requests := r.readyOnes("held", "waits", "edited")
	slow := &slowly{Client: profiles.Client, edited: "edited", held: make(chan struct{}), release: make(chan struct{})}
	queue := wakes{woken: make(chan ctrl.Request, 8)}
	started := justStarted()
	started.Client = slow
	started.Accounts = &accounts.Accounts{Client: slow, Sessions: profiles.Accounts.Sessions, OperatorNamespace: profiles.Accounts.OperatorNamespace}
	if err := started.Source().Start(r.ctx, queue); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { _, err := started.Reconcile(r.ctx, requests["held"]); over <- err }()
	<-slow.held
	for range 2 { // a second look finds it in line
		if got, err := started.Reconcile(r.ctx, requests["waits"]); err != nil || got.RequeueAfter != 5*time.Minute {
			t.Errorf("the periodic pass did not stand in line: %v, %v", got, err)
		}
	}
	if got, err := started.Reconcile(r.ctx, requests["edited"]); err != nil || got.RequeueAfter == 0 || got.RequeueAfter == 5*time.Minute {
		t.Errorf("the edited profile was not worked on: %v, %v", got, err)
	}
	if len(queue.woken) > 0 {
		t.Error("somebody was woken while the turn was not over")
	}
	close(slow.release)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if next := <-queue.woken; next != requests["waits"] {
		t.Errorf("%v was woken", next)
	}
	if got, err := started.Reconcile(r.ctx, requests["waits"]); err != nil || got.RequeueAfter == 0 || got.RequeueAfter == 5*time.Minute {
		t.Errorf("the profile whose turn has come was not worked on: %v, %v", got, err)
	}
}

// TestAnOutageLeavesWorkersToEdits: a profile whose last pass has failed for now tries again in its turn, as periodic passes do.
// Else, when all of AWS fails, all profiles would take all workers.
func TestAnOutageLeavesWorkersToEdits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	requests := r.readyOnes("held", "failing")
	slow := &slowly{Client: profiles.Client, held: make(chan struct{}), release: make(chan struct{})}
	slow.first.Store(true) // for now nobody is held up
	started := justStarted()
	started.Accounts = &accounts.Accounts{Client: slow, Sessions: profiles.Accounts.Sessions, OperatorNamespace: profiles.Accounts.OperatorNamespace}
	if err := started.Source().Start(r.ctx, wakes{woken: make(chan ctrl.Request, 8)}); err != nil {
		t.Fatal(err)
	}
	r.sim.Fail("eks:DescribeCluster", "ServerException", "an outage", 500, 1000) // until the end: the operator of the manager would end what status says of it
	if got, err := started.Reconcile(r.ctx, requests["failing"]); err != nil || got.RequeueAfter == 0 || got.RequeueAfter > fast.BackoffMax*2 {
		t.Fatalf("the pass in an outage: %v, %v", got, err)
	}
	r.eventually("waiting for the status to be in the cache", func() error {
		p := &profile{}
		must(profiles.Client.Get(r.ctx, requests["failing"].NamespacedName, p))
		if condition(p, v1alpha1.ReconcilingCondition).Status != metav1.ConditionTrue {
			return errNotYet
		}
		return nil
	})
	slow.first.Store(false)
	over := make(chan error, 1)
	go func() { _, err := started.Reconcile(r.ctx, requests["held"]); over <- err }()
	<-slow.held
	if got, err := started.Reconcile(r.ctx, requests["failing"]); err != nil || got.RequeueAfter != 5*time.Minute {
		t.Errorf("the profile that failed did not stand in line: %v, %v", got, err)
	}
	close(slow.release)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
}
