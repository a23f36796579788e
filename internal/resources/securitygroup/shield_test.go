// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// A group that somebody made by hand keeps its description, which EC2 cannot change anyway.
func TestADescriptionThatIsNotDeclaredIsNotCompared(t *testing.T) {
	d, g := declaration(t), inForce(t)
	d.Description, g.Description = "", "made by hand"
	if got := diff(d, g, false, known()); len(got) != 0 {
		t.Errorf("differences are %+v", got)
	}
	named := declaration(t)
	named.Description = named.Name
	if New(nil, d, resource.Prior{}).Hash() != New(nil, named, resource.Prior{}).Hash() {
		t.Error("hashes of before are not known again: a description that is not declared was the group's name")
	}
}

// An interface of another account that shares the VPC is not shown: EC2 refuses, and nothing is seen to use the group.
func TestAGroupWhoseUserIsNotShownStaysWhole(t *testing.T) {
	groups := two(t)
	groups[1].Ingress = nil // nobody refers to pods, which refers to backend
	r := newRig(t, groups...)
	r.settle()
	before := r.rules("pods")
	left := Leftover(r.aws.EC2, r.id("pods"), "pods")
	o, err := left.Observe(ctx, nil)
	r.must(err)
	r.sim.Fail("ec2:DeleteSecurityGroup", codeInUse, "resource has a dependent object", http.StatusBadRequest, 1)
	r.sim.ResetCalls()
	var waiting *resource.Waiting
	if err := left.Delete(ctx, o); !asWaiting(err, &waiting) || !strings.Contains(waiting.Message, "another account") {
		t.Errorf("error is %v", err)
	}
	if after := r.rules("pods"); len(after.Ingress) != len(before.Ingress) || len(after.Egress) != len(before.Egress) {
		t.Errorf("rules are %+v, wrote %v", after, r.writes())
	}
}

func TestRulesOfOtherControllersAreLeftAlone(t *testing.T) {
	balancer := rule(t, "tcp", 31000, 32000, "10.9.0.0/16", "elbv2.k8s.aws/targetGroupBinding=shared")
	tagged := rule(t, "udp", 53, 53, "10.8.0.0/16", "")
	tagged.Tags = map[string]string{"elbv2.k8s.aws/cluster": "prod"}
	world := rule(t, "tcp", 80, 80, "0.0.0.0/0", "elbv2.k8s.aws/targetGroupBinding=shared")
	for name, c := range map[string]struct {
		ignore []Ignored
		rule   observed.Rule
		want   int
	}{
		"nothing ignored":          {nil, balancer, 1},
		"by description":           {[]Ignored{{Description: "elbv2.k8s.aws/*"}}, balancer, 0},
		"by another description":   {[]Ignored{{Description: "elbv2.k8s.aws"}}, balancer, 1},
		"by tag":                   {[]Ignored{{TagKey: "elbv2.k8s.aws/cluster"}}, tagged, 0},
		"by tag and value":         {[]Ignored{{TagKey: "elbv2.k8s.aws/cluster", TagValue: "pr*"}}, tagged, 0},
		"by tag and another value": {[]Ignored{{TagKey: "elbv2.k8s.aws/cluster", TagValue: "test"}}, tagged, 1},
		"not tagged":               {[]Ignored{{TagKey: "elbv2.k8s.aws/cluster"}}, balancer, 1},
		"against the guardrail":    {[]Ignored{{Description: "elbv2.k8s.aws/*"}}, world, 1},
	} {
		d, g := declaration(t), inForce(t)
		d.Ignore, d.Guard = c.ignore, guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0"}}
		g.Ingress, g.Egress = append(g.Ingress, c.rule), append(g.Egress, tagged)
		var ingress []drift.Difference
		for _, difference := range diff(d, g, false, known()) {
			if strings.HasPrefix(difference.Path, "ingress") {
				ingress = append(ingress, difference)
			}
		}
		if len(ingress) != c.want {
			t.Errorf("%s: differences are %+v, want %d", name, ingress, c.want)
		}
	}
}

// A prefix list that may not be read keeps a rule that names it from being added, and nothing else from being repaired.
func TestARuleWhoseListIsNotReadIsNotAdded(t *testing.T) {
	groups := two(t)[:1]
	groups[0].Siblings, groups[0].Egress = nil, nil
	r := newRig(t, groups...)
	r.settle()
	r.openIngress("pods", rule(t, "tcp", 22, 22, "0.0.0.0/0", ""))
	r.groups[0].Ingress = append(r.groups[0].Ingress, Rule{Rule: rule(t, "tcp", 443, 443, "pl-0a", "")})
	r.sim.Fail("ec2:GetManagedPrefixListEntries", "UnauthorizedOperation", "not authorized", http.StatusForbidden, 99)
	r.run(true)
	if got := r.rules("pods").Ingress; len(got) != 3 {
		t.Errorf("ingress is %+v", got)
	}
	if f := r.result.Objects[1].Failures(); len(f) == 0 {
		t.Error("nobody says why")
	}
}
