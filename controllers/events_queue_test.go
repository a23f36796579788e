// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
)

// TestABrokenMessageGoesToTheDeadLetters: it is counted once, holds nobody up, and its text is shown nowhere.
func TestABrokenMessageGoesToTheDeadLetters(t *testing.T) {
	t.Parallel()
	r := newEventRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	r.sim.CreateQueue("dead")
	must(r.sim.RedriveQueue(eventQueue, "dead", 2))
	r.did(sqs.NewFromConfig(awstest.Config(r.url)).SetQueueAttributes(r.ctx, &sqs.SetQueueAttributesInput{ // what was received comes again at once
		QueueUrl: aws.String(r.queueURL(eventQueue)), Attributes: map[string]string{"VisibilityTimeout": "0"}}))
	_, mark := operatorLog.since(0)
	before := messagesThat("broken")
	r.send(`{"detail-type": "` + operatorSecret + `"}`)
	r.eventually("waiting for the dead letter", func() error {
		if n := r.sim.Queue("dead").Depth(); n != 1 {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	})
	if n := messagesThat("broken") - before; n != 1 { // no other test sends any
		t.Errorf("%v broken messages were counted", n)
	}
	if lines := logged(mark, "cannot be read", r.queueURL(eventQueue)); len(lines) != 1 {
		t.Errorf("the log says %q", lines)
	}
	r.drop()
	tamperNamed(t, "managed policy detached")(r, p)
	r.deliver()
	r.repairedBy(p, "managedPolicies["+execution+"]", person, v1alpha1.Repair{})
}

func (r *rig) queueURL(queue string) string {
	a := r.accountObject()
	a.Spec.EndpointURL = r.url
	listens(queue)(a)
	return a.Spec.DriftEvents.QueueURL
}

// heard waits until DriftEvents says that the queue is read. A message spares it the wait for one.
func (r *rig) heard() {
	r.t.Helper()
	r.sim.CreateQueue(records)
	r.send("{}")
	r.untilAccount(v1alpha1.DriftEventsCondition, metav1.ConditionTrue, v1alpha1.ReasonReceiving)
}

// unreadable waits until DriftEvents says why the queue is not read; the account stays Ready.
func (r *rig) unreadable(words ...string) {
	r.t.Helper()
	a := r.untilAccount(v1alpha1.DriftEventsCondition, metav1.ConditionFalse, v1alpha1.ReasonQueueUnreadable, words...)
	if !meta.IsStatusConditionTrue(a.Status.Conditions, v1alpha1.ReadyCondition) {
		r.t.Errorf("the account is not Ready: %+v", a.Status.Conditions)
	}
}

func TestAQueueThatDoesNotExistIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, listens("fargate-drift-none"))
	r.unreadable("fargate-drift-none", "does not exist", "docs/events.md")
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	r.sim.CreateQueue("fargate-drift-none")
	must(r.sim.SendToQueue("fargate-drift-none", "{}"))
	r.untilAccount(v1alpha1.DriftEventsCondition, metav1.ConditionTrue, v1alpha1.ReasonReceiving)
}

// missedInEvents: what the queue lacks, the account says; profiles do without.
func missedInEvents(t *testing.T, tried *actionSet) {
	for _, action := range []string{"sqs:ReceiveMessage", "sqs:DeleteMessage"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.take(action)
			r.listen(eventQueue)
			r.send("{}", `{"detail-type":"AWS API Call via CloudTrail","detail":{"eventID":"1","eventSource":"s","eventName":"n","eventTime":"2026-01-02T03:04:05Z"}}`)
			r.unreadable(action, eventQueue, "docs/iam.md")
			p := r.small("payments")
			r.create(p)
			r.ready(p)
			r.take("")
			r.heard()
			tried.add(action)
		})
	}
}

// TestAQueueThatLeavesTheSpecIsLeftAlone: nothing is taken from it any more, and nothing is said of it.
func TestAQueueThatLeavesTheSpecIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newEventRig(t)
	p := r.small("payments")
	r.create(p)
	r.ready(p)
	r.heard()
	r.listen("")
	a := r.accountObject()
	r.eventually("waiting for the condition to go", func() error {
		must(kube.Get(r.ctx, client.ObjectKeyFromObject(a), a))
		if c := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.DriftEventsCondition); c != nil {
			return fmt.Errorf("it says %s", c.Message)
		}
		return nil
	})
	eachMetric("fargatesec_event_queue_up", func(labels map[string]string, _ float64) {
		if labels["account"] == r.account {
			t.Error("there is a metric of the queue")
		}
	})
	before := r.sim.Queue(eventQueue).Depth()
	r.send("{}")
	r.read(p)
	if n := r.sim.Queue(eventQueue).Visible; n == 0 || r.sim.Queue(eventQueue).Depth() != before+1 {
		t.Errorf("%d messages are left to be received", n)
	}
}
