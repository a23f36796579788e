// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"fmt"
	"net/netip"
	"strings"
)

// v4InV6 is how many bits of an IPv4-mapped IPv6 prefix come before the IPv4 address.
const v4InV6 = 96

// CIDR returns a CIDR block as EC2 stores it: host bits cleared, IPv6 in the short lower-case form of RFC 5952
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html, API_Ipv6Range.html). An IPv4-mapped block
// (::ffff:10.0.0.0/104) is the IPv4 block that it maps.
func CIDR(s string) (string, error) {
	s = strings.TrimSpace(s)
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return "", cidrError(s, err)
	}
	p = p.Masked()
	if p.Addr().Is4In6() && p.Bits() >= v4InV6 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-v4InV6)
	}
	return p.String(), nil
}

func cidrError(s string, err error) error {
	if a, addrErr := netip.ParseAddr(s); addrErr == nil && a.Zone() == "" {
		return fmt.Errorf("%q is an address without a prefix length: write %s/%d for this one address", s, a, a.BitLen())
	}
	return fmt.Errorf("%q is not a CIDR block: expected for example 10.0.0.0/16 or 2001:db8::/32: %w", s, err)
}
