// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// readOf is the read of an object of each kind that the operator makes.
var readOf = map[string]string{
	"IAMRole": "IAM.GetRole", "SecurityGroup": "EC2.DescribeSecurityGroups by id", "KMSKey": "KMS.DescribeKey",
	"LogGroup": "Logs.DescribeLogGroups", "FargateProfile": "EKS.DescribeFargateProfile",
}

// TestKindsSayHowTheyAreRead: what a pass has written outdates the sweeps, but not what was read of another object by itself.
// A kind that wrongly says ReadSingly would not be looked for again where it was just made; one that wrongly does not would
// have everything read anew for each of its objects.
func TestKindsSayHowTheyAreRead(t *testing.T) {
	for _, kind := range resources.Kinds {
		if !kind.Owned || kind.ARNType == "" {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			i := slices.IndexFunc(reads, func(r read) bool { return r.name == readOf[kind.Name] })
			if i < 0 {
				t.Fatal("has no read in this test")
			}
			r := newRig(t)
			r.clock.Advance(time.Hour) // what AWS is at work on is never remembered
			must(reads[i].do(inventory.With(context.Background(), inventory.Age{}), r, r.view.Clients()))
			r.clock.Advance(time.Second)
			r.sim.ResetCalls()
			must(reads[i].do(inventory.With(context.Background(), inventory.Age{Written: r.clock.Now()}), r, r.view.Clients()))
			if again := len(r.sim.Calls()) > 0; again == kind.ReadSingly {
				t.Errorf("ReadSingly is %t, and a write of another object had it read again: %t", kind.ReadSingly, again)
			}
		})
	}
}
