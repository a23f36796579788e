// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// noStatus is a client that cannot write status.
type noStatus struct{ client.Client }

func (n noStatus) Status() client.SubResourceWriter { return refusing{n.Client.Status()} }

type refusing struct{ client.SubResourceWriter }

func (refusing) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	return errors.New("the API server is away")
}

// TestARepairThatCouldNotBeToldIsToldLater: two events in quick succession have the second pass begin with a copy of the
// profile from before the first one. What it repairs is done, but not what it writes about it.
func TestARepairThatCouldNotBeToldIsToldLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, listens(eventQueue)) // read by itself once an hour only
	p := r.full()
	r.create(p)
	r.ready(p)
	r.synced(p)
	reconciler, log := second(t, false)
	r.did(r.aws.Logs.PutRetentionPolicy(r.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(logGroupName), RetentionInDays: aws.Int32(1)}))
	reconciler.Client = noStatus{log.Client}
	if _, err := reconciler.Reconcile(r.ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(p)}); err == nil {
		t.Fatal("the pass wrote status: this proves nothing")
	}
	reconciler.Client = log
	reconcile(t, reconciler, p)
	r.repairedBy(p, "retentionDays", "", v1alpha1.Repair{})
	r.synced(p)
	reconcile(t, reconciler, p)
	if len(r.get(p).Status.Repairs) != 1 || p.Status.LastRepair.Fields != 1 {
		t.Errorf("repairs %+v, last %+v: want the one", p.Status.Repairs, p.Status.LastRepair)
	}
}
