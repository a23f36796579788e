// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// maxText bounds what is shown of a description.
const maxText = 100

// plan says how the rules of one direction differ from the declared ones.
type plan struct {
	missing []observed.Rule
	// changed are rules in force whose description differs; the declared one is in Description, the other in was.
	changed []changedRule
	// unlisted are rules in force that nobody declared.
	unlisted []unlistedRule
	// unknown are declared rules whose peer does not exist yet.
	unknown []Rule
}

type changedRule struct {
	observed.Rule
	was string
}

type unlistedRule struct {
	observed.Rule
	// remove is true where the rule may be taken away; first, where that comes before anything is added: a guardrail
	// forbids it, or the group is new, so that nothing that is declared is in force yet.
	remove, first bool
	// waitsFor is the group whose id must be known before this rule can be told from a declared one.
	waitsFor string
}

// compare sorts the rules of one direction; rules of the same key are the same rule.
func compare(declared []Rule, have []observed.Rule, v resource.Values) plan {
	var p plan
	want := map[string]observed.Rule{}
	for _, rule := range sorted(declared) {
		if rule.PeerGroup != "" {
			id, ok := v.Get(resource.ID{Kind: Kind, Name: rule.PeerGroup}, resource.GroupID)
			if !ok {
				p.unknown = append(p.unknown, rule)
				continue
			}
			rule.Peer = id
		}
		if key := keyOf(rule.Rule); !has(want, key) {
			want[key] = rule.Rule
		}
	}
	inForce := map[string]bool{}
	for _, rule := range have {
		key := keyOf(rule)
		inForce[key] = true
		wanted, listed := want[key]
		switch {
		case !listed:
			p.unlisted = append(p.unlisted, unlistedRule{Rule: rule, waitsFor: waitsFor(rule, p.unknown)})
		case wanted.Description != rule.Description:
			changed := changedRule{Rule: rule, was: rule.Description}
			changed.Description = wanted.Description
			p.changed = append(p.changed, changed)
		}
	}
	for key, rule := range want {
		if !inForce[key] {
			p.missing = append(p.missing, rule)
		}
	}
	slices.SortFunc(p.missing, func(a, b observed.Rule) int { return strings.Compare(keyOf(a), keyOf(b)) })
	return p
}

func has(m map[string]observed.Rule, key string) bool {
	_, ok := m[key]
	return ok
}

// waitsFor returns the group whose id could make rule a declared one: as long as that id is unknown, a rule with the
// same ports and some group as its peer must not be taken away, since it may be just the one that was declared.
func waitsFor(rule observed.Rule, unknown []Rule) string {
	if !isGroup(rule.Peer) {
		return ""
	}
	for _, u := range unknown {
		if u.Protocol == rule.Protocol && u.FromPort == rule.FromPort && u.ToPort == rule.ToPort {
			return resource.ID{Kind: Kind, Name: u.PeerGroup}.String()
		}
	}
	return ""
}

// plans compares both directions and decides which unlisted rules may go: all where the declaration says so, and
// always those that a guardrail forbids and the default egress of a group that we have just made. Those of other
// controllers are nobody's difference.
func plans(d Desired, g observed.SecurityGroup, fresh bool, v resource.Values) (ingress, egress plan) {
	ingress, egress = compare(d.Ingress, g.Ingress, v), compare(d.Egress, g.Egress, v)
	// All rules are judged together, since several can cover together what none covers alone.
	forbidden := map[string]bool{}
	for _, violation := range d.Guard.ForbiddenIngress(g.Ingress) {
		forbidden[violation.Rule] = true
	}
	ignored := func(rule unlistedRule) bool {
		return slices.ContainsFunc(d.Ignore, func(i Ignored) bool { return i.fits(rule.Rule) })
	}
	ingress.unlisted = slices.DeleteFunc(ingress.unlisted, func(rule unlistedRule) bool { return ignored(rule) && !forbidden[canonical.RuleKey(rule.Rule)] })
	egress.unlisted = slices.DeleteFunc(egress.unlisted, ignored)
	for i, rule := range ingress.unlisted {
		first := forbidden[canonical.RuleKey(rule.Rule)]
		ingress.unlisted[i].first, ingress.unlisted[i].remove = first, d.RemoveUnlisted || first
	}
	for i, rule := range egress.unlisted {
		first := fresh && isDefaultEgress(rule.Rule)
		egress.unlisted[i].first, egress.unlisted[i].remove = first, d.RemoveUnlisted || first
	}
	return ingress, egress
}

// diff compares a declared group with the observed one. fresh says that the group is still as EC2 makes it.
func diff(d Desired, g observed.SecurityGroup, fresh bool, v resource.Values) []drift.Difference {
	var out []drift.Difference
	if d.Description != "" && d.Description != g.Description {
		out = append(out, drift.Difference{
			Path: "description", Desired: canonical.Text(d.Description, maxText), Observed: canonical.Text(g.Description, maxText),
			Severity: drift.Low, Action: drift.RequiresReplacement, Reason: ReasonDescription,
		})
	}
	if vpc, ok := v.Get(d.Cluster, resource.VPCID); ok && vpc != g.VPCID {
		out = append(out, drift.Difference{
			Path: "vpc", Desired: vpc, Observed: g.VPCID,
			Severity: drift.Low, Action: drift.RequiresReplacement, Reason: ReasonVPC,
		})
	}
	ingress, egress := plans(d, g, fresh, v)
	out = append(out, ingress.differences("ingress", controls.ForIngressRule)...)
	return append(out, egress.differences("egress", egressSeverity)...)
}

// egressSeverity judges an egress rule that nobody declared.
func egressSeverity(rule observed.Rule) (drift.Severity, []string) {
	if isAnywhere(rule.Peer) {
		return drift.High, nil
	}
	return drift.Medium, nil
}

func (p plan) differences(direction string, judge func(observed.Rule) (drift.Severity, []string)) []drift.Difference {
	var out []drift.Difference
	path := func(key string) string { return direction + "[" + key + "]" }
	for _, rule := range p.missing {
		key := keyOf(rule)
		out = append(out, drift.Difference{
			Path: path(key), Desired: key, Severity: drift.High, Action: drift.Repair, Reason: ReasonRuleMissing,
		})
	}
	for _, rule := range p.unknown {
		peer := resource.ID{Kind: Kind, Name: rule.PeerGroup}.String()
		rule.Peer = peer + " " + drift.Unknown
		key := keyOf(rule.Rule)
		out = append(out, drift.Difference{
			Path: path(key), Desired: key, Severity: drift.High, Action: drift.Repair, Reason: ReasonRuleMissing, WaitsFor: peer,
		})
	}
	for _, rule := range p.changed {
		out = append(out, drift.Difference{
			Path:    descriptionOf(path(keyOf(rule.Rule))),
			Desired: canonical.Text(rule.Description, maxText), Observed: canonical.Text(rule.was, maxText),
			Severity: drift.Low, Action: drift.Repair, Reason: ReasonRuleDescription,
		})
	}
	for _, rule := range p.unlisted {
		out = append(out, rule.difference(path, judge))
	}
	return out
}

// descriptionOf is the path of a rule's description.
func descriptionOf(rule string) string { return rule + ".description" }

func (u unlistedRule) difference(path func(string) string, judge func(observed.Rule) (drift.Severity, []string)) drift.Difference {
	key := keyOf(u.Rule)
	severity, references := judge(u.Rule)
	action := drift.ReportOnly
	if u.remove {
		action = drift.Repair
	}
	return drift.Difference{
		Path: path(key), Observed: key, Severity: severity, Action: action,
		Reason: ReasonRuleUnlisted, Controls: references, WaitsFor: u.waitsFor,
	}
}

// sorted returns the rules in an order that does not depend on how they were written down.
func sorted(rules []Rule) []Rule {
	out := slices.Clone(rules)
	slices.SortStableFunc(out, func(a, b Rule) int {
		return strings.Compare(keyOf(a.Rule)+a.PeerGroup, keyOf(b.Rule)+b.PeerGroup)
	})
	return out
}
