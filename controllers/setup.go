// SPDX-License-Identifier: Apache-2.0

// Package controllers sets the operator's controllers up. Its packages are, from above: pass, which reconciles every kind that
// declares AWS objects, and awsaccount; wake, report and schedule, which they use; memory, accounts, metrics, patch; and
// declaration, which says what a kind is. Package kinds has a file for each kind. docs/architecture.md has a picture.
package controllers

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/dynamic"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/awsaccount"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Options are what the controllers are set up with.
type Options struct {
	// OperatorID is the first part of the owner tag; "" takes the installation's own id.
	OperatorID string
	// FormerInstallations are resource.Installation.Former.
	FormerInstallations []string
	// Namespace is the one that the operator runs in.
	Namespace string
	// Shard selects the custom resources and accounts that this operator works on.
	Shard labels.Selector
	// ObserveOnly, Concurrency and ReadShared are those of pass.Operator.
	ObserveOnly bool
	Concurrency int
	ReadShared  bool
	// Version is told to AWS in the user agent.
	Version string
}

// Setup adds the controllers of all kinds to a manager. Call it once. Errors: the API server cannot be read; the manager
// refuses a controller.
func Setup(ctx context.Context, mgr ctrl.Manager, o Options) error {
	if err := wake.IndexFields(ctx, mgr, kinds.All); err != nil {
		return err
	}
	installation, err := InstallationID(ctx, mgr.GetAPIReader())
	if err != nil {
		return err
	}
	workload, err := dynamic.NewForConfig(mgr.GetConfig())
	if err != nil {
		return err
	}
	m := metrics.New(ctrlmetrics.Registry)
	sessions := &awsapi.Sessions{Observe: m.ObserveCall, ObserveWait: m.ObserveWait, Version: o.Version}
	m.WatchLimits(sessions.Limits)
	account := &awsaccount.Reconciler{
		Client: mgr.GetClient(), Sessions: sessions, Metrics: m, Timing: schedule.DefaultTiming,
		Recorder: mgr.GetEventRecorder("awsaccount"), Shard: o.Shard, AllShards: mgr.GetAPIReader(), Kinds: kinds.All,
	}
	operator := &pass.Operator{
		Client: mgr.GetClient(), API: mgr.GetAPIReader(), Workload: workload, Metrics: m, Timing: schedule.DefaultTiming,
		Accounts:     &accounts.Accounts{Client: mgr.GetClient(), Sessions: sessions, OperatorNamespace: o.Namespace},
		Installation: resource.Installation{UID: installation, Former: o.FormerInstallations},
		OperatorID:   cmp.Or(o.OperatorID, installation), ObserveOnly: o.ObserveOnly, Concurrency: o.Concurrency, ReadShared: o.ReadShared,
	}
	queues := &wake.Queues{Client: mgr.GetClient(), Sessions: sessions, Changed: operator.Changed, Metrics: m, Log: ctrl.Log.WithName("events")}
	account.Queues, operator.Hears = queues, queues.Hears
	errs := []error{account.SetupWithManager(mgr), mgr.Add(queues)}
	for _, kind := range kinds.All {
		errs = append(errs, operator.Reconciler(kind, mgr.GetEventRecorder(strings.ToLower(kind.Name))).SetupWithManager(mgr))
	}
	return errors.Join(errs...)
}
