// SPDX-License-Identifier: Apache-2.0

// Package argocd_test holds what GitOps tools are told of our kinds (config/argocd, docs/gitops.md) against objects as a real
// API server stores them and the operator writes them.
package argocd_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	kubeevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/awsaccount"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

// update has the tests write what they otherwise compare: the testdata beside the scripts, and the lists of tests.
var update = flag.Bool("update", false, "write config/argocd's health_test.yaml, action_test.yaml and testdata")

const (
	root           = "../.."
	scripts        = root + "/config/argocd"
	samples        = root + "/config/samples"
	operatorKey    = "AKIAOPERATOROPERATOR"
	operatorCaller = "arn:aws:iam::" + awssim.DefaultAccount + ":user/fargate-security-operator"
	// maxPasses is far more than anything needs.
	maxPasses = 60
)

var (
	config  *rest.Config
	kube    client.Client
	dynamik dynamic.Interface
)

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	must(os.Setenv("AWS_ACCESS_KEY_ID", operatorKey))
	must(os.Setenv("AWS_SECRET_ACCESS_KEY", "secret"))
	env := &envtest.Environment{
		CRDDirectoryPaths:        []string{filepath.Join(root, "config", "crd", "bases"), filepath.Join("..", "crds")},
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
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	must(v1alpha1.AddToScheme(scheme))
	kube, err = client.New(config, client.Options{Scheme: scheme})
	must(err)
	dynamik, err = dynamic.NewForConfig(config)
	must(err)
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// world is a simulated AWS account, and an operator that the test drives pass by pass, on a clock of its own.
type world struct {
	t        *testing.T
	ctx      context.Context
	sim      *awssim.Sim
	aws      awsapi.Clients
	clock    *awssim.ManualClock
	url      string
	profiles *pass.Reconciler
	accounts *awsaccount.Reconciler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock, Delays: awssim.Delays{ProfileCreate: time.Minute, ProfileDelete: time.Minute}})
	must(sim.Seed(awssim.DefaultSeed()))
	sim.AddKey(operatorKey, operatorCaller)
	url, stop := sim.Start()
	t.Cleanup(stop)
	w := &world{t: t, ctx: t.Context(), sim: sim, aws: awstest.Clients(t, url), clock: clock, url: url}
	w.start(false)
	return w
}

// start has a new process of the operator take over.
func (w *world) start(observeOnly bool) {
	sessions := &awsapi.Sessions{Version: "argocd", MaxAttempts: 1, Unlimited: true}
	counts := metrics.New(prometheus.NewRegistry())
	o := &pass.Operator{
		Client: kube, API: kube, Workload: dynamik, Metrics: counts, Timing: schedule.DefaultTiming, ObserveOnly: observeOnly,
		OperatorID: "op-1", Concurrency: 4, Now: w.clock.Now, ReadShared: true,
		Accounts: &accounts.Accounts{Client: kube, Sessions: sessions, OperatorNamespace: "fargate-security-system"},
	}
	w.profiles = o.Reconciler(kinds.FargateSecurityProfile, &kubeevents.FakeRecorder{})
	w.accounts = &awsaccount.Reconciler{
		Client: kube, Sessions: sessions, Metrics: counts, Timing: schedule.DefaultTiming, Recorder: &kubeevents.FakeRecorder{}, Kinds: kinds.All,
	}
}

// pass has the operator work on an object once.
func (w *world) pass(obj *unstructured.Unstructured) {
	w.t.Helper()
	w.clock.Advance(20 * time.Second)
	req, err := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(obj)}, error(nil)
	if obj.GetKind() == "AWSAccount" {
		_, err = w.accounts.Reconcile(w.ctx, req)
	} else {
		_, err = w.profiles.Reconcile(w.ctx, req)
	}
	if err != nil {
		w.t.Fatalf("a pass over %s %s: %v", obj.GetKind(), obj.GetName(), err)
	}
}

// read is what the API server has of an object now; nil: nothing.
func (w *world) read(of *unstructured.Unstructured) *unstructured.Unstructured {
	w.t.Helper()
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(of.GroupVersionKind())
	err := kube.Get(w.ctx, client.ObjectKeyFromObject(of), obj)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return obj
}

// until works on an object until its health is as wanted, and returns it.
func (w *world) until(obj *unstructured.Unstructured, status string) *unstructured.Unstructured {
	w.t.Helper()
	var seen health
	for range maxPasses {
		w.pass(obj)
		live := w.read(obj)
		if live == nil {
			w.t.Fatalf("%s %s is gone", obj.GetKind(), obj.GetName())
		}
		if seen = healthOf(w.t, live); seen.Status == status {
			return live
		}
	}
	w.t.Fatalf("%s %s is not %s after %d passes, but %+v", obj.GetKind(), obj.GetName(), status, maxPasses, seen)
	return nil
}

// gone works on an object that is being deleted until Kubernetes has let it go.
func (w *world) gone(obj *unstructured.Unstructured) {
	w.t.Helper()
	for range maxPasses {
		if w.read(obj) == nil {
			return
		}
		w.pass(obj)
	}
	w.t.Fatalf("%s %s is not gone after %d passes", obj.GetKind(), obj.GetName(), maxPasses)
}
