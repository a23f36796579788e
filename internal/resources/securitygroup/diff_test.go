// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

var (
	cluster = resource.ID{Kind: "EKSCluster", Name: "prod"}
	backend = resource.ID{Kind: Kind, Name: "backend"}
)

func rule(t *testing.T, protocol string, from, to int32, peer, description string) observed.Rule {
	t.Helper()
	r, err := canonical.Rule(protocol, &from, &to, peer, description)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unresolved is a rule whose peer is another declared group.
func unresolved(t *testing.T, protocol string, from, to int32, group, description string) Rule {
	t.Helper()
	r := rule(t, protocol, from, to, "sg-0", description)
	r.Peer = ""
	return Rule{Rule: r, PeerGroup: group}
}

func declaration(t *testing.T) Desired {
	return Desired{
		Name: "pods", Description: "payments pods", RemoveUnlisted: true, Cluster: cluster,
		Ingress: []Rule{
			{Rule: rule(t, "tcp", 8443, 8443, "10.0.0.0/16", "mesh")},
			unresolved(t, "tcp", 9090, 9090, "backend", "metrics"),
		},
		Egress: []Rule{{Rule: rule(t, "-1", -1, -1, "10.0.0.0/8", "inside")}},
	}
}

// inForce is the group that the declaration asks for.
func inForce(t *testing.T) observed.SecurityGroup {
	return observed.SecurityGroup{
		ID: "sg-1", Name: "pods", Description: "payments pods", VPCID: "vpc-0a",
		Ingress: []observed.Rule{rule(t, "tcp", 8443, 8443, "10.0.0.0/16", "mesh"), rule(t, "tcp", 9090, 9090, "sg-2", "metrics")},
		Egress:  []observed.Rule{rule(t, "-1", -1, -1, "10.0.0.0/8", "inside")},
	}
}

func known() resource.Values {
	return resource.Values{{From: cluster, Value: resource.VPCID}: "vpc-0a", {From: backend, Value: resource.GroupID}: "sg-2"}
}

func TestDiffOfEveryField(t *testing.T) {
	everything := []string{"0.0.0.0/0", "::/0"}
	cases := map[string]struct {
		declare func(*Desired)
		tamper  func(*observed.SecurityGroup)
		values  func(resource.Values)
		want    drift.Difference
	}{
		"description of the group": {
			tamper: func(g *observed.SecurityGroup) { g.Description = "other" },
			want: drift.Difference{Path: "description", Desired: "payments pods", Observed: "other",
				Severity: drift.Low, Action: drift.RequiresReplacement, Reason: ReasonDescription},
		},
		"VPC": {
			tamper: func(g *observed.SecurityGroup) { g.VPCID = "vpc-0b" },
			want: drift.Difference{Path: "vpc", Desired: "vpc-0a", Observed: "vpc-0b",
				Severity: drift.Low, Action: drift.RequiresReplacement, Reason: ReasonVPC},
		},
		"ingress missing": {
			tamper: func(g *observed.SecurityGroup) { g.Ingress = g.Ingress[1:] },
			want: drift.Difference{Path: "ingress[tcp/8443 10.0.0.0/16]", Desired: "tcp/8443 10.0.0.0/16",
				Severity: drift.High, Action: drift.Repair, Reason: ReasonRuleMissing},
		},
		"ingress from a declared group missing": {
			tamper: func(g *observed.SecurityGroup) { g.Ingress = g.Ingress[:1] },
			want: drift.Difference{Path: "ingress[tcp/9090 sg-2]", Desired: "tcp/9090 sg-2",
				Severity: drift.High, Action: drift.Repair, Reason: ReasonRuleMissing},
		},
		"ingress from a group that is not there yet": {
			tamper: func(g *observed.SecurityGroup) { g.Ingress = g.Ingress[:1] },
			values: func(v resource.Values) { delete(v, resource.Ref{From: backend, Value: resource.GroupID}) },
			want: drift.Difference{Path: "ingress[tcp/9090 SecurityGroup/backend (known after creation)]",
				Desired:  "tcp/9090 SecurityGroup/backend (known after creation)",
				Severity: drift.High, Action: drift.Repair, Reason: ReasonRuleMissing, WaitsFor: "SecurityGroup/backend"},
		},
		"ingress unlisted": {
			tamper: func(g *observed.SecurityGroup) {
				g.Ingress = append(g.Ingress, rule(t, "tcp", 22, 22, "0.0.0.0/0", ""))
			},
			want: drift.Difference{Path: "ingress[tcp/22 0.0.0.0/0]", Observed: "tcp/22 0.0.0.0/0",
				Severity: drift.Critical, Action: drift.Repair, Reason: ReasonRuleUnlisted},
		},
		"ingress unlisted and only reported": {
			declare: func(d *Desired) { d.RemoveUnlisted = false },
			tamper: func(g *observed.SecurityGroup) {
				g.Ingress = append(g.Ingress, rule(t, "tcp", 22, 22, "0.0.0.0/0", ""))
			},
			want: drift.Difference{Path: "ingress[tcp/22 0.0.0.0/0]", Observed: "tcp/22 0.0.0.0/0",
				Severity: drift.Critical, Action: drift.ReportOnly, Reason: ReasonRuleUnlisted},
		},
		"ingress unlisted, only reported, but against a guardrail": {
			declare: func(d *Desired) {
				d.RemoveUnlisted, d.Guard = false, guardrails.Guardrails{ForbiddenIngressCIDRs: everything}
			},
			tamper: func(g *observed.SecurityGroup) {
				g.Ingress = append(g.Ingress, rule(t, "tcp", 22, 22, "0.0.0.0/0", ""))
			},
			want: drift.Difference{Path: "ingress[tcp/22 0.0.0.0/0]", Observed: "tcp/22 0.0.0.0/0",
				Severity: drift.Critical, Action: drift.Repair, Reason: ReasonRuleUnlisted},
		},
		"ingress description": {
			tamper: func(g *observed.SecurityGroup) { g.Ingress[0].Description = "" },
			want: drift.Difference{Path: "ingress[tcp/8443 10.0.0.0/16].description", Desired: "mesh",
				Severity: drift.Low, Action: drift.Repair, Reason: ReasonRuleDescription},
		},
		"egress missing": {
			tamper: func(g *observed.SecurityGroup) { g.Egress = nil },
			want: drift.Difference{Path: "egress[all 10.0.0.0/8]", Desired: "all 10.0.0.0/8",
				Severity: drift.High, Action: drift.Repair, Reason: ReasonRuleMissing},
		},
		"egress unlisted to anywhere": {
			tamper: func(g *observed.SecurityGroup) { g.Egress = append(g.Egress, rule(t, "tcp", 443, 443, "::/0", "")) },
			want: drift.Difference{Path: "egress[tcp/443 ::/0]", Observed: "tcp/443 ::/0",
				Severity: drift.High, Action: drift.Repair, Reason: ReasonRuleUnlisted},
		},
		"egress unlisted to somewhere": {
			tamper: func(g *observed.SecurityGroup) {
				g.Egress = append(g.Egress, rule(t, "udp", 53, 53, "10.1.0.0/16", ""))
			},
			want: drift.Difference{Path: "egress[udp/53 10.1.0.0/16]", Observed: "udp/53 10.1.0.0/16",
				Severity: drift.Medium, Action: drift.Repair, Reason: ReasonRuleUnlisted},
		},
		"egress unlisted and only reported": {
			declare: func(d *Desired) { d.RemoveUnlisted = false },
			tamper:  func(g *observed.SecurityGroup) { g.Egress = append(g.Egress, rule(t, "-1", -1, -1, "0.0.0.0/0", "")) },
			want: drift.Difference{Path: "egress[all 0.0.0.0/0]", Observed: "all 0.0.0.0/0",
				Severity: drift.High, Action: drift.ReportOnly, Reason: ReasonRuleUnlisted},
		},
		"egress description": {
			tamper: func(g *observed.SecurityGroup) { g.Egress[0].Description = "mine" },
			want: drift.Difference{Path: "egress[all 10.0.0.0/8].description", Desired: "inside", Observed: "mine",
				Severity: drift.Low, Action: drift.Repair, Reason: ReasonRuleDescription},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d, g, v := declaration(t), inForce(t), known()
			if c.declare != nil {
				c.declare(&d)
			}
			if c.values != nil {
				c.values(v)
			}
			c.tamper(&g)
			got := diff(d, g, false, v)
			if len(got) != 1 {
				t.Fatalf("want one difference, got %d: %+v", len(got), got)
			}
			got[0].Controls = nil // those are the business of package controls
			if !equal(got[0], c.want) {
				t.Errorf("got  %+v\nwant %+v", got[0], c.want)
			}
		})
	}
}

func equal(a, b drift.Difference) bool {
	return a.Path == b.Path && a.Desired == b.Desired && a.Observed == b.Observed && a.Severity == b.Severity &&
		a.Action == b.Action && a.Reason == b.Reason && a.WaitsFor == b.WaitsFor && slices.Equal(a.Controls, b.Controls)
}

func TestUnlistedIngressNamesControls(t *testing.T) {
	g := inForce(t)
	g.Ingress = append(g.Ingress, rule(t, "tcp", 22, 22, "0.0.0.0/0", ""))
	if got := diff(declaration(t), g, false, known()); len(got) != 1 || len(got[0].Controls) == 0 {
		t.Errorf("got %+v", got)
	}
}

// Halves of the internet that come together are against the guardrail, too.
func TestGuardrailIsNotEvadedByHalves(t *testing.T) {
	d, g := declaration(t), inForce(t)
	d.RemoveUnlisted, d.Guard = false, guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0"}}
	g.Ingress = append(g.Ingress, rule(t, "tcp", 22, 22, "0.0.0.0/1", ""), rule(t, "tcp", 22, 22, "128.0.0.0/1", ""))
	got := diff(d, g, false, known())
	if len(got) != 2 || got[0].Action != drift.Repair || got[1].Action != drift.Repair {
		t.Errorf("got %+v", got)
	}
}

// A rule that may be the declared one, whose group's id is not known now, is not taken away.
func TestRuleThatMayBeTheDeclaredOneIsKept(t *testing.T) {
	v := known()
	delete(v, resource.Ref{From: backend, Value: resource.GroupID})
	d, g := declaration(t), inForce(t)
	ingress, _ := plans(d, g, false, v)
	if rules := slices.Concat(ingress.removable(true), ingress.removable(false)); len(rules) != 0 {
		t.Errorf("would remove %v", rules)
	}
	for _, difference := range diff(d, g, false, v) {
		if difference.WaitsFor != "SecurityGroup/backend" {
			t.Errorf("does not wait: %+v", difference)
		}
	}
}

func TestDefaultEgressOfAFreshGroupGoesEvenIfUnlistedIsOnlyReported(t *testing.T) {
	d, g := declaration(t), inForce(t)
	d.RemoveUnlisted = false
	g.Ingress, g.Egress = nil, []observed.Rule{rule(t, "-1", -1, -1, "0.0.0.0/0", "")}
	action := func(fresh bool) drift.Action {
		for _, difference := range diff(d, g, fresh, known()) {
			if difference.Path == "egress[all 0.0.0.0/0]" {
				return difference.Action
			}
		}
		return ""
	}
	if fresh, old := action(true), action(false); fresh != drift.Repair || old != drift.ReportOnly {
		t.Errorf("fresh %s, old %s", fresh, old)
	}
}

func TestFreshMeansOursAndUntouched(t *testing.T) {
	created := map[string]string{resource.OriginTag: "Created"}
	all := []observed.Rule{rule(t, "-1", -1, -1, "0.0.0.0/0", "")}
	for name, c := range map[string]struct {
		prior resource.Prior
		group observed.SecurityGroup
		want  bool
	}{
		"as EC2 makes it":        {group: observed.SecurityGroup{Tags: created, Egress: all}, want: true},
		"by status":              {prior: resource.Prior{Origin: resource.Created}, group: observed.SecurityGroup{Egress: all}, want: true},
		"not ours":               {group: observed.SecurityGroup{Egress: all}},
		"adopted":                {group: observed.SecurityGroup{Tags: map[string]string{resource.OriginTag: "Adopted"}, Egress: all}},
		"complete before":        {prior: resource.Prior{Hash: "x"}, group: observed.SecurityGroup{Tags: created, Egress: all}},
		"with an ingress rule":   {group: observed.SecurityGroup{Tags: created, Ingress: all, Egress: all}},
		"with a described rule":  {group: observed.SecurityGroup{Tags: created, Egress: []observed.Rule{rule(t, "-1", -1, -1, "0.0.0.0/0", "wanted")}}},
		"with another egress":    {group: observed.SecurityGroup{Tags: created, Egress: append(slices.Clone(all), rule(t, "tcp", 1, 1, "10.0.0.0/8", ""))}},
		"without any rule (nil)": {group: observed.SecurityGroup{Tags: created}},
	} {
		if got := New(nil, Desired{}, c.prior).fresh(c.group); got != c.want {
			t.Errorf("%s: fresh is %v", name, got)
		}
	}
}

func TestOtherSpellingsOfTheSameAreNoDifference(t *testing.T) {
	d := Desired{
		Name: "pods", Cluster: cluster, RemoveUnlisted: true,
		Ingress: []Rule{
			{Rule: rule(t, "6", 443, 443, "10.1.2.3/16", "")},
			{Rule: rule(t, "TCP", 443, 443, "10.1.0.0/16", "")}, // the same once more
			{Rule: rule(t, "icmp", -1, -1, "10.0.0.0/8", "")},
			{Rule: rule(t, "tcp", 80, 80, "2001:DB8:0::/32", "")},
			{Rule: rule(t, "tcp", 81, 81, "111122223333/sg-0a", "")},
		},
		Egress: []Rule{{Rule: rule(t, "all", 0, 65535, "0.0.0.0/0", "")}, {Rule: rule(t, "50", 0, 0, "pl-0a", "")}},
	}
	in := func(egress bool, protocol string, from, to int32, set func(*types.SecurityGroupRule)) observed.Rule {
		r := types.SecurityGroupRule{IpProtocol: &protocol, FromPort: &from, ToPort: &to, IsEgress: &egress, GroupOwnerId: aws.String("444455556666")}
		set(&r)
		out, err := ruleOf(r)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	g := observed.SecurityGroup{
		ID: "sg-1", VPCID: "vpc-0a", Description: "whatever was there: none is declared",
		Ingress: []observed.Rule{
			in(false, "tcp", 81, 81, func(r *types.SecurityGroupRule) {
				r.ReferencedGroupInfo = &types.ReferencedSecurityGroup{GroupId: aws.String("sg-0a"), UserId: aws.String("111122223333")}
			}),
			in(false, "tcp", 80, 80, func(r *types.SecurityGroupRule) { r.CidrIpv6 = aws.String("2001:db8::/32") }),
			in(false, "1", -1, -1, func(r *types.SecurityGroupRule) { r.CidrIpv4 = aws.String("10.0.0.0/8") }),
			in(false, "tcp", 443, 443, func(r *types.SecurityGroupRule) { r.CidrIpv4 = aws.String("10.1.0.0/16") }),
		},
		Egress: []observed.Rule{
			in(true, "50", -1, -1, func(r *types.SecurityGroupRule) { r.PrefixListId = aws.String("pl-0a") }),
			in(true, "-1", -1, -1, func(r *types.SecurityGroupRule) { r.CidrIpv4 = aws.String("0.0.0.0/0") }),
		},
	}
	if got := diff(d, g, false, known()); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestHashIsOfTheDeclarationOnly(t *testing.T) {
	base := New(nil, declaration(t), resource.Prior{}).Hash()
	same := declaration(t)
	same.Ingress[0], same.Ingress[1] = same.Ingress[1], same.Ingress[0]
	same.Guard, same.Siblings = guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0"}}, []string{"pods"}
	if got := New(nil, same, resource.Prior{ARN: "x"}).Hash(); got != base {
		t.Error("the order of rules, guardrails or what status remembers change the hash")
	}
	for name, edit := range map[string]func(*Desired){
		"description": func(d *Desired) { d.Description = "x" },
		"rule":        func(d *Desired) { d.Egress = nil },
		"rule text":   func(d *Desired) { d.Ingress[0].Description = "x" },
		"peer group":  func(d *Desired) { d.Ingress[1].PeerGroup = "x" },
		"unlisted":    func(d *Desired) { d.RemoveUnlisted = false },
	} {
		edited := declaration(t)
		edit(&edited)
		if New(nil, edited, resource.Prior{}).Hash() == base {
			t.Errorf("an edit of the %s does not change the hash", name)
		}
	}
	if Leftover(nil, "sg-1", "pods").Hash() != "" {
		t.Error("a leftover has a hash")
	}
}
