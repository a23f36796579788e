// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/controllers/metrics"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// Operator is what the reconcilers of all kinds have in common: how they reach Kubernetes and AWS, how they are set up, and
// what they know of AWS. Fill in its fields, then make a Reconciler for each kind.
type Operator struct {
	Client client.Client
	// API reads from the API server itself and not from a cache: whether a CRD, or the operator's namespace, is being
	// deleted. Nil: nobody looks, and every deletion of an object counts as asked for.
	API      client.Reader
	Workload dynamic.Interface
	Accounts *accounts.Accounts
	Metrics  *metrics.Metrics
	Timing   schedule.Timing
	// OperatorID is the first part of the owner tag: stable per installation, without a slash.
	OperatorID string
	// Installation tells this installation from others with the same OperatorID.
	Installation resource.Installation
	// ObserveOnly treats every object as if its mode were Observe.
	ObserveOnly bool
	// Concurrency is how many objects of a kind are worked on at once. Periodic passes of all kinds together have three
	// quarters of it: the rest is kept for objects that somebody waits for.
	Concurrency int
	// ReadShared has passes that only look answered out of what all objects of an account read together. Without it every
	// pass reads AWS object by object: for debugging, and to compare.
	ReadShared bool
	// Hears tells whether events tell of changes in a service (its eventSource) of an account; nil: no.
	Hears func(scope awsapi.Scope, source string) bool
	// Now is the clock for what is waited for and what status dates. Nil means time.Now.
	Now func() time.Time

	prepared    sync.Once
	slots       *schedule.Slots
	index       wake.Index
	memories    memory.Memories
	mu          sync.Mutex
	reconcilers map[string]*Reconciler // by kind
}

// Reconciler makes the reconciler of a kind. There is one of each kind.
func (o *Operator) Reconciler(kind *declaration.Kind, recorder events.EventRecorder) *Reconciler {
	r := &Reconciler{Operator: o, Kind: kind, Recorder: recorder}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reconcilers == nil {
		o.reconcilers = map[string]*Reconciler{}
	}
	o.reconcilers[kind.Name] = r
	return r
}

// of returns the reconciler of a kind, nil where there is none.
func (o *Operator) of(kind string) *Reconciler {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reconcilers[kind]
}

// kinds lists the kinds that have a reconciler.
func (o *Operator) kinds() []*declaration.Kind {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []*declaration.Kind
	for _, r := range o.reconcilers {
		list = append(list, r.Kind)
	}
	return list
}

// prepare makes, once, the memory that passes share.
func (o *Operator) prepare() {
	o.prepared.Do(func() {
		if o.Now == nil {
			o.Now = time.Now
		}
		o.memories.Now, o.memories.Hears = o.Now, o.Hears
		o.memories.Process = resources.SharedByProcess(o.Workload, o.Now)
		o.slots = schedule.NewSlots(o.Concurrency, o.Metrics.InLine)
	})
}

// enqueueNext wakes whose turn it is.
func (o *Operator) enqueueNext(next declaration.Key, ok bool) {
	if !ok {
		return
	}
	if r := o.of(next.Kind); r != nil {
		r.enqueuer.EnqueueLow(next.Request())
	}
}
