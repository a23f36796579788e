// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// The controllers that an operator can tell apart from none: deletion of
// namespaces and of owned objects, service accounts, aggregated roles.
const controllers = "namespace-controller,garbage-collector-controller,serviceaccount-controller," +
	"serviceaccount-token-controller,root-ca-certificate-publisher-controller,clusterrole-aggregation-controller"

type cluster struct {
	opts    options
	env     *envtest.Environment
	manager *exec.Cmd
	logs    []*os.File
	// exited gets the controller manager's fate when it ends unasked.
	exited chan error
	waited chan struct{}
}

func newCluster(opts options) (*cluster, error) {
	c := &cluster{opts: opts, exited: make(chan error, 1), waited: make(chan struct{})}
	for _, dir := range []string{c.logDir(), c.certDir(), c.etcdDir(), c.guardDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return c, linkGuards(c.guardDir())
}

func (c *cluster) logDir() string     { return filepath.Join(c.opts.dir, "logs") }
func (c *cluster) certDir() string    { return filepath.Join(c.opts.dir, "certs") }
func (c *cluster) etcdDir() string    { return filepath.Join(c.opts.dir, "etcd") }
func (c *cluster) guardDir() string   { return filepath.Join(c.opts.dir, "run") }
func (c *cluster) kubeconfig() string { return filepath.Join(c.opts.dir, "kubeconfig") }

func (c *cluster) logFile(name string) (*os.File, error) {
	f, err := os.Create(filepath.Join(c.logDir(), name+".log"))
	if err == nil {
		c.logs = append(c.logs, f)
	}
	return f, err
}

func (c *cluster) start(ctx context.Context) error {
	// For the guards, which inherit the environment.
	told := map[string]string{guardAssets: c.opts.assets, guardParent: strconv.Itoa(os.Getpid()), guardRestart: strconv.FormatBool(c.opts.restart)}
	for key, value := range told {
		if err := os.Setenv(key, value); err != nil {
			return err
		}
	}
	if err := c.startAPIServer(); err != nil {
		return err
	}
	pending := c.kubeconfig() + ".new"
	if err := os.WriteFile(pending, c.env.KubeConfig, 0o600); err != nil {
		return err
	}
	if c.opts.controllers {
		if err := c.startControllerManager(pending); err != nil {
			return err
		}
	}
	if err := c.waitReady(ctx); err != nil {
		return err
	}
	// The file appears under its name when everything is ready: whoever
	// started us may wait for that.
	return os.Rename(pending, c.kubeconfig())
}

func (c *cluster) startAPIServer() error {
	etcdLog, err := c.logFile("etcd")
	if err != nil {
		return err
	}
	apiLog, err := c.logFile("kube-apiserver")
	if err != nil {
		return err
	}
	existing := false
	c.env = &envtest.Environment{
		UseExistingCluster:       &existing,
		ControlPlaneStartTimeout: c.opts.startTimeout,
		// Nothing is lost when a program that does not end is killed.
		ControlPlaneStopTimeout: 5 * time.Second,
	}
	// With each path given, envtest asks no environment variable for it.
	c.env.ControlPlane.KubectlPath = filepath.Join(c.opts.assets, "kubectl")
	c.env.ControlPlane.Etcd = &envtest.Etcd{
		Path: filepath.Join(c.guardDir(), "etcd"), DataDir: c.etcdDir(), Out: etcdLog, Err: etcdLog,
	}
	server := c.env.ControlPlane.GetAPIServer()
	server.Path = filepath.Join(c.guardDir(), "kube-apiserver")
	server.CertDir, server.Out, server.Err = c.certDir(), apiLog, apiLog
	// envtest switches this plugin off because nothing makes the service
	// accounts there; here the controller manager does.
	if c.opts.controllers {
		server.Configure().Disable("disable-admission-plugins")
	}
	if err := c.audit(server); err != nil {
		return err
	}
	_, err = c.env.Start()
	return err
}

// auditPolicy records each request once, when it is answered, without bodies.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`

// audit makes the API server write an audit log, if one is asked for.
func (c *cluster) audit(server *envtest.APIServer) error {
	if c.opts.auditLog == "" {
		return nil
	}
	policy := filepath.Join(c.opts.dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	server.Configure().Set("audit-policy-file", policy).Set("audit-log-path", c.opts.auditLog).Set("audit-log-format", "json")
	return nil
}

func (c *cluster) startControllerManager(kubeconfig string) error {
	log, err := c.logFile(controllerManager)
	if err != nil {
		return err
	}
	ca := filepath.Join(c.certDir(), "serving-ca.crt")
	if err := os.WriteFile(ca, c.env.Config.CAData, 0o600); err != nil {
		return err
	}
	// Through the guard by its link, like the other two.
	c.manager = exec.Command(filepath.Join(c.guardDir(), controllerManager),
		"--kubeconfig="+kubeconfig,
		"--controllers="+controllers,
		"--service-account-private-key-file="+filepath.Join(c.certDir(), "sa-signer.key"),
		"--root-ca-file="+ca,
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=200", "--kube-api-burst=400",
	)
	c.manager.Stdout, c.manager.Stderr = log, log
	// A group of its own, so that Ctrl-C reaches only us and the order of
	// stopping is ours.
	c.manager.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.manager.Start(); err != nil {
		c.manager = nil
		return err
	}
	go func() {
		err := c.manager.Wait()
		if err == nil {
			err = errors.New("exit code 0")
		}
		c.exited <- err
		close(c.waited)
	}()
	return nil
}

// waitReady asks the API server itself, and waits for the first thing that
// only the controller manager makes.
func (c *cluster) waitReady(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.env.Config)
	if err != nil {
		return err
	}
	ready := func(ctx context.Context) error {
		if err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err != nil || !c.opts.controllers {
			return err
		}
		_, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, c.opts.startTimeout, true, func(ctx context.Context) (bool, error) {
		last = ready(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the control plane is not ready after %s: %w", c.opts.startTimeout, errors.Join(err, last))
	}
	return nil
}

// stop ends everything in the reverse order of its start.
func (c *cluster) stop() error {
	var errs []error
	if c.manager != nil {
		_ = c.manager.Process.Signal(syscall.SIGTERM)
		select {
		case <-c.waited:
		case <-time.After(10 * time.Second):
			errs = append(errs, c.manager.Process.Kill())
		}
	}
	if c.env != nil {
		errs = append(errs, c.env.Stop())
	}
	errs = append(errs, os.RemoveAll(c.kubeconfig()))
	for _, f := range c.logs {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
