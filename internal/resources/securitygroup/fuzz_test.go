// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// fuzzRules reads one rule from each line: direction, protocol, ports, peer, description ("in tcp 80 443 10.0.0.0/8 web").
// A peer such as @backend is a group by name. Lines that are no rule are left out.
func fuzzRules(text string) (ingress, egress []Rule) {
	for _, line := range strings.Split(text, "\n") {
		fields := strings.SplitN(line, " ", 6)
		if len(fields) != 6 || len(ingress)+len(egress) == 12 {
			continue
		}
		from, errFrom := strconv.ParseInt(fields[2], 10, 32)
		to, errTo := strconv.ParseInt(fields[3], 10, 32)
		peer, byName := strings.CutPrefix(fields[4], "@")
		group := ""
		if byName {
			group, peer = peer, drift.Unknown
		}
		first, last := int32(from), int32(to) //nolint:gosec // ParseInt was told 32 bits
		rule, err := canonical.Rule(fields[1], &first, &last, peer, fields[5])
		if err != nil || errFrom != nil || errTo != nil || byName && group == "" {
			continue
		}
		if byName {
			rule.Peer = ""
		}
		if fields[0] == "in" {
			ingress = append(ingress, Rule{rule, group})
		} else {
			egress = append(egress, Rule{rule, group})
		}
	}
	return ingress, egress
}

func bare(rules []Rule) []observed.Rule {
	var out []observed.Rule
	for _, rule := range rules {
		if rule.PeerGroup == "" {
			out = append(out, rule.Rule)
		}
	}
	return out
}

// applied is what the rules of one direction are after the plan was carried out, as Apply does it.
func applied(have []observed.Rule, p plan) []observed.Rule {
	var out []observed.Rule
	for _, rule := range have {
		same := func(other observed.Rule) bool { return keyOf(other) == keyOf(rule) }
		gone := slices.ContainsFunc(p.unlisted, func(u unlistedRule) bool { return u.remove && u.waitsFor == "" && same(u.Rule) })
		if i := slices.IndexFunc(p.changed, func(c changedRule) bool { return same(c.Rule) }); i >= 0 {
			rule.Description = p.changed[i].Description
		}
		if !gone {
			out = append(out, rule)
		}
	}
	return append(out, p.missing...)
}

// FuzzDiff: no state panics; what was carried out leaves nothing to repair, and nothing at all where unlisted rules go,
// but for what waits for a group that does not exist; texts are short and valid.
func FuzzDiff(f *testing.F) {
	const some = "in tcp 8443 8443 10.0.0.0/16 mesh\nin tcp 9090 9090 @backend metrics\nout -1 0 0 10.0.0.0/8 inside"
	f.Add(some, "", "", true, true, false)
	f.Add(some, "in tcp 8443 8443 10.0.0.0/16 other\nin tcp 9090 9090 sg-2 metrics\nin tcp 22 22 0.0.0.0/0 ssh", "d", true, false, true)
	f.Add("in tcp 1 2 10.0.0.0/8 a\nin tcp 1 2 10.9.9.9/8 b", "in tcp 1 2 10.0.0.0/8 b", "", false, false, true)
	f.Add("in tcp 443 443 @backend x\nin tcp 443 443 sg-2 y", "in tcp 443 443 sg-2 z", "é", true, false, false)
	f.Add("", "in -1 0 0 0.0.0.0/1 \nin -1 0 0 128.0.0.0/1 \nout -1 0 0 0.0.0.0/0 ", "", false, true, true)
	f.Add("in icmp 8 -1 pl-1 ping\nin 50 0 0 ::/0 esp", "in icmpv6 -1 -1 111122223333/sg-9 ", "x", true, true, false)
	f.Fuzz(func(t *testing.T, declared, have, description string, remove, fresh, known bool) {
		d := Desired{
			Name: "pods", Description: description, RemoveUnlisted: remove, Cluster: cluster,
			Guard: guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0", "::/0", "192.168.0.0/16"}},
		}
		d.Ingress, d.Egress = fuzzRules(declared)
		v := resource.Values{{From: cluster, Value: resource.VPCID}: "vpc-0a"}
		if known {
			for i, rule := range slices.Concat(d.Ingress, d.Egress) {
				v[resource.Ref{From: resource.ID{Kind: Kind, Name: rule.PeerGroup}, Value: resource.GroupID}] = "sg-" + strconv.Itoa(i)
			}
		}
		in, out := fuzzRules(have)
		g := observed.SecurityGroup{ID: "sg-1", VPCID: "vpc-0a", Description: description, Ingress: bare(in), Egress: bare(out)}
		for _, one := range diff(d, g, fresh, v) {
			if n := utf8.RuneCountInString(one.Desired + one.Observed); n > 2*maxText+2000 || utf8.ValidString(declared+have+description) && !utf8.ValidString(one.Path+one.Desired+one.Observed) {
				t.Fatalf("a text of %d characters: %+v", n, one)
			}
		}
		ingress, egress := plans(d, g, fresh, v)
		g.Ingress, g.Egress = applied(g.Ingress, ingress), applied(g.Egress, egress)
		for _, one := range diff(d, g, fresh, v) {
			if one.WaitsFor == "" && (one.Action != drift.ReportOnly || remove) {
				t.Fatalf("left after all was carried out: %+v", one)
			}
			if one.WaitsFor != "" && known {
				t.Fatalf("waits for a group that exists: %+v", one)
			}
		}
	})
}
