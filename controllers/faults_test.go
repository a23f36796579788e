// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

type awsCall = awssim.Call

// creationWrites are the writes of creating the full profile, each once.
func creationWrites(t *testing.T) []string {
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	w := r.writes()
	slices.Sort(w)
	r.gone(p)
	return slices.Compact(w)
}

// TestLostAnswers: each writing call of a creation has its effect and loses its answer, once. The next passes arrive
// at the same end: no second object, no orphan.
func TestLostAnswers(t *testing.T) {
	actions := creationWrites(t)
	if len(actions) < 10 {
		t.Fatalf("only %d kinds of writes: %q", len(actions), actions)
	}
	for _, action := range actions {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			// Three times: the SDK itself asks that often.
			r.sim.FailAfter(action, "InternalFailure", "lost", 500, 3)
			p := r.full()
			r.create(p)
			r.ready(p)
			r.silent(p)
			keys, err := r.aws.KMS.(*kms.Client).ListKeys(r.ctx, &kms.ListKeysInput{})
			r.did(keys, err)
			live := 0
			for _, k := range keys.Keys {
				if r.keyState(*k.KeyArn) == "Enabled" {
					live++
				}
			}
			if live != 1 {
				t.Errorf("%d keys are enabled: want 1", live)
			}
			r.gone(p)
			r.nothingLeft()
		})
	}
}

// TestThrottledAndFailingCalls: calls of every service are refused for longer than the SDK itself tries.
func TestThrottledAndFailingCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sim.Fail("eks:CreateFargateProfile", "TooManyRequestsException", "Rate exceeded", 429, 4)
	r.sim.Fail("iam:PutRolePolicy", "Throttling", "Rate exceeded", 400, 4)
	r.sim.Fail("ec2:AuthorizeSecurityGroupIngress", "RequestLimitExceeded", "Request limit exceeded.", 503, 4)
	r.sim.Fail("kms:CreateKey", "ThrottlingException", "Rate exceeded", 400, 4)
	r.sim.Fail("logs:DescribeLogGroups", "ServiceUnavailableException", "try later", 503, 4)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.silent(p)
	r.gone(p)
	r.nothingLeft()
}

// TestOneOperationPerCluster: several profiles of one cluster are created and deleted at once; EKS never has to refuse
// one, and no two operations overlap.
func TestOneOperationPerCluster(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var mu sync.Mutex
	var refused []string
	r.sim.AfterWrite(func(c awsCall) {
		if c.Code == "ResourceInUseException" {
			mu.Lock()
			refused = append(refused, c.Action())
			mu.Unlock()
		}
	})
	_, mark := operatorLog.since(0)
	var all []*profile
	for i := range 4 {
		p := r.small(fmt.Sprintf("p%d", i))
		all = append(all, p)
		r.create(p)
	}
	for _, p := range all {
		r.ready(p)
	}
	// Status shows it for moments only; the log keeps it.
	r.eventually("waiting for the log of a profile that waits for its turn", func() error {
		if len(logged(mark, "condition changed", r.ns, "WaitingForTurn")) == 0 {
			return errors.New("no profile has waited")
		}
		return nil
	})
	for _, p := range all {
		if err := kube.Delete(r.ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range all {
		r.eventually("waiting for the deletion", func() error { return r.isGone(p) })
	}
	mu.Lock()
	defer mu.Unlock()
	if len(refused) > 0 {
		t.Errorf("EKS had to refuse %q", refused)
	}
}

func TestFailedProfileIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	must(r.sim.SetProfileOutcome("prod", "payments", "CREATE_FAILED"))
	p := r.full()
	r.create(p)
	r.stalled(p, "FargateProfileCreateFailed", "CREATE_FAILED")
}

func TestEventsAreOnTransitionsOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	r.authorize(p, "payments-pods", 22, "0.0.0.0/0")
	r.read(p)
	r.eventually("waiting for the event", func() error {
		notes := r.eventNotes(p)
		if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "removed ingress[tcp/22 0.0.0.0/0]") }) {
			return fmt.Errorf("no event tells of the repair: %q", notes)
		}
		return nil
	})
	r.ready(p)
	before := len(r.eventNotes(p))
	r.pass(p)
	r.pass(p)
	if after := len(r.eventNotes(p)); after != before {
		t.Errorf("passes that found nothing new made %d events", after-before)
	}
}
