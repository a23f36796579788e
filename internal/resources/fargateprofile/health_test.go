// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

func TestAnActiveProfileWithIssuesIsNotAsDeclared(t *testing.T) {
	have := asDeclared()
	have.HealthIssues = []observed.HealthIssue{{Code: "PodExecutionRoleAlreadyInUse", Message: "used by nodes"}}
	d := diff(declaration("pay"), have, known())
	if len(d) != 1 || d[0].Path != "health" || d[0].Desired != drift.Healthy || d[0].Action != drift.ReportOnly || !strings.Contains(d[0].Observed, "PodExecutionRoleAlreadyInUse (used by nodes)") {
		t.Errorf("differences are %+v", d)
	}
	have.Status = "CREATING"
	if d := diff(declaration("pay"), have, known()); len(d) != 0 {
		t.Errorf("while it is made: %+v", d)
	}
}
