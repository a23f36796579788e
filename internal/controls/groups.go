// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

func groupControls() []Control {
	return []Control{{
		ID: "FSO.11", Title: "No security group lets all traffic out to the world", Severity: drift.Medium,
		References: []string{"https://docs.aws.amazon.com/eks/latest/best-practices/network-security.html"},
		LooksAt: "The egress rules of the profile's security groups for all protocols, alone or together to 0.0.0.0/0 or ::/0; a new group " +
			"in AWS has one.",
		Remediation: "Let out what the pods need: port 443 to AWS's endpoints and the control plane, DNS, and their own peers.",
		Evaluate: func(s *observed.State) (Result, string) {
			return eachGroup(s, func(g observed.SecurityGroup) []observed.Rule { return g.Egress },
				"all traffic may leave", "egress is restricted", func(r observed.Rule) bool { return r.Protocol == "-1" })
		},
	}}
}
