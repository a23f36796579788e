// SPDX-License-Identifier: Apache-2.0

// Package newkind_test proves that a kind of custom resource is one file, and a kind of AWS object one package: a kind that
// lives in tests only (kind_test.go, docs/adding-a-kind.md) goes through everything that the operator promises, on a real API
// server, beside the kind that ships.
package newkind_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/awsaccount"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	operatormetrics "github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	kubeevents "k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
	"github.com/fargate-security/fargate-security-operator/test/newkind/box"
	"github.com/fargate-security/fargate-security-operator/test/newkind/shelf"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
	"github.com/fargate-security/fargate-security-operator/test/newkind/warehouse"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

// What a kind is made of, and what runs it. No other file of this package knows where they are.
type (
	// Kind is a kind of custom resource.
	Kind = declaration.Kind
	// Env is what its Resources are made from.
	Env = declaration.Env
	// Declared is what one object declares.
	Declared = declaration.Declared
	// Reconciler is the one reconciler.
	Reconciler = pass.Reconciler
)

var profiles = kinds.FargateSecurityProfile

// register is how the test kind becomes known: one line for each of the two lists.
func register() {
	resources.Kinds = append(resources.Kinds, shelf.Descriptor, box.Descriptor)
	kinds.All = append(kinds.All, warehouses)
}

// allKinds are the kinds of custom resources that the operator serves, the test kind included.
func allKinds() []*Kind { return kinds.All }

// ownerOf is the owner tag of an object.
func ownerOf(kind *Kind, obj v1alpha1.Declaration) string {
	return kind.Owner(operatorID, client.ObjectKeyFromObject(obj))
}

const (
	operatorID     = "op-new"
	operatorKey    = "AKIAOPERATOROPERATOR"
	operatorCaller = "arn:aws:iam::" + awssim.DefaultAccount + ":user/fargate-security-operator"
	// between is how long, on the test's clock, the operator waits between two passes.
	between = 20 * time.Second
	// longAfter is longer than an interval between reads, and than AWS takes to show what was made.
	longAfter = 6 * time.Minute
	// maxPasses is far more than anything needs.
	maxPasses = 30
)

var (
	config   *rest.Config
	kube     client.Client // uncached: what one operator wrote, the next one reads
	workload dynamic.Interface
	metrics  = operatormetrics.New(prometheus.NewRegistry())
	serial   atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	register()
	must(os.Setenv("AWS_ACCESS_KEY_ID", operatorKey))
	must(os.Setenv("AWS_SECRET_ACCESS_KEY", "secret"))
	env := &envtest.Environment{
		CRDDirectoryPaths:        []string{filepath.Join("..", "..", "config", "crd", "bases"), filepath.Join("..", "crds"), "crds"},
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: patience.Now(), CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: patience.Now()},
	}
	var err error
	config, err = env.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "starting kube-apiserver and etcd: %v\nrun `make controlplane` and set KUBEBUILDER_ASSETS to bin/controlplane, or use `make test`\n", err)
		return 1
	}
	defer func() { _ = env.Stop() }()
	config.QPS = -1
	kube, err = client.New(config, client.Options{Scheme: newScheme()})
	must(err)
	workload, err = dynamic.NewForConfig(config)
	must(err)
	return m.Run()
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	must(v1alpha1.AddToScheme(scheme))
	must(warehouse.AddToScheme(scheme))
	return scheme
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// world is one test's own: a simulated AWS account with a storage service beside it, a namespace, and an operator that the
// test drives pass by pass, on a clock of its own.
type world struct {
	t       *testing.T
	ctx     context.Context
	sim     *awssim.Sim
	aws     awsapi.Clients
	service *storage.Service
	clock   *awssim.ManualClock
	// ns is the namespace, and the name of the AWSAccount.
	ns, url string
	account *v1alpha1.AWSAccount
	*operator
}

// operator is one process of the operator. What it remembers goes with it.
type operator struct {
	warehouses, profiles *Reconciler
	queues               *wake.Queues
	woken                workqueue.TypedRateLimitingInterface[reconcile.Request]
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock})
	must(sim.Seed(awssim.DefaultSeed()))
	sim.AddKey(operatorKey, operatorCaller)
	url, stop := sim.Start()
	t.Cleanup(stop)
	w := &world{t: t, ctx: t.Context(), sim: sim, aws: awstest.Clients(t, url), service: storage.At(url), clock: clock,
		ns: fmt.Sprintf("new-%d", serial.Add(1)), url: url}
	w.account = &v1alpha1.AWSAccount{
		ObjectMeta: metav1.ObjectMeta{Name: w.ns},
		Spec:       v1alpha1.AWSAccountSpec{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url},
	}
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.ns}})
	w.create(w.account)
	w.restart()
	return w
}

// restart has another process take over: it remembers nothing.
func (w *world) restart() {
	sessions := &awsapi.Sessions{Version: "newkind", MaxAttempts: 1, Unlimited: true}
	o := &pass.Operator{
		Client: kube, API: kube, Workload: workload, Metrics: metrics, Timing: schedule.DefaultTiming,
		OperatorID: operatorID, Concurrency: 4, Now: w.clock.Now, ReadShared: true,
		Accounts: &accounts.Accounts{Client: kube, Sessions: sessions, OperatorNamespace: w.ns},
	}
	w.operator = &operator{
		warehouses: o.Reconciler(warehouses, &kubeevents.FakeRecorder{}), profiles: o.Reconciler(profiles, &kubeevents.FakeRecorder{}),
		queues: &wake.Queues{Client: kube, Sessions: sessions, Changed: o.Changed, Metrics: metrics, Log: logr.Discard(), Now: w.clock.Now},
		woken:  workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]()),
	}
	must(w.operator.warehouses.Source().Start(w.ctx, w.woken))
}

// manage runs the controllers of all kinds in a manager until the test ends.
func (w *world) manage() {
	w.t.Helper()
	mgr, err := ctrl.NewManager(config, ctrl.Options{Scheme: newScheme(), Metrics: metricsserver.Options{BindAddress: "0"},
		Cache: cache.Options{DefaultTransform: controllers.Slim()}})
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	must(wake.IndexFields(ctx, mgr, kinds.All))
	sessions := &awsapi.Sessions{Version: "newkind"}
	timing := schedule.Timing{Wait: 100 * time.Millisecond, BackoffBase: 50 * time.Millisecond, BackoffMax: time.Second,
		Denied: 200 * time.Millisecond, DeniedGrace: 300 * time.Millisecond}
	o := &pass.Operator{
		Client: mgr.GetClient(), API: kube, Workload: workload, Metrics: metrics, Timing: timing, OperatorID: operatorID, Concurrency: 4, ReadShared: true,
		Accounts: &accounts.Accounts{Client: mgr.GetClient(), Sessions: sessions, OperatorNamespace: w.ns},
	}
	for _, kind := range kinds.All {
		must(o.Reconciler(kind, mgr.GetEventRecorder("test")).SetupWithManager(mgr))
	}
	must((&awsaccount.Reconciler{
		Client: mgr.GetClient(), Sessions: sessions, Metrics: metrics, Timing: timing, Recorder: mgr.GetEventRecorder("test"), Kinds: kinds.All,
	}).SetupWithManager(mgr))
	stopped := make(chan struct{})
	go func() { defer close(stopped); must(mgr.Start(ctx)) }()
	w.t.Cleanup(func() { cancel(); <-stopped })
}

// told has the operator take a change that an event told of.
func (w *world) told(change events.Change) {
	w.t.Helper()
	change.Account, change.Region = awssim.DefaultAccount, awssim.DefaultRegion
	w.queues.Handle(w.ctx, w.account, change)
}

// pass has the operator work on an object once.
func (w *world) pass(obj v1alpha1.Declaration) {
	w.t.Helper()
	w.clock.Advance(between)
	r := w.profiles
	if _, ok := obj.(*warehouse.Warehouse); ok {
		r = w.operator.warehouses
	}
	if _, err := r.Reconcile(w.ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(obj)}); err != nil {
		w.t.Fatalf("a pass over %s: %v", obj.GetName(), err)
	}
}

// errLost is the panic by which a process is lost.
var errLost = errors.New("the process was lost")

// lostPass is a pass during which the process may be lost, which it tells. Nothing of it goes on then.
func (w *world) lostPass(obj v1alpha1.Declaration) (lost bool) {
	w.t.Helper()
	defer func() {
		if cause := recover(); cause == errLost { //nolint:errorlint // the very same
			lost = true
		} else if cause != nil {
			panic(cause)
		}
	}()
	w.pass(obj)
	return false
}

// get reads an object anew; false: there is none.
func (w *world) get(obj client.Object) bool {
	w.t.Helper()
	err := kube.Get(w.ctx, client.ObjectKeyFromObject(obj), obj)
	if err != nil && !apierrors.IsNotFound(err) {
		w.t.Fatal(err)
	}
	return err == nil
}

func (w *world) create(obj client.Object) {
	w.t.Helper()
	if err := kube.Create(w.ctx, obj); err != nil {
		w.t.Fatalf("creating %T %s: %v", obj, obj.GetName(), err)
	}
}

// edit changes an object as a person would.
func edit[T client.Object](w *world, obj T, change func(T)) {
	w.t.Helper()
	w.get(obj)
	change(obj)
	if err := kube.Update(w.ctx, obj); err != nil {
		w.t.Fatalf("editing %s: %v", obj.GetName(), err)
	}
}

// lose empties an object's status, as a restore from a backup does.
func (w *world) lose(obj v1alpha1.Declaration) {
	w.t.Helper()
	w.get(obj)
	*obj.Found() = v1alpha1.DeclarationStatus{}
	if err := kube.Status().Update(w.ctx, obj); err != nil {
		w.t.Fatal(err)
	}
	if w.get(obj); len(obj.Found().Resources) > 0 {
		w.t.Fatal("status was not lost")
	}
}

// until works on an object until it is as is says.
func (w *world) until(obj v1alpha1.Declaration, what string, is func() bool) {
	w.t.Helper()
	for range maxPasses {
		w.pass(obj)
		if w.get(obj) && is() {
			return
		}
	}
	w.t.Fatalf("%s %s is not %s after %d passes:\n%s", w.ns, obj.GetName(), what, maxPasses, describe(obj))
}

func (w *world) ready(obj v1alpha1.Declaration) {
	w.t.Helper()
	w.until(obj, "Ready", func() bool {
		return meta.IsStatusConditionTrue(obj.Found().Conditions, v1alpha1.ReadyCondition) && obj.Found().ObservedGeneration == obj.GetGeneration()
	})
}

// stalled works on an object until it is Stalled for that reason, with a message that holds all of the words.
func (w *world) stalled(obj v1alpha1.Declaration, reason string, words ...string) {
	w.t.Helper()
	w.until(obj, "Stalled "+reason, func() bool {
		c := condition(obj, v1alpha1.StalledCondition)
		return c.Status == metav1.ConditionTrue && c.Reason == reason &&
			!slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(c.Message, word) })
	})
}

// gone deletes an object, and works on it until Kubernetes has let it go.
func (w *world) gone(obj v1alpha1.Declaration) {
	w.t.Helper()
	if err := kube.Delete(w.ctx, obj); err != nil {
		w.t.Fatal(err)
	}
	w.letGo(obj)
}

// letGo works on an object that is being deleted until Kubernetes has let it go.
func (w *world) letGo(obj v1alpha1.Declaration) {
	w.t.Helper()
	for range maxPasses {
		w.pass(obj)
		if !w.get(obj) {
			return
		}
	}
	w.t.Fatalf("%s is not gone after %d passes:\n%s", obj.GetName(), maxPasses, describe(obj))
}

// silent checks that passes over an object write nothing: to Kubernetes, or to AWS, not even long after, or in a process that
// remembers nothing.
func (w *world) silent(obj v1alpha1.Declaration) {
	w.t.Helper()
	w.get(obj)
	version, since := obj.GetResourceVersion(), len(w.service.Calls())
	w.sim.ResetCalls()
	w.pass(obj)
	w.clock.Advance(longAfter)
	w.pass(obj)
	w.restart()
	w.pass(obj)
	if w.get(obj); obj.GetResourceVersion() != version {
		w.t.Errorf("passes over what is as declared wrote to Kubernetes: %s, then %s\n%s", version, obj.GetResourceVersion(), describe(obj))
	}
	if writes := slices.Concat(w.service.Writes(since), w.awsWrites()); len(writes) > 0 {
		w.t.Errorf("passes over what is as declared wrote to AWS: %q", writes)
	}
	if len(w.service.Calls())+len(w.sim.Calls()) == since {
		w.t.Error("nothing was read: it proves nothing")
	}
}

// awsWrites lists the operator's writing calls to the simulator.
func (w *world) awsWrites() (list []string) {
	for _, c := range w.sim.Calls() {
		if c.Write && c.Caller == operatorCaller {
			list = append(list, c.Action())
		}
	}
	return list
}

func condition(obj v1alpha1.Declaration, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(obj.Found().Conditions, kind); c != nil {
		return *c
	}
	return metav1.Condition{Type: kind, Status: "(absent)"}
}

// describe prints a status for a failing test.
func describe(obj v1alpha1.Declaration) string {
	var b strings.Builder
	for _, c := range obj.Found().Conditions {
		fmt.Fprintf(&b, "  %s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}
	for _, d := range obj.Found().Drift {
		fmt.Fprintf(&b, "  drift %s %s: desired %q, observed %q, %s\n", d.Resource, d.Path, d.Desired, d.Observed, d.Action)
	}
	for _, o := range obj.Found().Resources {
		fmt.Fprintf(&b, "  %s/%s %s %s %s\n", o.Kind, o.Name, o.State, o.Origin, o.ARN)
	}
	return b.String()
}

// stored is a Warehouse with a shelf and two boxes.
func (w *world) stored(name string, change ...func(*warehouse.Warehouse)) *warehouse.Warehouse {
	obj := &warehouse.Warehouse{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.ns},
		Spec: warehouse.WarehouseSpec{
			DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: w.ns}, Tags: map[string]v1alpha1.TagValue{"team": "stores"}},
			Shelf:           warehouse.ShelfSpec{Name: "top", Height: 120},
			Boxes:           []warehouse.BoxSpec{{Name: "nails"}, {Name: "bolts", Colour: "red"}},
		},
	}
	for _, f := range change {
		f(obj)
	}
	return obj
}

// fargate is a FargateSecurityProfile with a role, a group, a log group and a key.
func (w *world) fargate(name string) *v1alpha1.FargateSecurityProfile {
	return &v1alpha1.FargateSecurityProfile{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.ns},
		Spec: v1alpha1.FargateSecurityProfileSpec{
			DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: w.ns}}, ClusterName: "prod",
			FargateProfile: v1alpha1.FargateProfileSpec{
				Selectors: []v1alpha1.ProfileSelector{{Namespace: name}}, SubnetIDs: []string{"subnet-0a"},
			},
			SecurityGroups: []v1alpha1.SecurityGroupSpec{{Name: name + "-pods"}},
			Logging:        &v1alpha1.LoggingSpec{},
			Encryption:     &v1alpha1.EncryptionSpec{KMSKey: &v1alpha1.KMSKeySpec{Alias: "alias/" + name}},
		},
	}
}

func mode(m v1alpha1.Mode) func(*warehouse.Warehouse) {
	return func(obj *warehouse.Warehouse) { obj.Spec.Mode = m }
}
