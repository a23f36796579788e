// SPDX-License-Identifier: Apache-2.0

// Package importing_test holds what `kubectl fargatesec import` prints against what the operator then finds: applied to a real
// API server, it shows no drift in Observe and changes nothing but owner tags in Enforce, for random estates and for shapes that
// were picked by hand.
package importing_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

var (
	config  *rest.Config
	kube    client.Client
	dynamik dynamic.Interface
	scheme  = runtime.NewScheme()
)

// defaultEstates is how many random estates there are, and they are always the same; IMPORTS and IMPORTS_SEED (0: anywhere) say
// otherwise.
const defaultEstates = 40

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	flag.Parse()
	must(flag.Set("rapid.checks", number("IMPORTS", defaultEstates)))
	must(flag.Set("rapid.seed", number("IMPORTS_SEED", 1)))
	ctrl.SetLogger(logr.Discard())
	must(os.Setenv("AWS_ACCESS_KEY_ID", operatorKey))
	must(os.Setenv("AWS_SECRET_ACCESS_KEY", "secret"))
	env := &envtest.Environment{
		CRDDirectoryPaths:        []string{filepath.Join("..", "..", "config", "crd", "bases"), filepath.Join("..", "crds")},
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
	must(clientgoscheme.AddToScheme(scheme))
	must(v1alpha1.AddToScheme(scheme))
	kube, err = client.New(config, client.Options{Scheme: scheme})
	must(err)
	dynamik, err = dynamic.NewForConfig(config)
	must(err)
	return m.Run()
}

// number is an environment variable's, checked.
func number(variable string, otherwise int) string {
	text := os.Getenv(variable)
	if text == "" {
		return strconv.Itoa(otherwise)
	}
	if _, err := strconv.ParseUint(text, 10, 64); err != nil {
		panic(fmt.Sprintf("%s must be a number, not %q", variable, text))
	}
	return text
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
