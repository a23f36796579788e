// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/test/processes"
)

// fleet is a control plane, a simulated AWS account, and the profiles that are declared so far.
type fleet struct {
	size     size
	report   *report
	bin, dir string
	// memoryLimit is the operator's GOMEMLIMIT where it is measured.
	memoryLimit string
	cluster     *processes.Cluster
	client      client.Client
	audit       audit
	sim         *awssim.Sim
	url         string // of the simulator
	stopSim     func()
	asked       atomic.Int64 // calls of the operator's
	// queue gets events while heard is set.
	queue string
	// interval is between two reads of a profile; listens: the account hears of changes from the queue.
	interval  time.Duration
	listens   bool
	heard     atomic.Bool
	profiles  int
	accounts  int // that are declared
	operators int
	// seen is what a watch shows of the profiles, repairs what the simulator was asked to write for them.
	seen    *watcher
	repairs timings
}

// lazyGC is GOGC for everything but the operator: in earnest it runs elsewhere, and here it competes for the same cores.
const lazyGC = 400

// newFleet starts everything but an operator.
func newFleet(ctx context.Context, s size, r *report, bin string) (*fleet, error) {
	dir, err := os.MkdirTemp("", "fargatesec-bench-")
	if err != nil {
		return nil, err
	}
	f := &fleet{size: s, report: r, bin: bin, dir: dir}
	f.audit = audit{path: filepath.Join(dir, "audit.log"), counts: map[string]int{}}
	root := filepath.Dir(bin)
	if f.memoryLimit, err = memoryLimit(root); err != nil {
		return nil, err
	}
	f.startSim()
	f.cluster, err = processes.StartCluster(dir, processes.Parts{
		Root: root, Localcluster: filepath.Join(bin, "localcluster"), Controlplane: filepath.Join(bin, "controlplane"),
		Env: []string{"GOGC=" + strconv.Itoa(lazyGC)},
	}, "-audit-log", f.audit.path)
	if err == nil {
		err = f.connect(ctx)
	}
	if err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

// startSim runs the simulator in this process: what it uses does not count towards the operator.
func (f *fleet) startSim() {
	f.sim = awssim.New(awssim.Options{})
	f.sim.AddKey(operatorKey, operatorCaller)
	f.sim.Inject(func(c awssim.Call) awssim.Fault {
		if isOperator(c.Caller) {
			f.asked.Add(1)
		}
		return awssim.Fault{}
	})
	f.sim.AfterWrite(func(c awssim.Call) {
		if isOperator(c.Caller) && c.Code == "" {
			f.repairs.met(c.Resource)
		}
	})
	f.url, f.stopSim = f.sim.Start()
}

// connect makes the bench's own client, which nothing slows down, the account and the watch.
func (f *fleet) connect(ctx context.Context) error {
	config := rest.CopyConfig(f.cluster.Config)
	config.QPS = -1
	var err error
	if f.client, err = client.New(config, client.Options{Scheme: f.cluster.Client.Scheme()}); err != nil {
		return err
	}
	versions, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	version, err := versions.ServerVersion()
	if err != nil {
		return err
	}
	f.report.Machine.Kubernetes = version.GitVersion
	f.seen, err = watch(ctx, config, f.cluster.Client.Scheme())
	return err
}

func (f *fleet) account(n int) *v1alpha1.AWSAccount {
	account := &v1alpha1.AWSAccount{
		ObjectMeta: metav1.ObjectMeta{Name: accountName(n)},
		Spec: v1alpha1.AWSAccountSpec{
			AccountID: accountID(n), Region: awssim.DefaultRegion, EndpointURL: f.url,
			AllowedNamespaces: &metav1.LabelSelector{}, ResyncInterval: &metav1.Duration{Duration: f.interval},
		},
	}
	if n > 0 {
		account.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: accountRole(n)}
	}
	if f.listens && n == 0 {
		account.Spec.DriftEvents = &v1alpha1.DriftEvents{QueueURL: f.url + f.queue}
	}
	return account
}

// setAccounts changes the accounts' interval, and whether the first of them listens to the queue; no operator may be
// running, or it reads everything again.
func (f *fleet) setAccounts(ctx context.Context, interval time.Duration, listens bool) error {
	f.interval, f.listens = interval, listens
	for n := range f.accounts {
		account, wanted := &v1alpha1.AWSAccount{}, f.account(n)
		if err := f.client.Get(ctx, client.ObjectKeyFromObject(wanted), account); err != nil {
			return err
		}
		account.Spec = wanted.Spec
		if err := f.client.Update(ctx, account); err != nil {
			return err
		}
	}
	return nil
}

// calls are all that the operator has made to AWS.
func (f *fleet) calls() int { return int(f.asked.Load()) }

// patience is how long that many passes may take: ten times what they should.
func (f *fleet) patience(passes int) time.Duration {
	return 2*time.Minute + 2*max(f.size.intervalFor(f.profiles), f.size.limited) + time.Duration(passes)*100*time.Millisecond
}

func (f *fleet) wait(ctx context.Context, patience time.Duration, what string, check func() error, needs ...*processes.Process) error {
	stopped := false
	err := processes.Wait(patience, what, func() error {
		if stopped = ctx.Err() != nil; stopped {
			return nil
		}
		return check()
	}, needs...)
	if stopped {
		return ctx.Err()
	}
	return err
}

// grow declares profiles until there are so many, and has an operator make them.
func (f *fleet) grow(ctx context.Context, profiles int) error {
	if profiles <= f.profiles {
		return nil
	}
	if err := f.setAccounts(ctx, time.Hour, false); err != nil {
		return err
	}
	began := time.Now()
	o, err := f.startOperatorWith(ctx, noMemoryLimit, "--concurrency=16")
	if err != nil {
		return err
	}
	defer o.End()
	if err := f.declare(ctx, profiles); err != nil {
		return err
	}
	if err := f.allReady(ctx, o); err != nil {
		return err
	}
	f.sim.ResetCalls()
	progress("  %d profiles are ready after %s", f.profiles, time.Since(began).Round(time.Second))
	return nil
}

func (f *fleet) allReady(ctx context.Context, o *operator) error {
	return f.wait(ctx, f.patience(10*f.profiles), "waiting for all profiles to be ready", func() error {
		if ready := f.seen.ready(); ready < f.profiles {
			return fmt.Errorf("%d of %d are ready; another: %s", ready, f.profiles, f.seen.notReady())
		}
		return nil
	}, o.Process)
}

// declare makes clusters in AWS, and namespaces and profiles in Kubernetes, until there are so many profiles.
func (f *fleet) declare(ctx context.Context, profiles int) error {
	for n := (f.profiles + perCluster - 1) / perCluster; n*perCluster < profiles; n++ {
		if n%clustersPerAccount == 0 {
			if err := f.client.Create(ctx, f.account(f.accounts)); err != nil {
				return err
			}
			f.accounts++
		}
		if err := f.sim.Seed(seedOf(n)); err != nil {
			return err
		}
		if err := f.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceOf(n)}}); err != nil {
			return err
		}
	}
	first := f.profiles
	f.profiles = profiles
	return inParallel(16, first, profiles, func(n int) error { return f.client.Create(ctx, profileOf(n)) })
}

// inParallel calls do for each number from first up to, and without, end.
func inParallel(workers, first, end int, do func(int) error) error {
	var group sync.WaitGroup
	var next atomic.Int64
	next.Store(int64(first))
	errs := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			for n := int(next.Add(1)) - 1; n < end && errs[w] == nil; n = int(next.Add(1)) - 1 {
				errs[w] = do(n)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// stop ends everything, and keeps the logs where something failed to tell of it.
func (f *fleet) stop() {
	if f.cluster != nil && f.cluster.Process != nil {
		f.cluster.Process.End()
	}
	f.stopSim()
	if os.Getenv("BENCH_KEEP") != "" {
		progress("logs are in %s", f.dir)
		return
	}
	if err := os.RemoveAll(f.dir); err != nil {
		progress("%v", err)
	}
}
