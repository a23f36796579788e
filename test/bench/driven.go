// SPDX-License-Identifier: Apache-2.0

package main

import (
	"container/heap"
	"context"
	"fmt"
	"os"
	"time"

	operatorpass "github.com/fargate-security/fargate-security-operator/controllers/pass"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// driven is a reconciler, a simulator and a queue of passes on one clock, which jumps from each pass to the next: passes
// themselves take no time on it.
type driven struct {
	clock      *awssim.ManualClock
	sim        *awssim.Sim
	stop       func()
	url        string
	kube       client.Client
	reconciler *operatorpass.Reconciler
	due        queue
	// next is when each profile is due: it stands in the queue once for each time that this has changed.
	next    map[ctrl.Request]time.Time
	unready map[types.NamespacedName]bool

	calls, inUse, passes int
}

// pass is one that is due.
type pass struct {
	at      time.Time
	request ctrl.Request
}

// queue is a heap.Interface of passes, the next one first.
type queue []pass

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(pass)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func newDriven(delays awssim.Delays) (*driven, error) {
	w := &driven{clock: awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)), unready: map[types.NamespacedName]bool{}, next: map[ctrl.Request]time.Time{}}
	w.sim = awssim.New(awssim.Options{Clock: w.clock, Delays: delays})
	w.sim.AddKey(operatorKey, operatorCaller)
	w.sim.Inject(func(awssim.Call) awssim.Fault { w.calls++; return awssim.Fault{} })
	w.sim.AfterWrite(func(c awssim.Call) {
		if c.Code == "ResourceInUseException" {
			w.inUse++
		}
	})
	w.url, w.stop = w.sim.Start()
	// Where the SDK looks for the operator's credentials.
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": operatorKey, "AWS_SECRET_ACCESS_KEY": "secret"} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	// Without field managers, with which a write costs forty times as much.
	tracker := clienttesting.NewObjectTracker(scheme, serializer.NewCodecFactory(scheme).UniversalDecoder())
	w.kube = fake.NewClientBuilder().WithScheme(scheme).WithObjectTracker(tracker).WithStatusSubresource(&v1alpha1.FargateSecurityProfile{}).Build()
	w.reconciler = (&operatorpass.Operator{
		Client: w.kube, Workload: noWorkload(), Metrics: metrics.New(prometheus.NewRegistry()), Timing: schedule.DefaultTiming, OperatorID: "bench", Concurrency: 1,
		Accounts: &accounts.Accounts{Client: w.kube, Sessions: &awsapi.Sessions{Version: "bench"}, OperatorNamespace: "bench"},
		Now:      w.clock.Now, ReadShared: true,
	}).Reconciler(kinds.FargateSecurityProfile, &events.FakeRecorder{})
	return w, w.reconciler.Source().Start(context.Background(), woken{driven: w})
}

// schedule has a profile worked on at a time, in place of any other.
func (w *driven) schedule(request ctrl.Request, at time.Time) {
	w.next[request] = at
	heap.Push(&w.due, pass{at, request})
}

// woken is the controller's queue as far as the reconciler knows it: who is woken is due at once.
type woken struct {
	workqueue.TypedRateLimitingInterface[ctrl.Request]
	driven *driven
}

// Add implements workqueue.TypedInterface.
func (q woken) Add(request ctrl.Request) { q.driven.schedule(request, q.driven.clock.Now()) }

// noWorkload is the API of security group policies, without any.
func noWorkload() dynamic.Interface {
	policies := schema.GroupVersionResource{Group: "vpcresources.k8s.aws", Version: "v1beta1", Resource: "securitygrouppolicies"}
	return dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{policies: "SecurityGroupPolicyList"})
}

// declare puts an account and profiles there, as the API server would with the schema's defaults, all due at once.
func (w *driven) declare(ctx context.Context, profiles int) error {
	if err := w.kube.Create(ctx, &v1alpha1.AWSAccount{
		ObjectMeta: metav1.ObjectMeta{Name: accountName(0)},
		Spec:       v1alpha1.AWSAccountSpec{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: w.url, AllowedNamespaces: &metav1.LabelSelector{}},
	}); err != nil {
		return err
	}
	for n := range profiles {
		if n%perCluster == 0 {
			if err := w.sim.Seed(seedOf(n / perCluster)); err != nil {
				return err
			}
			if err := w.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceOf(n / perCluster)}}); err != nil {
				return err
			}
		}
		p := plainProfile(n)
		if err := w.kube.Create(ctx, p); err != nil {
			return err
		}
		key := client.ObjectKeyFromObject(p)
		w.unready[key] = true
		w.schedule(ctrl.Request{NamespacedName: key}, w.clock.Now())
	}
	return nil
}

// plainProfile is a profile with nothing but a role and a Fargate profile.
func plainProfile(n int) *v1alpha1.FargateSecurityProfile {
	p := profileOf(n)
	p.Generation, p.UID = 1, types.UID(p.Name)
	p.Spec.Mode, p.Spec.DeletionPolicy, p.Spec.AdoptionPolicy = v1alpha1.ModeEnforce, v1alpha1.DeletionPolicyDelete, v1alpha1.AdoptionPolicyRefuse
	p.Spec.SecurityGroups, p.Spec.PodSecurityGroups, p.Spec.Logging, p.Spec.Encryption = nil, nil, nil, nil
	return p
}

// untilReady runs passes in their order until every profile is ready, and returns how long that took on the clock.
func (w *driven) untilReady(ctx context.Context, most time.Duration) (time.Duration, error) {
	began := w.clock.Now()
	for len(w.unready) > 0 {
		next := heap.Pop(&w.due).(pass)
		if !next.at.Equal(w.next[next.request]) {
			continue
		}
		w.clock.Advance(max(0, next.at.Sub(w.clock.Now())))
		took := w.clock.Now().Sub(began)
		if took > most || ctx.Err() != nil {
			return took, fmt.Errorf("after %s, %d profiles are not ready", took, len(w.unready))
		}
		if err := w.run(ctx, next.request); err != nil {
			return took, err
		}
	}
	return w.clock.Now().Sub(began), nil
}

func (w *driven) run(ctx context.Context, request ctrl.Request) error {
	w.passes++
	result, err := w.reconciler.Reconcile(ctx, request)
	if err != nil {
		return err
	}
	p := &v1alpha1.FargateSecurityProfile{}
	if err := w.kube.Get(ctx, request.NamespacedName, p); err != nil {
		return err
	}
	if isReady(p) {
		delete(w.unready, request.NamespacedName)
	}
	if result.RequeueAfter <= 0 {
		return fmt.Errorf("%s is not to be looked at again", request)
	}
	w.schedule(request, w.clock.Now().Add(result.RequeueAfter))
	return nil
}
