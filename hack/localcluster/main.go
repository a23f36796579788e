// SPDX-License-Identifier: Apache-2.0

// Command localcluster runs a real Kubernetes control plane on the loopback
// interface: etcd, kube-apiserver (RBAC on) and kube-controller-manager. There
// is no scheduler and no node, so pods are stored but never run.
//
// It prints the kubeconfig to use and stays in the foreground until it gets
// SIGTERM or SIGINT, or until the process that started it is gone. Its children
// never outlive it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

type options struct {
	assets        string
	dir           string
	auditLog      string
	startTimeout  time.Duration
	restart       bool
	outliveParent bool
	// controllers: kube-controller-manager runs.
	controllers bool
}

func main() {
	// The same executable, called by a control plane program's name, is the
	// guard that ties that program's life to ours.
	if isGuardName(filepath.Base(os.Args[0])) {
		fail(runGuarded(os.Args))
	}
	opts, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fail(err)
	}
	if err := run(opts); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "localcluster:", err)
	os.Exit(1)
}

func parseFlags(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("localcluster", flag.ContinueOnError)
	flags.StringVar(&opts.assets, "assets", "bin/controlplane", "directory with etcd, kube-apiserver, kubectl and kube-controller-manager (made by `make controlplane`)")
	flags.StringVar(&opts.dir, "dir", "", "directory for data, certificates, logs and the kubeconfig; required, and should be empty")
	flags.StringVar(&opts.auditLog, "audit-log", "", "file that gets a JSON line for each request to the API server (who, verb, object; no bodies)")
	flags.DurationVar(&opts.startTimeout, "start-timeout", time.Minute, "how long each component may take to become ready")
	flags.BoolVar(&opts.restart, "restart", false, "start a program that was killed again, with its data; DIR/run/NAME.pid holds its process id, and while DIR/run/NAME.hold exists it stays down")
	flags.BoolVar(&opts.outliveParent, "outlive-parent", false, "keep running when the process that started this one ends")
	flags.BoolVar(&opts.controllers, "controller-manager", true, "run kube-controller-manager; without it, namespaces are not emptied when they are deleted, and service accounts are not made")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	if opts.dir == "" {
		return opts, errors.New("--dir is required: where to put data, certificates and the kubeconfig")
	}
	var err error
	if opts.dir, err = filepath.Abs(opts.dir); err != nil {
		return opts, err
	}
	if opts.assets, err = filepath.Abs(opts.assets); err != nil {
		return opts, err
	}
	if opts.auditLog != "" {
		if opts.auditLog, err = filepath.Abs(opts.auditLog); err != nil {
			return opts, err
		}
	}
	for _, name := range opts.programs() {
		if _, err := os.Stat(filepath.Join(opts.assets, name)); err != nil {
			return opts, fmt.Errorf("%s is not in %s; run `make controlplane` first", name, opts.assets)
		}
	}
	return opts, nil
}

// programs are those that run.
func (o options) programs() []string {
	if o.controllers {
		return guardNames
	}
	return slices.DeleteFunc(slices.Clone(guardNames), func(name string) bool { return name == controllerManager })
}

func run(opts options) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if opts.outliveParent {
		signal.Ignore(syscall.SIGHUP)
	} else {
		var gone context.CancelFunc
		ctx, gone = context.WithCancel(ctx)
		defer gone()
		go watchParent(ctx, gone)
	}

	cluster, err := newCluster(opts)
	if err != nil {
		return err
	}
	started := make(chan error, 1)
	go func() { started <- cluster.start(ctx) }()
	select {
	case err = <-started:
	case <-ctx.Done():
		// What has been started so far ends with this process.
		return errors.New("stopped before the control plane was ready")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%w (logs: %s)", err, cluster.logDir()), cluster.stop())
	}
	fmt.Printf("export KUBECONFIG=%s\n", cluster.kubeconfig())

	select {
	case <-ctx.Done():
		return cluster.stop()
	case err = <-cluster.exited:
		return errors.Join(fmt.Errorf("kube-controller-manager ended by itself: %w (logs: %s)", err, cluster.logDir()), cluster.stop())
	}
}

// watchParent polls because a signal on the parent's death (prctl) is Linux
// only and is lost when the parent ends before it is asked for.
func watchParent(ctx context.Context, gone context.CancelFunc) {
	parent := os.Getppid()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if os.Getppid() != parent {
				fmt.Fprintln(os.Stderr, "localcluster: the process that started this one is gone, stopping")
				gone()
				return
			}
		}
	}
}
