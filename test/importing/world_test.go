// SPDX-License-Identifier: Apache-2.0

package importing_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/importer"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

const (
	operatorKey    = "AKIAOPERATOROPERATOR"
	operatorCaller = "arn:aws:iam::" + awssim.DefaultAccount + ":user/fargate-security-operator"
	second         = "stage" // a cluster beside prod
)

// failer is a test, or one of rapid's.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// world is a simulated account with an estate, and namespaces of its own in the API server.
type world struct {
	t     failer
	ctx   context.Context
	sim   *awssim.Sim
	aws   awsapi.Clients // a person's
	clock *awssim.ManualClock
	url   string
	// ns is the objects' namespace and pods the pods'; account is the AWSAccount's name.
	ns, pods, account string
	// workload is the cluster that the SecurityGroupPolicies are in; "" for import without a kubeconfig.
	workload string
	objects  []*unstructured.Unstructured
	estate   *importer.Estate
	printed  string
}

var serial atomic.Int64

func newWorld(t failer) (w *world, end func()) {
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock, PageSize: 3})
	seed := awssim.DefaultSeed()
	stage := seed.Clusters[0]
	stage.Name = second
	seed.Clusters = append(seed.Clusters, stage)
	must(sim.Seed(seed))
	sim.AddKey(operatorKey, operatorCaller)
	url, stop := sim.Start()
	n := serial.Add(1)
	w = &world{t: t, ctx: context.Background(), sim: sim, aws: awstestClients(url), clock: clock, url: url,
		ns: fmt.Sprintf("platform-%d", n), pods: fmt.Sprintf("pods-%d", n), account: fmt.Sprintf("acct-%d", n)}
	for _, name := range []string{w.ns, w.pods} {
		must(kube.Create(w.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
	}
	return w, func() {
		w.clear()
		stop()
	}
}

func awstestClients(url string) awsapi.Clients { return awsapi.NewClients(awstest.Config(url)) }

// clear takes the SecurityGroupPolicies away, which other worlds would see, and the objects.
func (w *world) clear() {
	must(client.IgnoreNotFound(dynamik.Resource(policies).Namespace(w.pods).DeleteCollection(w.ctx, metav1.DeleteOptions{}, metav1.ListOptions{})))
	for _, obj := range w.objects {
		live := w.read(obj)
		if live == nil {
			continue
		}
		live.SetFinalizers(nil)
		must(kube.Update(w.ctx, live))
		must(client.IgnoreNotFound(kube.Delete(w.ctx, live)))
	}
}

var policies = schema.GroupVersionResource{Group: "vpcresources.k8s.aws", Version: "v1beta1", Resource: "securitygrouppolicies"}

// options are those of an import of all that there is.
func (w *world) options() importer.Options {
	o := importer.Options{
		Sessions: sessions(), Config: awsapi.Config{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: w.url},
		Kinds: kinds.All, Namespace: w.ns, AccountName: w.account,
	}
	if w.workload != "" {
		o.Workload, o.WorkloadCluster = dynamik, w.workload
	}
	return o
}

func sessions() *awsapi.Sessions {
	return &awsapi.Sessions{Version: "importing", MaxAttempts: 1, Unlimited: true}
}

// imports imports, with the rights of the published policy and no others, and reads back what is printed.
func (w *world) imports() {
	w.t.Helper()
	must(w.sim.Enforce(operatorCaller, awsapi.ImportPolicy()))
	estate, err := importer.Import(w.ctx, w.options())
	if err != nil {
		w.t.Fatalf("import: %v", err)
	}
	var out, notes bytes.Buffer
	must(estate.Write(&out, &notes, "yaml"))
	w.estate, w.printed = estate, out.String()
	if len(estate.Missed) > 0 {
		w.t.Fatalf("not read: %v", estate.Missed)
	}
	for _, text := range strings.Split(w.printed, "---\n") {
		obj := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(text), &obj.Object); err != nil {
			w.t.Fatalf("not YAML: %v\n%s", err, text)
		}
		if len(obj.Object) > 0 {
			w.objects = append(w.objects, obj)
		}
	}
}

// apply creates the objects, as kubectl apply does: with no field that the schema does not know.
func (w *world) apply() {
	w.t.Helper()
	strict := client.WithFieldValidation(kube, metav1.FieldValidationStrict)
	for _, obj := range w.objects {
		if err := strict.Create(w.ctx, obj.DeepCopy()); err != nil {
			w.t.Fatalf("the API server refuses %s %s: %v\n%s", obj.GetKind(), obj.GetName(), err, w.printed)
		}
	}
}

// operator is a new process.
func (w *world) operator(workload dynamic.Interface) *pass.Reconciler {
	return (&pass.Operator{
		Client: kube, API: kube, Workload: workload, Metrics: metrics.New(prometheus.NewRegistry()), Timing: schedule.DefaultTiming,
		OperatorID: "op-1", Concurrency: 4, Now: w.clock.Now, ReadShared: true,
		Accounts: &accounts.Accounts{Client: kube, Sessions: sessions(), OperatorNamespace: "fargate-security-system"},
	}).Reconciler(kinds.FargateSecurityProfile, &events.FakeRecorder{})
}

// passes has an operator work on all objects some times.
func (w *world) passes(n int) {
	w.t.Helper()
	must(w.sim.Enforce(operatorCaller, awsapi.Policy()))
	operator := w.operator(dynamik)
	for range n {
		w.clock.Advance(time.Minute)
		for _, obj := range w.profiles() {
			if _, err := operator.Reconcile(w.ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(obj)}); err != nil {
				w.t.Fatalf("a pass over %s: %v", obj.GetName(), err)
			}
		}
	}
}

// profiles are the objects as they are now.
func (w *world) profiles() []*v1alpha1.FargateSecurityProfile {
	var list []*v1alpha1.FargateSecurityProfile
	for _, obj := range w.objects {
		if obj.GetKind() != "FargateSecurityProfile" {
			continue
		}
		p := &v1alpha1.FargateSecurityProfile{}
		must(kube.Get(w.ctx, client.ObjectKeyFromObject(obj), p))
		list = append(list, p)
	}
	return list
}

func (w *world) read(of *unstructured.Unstructured) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(of.GroupVersionKind())
	err := kube.Get(w.ctx, client.ObjectKeyFromObject(of), obj)
	must(client.IgnoreNotFound(err))
	if err != nil {
		return nil
	}
	return obj
}

// writes are the actions with which the operator, or the import, wrote.
func (w *world) writes() []string {
	found := map[string]bool{}
	for _, c := range w.sim.Calls() {
		if c.Write && c.Caller == operatorCaller {
			found[c.Action()] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// noDrift fails where an object drifts, or nobody knows.
func (w *world) noDrift(when string) {
	w.t.Helper()
	for _, p := range w.profiles() {
		c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.DriftedCondition)
		if c == nil || c.Status != metav1.ConditionFalse || len(p.Status.Drift) > 0 {
			w.t.Fatalf("%s: %s drifts: %+v\n%+v\n%+v\n%s", when, p.Name, c, p.Status.Drift, p.Status.Conditions, w.printed)
		}
	}
}

// facts are what AWS holds, without owner tags.
func (w *world) facts() []string {
	var list []string
	for _, o := range w.sim.Objects() {
		tags := maps.Clone(o.Tags)
		maps.DeleteFunc(tags, func(key, _ string) bool { return strings.HasPrefix(key, "fargatesecurity.io/") })
		list = append(list, fmt.Sprintf("%s %s %s %v %q", o.Kind, o.Name, o.Status, tags, o.Facts))
	}
	return list
}

// tagging are the only writes that adoption may make.
var tagging = []string{"ec2:CreateTags", "eks:TagResource", "iam:TagRole", "kms:TagResource", "logs:TagResource"}

// roundTrip is the property: what is imported is what there is.
func (w *world) roundTrip() {
	w.t.Helper()
	w.imports()
	w.apply()
	w.passes(2)
	w.noDrift("in Observe")
	if writes := w.writes(); len(writes) > 0 {
		w.t.Fatalf("in Observe, AWS was written: %v", writes)
	}
	before := w.facts()
	for _, p := range w.profiles() {
		change := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"mode":"Enforce"}}`))
		must(kube.Patch(w.ctx, p, change))
	}
	w.passes(3)
	w.noDrift("in Enforce")
	for _, action := range w.writes() {
		if !slices.Contains(tagging, action) {
			w.t.Errorf("in Enforce, the operator called %s\n%s", action, w.printed)
		}
	}
	if after := w.facts(); !slices.Equal(before, after) {
		w.t.Errorf("Enforce has changed AWS from\n  %s\nto\n  %s\n%s", strings.Join(before, "\n  "), strings.Join(after, "\n  "), w.printed)
	}
	w.adopted()
}

// adopted: what the objects keep carries their owner tags, so that nothing was merely not looked at.
func (w *world) adopted() {
	w.t.Helper()
	for _, p := range w.profiles() {
		if meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.StalledCondition) {
			continue
		}
		owner := "op-1/" + p.Namespace + "/" + p.Name
		if !slices.ContainsFunc(w.sim.Objects(), func(o awssim.Object) bool {
			return o.Kind == "profile" && o.Tags[resource.OwnerTag] == owner
		}) {
			w.t.Errorf("%s was not adopted: %+v", p.Name, p.Status.Conditions)
		}
	}
}
