// SPDX-License-Identifier: Apache-2.0

// Package plan is what `kubectl fargatesec plan` says: who makes a plan, and how it looks. It is pure.
package plan

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Planner says what the operator would do in AWS for an object that is not in the cluster yet, or that is about to be deleted.
// It reads, and writes nothing.
type Planner interface {
	Plan(ctx context.Context, obj *unstructured.Unstructured, deleted bool) (Plan, error)
}

// NewPlanner makes a Planner for a cluster: controllers.NewPlanner.
type NewPlanner func(ctx context.Context, config *rest.Config, o Options) (Planner, error)

// Options say whose plan it is.
type Options struct {
	// OperatorID and OperatorNamespace are the operator's flags; OperatorID "" is the operator's default.
	OperatorID, OperatorNamespace string
	// Accounts are AWSAccounts that count in place of those in the cluster.
	Accounts []*unstructured.Unstructured
	// AssumeRoles: spec.assumeRole of the AWSAccount is assumed, as the operator does. Else the caller's credentials are those of
	// the account.
	AssumeRoles bool
	// Version is told to AWS in the user agent.
	Version string
}

// Plan is what is going to happen for one object.
type Plan struct {
	Objects []resource.Planned
	// Refused is why the operator would do nothing at all for the object; "" where it would.
	Refused string
}

// For is a plan with the object that it is for.
type For struct {
	Plan
	Kind, Namespace, Name string
	Mode                  string
	Deleted               bool
}

func (p For) full() string { return p.Kind + " " + p.Namespace + "/" + p.Name }

// Held counts what is declared and will not be done.
func (p For) Held() int {
	n := 0
	if p.Refused != "" {
		n++
	}
	for _, o := range p.Objects {
		n += len(o.Held)
	}
	return n
}

// count counts the objects with an action.
func (p For) count(action resource.Action) int {
	n := 0
	for _, o := range p.Objects {
		if o.Action == action {
			n++
		}
	}
	return n
}

// Acts tells that something would be written to AWS.
func (p For) Acts() bool { return p.count(resource.ActionNone) < len(p.Objects) }
