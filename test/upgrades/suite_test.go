// SPDX-License-Identifier: Apache-2.0

// Package upgrades_test takes the operator through upgrades and rollbacks: objects that an older version left, and
// schemas and objects of a version that is newer than the operator.
package upgrades_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	operatormetrics "github.com/fargate-security/fargate-security-operator/controllers/metrics"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

const (
	namespace      = "fargate-security-system" // the operator's own: no account has to allow it
	operatorID     = "op-upgrades"
	operatorKey    = "AKIAOPERATOROPERATOR"
	operatorCaller = "arn:aws:iam::" + awssim.DefaultAccount + ":user/fargate-security-operator"
)

// kube is uncached: what one pass wrote, the next one reads, whatever became of the schema in between.
var (
	kube     client.Client
	server   *rest.Config
	web      *http.Client
	workload dynamic.Interface
	idle     ctrl.Manager // never started: reconcilers are set up with it, and called by the tests
	metrics  = operatormetrics.New(prometheus.NewRegistry())
)

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	must(os.Setenv("AWS_ACCESS_KEY_ID", operatorKey))
	must(os.Setenv("AWS_SECRET_ACCESS_KEY", "secret"))
	env := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "crds")},
		ErrorIfCRDPathMissing: true,
		// A slow machine must not turn a test red: by default a part has 20 seconds, and the CRDs have 10.
		ControlPlaneStartTimeout: patience.Now(), CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: patience.Now()},
	}
	var err error
	server, err = env.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "starting kube-apiserver and etcd: %v\nrun `make controlplane` and set KUBEBUILDER_ASSETS to bin/controlplane, or use `make test`\n", err)
		return 1
	}
	defer func() { _ = env.Stop() }()
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	must(apiextensionsv1.AddToScheme(scheme))
	must(v1alpha1.AddToScheme(scheme))
	web, err = rest.HTTPClientFor(server)
	must(err)
	kube, err = client.New(server, client.Options{Scheme: scheme})
	must(err)
	workload, err = dynamic.NewForConfig(server)
	must(err)
	anotherName := true // several reconcilers of one kind
	idle, err = ctrl.NewManager(&rest.Config{Host: "127.0.0.1:1"}, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &anotherName},
	})
	must(err)
	for _, name := range []string{namespace, "payments"} {
		must(kube.Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
	}
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
