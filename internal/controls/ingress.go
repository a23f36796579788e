// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

const (
	portSSH  = int32(22)
	portRDP  = int32(3389)
	portDNS  = int32(53)
	portTLS  = int32(443)
	cisPorts = "CIS-5.4"
)

// highRiskPorts are those of EC2.19
// (https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19).
var highRiskPorts = []int32{
	20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300,
}

// authorizedPorts are the TCP ports that EC2.18 allows to be open to the world unless told otherwise
// (https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-18).
var authorizedPorts = []int32{80, 443}

// world is what unrestricted means in all of these controls.
var world = guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0", "::/0"}}

func ingressControls() []Control {
	const looksAt = "The ingress rules of the profile's security groups whose CIDR or prefix list is, alone or together with other rules, " +
		"0.0.0.0/0 or ::/0, and that open "
	return []Control{
		{
			ID: "EC2.13", Title: "No security group lets the world in to SSH (22)", Severity: drift.High,
			References: []string{"EC2.13", cisPorts}, LooksAt: looksAt + "TCP port 22.",
			Remediation: "Remove the rule, or name the networks that need it; pods on Fargate are reached with kubectl exec.",
			Evaluate:    openTo(func(r observed.Rule) bool { return opensPort(r, portSSH, "tcp") }),
		},
		{
			ID: "EC2.14", Title: "No security group lets the world in to RDP (3389)", Severity: drift.High,
			References: []string{"EC2.14", cisPorts}, LooksAt: looksAt + "TCP or UDP port 3389.",
			Remediation: "Remove the rule, or name the networks that need it.",
			Evaluate:    openTo(func(r observed.Rule) bool { return opensPort(r, portRDP, "tcp", "udp") }),
		},
		{
			ID: "EC2.18", Title: "No security group lets the world in to other ports than 80 and 443", Severity: drift.High,
			References: []string{"EC2.18"},
			LooksAt:    looksAt + "anything but TCP 80 and 443.", Remediation: "Remove the rule, or name the networks that need it.",
			Evaluate: openTo(opensUnauthorized),
		},
		{
			ID: "EC2.19", Title: "No security group lets the world in to a port of high risk", Severity: drift.Critical,
			References:  []string{"EC2.19"},
			LooksAt:     looksAt + "one of the ports listed by EC2.19 (databases, remote access, mail, search, ...), TCP or UDP.",
			Remediation: "Remove the rule, or name the networks that need it.",
			Evaluate:    openTo(opensHighRisk),
		},
		{
			ID: "FSO.10", Title: "No security group lets the world in at all", Severity: drift.Medium,
			References:  []string{"prowler:ec2_securitygroup_allow_ingress_from_internet_to_any_port"},
			LooksAt:     looksAt + "any traffic: Fargate pods sit in private subnets, behind a load balancer.",
			Remediation: "Let only the security group of the load balancer in.",
			Evaluate:    openTo(func(observed.Rule) bool { return true }),
		},
		{
			ID: "FSO.26", Title: "No security group lets a wide public range in", Severity: drift.Medium,
			References: []string{"prowler:ec2_securitygroup_allow_wide_open_public_ipv4"},
			LooksAt: "The ingress rules of the profile's security groups, declared or not, whose CIDR, or an entry of whose prefix list, holds more public " +
				"addresses than a /24 of IPv4 or a /32 of IPv6. 0.0.0.0/0 and ::/0 are judged by FSO.10.",
			Remediation: "Name the networks that need it, or let only the security group of the load balancer in.",
			Evaluate:    wideRanges,
		},
	}
}

// wideRanges judges the rules of all groups by their own range, each for itself.
func wideRanges(s *observed.State) (Result, string) {
	if len(s.SecurityGroups) == 0 {
		return Unknown, "no security group was declared or could be read"
	}
	var found, unread []string
	for _, g := range s.SecurityGroups {
		for _, r := range g.Ingress {
			name := cmp.Or(g.Name, g.ID) + " " + canonical.RuleKey(r)
			switch {
			case slices.ContainsFunc(append([]string{r.Peer}, r.PeerCIDRs...), muchPublic):
				found = append(found, name)
			case unreadList(r):
				unread = append(unread, name)
			}
		}
	}
	return verdict(found, unread, "open to a wide public range", "open to no wide public range")
}

// openTo judges the rules of all groups by which the world comes in.
func openTo(bad func(observed.Rule) bool) func(*observed.State) (Result, string) {
	return func(s *observed.State) (Result, string) {
		return eachGroup(s, func(g observed.SecurityGroup) []observed.Rule { return g.Ingress }, "open to the world", "not open to the world", bad)
	}
}

// eachGroup judges, for each group, the rules that reach the world in one direction.
func eachGroup(s *observed.State, direction func(observed.SecurityGroup) []observed.Rule, failed, passed string,
	bad func(observed.Rule) bool) (Result, string) {
	if len(s.SecurityGroups) == 0 {
		return Unknown, "no security group was declared or could be read"
	}
	var found, unread []string
	for _, g := range s.SecurityGroups {
		// Only rules about the traffic in question count, also where several make up the world together.
		rules := slices.DeleteFunc(slices.Clone(direction(g)), func(r observed.Rule) bool { return !bad(r) })
		for _, r := range worldRules(rules) {
			found = append(found, cmp.Or(g.Name, g.ID)+" "+canonical.RuleKey(r))
		}
		for _, r := range rules {
			if unreadList(r) {
				unread = append(unread, cmp.Or(g.Name, g.ID)+" "+canonical.RuleKey(r))
			}
		}
	}
	return verdict(found, unread, failed, passed)
}

// worldRules are the rules whose peer is the world, alone or together with others.
func worldRules(rules []observed.Rule) []observed.Rule {
	keys := map[string]bool{}
	for _, v := range world.ForbiddenIngress(rules) {
		if v.CIDR == "0.0.0.0/0" || v.CIDR == "::/0" {
			keys[v.Rule] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r observed.Rule) bool { return !keys[canonical.RuleKey(r)] })
}

// unreadList is true of a rule whose prefix list could not be read, so that it may be the world.
func unreadList(r observed.Rule) bool {
	return strings.HasPrefix(r.Peer, "pl-") && len(r.PeerCIDRs) == 0
}

func opensPort(r observed.Rule, port int32, protocols ...string) bool {
	return r.Protocol == "-1" || (slices.Contains(protocols, r.Protocol) && r.FromPort <= port && port <= r.ToPort)
}

func opensHighRisk(r observed.Rule) bool {
	return slices.ContainsFunc(highRiskPorts, func(p int32) bool { return opensPort(r, p, "tcp", "udp") })
}

// opensUnauthorized: a range counts as soon as it holds more than authorised ports.
func opensUnauthorized(r observed.Rule) bool {
	return r.Protocol != "tcp" || r.FromPort != r.ToPort || !slices.Contains(authorizedPorts, r.FromPort)
}

// ForIngressRule returns how bad an ingress rule is that someone added by hand, and the published controls that it is
// against. From the world: Critical where SSH, RDP or a high-risk port opens, else High. From a wide public range, or a
// prefix list that could not be read: High. From anywhere else, a private network or another group: Medium.
//
// Of a rule about just SSH or RDP only the control made for it is named, not EC2.19, which lists them once more.
func ForIngressRule(r observed.Rule) (drift.Severity, []string) {
	switch {
	case len(worldRules([]observed.Rule{r})) > 0:
		return worldRule(r)
	case unreadList(r) || slices.ContainsFunc(append([]string{r.Peer}, r.PeerCIDRs...), widePublic):
		return drift.High, []string{cisPorts}
	default:
		return drift.Medium, nil
	}
}

func worldRule(r observed.Rule) (drift.Severity, []string) {
	severity := drift.High
	var refs []string
	if opensPort(r, portSSH, "tcp") {
		refs = append(refs, "EC2.13")
	}
	if opensPort(r, portRDP, "tcp", "udp") {
		refs = append(refs, "EC2.14")
	}
	if opensUnauthorized(r) {
		refs = append(refs, "EC2.18")
	}
	if opensHighRisk(r) {
		severity = drift.Critical
		if single := r.FromPort == r.ToPort && r.Protocol != "-1"; !single || (r.FromPort != portSSH && r.FromPort != portRDP) {
			refs = append(refs, "EC2.19")
		}
	}
	return severity, append(refs, cisPorts)
}

// Shorter prefixes than these are no single organisation's networks.
const (
	wideV4 = 8
	wideV6 = 16
)

// The largest public ranges that FSO.26 lets pass: of IPv4 that of Prowler's check, of IPv6 what a provider is given for all
// of its customers.
const (
	muchV4 = 24
	muchV6 = 32
)

// ofNoInternet are the ranges of the IANA registries of special addresses that are no part of the Internet, as far as a
// security group can be about them: RFC 1918, 6598 (shared), 3927 (link local), 1122 (loopback), 4193 (unique local).
var ofNoInternet = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("::1/128"),
}

// muchPublic is true of a range that holds many public addresses but is not the world. A range that only begins in a
// private network, such as 10.0.0.0/7, is public.
func muchPublic(cidr string) bool {
	p, err := netip.ParsePrefix(cidr)
	if err != nil || p.Bits() == 0 {
		return false
	}
	private := func(block netip.Prefix) bool { return block.Bits() <= p.Bits() && block.Contains(p.Addr()) }
	if slices.ContainsFunc(ofNoInternet, private) {
		return false
	}
	if p.Addr().Is4() {
		return p.Bits() < muchV4
	}
	return p.Bits() < muchV6
}

// widePublic is true of a large part of the Internet, such as 0.0.0.0/1.
func widePublic(cidr string) bool {
	p, err := netip.ParsePrefix(cidr)
	if err != nil || p.Addr().IsPrivate() {
		return false
	}
	if p.Addr().Is4() {
		return p.Bits() < wideV4
	}
	return p.Bits() < wideV6
}
