// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
)

// TestWitnessed: an answer that was read for the question is AWS's own word, and one from before is not, read by read. What the
// Tagging API says of another service's objects never is.
func TestWitnessed(t *testing.T) {
	for _, read := range reads {
		r := newRig(t)
		proven := func(begun time.Time) bool {
			ctx, proven := inventory.Witnessed(r.within(begun))
			must(read.do(ctx, r, r.view.Clients()))
			return proven()
		}
		begun := r.clock.Now()
		if indexed := strings.HasPrefix(read.name, "Logs.ListTagsForResource") || strings.HasPrefix(read.name, "KMS.ListResourceTags"); proven(begun) == indexed {
			t.Errorf("%s: the first to ask is told AWS's own word: %t", read.name, !indexed)
		}
		calls := len(r.sim.Calls())
		r.clock.Advance(time.Second)
		if remembered := proven(begun); remembered && len(r.sim.Calls()) == calls {
			t.Errorf("%s: what was read a second ago is taken for AWS's own word", read.name)
		}
		ctx, fresh := inventory.Witnessed(inventory.Fresh(r.within(begun)))
		must(read.do(ctx, r, r.view.Clients()))
		if !fresh() {
			t.Errorf("%s: what AWS itself answers is taken for old news", read.name)
		}
	}
}

// TestWhatWasTouchedIsAWSsOwnWord: after an event, the object is read by itself, and need not be read again.
func TestWhatWasTouchedIsAWSsOwnWord(t *testing.T) {
	r := newRig(t)
	begun := r.clock.Now()
	touched := map[string]events.Object{
		"IAM.GetRole":                      {Kind: events.Role, Name: "pods"},
		"IAM.GetRolePolicy":                {Kind: events.Role, Name: "pods"},
		"EC2.DescribeSecurityGroups by id": {Kind: events.SecurityGroup, Name: r.group},
		"EC2.DescribeSecurityGroupRules":   {Kind: events.SecurityGroup, Name: r.group},
		"Logs.DescribeLogGroups":           {Kind: events.LogGroup, Name: "/pods"},
		"Logs.ListTagsForResource":         {Kind: events.LogGroup, Name: "/pods"},
		"EKS.DescribeFargateProfile":       {Kind: events.FargateProfile, Name: "prod/one"},
	}
	for _, read := range reads {
		must(read.do(r.within(begun), r, r.view.Clients()))
	}
	for _, read := range reads {
		object, ok := touched[read.name]
		if !ok {
			continue
		}
		delete(touched, read.name)
		r.clock.Advance(time.Second)
		r.view.Touch(object)
		r.clock.Advance(time.Second)
		ctx, proven := inventory.Witnessed(r.within(begun))
		must(read.do(ctx, r, r.view.Clients()))
		if !proven() {
			t.Errorf("%s: after an event, what AWS says is taken for old news", read.name)
		}
	}
	if len(touched) > 0 {
		t.Errorf("no reads are called %v", touched)
	}
}
