// SPDX-License-Identifier: Apache-2.0

package guardrails

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// Violation is a rule that a guardrail forbids.
type Violation struct {
	// Rule is the rule's key, e.g. tcp/22 0.0.0.0/0; where several rules together break the guardrail, each has its
	// own Violation.
	Rule string
	// CIDR is the forbidden block that the rule covers or helps to cover.
	CIDR string
	// Message is a whole sentence for people.
	Message string
}

// source is the addresses that one rule lets in.
type source struct {
	rule     observed.Rule
	key      string
	prefixes []netip.Prefix
	set      *netipx.IPSet
}

// ForbiddenIngress returns a Violation for each rule that lets in all of a forbidden CIDR: by its own CIDR, by the
// entries of its prefix list (where they were read), or together with other rules that open some of the same traffic, so
// that 0.0.0.0/1 and 128.0.0.0/1 do not get round 0.0.0.0/0. A CIDR that cannot be read is a Violation itself. The order is
// that of the rules' keys, whatever order the rules have.
func (g Guardrails) ForbiddenIngress(rules []observed.Rule) []Violation {
	sources, violations := readSources(rules)
	for _, cidr := range g.ForbiddenIngressCIDRs {
		forbidden, err := prefixOf(cidr)
		if err != nil {
			violations = append(violations, Violation{CIDR: cidr, Message: fmt.Sprintf(
				"the guardrail forbiddenIngressCIDRs holds something unreadable, and no ingress can be judged by it: %v", err)})
			continue
		}
		violations = append(violations, covering(sources, forbidden)...)
	}
	slices.SortFunc(violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.CIDR, b.CIDR), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(violations)
}

func readSources(rules []observed.Rule) (sources []source, unreadable []Violation) {
	for _, r := range rules {
		s := source{rule: r, key: canonical.RuleKey(r)}
		for _, cidr := range cidrsOf(r) {
			p, err := prefixOf(cidr)
			if err != nil {
				unreadable = append(unreadable, Violation{Rule: s.key, CIDR: cidr, Message: fmt.Sprintf(
					"ingress %s cannot be judged by the account's guardrails: %v", s.key, err)})
				continue
			}
			s.prefixes = append(s.prefixes, p)
		}
		s.set = setOf(s.prefixes)
		sources = append(sources, s)
	}
	// The messages name partners, so the order must not be the caller's.
	slices.SortStableFunc(sources, func(a, b source) int { return cmp.Compare(a.key, b.key) })
	return sources, unreadable
}

// cidrsOf returns what a rule's peer stands for. Groups let in network interfaces, not addresses.
func cidrsOf(r observed.Rule) []string {
	if strings.Contains(r.Peer, "/") && !strings.Contains(r.Peer, "sg-") {
		return append([]string{r.Peer}, r.PeerCIDRs...)
	}
	return r.PeerCIDRs
}

func prefixOf(s string) (netip.Prefix, error) {
	c, err := canonical.CIDR(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.ParsePrefix(c)
}

// covering looks at each rule by itself, then at the rules that share traffic with it.
func covering(sources []source, forbidden netip.Prefix) []Violation {
	sources = slices.DeleteFunc(slices.Clone(sources), func(s source) bool {
		return !s.set.OverlapsPrefix(forbidden)
	})
	if !setOf(prefixesOf(sources)).ContainsPrefix(forbidden) {
		return nil // not even all of them together: the usual case, and the cheap one
	}
	var violations []Violation
	var rest []source
	for _, s := range sources {
		if s.set.ContainsPrefix(forbidden) {
			violations = append(violations, violation(s, "", forbidden))
		} else {
			rest = append(rest, s)
		}
	}
	return append(violations, together(rest, forbidden)...)
}

// maxPartnerText keeps a message readable where many small rules cover a block.
const maxPartnerText = 300

func violation(s source, partners string, forbidden netip.Prefix) Violation {
	return Violation{Rule: s.key, CIDR: forbidden.String(), Message: fmt.Sprintf(
		"ingress %s%s lets in all of %s, which the account's guardrails forbid: name only the networks that need it", s.key, partners, forbidden)}
}

// traffic is what a rule opens, whoever the peer is.
type traffic struct {
	protocol string
	from, to int32
}

// together finds the rules that cover the forbidden block only in company. Looking at the traffic with which each rule
// begins is enough: what several rules open in common begins where one of them does.
func together(sources []source, forbidden netip.Prefix) (violations []Violation) {
	looked, told := map[traffic]bool{}, map[string]bool{}
	for _, at := range sources {
		point := traffic{at.rule.Protocol, at.rule.FromPort, at.rule.ToPort}
		if looked[point] {
			continue
		}
		looked[point] = true
		open := slices.DeleteFunc(slices.Clone(sources), func(o source) bool { return !opens(o.rule, at.rule) })
		if !setOf(prefixesOf(open)).ContainsPrefix(forbidden) {
			continue
		}
		open = slices.DeleteFunc(slices.Clone(open), func(o source) bool { return outdone(o, open) })
		for i, s := range open {
			if !told[s.key] {
				told[s.key] = true
				violations = append(violations, violation(s, " together with "+company(open, i), forbidden))
			}
		}
	}
	return violations
}

// company names all sources but one.
func company(open []source, but int) string {
	var keys []string
	for i, o := range open {
		if i != but {
			keys = append(keys, o.key)
		}
	}
	return canonical.Text(canonical.List(keys), maxPartnerText)
}

// outdone says whether another rule has all the addresses of this one, and more.
func outdone(s source, open []source) bool {
	return slices.ContainsFunc(open, func(o source) bool { return o.holds(s) && !s.holds(o) })
}

func (s source) holds(o source) bool {
	return !slices.ContainsFunc(o.prefixes, func(p netip.Prefix) bool { return !s.set.ContainsPrefix(p) })
}

func prefixesOf(sources []source) (prefixes []netip.Prefix) {
	for _, s := range sources {
		prefixes = append(prefixes, s.prefixes...)
	}
	return prefixes
}

// opens says whether a rule opens the first port (for ICMP the type and code) of the other.
func opens(o, point observed.Rule) bool {
	switch {
	case o.Protocol == "-1":
		return true
	case o.Protocol != point.Protocol:
		return false
	case strings.HasPrefix(o.Protocol, "icmp"):
		return o.FromPort == -1 || (o.FromPort == point.FromPort && (o.ToPort == -1 || o.ToPort == point.ToPort))
	default:
		return o.FromPort <= point.FromPort && point.FromPort <= o.ToPort
	}
}

// setOf cannot fail: the prefixes are valid. An empty set covers nothing.
func setOf(prefixes []netip.Prefix) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(p)
	}
	set, err := b.IPSet()
	if err != nil {
		return &netipx.IPSet{}
	}
	return set
}
