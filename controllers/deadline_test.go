// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// TestAPassThatRanOutOfTimeReportsIt: AWS hangs for as long as the pass lasts, and status says so all the same.
func TestAPassThatRanOutOfTimeReportsIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.small("hung")
	r.create(p)
	r.ready(p)
	r.eventually("status says that time ran out", func() error { // a pass that meets a conflict is done again
		ctx := newTimed(r.ctx)
		r.sim.Inject(func(awssim.Call) awssim.Fault {
			ctx.runOut() // the five minutes that a pass has are over as soon as AWS hangs
			return awssim.Fault{Kind: awssim.Hang}
		})
		if _, err := justStarted().Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(p)}); err != nil {
			return fmt.Errorf("the pass ends with %w", err)
		}
		if ctx.Err() == nil {
			return errors.New("the pass did not run out of time: this proves nothing")
		}
		ready := meta.FindStatusCondition(r.get(p).Status.Conditions, v1alpha1.ReadyCondition)
		if ready.Status != metav1.ConditionFalse || ready.Reason != "Timeout" {
			return fmt.Errorf("status says Ready=%s %s: %s; want Timeout", ready.Status, ready.Reason, ready.Message)
		}
		return nil
	})
	r.sim.Inject(nil)
	r.gone(p)
}

// timed is a context whose time runs out when a test says so, and not when a machine has been slow.
type timed struct {
	context.Context
	out  chan struct{}
	once sync.Once
}

func newTimed(parent context.Context) *timed {
	return &timed{Context: parent, out: make(chan struct{})}
}

// runOut ends the context as a deadline that has passed does.
func (c *timed) runOut() { c.once.Do(func() { close(c.out) }) }

// Done implements context.Context.
func (c *timed) Done() <-chan struct{} { return c.out }

// Err implements context.Context.
func (c *timed) Err() error {
	select {
	case <-c.out:
		return context.DeadlineExceeded
	default:
		return c.Context.Err()
	}
}
