// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// lone is an installation that nobody but the test drives, pass by pass, in a cluster of its own, on a clock that stands
// still in between. Several can share one simulated AWS.
type lone struct {
	t        *testing.T
	kube     client.WithWatch
	operator *pass.Reconciler
	sim      *awssim.Sim
	clock    *awssim.ManualClock
	events   *events.FakeRecorder
	// holders are what the API server itself shows of the CRD and of namespaces, by name.
	holders holders
}

const loneAccount = "prod-eu"

// newSim makes a simulated AWS on a clock of its own, with the operator's key.
func newSim(t *testing.T) (*awssim.Sim, *awssim.ManualClock, string) {
	t.Helper()
	clock := awssim.NewManualClock(time.Now())
	sim := awssim.New(awssim.Options{Clock: clock, Delays: awssim.Delays{ProfileCreate: time.Second, ProfileDelete: time.Second}})
	must(sim.Seed(awssim.DefaultSeed()))
	sim.AddKey(operatorKey, operatorCaller)
	must(sim.Enforce(operatorCaller, awsapi.Policy()))
	return sim, clock, serve(t, sim)
}

// newLone makes an installation in a new cluster.
func newLone(t *testing.T, sim *awssim.Sim, clock *awssim.ManualClock, url string, change ...func(*pass.Reconciler)) *lone {
	t.Helper()
	scheme := runtime.NewScheme()
	must(errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)))
	cluster := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&profile{}).Build()
	policies := schema.GroupVersionResource{Group: "vpcresources.k8s.aws", Version: "v1beta1", Resource: "securitygrouppolicies"}
	l := &lone{t: t, kube: cluster, sim: sim, clock: clock, events: events.NewFakeRecorder(100), holders: holders{}}
	l.operator = (&pass.Operator{
		Client: cluster, API: l.holders, Timing: fast, OperatorID: operatorID, Concurrency: 1, ReadShared: true,
		Workload: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{policies: "SecurityGroupPolicyList"}),
		Metrics:  metrics.New(prometheus.NewRegistry()), Now: clock.Now,
		Accounts: &accounts.Accounts{Client: cluster, OperatorNamespace: operatorNamespace, Sessions: &awsapi.Sessions{Version: "test", MaxAttempts: 1, Unlimited: true}},
	}).Reconciler(kinds.FargateSecurityProfile, l.events)
	for _, f := range change {
		f(l.operator)
	}
	l.create(&v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: loneAccount}, Spec: v1alpha1.AWSAccountSpec{
		AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url, AllowedNamespaces: &metav1.LabelSelector{}}})
	for _, ns := range []string{"platform", operatorNamespace} {
		l.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
	}
	l.holders[profilesCRD] = metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(time.Unix(0, 0))}
	return l
}

func (l *lone) create(obj client.Object) {
	l.t.Helper()
	if err := l.kube.Create(l.t.Context(), obj); err != nil {
		l.t.Fatal(err)
	}
}

// declare makes a small profile, as the API server would with the schema's defaults.
func (l *lone) declare(namespace string, change ...func(*profile)) *profile {
	l.t.Helper()
	p := (&rig{ns: namespace, account: loneAccount}).small("payments", change...)
	p.UID, p.Generation = types.UID("uid-of-payments"), 1
	p.Spec.Mode, p.Spec.AdoptionPolicy = v1alpha1.ModeEnforce, v1alpha1.AdoptionPolicyRefuse
	if p.Spec.DeletionPolicy == "" {
		p.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
	}
	l.create(p)
	return p
}

// pass runs one pass, and reads the profile anew; false when it is gone.
func (l *lone) pass(p *profile) bool {
	l.t.Helper()
	l.clock.Advance(10 * time.Minute)
	if _, err := l.operator.Reconcile(l.t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(p)}); err != nil {
		l.t.Fatal(err)
	}
	return l.get(p)
}

func (l *lone) get(p *profile) bool {
	l.t.Helper()
	err := l.kube.Get(l.t.Context(), client.ObjectKeyFromObject(p), p)
	if client.IgnoreNotFound(err) != nil {
		l.t.Fatal(err)
	}
	return err == nil
}

// passes that lead nowhere else after so many lead nowhere.
const manyPasses = 10

// ready runs passes until the profile is Ready.
func (l *lone) ready(p *profile) {
	l.t.Helper()
	for range manyPasses {
		if l.pass(p); condition(p, v1alpha1.ReadyCondition).Status == metav1.ConditionTrue {
			return
		}
	}
	l.t.Fatalf("not Ready\n%s", describe(p))
}

// gone runs passes until the profile is let go.
func (l *lone) gone(p *profile) {
	l.t.Helper()
	for range manyPasses {
		if !l.pass(p) {
			return
		}
	}
	l.t.Fatalf("still there\n%s", describe(p))
}

// delete asks for the deletion and returns its time.
func (l *lone) delete(p *profile) time.Time {
	l.t.Helper()
	if err := l.kube.Delete(l.t.Context(), p); err != nil {
		l.t.Fatal(err)
	}
	l.get(p)
	return p.DeletionTimestamp.Time
}

func (l *lone) edit(p *profile, change func(*profile)) {
	l.t.Helper()
	l.get(p)
	change(p)
	p.Generation++
	if err := l.kube.Update(l.t.Context(), p); err != nil {
		l.t.Fatal(err)
	}
}

// stalled checks that only a person can help, for that reason, and that the message has the words.
func (l *lone) stalled(p *profile, reason string, words ...string) {
	l.t.Helper()
	c := condition(p, v1alpha1.StalledCondition)
	if c.Status != metav1.ConditionTrue || c.Reason != reason {
		l.t.Fatalf("not Stalled for %s\n%s", reason, describe(p))
	}
	for _, w := range words {
		if !strings.Contains(c.Message, w) {
			l.t.Errorf("the message does not hold %q: %s", w, c.Message)
		}
	}
}

// told tells whether an Event has the words.
func (l *lone) told(words string) bool {
	for {
		select {
		case e := <-l.events.Events:
			if strings.Contains(e, words) {
				return true
			}
		default:
			return false
		}
	}
}

// holders answer as the API server does for metadata; a name that is not there may not be read.
type holders map[string]metav1.ObjectMeta

// Get implements client.Reader.
func (h holders) Get(_ context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	object, known := h[key.Name]
	out, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return errors.New("more than metadata is read")
	}
	if !known {
		return apierrors.NewForbidden(schema.GroupResource{Resource: out.Kind}, key.Name, errors.New("no role allows it"))
	}
	out.ObjectMeta = object
	return nil
}

// List implements client.Reader.
func (holders) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return errors.New("nothing is listed")
}
