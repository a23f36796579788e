// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/cli/plan"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// planner is a plan.Planner: an operator without a manager, which reads and never writes.
type planner struct {
	reconcilers map[string]*pass.Reconciler // by kind
}

// newPlanner is a plan.NewPlanner. Errors: the cluster cannot be reached, or does not let its namespaces be read.
func newPlanner(ctx context.Context, config *rest.Config, o plan.Options) (plan.Planner, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	direct, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, err
	}
	workload, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	installation, err := controllers.InstallationID(ctx, direct)
	if err != nil {
		return nil, err
	}
	reader, err := withAccounts(client.NewDryRunClient(direct), o)
	if err != nil {
		return nil, err
	}
	operator := &pass.Operator{
		Client: reader, Workload: workload, Metrics: metrics.New(prometheus.NewRegistry()), Timing: schedule.DefaultTiming, Concurrency: 1,
		Accounts: &accounts.Accounts{Client: reader, OperatorNamespace: o.OperatorNamespace,
			Sessions: &awsapi.Sessions{Version: o.Version, ReadOnly: true}},
		Installation: resource.Installation{UID: installation}, OperatorID: cmp.Or(o.OperatorID, installation),
	}
	p := &planner{reconcilers: map[string]*pass.Reconciler{}}
	for _, kind := range kinds.All {
		p.reconcilers[kind.Name] = operator.Reconciler(kind, nobody{})
	}
	return p, nil
}

// Plan implements plan.Planner.
func (p *planner) Plan(ctx context.Context, obj *unstructured.Unstructured, deleted bool) (plan.Plan, error) {
	reconciler := p.reconcilers[obj.GetKind()]
	if reconciler == nil {
		return plan.Plan{}, fmt.Errorf("this version of the plugin does not know the kind %s: use the plugin of the operator's version", obj.GetKind())
	}
	typed := reconciler.Kind.New()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, typed); err != nil {
		return plan.Plan{}, err
	}
	planned, err := reconciler.Plan(ctx, typed, deleted)
	if refusal, ok := pass.Refused(err); ok {
		return plan.Plan{Refused: refusal.Message}, nil
	}
	if err != nil {
		return plan.Plan{}, fmt.Errorf("AWSAccount %s: %s", typed.Declared().AccountRef.Name, awsapi.Classify(err).Message)
	}
	return plan.Plan{Objects: planned}, nil
}

// accountsFirst shows the AWSAccounts of the manifests in place of those in the cluster.
type accountsFirst struct {
	client.Client
	accounts map[string]*v1alpha1.AWSAccount
	// keepRoles: spec.assumeRole is followed, as the operator does.
	keepRoles bool
}

func withAccounts(c client.Client, o plan.Options) (client.Client, error) {
	first := accountsFirst{Client: c, accounts: map[string]*v1alpha1.AWSAccount{}, keepRoles: o.AssumeRoles}
	for _, obj := range o.Accounts {
		account := &v1alpha1.AWSAccount{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, account); err != nil {
			return nil, err
		}
		first.accounts[account.Name] = account
	}
	return first, nil
}

// Get implements client.Reader.
func (c accountsFirst) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	account, ok := obj.(*v1alpha1.AWSAccount)
	if !ok {
		return c.Client.Get(ctx, key, obj, opts...)
	}
	if declared := c.accounts[key.Name]; declared != nil {
		declared.DeepCopyInto(account)
	} else if err := c.Client.Get(ctx, key, obj, opts...); err != nil {
		return err
	}
	if !c.keepRoles {
		account.Spec.AssumeRole = nil
	}
	return nil
}

// nobody records no events.
type nobody struct{}

var _ events.EventRecorder = nobody{}

// Eventf implements events.EventRecorder.
func (nobody) Eventf(runtime.Object, runtime.Object, string, string, string, string, ...any) {}
