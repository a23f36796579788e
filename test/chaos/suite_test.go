// SPDX-License-Identifier: Apache-2.0

// Package chaos_test has something go wrong at every call that the operator makes to AWS and every write that it makes to
// Kubernetes: it is killed, and a new one with an empty memory goes on; or the call fails, or AWS's answers are stale. The
// end has to be the one of a run in which nothing goes wrong.
package chaos_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"testing"
	"time"

	operatormetrics "github.com/fargate-security/fargate-security-operator/controllers/metrics"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

const (
	// namespace is the operator's own, where profiles need no permission: one read of Kubernetes less in each pass.
	namespace      = "fargate-security-system"
	pods           = "pods"
	operatorID     = "op-chaos"
	operatorKey    = "AKIAOPERATOROPERATOR"
	operatorCaller = "arn:aws:iam::" + awssim.DefaultAccount + ":user/fargate-security-operator"
)

var (
	kube     client.Client // uncached: what one reconciler wrote, the next one reads
	workload dynamic.Interface
	metrics  = operatormetrics.New(prometheus.NewRegistry())
)

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	debug.SetGCPercent(400)
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == fmt.Sprint(goruntime.GOMAXPROCS(0)) {
		must(flag.Set("test.parallel", "8")) // a point waits for the API server most of the time
	}
	must(os.Setenv("AWS_ACCESS_KEY_ID", operatorKey))
	must(os.Setenv("AWS_SECRET_ACCESS_KEY", "secret"))
	env := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "bases"), filepath.Join("..", "crds")},
		ErrorIfCRDPathMissing: true,
		// A slow machine must not turn a test red: by default a part has 20 seconds, and the CRDs have 10.
		ControlPlaneStartTimeout: patience.Now(), CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: patience.Now()},
	}
	// Many points run at once.
	env.ControlPlane.GetAPIServer().Configure().Append("max-requests-inflight", "0").Append("max-mutating-requests-inflight", "0").
		Append("enable-priority-and-fairness", "false")
	cfg, err := env.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "starting kube-apiserver and etcd: %v\nrun `make controlplane` and set KUBEBUILDER_ASSETS to bin/controlplane, or use `make test`\n", err)
		return 1
	}
	defer func() { _ = env.Stop() }()
	cfg.QPS = -1
	cfg.Wrap(func(rt http.RoundTripper) http.RoundTripper { return kubeWrites{rt} })
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	must(v1alpha1.AddToScheme(scheme))
	kube, err = client.New(cfg, client.Options{Scheme: scheme})
	must(err)
	workload, err = dynamic.NewForConfig(cfg)
	must(err)
	for _, name := range []string{namespace, pods} {
		must(kube.Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
	}
	code := m.Run()
	fmt.Print(summary())
	return code
}

// newReconciler is an operator that has just been started: its memory is empty.
func newReconciler(account *v1alpha1.AWSAccount, now func() time.Time) *pass.Reconciler {
	// One attempt: the SDK pauses for seconds before the next one.
	sessions := &awsapi.Sessions{Version: "chaos", MaxAttempts: 1, Unlimited: true}
	return (&pass.Operator{
		Client: kube, Workload: workload, Metrics: metrics, Timing: schedule.DefaultTiming, OperatorID: operatorID, Concurrency: 1, Now: now,
		Accounts:   &accounts.Accounts{Client: accountOnly{kube, account}, Sessions: sessions, OperatorNamespace: namespace},
		ReadShared: true,
	}).Reconciler(kinds.FargateSecurityProfile, &events.FakeRecorder{})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
