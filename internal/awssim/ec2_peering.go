// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"maps"
	"slices"
)

// PeerVPCs connects two VPCs of a Region by a peering connection, whoever's
// they are, so that rules may refer to groups of the other one.
func (s *Sim) PeerVPCs(one, other string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peered == nil {
		s.peered = map[[2]string]bool{}
	}
	s.peered[[2]string{one, other}], s.peered[[2]string{other, one}] = true, true
}

// checkPeer checks that what a rule refers to is there, and in the same VPC or
// in one that is peered with it (VPC peering guide "Update your security groups
// to reference peer security groups"). go-hsdp-api#43 and ansible#12052 quote
// the answer for two VPCs that are not. Without an account's id EC2 finds a
// group of a peered VPC all the same: terraform-provider-aws#159; unverified.
// A group of an account that is not simulated is taken as it is.
func (s *Sim) checkPeer(st *ec2State, c *call, g *ec2Group, r *ec2Rule) error {
	if r.PrefixList != "" && st.prefixLists[r.PrefixList] == nil {
		return noPrefixList(r.PrefixList)
	}
	if r.RefGroup == "" {
		return nil
	}
	if owner := cmp.Or(r.RefUser, c.Account); s.accounts[owner] == nil {
		return nil
	}
	if err := checkID("InvalidGroupId.Malformed", r.RefGroup, "sg-"); err != nil {
		return err
	}
	owners := []string{r.RefUser}
	if r.RefUser == "" {
		owners = append([]string{c.Account}, slices.Sorted(maps.Keys(s.accounts))...)
	}
	for _, owner := range owners {
		region := s.accounts[owner].regions[c.Region]
		if region == nil || region.ec2.groups[r.RefGroup] == nil {
			continue
		}
		vpc := region.ec2.groups[r.RefGroup].VpcID
		if vpc != g.VpcID && !s.peered[[2]string{g.VpcID, vpc}] {
			return badEC2("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
		}
		r.RefUser = owner
		return nil
	}
	return noGroup(r.RefGroup)
}
