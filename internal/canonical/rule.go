// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

const (
	allProtocols = "-1"
	anyPort      = int32(-1)
	maxPort      = 65535
	maxICMP      = 255
)

// protocolNames are the numbers that EC2 turns into names, and the spellings of "all". Every other protocol keeps its
// number (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html).
var protocolNames = map[string]string{
	"6": "tcp", "tcp": "tcp", "17": "udp", "udp": "udp", "1": "icmp", "icmp": "icmp",
	"58": "icmpv6", "icmpv6": "icmpv6", allProtocols: allProtocols, "all": allProtocols,
}

// peerID is a security group (of another account behind its account id), a prefix list, or a group yet to be made.
var peerID = regexp.MustCompile(`^(([0-9]{12}/)?sg-[0-9a-z]+|pl-[0-9a-z]+)$`)

// Rule returns a security-group rule in canonical form. The protocol may be a name in any case or a number; all
// traffic and protocols other than tcp, udp, icmp and icmpv6 have no ports, whatever was given, as in EC2
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html). For ICMP the ports are type and
// code, and a missing one means all. For tcp and udp, from is needed; a missing to is the same port. The peer is
// a CIDR, a group id, a prefix list id, or drift.Unknown for a group that does not exist yet.
func Rule(protocol string, from, to *int32, peer, description string) (observed.Rule, error) {
	r := observed.Rule{Description: description}
	var err error
	if r.Protocol, err = protocolName(protocol); err != nil {
		return observed.Rule{}, err
	}
	if r.FromPort, r.ToPort, err = ports(r.Protocol, from, to); err != nil {
		return observed.Rule{}, err
	}
	if r.Peer, err = rulePeer(peer); err != nil {
		return observed.Rule{}, err
	}
	return r, nil
}

func protocolName(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if name, ok := protocolNames[s]; ok {
		return name, nil
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return "", fmt.Errorf("protocol is %q: expected tcp, udp, icmp, icmpv6, -1 for all, or a number from 0 to 255", s)
	}
	s = strconv.FormatUint(n, 10)
	if name, ok := protocolNames[s]; ok {
		return name, nil
	}
	return s, nil
}

func ports(protocol string, from, to *int32) (int32, int32, error) {
	switch protocol {
	case "tcp", "udp":
		return portRange(protocol, from, to)
	case "icmp", "icmpv6":
		return icmp(protocol, from, to)
	default:
		return anyPort, anyPort, nil
	}
}

func portRange(protocol string, from, to *int32) (int32, int32, error) {
	if from == nil {
		return 0, 0, fmt.Errorf("%s without a port: give fromPort and toPort, 0 and 65535 for all of them", protocol)
	}
	if to == nil {
		to = from
	}
	if *from < 0 || *to > maxPort || *from > *to {
		return 0, 0, fmt.Errorf("%s ports are %d to %d: expected fromPort ≤ toPort, both from 0 to 65535", protocol, *from, *to)
	}
	return *from, *to, nil
}

// icmp reads type and code. All types means all codes; AWS refuses anything else.
func icmp(protocol string, kind, code *int32) (int32, int32, error) {
	k, c := anyPort, anyPort
	if kind != nil {
		k = *kind
	}
	if code != nil {
		c = *code
	}
	if k < anyPort || k > maxICMP || c < anyPort || c > maxICMP {
		return 0, 0, fmt.Errorf("%s type and code are %d and %d: expected -1 for all, or 0 to 255", protocol, k, c)
	}
	if k == anyPort {
		c = anyPort
	}
	return k, c, nil
}

func rulePeer(s string) (string, error) {
	if s == drift.Unknown {
		return s, nil
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("the rule names no peer: give a CIDR, a security group or a prefix list")
	}
	if id := strings.ToLower(s); peerID.MatchString(id) {
		return id, nil
	}
	cidr, err := CIDR(s)
	if err != nil {
		return "", fmt.Errorf("peer is neither a security group (sg-...) nor a prefix list (pl-...): %w", err)
	}
	return cidr, nil
}

// RuleKey identifies a rule within one direction of a group, as AWS does: protocol, ports and peer, not description.
// It is also how a rule is shown: "tcp/22 0.0.0.0/0", "tcp/8000-8080 sg-1", "all 10.0.0.0/8", "icmp/8:-1 ::/0".
func RuleKey(r observed.Rule) string {
	return traffic(r) + " " + r.Peer
}

func traffic(r observed.Rule) string {
	switch {
	case r.Protocol == allProtocols:
		return "all"
	case strings.HasPrefix(r.Protocol, "icmp") && r.FromPort == anyPort:
		return r.Protocol
	case strings.HasPrefix(r.Protocol, "icmp"):
		return fmt.Sprintf("%s/%d:%d", r.Protocol, r.FromPort, r.ToPort)
	case r.Protocol != "tcp" && r.Protocol != "udp":
		return "protocol-" + r.Protocol
	case r.FromPort == r.ToPort:
		return fmt.Sprintf("%s/%d", r.Protocol, r.FromPort)
	default:
		return fmt.Sprintf("%s/%d-%d", r.Protocol, r.FromPort, r.ToPort)
	}
}

// OtherICMP returns the protocol that a rule should have in place of its own: ICMP for IPv4 and for IPv6 are protocols of
// their own (RFC 792, RFC 4443), so a rule for one and a peer of the other matches no packet. "" where the two fit, or the
// peer does not tell its IP version.
func OtherICMP(r observed.Rule) string {
	v6, v4 := false, false
	for _, cidr := range append(slices.Clone(r.PeerCIDRs), r.Peer) {
		switch {
		case strings.Contains(cidr, ":"):
			v6 = true
		case strings.Contains(cidr, "/") && strings.Contains(cidr, "."):
			v4 = true
		}
	}
	switch {
	case r.Protocol == "icmp" && v6 && !v4:
		return "icmpv6"
	case r.Protocol == "icmpv6" && v4 && !v6:
		return "icmp"
	}
	return ""
}

// RuleText is RuleKey followed by the description in quotes, if there is one.
func RuleText(r observed.Rule) string {
	if r.Description == "" {
		return RuleKey(r)
	}
	return RuleKey(r) + " " + strconv.Quote(r.Description)
}
