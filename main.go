// SPDX-License-Identifier: Apache-2.0

// The Fargate Security Operator keeps the security state of AWS Fargate as declared. This file is wiring only: flags,
// scheme, manager, controllers.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers"
)

var (
	scheme = runtime.NewScheme()
	// version is set by the linker (Makefile).
	version = "devel"
)

func init() {
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
}

type options struct {
	metricsAddress, probeAddress  string
	pprofAddress                  string
	metricsSecure, leaderElection bool
	operatorID, namespace         string
	formerInstallations           string
	observeOnly                   bool
	concurrency                   int
	readMode                      string
	watchLabelSelector            string
	shard                         labels.Selector // watchLabelSelector, parsed
	zap                           zap.Options
}

func parseFlags() options {
	var o options
	flag.StringVar(&o.metricsAddress, "metrics-bind-address", ":8443", "Where metrics are served; 0 turns them off.")
	flag.BoolVar(&o.metricsSecure, "metrics-secure", true, "Serve metrics over HTTPS to authenticated and authorized clients only.")
	flag.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "Where /healthz and /readyz are served.")
	flag.StringVar(&o.pprofAddress, "pprof-bind-address", "0", "Where Go's profiles are served, without authentication: an address of this machine only, such as 127.0.0.1:6060. 0 turns them off.")
	flag.BoolVar(&o.leaderElection, "leader-elect", false, "Take turns with other replicas: only one of them works at a time.")
	flag.StringVar(&o.operatorID, "operator-id", "", "First part of the owner tags on AWS objects. It must stay the same for the life of an installation and differ between installations. Default: the UID of the namespace kube-system.")
	flag.StringVar(&o.formerInstallations, "former-installations", "", "Clusters that are gone, by the UIDs (or their first groups) of their namespaces kube-system, separated by commas, that had the same operator id: what their operators looked after is taken over for good. Only needed where a profile says OperatorIDShared.")
	flag.StringVar(&o.namespace, "operator-namespace", os.Getenv("POD_NAMESPACE"), "The namespace that the operator runs in. Default: $POD_NAMESPACE.")
	flag.BoolVar(&o.observeOnly, "observe-only", false, "Treat every profile as if its mode were Observe: change nothing in AWS.")
	flag.IntVar(&o.concurrency, "concurrency", 16, "How many profiles are worked on at once. A quarter of that is kept for those that somebody waits for.")
	flag.StringVar(&o.readMode, "read-mode", "shared", "How AWS is read when nothing is to be done: shared, out of what all profiles of an account read together; or objects, each object by itself, for debugging.")
	flag.StringVar(&o.watchLabelSelector, "watch-label-selector", "", "Work on the profiles and accounts with these labels only, such as 'shard=a' or '!shard'. Several operators can share a cluster when their selectors do not overlap.")
	o.zap.BindFlags(flag.CommandLine)
	flag.Parse()
	return o
}

func main() {
	o := parseFlags()
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&o.zap)))
	if err := run(ctrl.SetupSignalHandler(), o); err != nil {
		ctrl.Log.WithName("setup").Error(err, "the operator stops")
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.namespace == "" {
		return errors.New("--operator-namespace is empty and POD_NAMESPACE is not set: say which namespace the operator runs in")
	}
	if o.concurrency < 1 {
		return fmt.Errorf("--concurrency is %d: give at least 1", o.concurrency)
	}
	if strings.Contains(o.operatorID, "/") {
		return fmt.Errorf("--operator-id is %q: it must not contain a slash, which separates the parts of the owner tag", o.operatorID)
	}
	if o.readMode != "shared" && o.readMode != "objects" {
		return fmt.Errorf("--read-mode is %q: give shared or objects", o.readMode)
	}
	err := loopback(o.pprofAddress)
	if err != nil {
		return fmt.Errorf("--pprof-bind-address is %q: %w", o.pprofAddress, err)
	}
	if o.shard, err = labels.Parse(o.watchLabelSelector); err != nil {
		return fmt.Errorf("--watch-label-selector %q is not a label selector: %w", o.watchLabelSelector, err)
	}
	mgr, err := newManager(o)
	if err != nil {
		return err
	}
	if err := controllers.Setup(ctx, mgr, controllers.Options{
		OperatorID: o.operatorID, FormerInstallations: strings.FieldsFunc(o.formerInstallations, func(r rune) bool { return r == ',' || r == ' ' }),
		Namespace: o.namespace, Shard: o.shard, ObserveOnly: o.observeOnly, Concurrency: o.concurrency, ReadShared: o.readMode == "shared", Version: version,
	}); err != nil {
		return err
	}
	if err := errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("ping", healthz.Ping)); err != nil {
		return err
	}
	ctrl.Log.WithName("setup").Info("starting", "version", version, "observeOnly", o.observeOnly, "namespace", o.namespace)
	return mgr.Start(ctx)
}

// loopback refuses addresses that others than this machine can reach: what is served there is for nobody else's eyes, and
// asks nobody who they are.
func loopback(address string) error {
	if address == "" || address == "0" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errors.New("give a loopback address, such as 127.0.0.1:6060 or [::1]:6060")
	}
	return nil
}

func newManager(o options) (ctrl.Manager, error) {
	metricsOptions := metricsserver.Options{
		BindAddress: o.metricsAddress, SecureServing: o.metricsSecure,
		// HTTP/2 is off: https://github.com/advisories/GHSA-4374-p667-p6c8 (rapid reset).
		TLSOpts: []func(*tls.Config){func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }},
	}
	if o.metricsSecure {
		metricsOptions.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	return ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme: scheme, Metrics: metricsOptions, HealthProbeBindAddress: o.probeAddress, PprofBindAddress: o.pprofAddress,
		// Accounts are all in the cache: custom resources of every shard use them.
		Cache: cache.Options{
			DefaultTransform: controllers.Slim(),
			ByObject:         controllers.ByLabel(o.shard),
		},
		LeaderElection: o.leaderElection, LeaderElectionID: controllers.LeaseName(o.shard), LeaderElectionNamespace: o.namespace,
		LeaderElectionReleaseOnCancel: true, // the process ends when Start returns
	})
}
