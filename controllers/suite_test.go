// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/awsaccount"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	operatormetrics "github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

const (
	operatorNamespace = "fargate-security-system"
	operatorID        = "op-test"
	operatorKey       = "AKIAOPERATOROPERATOR"
	operatorCaller    = "arn:aws:iam::" + awssim.DefaultAccount + ":user/fargate-security-operator"
)

// kube is the admin's client, profiles the reconciler that runs in the manager.
var (
	kube     client.Client
	profiles *pass.Reconciler
	registry = prometheus.NewRegistry()
	serial   atomic.Int64
)

// fast waits little: the simulator's delays are short.
var fast = schedule.Timing{
	Wait: 100 * time.Millisecond, BackoffBase: 50 * time.Millisecond, BackoffMax: time.Second,
	Denied: 200 * time.Millisecond, DeniedGrace: 300 * time.Millisecond,
}

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	collectLog()
	// The operator's own key, unlike that of the tests: the simulator's log tells them apart.
	must(os.Setenv("AWS_ACCESS_KEY_ID", operatorKey))
	must(os.Setenv("AWS_SECRET_ACCESS_KEY", operatorSecret))
	must(os.Setenv("AWS_SESSION_TOKEN", operatorToken))
	env := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "config", "crd", "bases"), filepath.Join("..", "test", "crds")},
		ErrorIfCRDPathMissing: true,
		// A slow machine must not turn a test red: by default a part has 20 seconds, and the CRDs have 10.
		ControlPlaneStartTimeout: patience.Now(), CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: patience.Now()},
	}
	cfg, err := env.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "starting kube-apiserver and etcd: %v\nrun `make controlplane` and set KUBEBUILDER_ASSETS to bin/controlplane, or use `make test`\n", err)
		return 1
	}
	defer func() { _ = env.Stop() }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	must(v1alpha1.AddToScheme(scheme))
	kube, err = client.New(cfg, client.Options{Scheme: scheme})
	must(err)
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Cache: cache.Options{DefaultTransform: controllers.Slim()}})
	must(err)
	must(wake.IndexFields(ctx, mgr, kinds.All))
	metrics := operatormetrics.New(registry)
	sessions := &awsapi.Sessions{Observe: metrics.ObserveCall, Version: "test"}
	workload, err := dynamic.NewForConfig(cfg)
	must(err)
	profiles = (&pass.Operator{
		Client: mgr.GetClient(), API: kube, Workload: workload, Installation: resource.Installation{UID: "cluster-test"}, Metrics: metrics, Timing: fast,
		Accounts:   &accounts.Accounts{Client: mgr.GetClient(), Sessions: sessions, OperatorNamespace: operatorNamespace},
		OperatorID: operatorID, Concurrency: 8, ReadShared: true,
	}).Reconciler(kinds.FargateSecurityProfile, mgr.GetEventRecorder("test"))
	queues := &wake.Queues{Client: mgr.GetClient(), Sessions: sessions, Changed: profiles.Changed, Metrics: metrics, Log: ctrl.Log.WithName("events")}
	profiles.Hears = queues.Hears
	must(profiles.SetupWithManager(mgr))
	must((&awsaccount.Reconciler{
		Client: mgr.GetClient(), Sessions: sessions, Metrics: metrics, Timing: fast, Recorder: mgr.GetEventRecorder("test"), Queues: queues, Kinds: kinds.All,
	}).SetupWithManager(mgr))
	must(mgr.Add(queues))
	must(kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}}))
	stopped := make(chan struct{})
	go func() { defer close(stopped); must(mgr.Start(ctx)) }()
	code := checkActions(m.Run())
	cancel()
	<-stopped
	return code
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// rig is one test's own world: a simulated AWS, an AWSAccount that leads to it, a namespace that may use it.
type rig struct {
	t   *testing.T
	ctx context.Context
	sim *awssim.Sim
	aws awsapi.Clients
	// ns is the profiles' namespace, account the AWSAccount's name. workload is the pods' namespace.
	ns, account, workload string
	// fixedKey is the ARN of a key that a test made.
	fixedKey string
	// url is the simulator's. delivered counts the records that the event queue was given (see deliver).
	url       string
	delivered int
}

// newRig makes a rig. The simulated account has the cluster prod with private subnets 0a and 0b, a public one 0c, and
// a VPC of nobody with subnet 0d.
func newRig(t *testing.T, change ...func(*v1alpha1.AWSAccount)) *rig {
	t.Helper()
	sim := awssim.New(awssim.Options{PageSize: 3, Delays: awssim.Delays{
		ProfileCreate: 200 * time.Millisecond, ProfileDelete: 200 * time.Millisecond, RolePropagation: 100 * time.Millisecond,
	}})
	seed := awssim.DefaultSeed()
	seed.VPCs = append(seed.VPCs, awssim.SeedVPC{ID: "vpc-0b", CIDR: "10.1.0.0/16",
		Subnets: []awssim.SeedSubnet{{ID: "subnet-0d", CIDR: "10.1.0.0/24", AZ: "eu-west-1a"}}})
	must(sim.Seed(seed))
	sim.CreateQueue(eventQueue)
	sim.AddKey(operatorKey, operatorCaller)
	must(sim.Enforce(operatorCaller, awsapi.Policy())) // the operator may do what the published policy allows, and nothing more
	url := serve(t, sim)
	n := serial.Add(1)
	r := &rig{
		t: t, ctx: t.Context(), sim: sim, url: url, aws: awstest.Clients(t, url),
		ns: fmt.Sprintf("team-%d", n), account: fmt.Sprintf("acct-%d", n), workload: fmt.Sprintf("pods-%d", n),
	}
	for name, labels := range map[string]map[string]string{r.ns: {"use": r.account}, r.workload: nil} {
		r.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
	}
	account := &v1alpha1.AWSAccount{
		ObjectMeta: metav1.ObjectMeta{Name: r.account},
		Spec: v1alpha1.AWSAccountSpec{
			AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url,
			AllowedNamespaces: &metav1.LabelSelector{MatchLabels: map[string]string{"use": r.account}},
		},
	}
	for _, f := range change {
		f(account)
	}
	r.create(account)
	r.watchSecrets()
	return r
}

// serve gives the simulator an address. When the test is over, the address answers nobody any more, and stays taken until
// the process ends: see TestAnAddressIsNobodyElsesAfterwards.
func serve(t *testing.T, sim *awssim.Sim) (url string) {
	handler := sim.Handler()
	var over atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if over.Load() {
			panic(http.ErrAbortHandler) // closes the connection
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { over.Store(true) })
	return server.URL
}

func (r *rig) create(obj client.Object) {
	r.t.Helper()
	if err := kube.Create(context.Background(), obj); err != nil {
		r.t.Fatalf("creating %T %s: %v", obj, obj.GetName(), err)
	}
}

// eventually asks check until it returns nil, and fails the test with its last error when its patience ends.
func (r *rig) eventually(what string, check func() error) {
	r.t.Helper()
	deadline := time.Now().Add(patience.Now())
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(30 * time.Millisecond)
	}
}
