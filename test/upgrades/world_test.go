// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/awsaccount"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// pause is how much simulated time passes between two passes.
const pause = 20 * time.Second

// world is a simulated AWS, and the operator that works on it. Objects in Kubernetes are read and written without our
// types, as a newer or older version would: no field is lost on the way.
type world struct {
	t        *testing.T
	ctx      context.Context // lasts beyond the test, for what is tidied up
	sim      *awssim.Sim
	clock    *awssim.ManualClock
	aws      awsapi.Clients
	url      string
	tape     *tape
	profiles *pass.Reconciler
	accounts *awsaccount.Reconciler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock, Delays: awssim.Delays{ProfileCreate: pause / 2, ProfileDelete: pause / 2}})
	must(sim.Seed(awssim.DefaultSeed()))
	sim.AddKey(operatorKey, operatorCaller)
	recorder := &tape{sim: sim}
	server := httptest.NewServer(recorder)
	t.Cleanup(server.Close)
	sessions := &awsapi.Sessions{Version: "test", MaxAttempts: 1, Unlimited: true}
	w := &world{
		t: t, ctx: context.WithoutCancel(t.Context()), sim: sim, clock: clock, aws: awstest.Clients(t, server.URL), url: server.URL, tape: recorder,
		profiles: (&pass.Operator{
			Client: kube, Workload: workload, Metrics: metrics, Timing: schedule.DefaultTiming, OperatorID: operatorID, Concurrency: 1,
			Accounts: &accounts.Accounts{Client: kube, Sessions: sessions, OperatorNamespace: namespace},
		}).Reconciler(kinds.FargateSecurityProfile, &events.FakeRecorder{}),
		accounts: &awsaccount.Reconciler{
			Client: allProfiles{kube}, Sessions: sessions, Kinds: kinds.All, Recorder: &events.FakeRecorder{}, Metrics: metrics, Timing: schedule.DefaultTiming,
		},
	}
	must(w.profiles.SetupWithManager(idle))
	must(w.accounts.SetupWithManager(idle))
	return w
}

// allProfiles lists without the index that a manager's cache would have.
type allProfiles struct{ client.Client }

// List implements client.Reader.
func (a allProfiles) List(ctx context.Context, list client.ObjectList, _ ...client.ListOption) error {
	return a.Client.List(ctx, list)
}

func keyOf(o *unstructured.Unstructured) client.ObjectKey { return client.ObjectKeyFromObject(o) }

// create stores an object as it is, status included. The AWSAccount leads to this world's AWS.
func (w *world) create(o *unstructured.Unstructured) {
	w.t.Helper()
	if o.GetKind() == "AWSAccount" {
		must(unstructured.SetNestedField(o.Object, w.url, "spec", "endpointURL"))
	}
	status, hasStatus := o.Object["status"]
	if err := client.WithFieldValidation(kube, metav1.FieldValidationStrict).Create(w.ctx, o); err != nil {
		w.t.Fatalf("creating %s: %v", o.GetKind(), err)
	}
	if !hasStatus {
		return
	}
	o.Object["status"] = status
	if err := kube.Status().Update(w.ctx, o); err != nil {
		w.t.Fatalf("storing the status of %s: %v", o.GetKind(), err)
	}
}

// stored is the object as the API server has it.
func (w *world) stored(o *unstructured.Unstructured) *unstructured.Unstructured {
	w.t.Helper()
	now := &unstructured.Unstructured{}
	now.SetGroupVersionKind(o.GroupVersionKind())
	if err := kube.Get(w.ctx, keyOf(o), now); err != nil {
		w.t.Fatalf("reading %s: %v", o.GetKind(), err)
	}
	return now
}

func (w *world) exists(o *unstructured.Unstructured) bool {
	now := &unstructured.Unstructured{}
	now.SetGroupVersionKind(o.GroupVersionKind())
	err := kube.Get(w.ctx, keyOf(o), now)
	if err != nil && !apierrors.IsNotFound(err) {
		w.t.Fatal(err)
	}
	return err == nil
}

// change edits the stored object, or its status.
func (w *world) change(o *unstructured.Unstructured, f func(map[string]any), write func(context.Context, client.Object) error) {
	w.t.Helper()
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		now := w.stored(o)
		f(now.Object)
		return write(w.ctx, now)
	}); err != nil {
		w.t.Fatalf("changing %s: %v", o.GetKind(), err)
	}
}

func (w *world) edit(o *unstructured.Unstructured, f func(map[string]any)) {
	w.t.Helper()
	w.change(o, f, func(ctx context.Context, o client.Object) error { return kube.Update(ctx, o) })
}

func (w *world) editStatus(o *unstructured.Unstructured, f func(map[string]any)) {
	w.t.Helper()
	w.change(o, f, func(ctx context.Context, o client.Object) error { return kube.Status().Update(ctx, o) })
}

// typed is the profile as this version's types show it.
func (w *world) typed(o *unstructured.Unstructured) *v1alpha1.FargateSecurityProfile {
	w.t.Helper()
	p := &v1alpha1.FargateSecurityProfile{}
	if err := kube.Get(w.ctx, keyOf(o), p); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// pass lets the operator look at an object once.
func (w *world) pass(o *unstructured.Unstructured) {
	w.t.Helper()
	request := ctrl.Request{NamespacedName: keyOf(o)}
	reconcile := w.profiles.Reconcile
	if o.GetKind() == "AWSAccount" {
		reconcile = w.accounts.Reconcile
	}
	if _, err := reconcile(w.ctx, request); err != nil {
		w.t.Fatalf("a pass over %s: %v", o.GetKind(), err)
	}
	w.clock.Advance(pause)
}

// settle lets the operator work until a pass changes nothing any more: neither in AWS, nor in Kubernetes.
func (w *world) settle(o *unstructured.Unstructured) {
	w.t.Helper()
	const most = 40 // far more than anything here needs
	for range most {
		before := w.version(o)
		w.sim.ResetCalls()
		w.pass(o)
		if w.version(o) == before && len(w.writes()) == 0 && w.idle(o) {
			return
		}
	}
	text, _ := json.MarshalIndent(w.stored(o).Object["status"], "", "  ")
	w.t.Fatalf("%s does not come to rest in %d passes:\n%s", o.GetName(), most, text)
}

// idle: nothing is waited for.
func (w *world) idle(o *unstructured.Unstructured) bool {
	return !w.exists(o) || condition(w.stored(o), v1alpha1.ReconcilingCondition)["status"] != "True"
}

func (w *world) version(o *unstructured.Unstructured) string {
	if !w.exists(o) {
		return "gone"
	}
	return w.stored(o).GetResourceVersion()
}

// writes lists what the operator wrote to AWS.
func (w *world) writes() []string {
	var list []string
	for _, c := range w.sim.Calls() {
		if c.Write && c.Caller == operatorCaller {
			list = append(list, c.Action())
		}
	}
	return list
}

// condition is a condition of a stored object, empty if it is not there.
func condition(o *unstructured.Unstructured, kind string) map[string]any {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, one := range list {
		if c, ok := one.(map[string]any); ok && c["type"] == kind {
			return c
		}
	}
	return nil
}

// remove takes an object out of Kubernetes, whatever its finalizers say.
func (w *world) remove(o *unstructured.Unstructured) {
	if !w.exists(o) {
		return
	}
	w.edit(o, func(object map[string]any) { unstructured.RemoveNestedField(object, "metadata", "finalizers") })
	if err := client.IgnoreNotFound(kube.Delete(w.ctx, o)); err != nil {
		w.t.Fatal(err)
	}
}

func gvk(kind string) schema.GroupVersionKind { return v1alpha1.GroupVersion.WithKind(kind) }

func describe(list []awssim.Object) string {
	text := ""
	for _, o := range list {
		text += fmt.Sprintf("%s %s %s %s %v %q\n", o.Kind, o.Name, o.ARN, o.Status, o.Tags, o.Facts)
	}
	return text
}
