// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// prefixLists reads the entries of prefix lists, each list once per pass.
type prefixLists struct {
	ec2     awsapi.EC2
	entries map[string][]string
	unknown []string
	// sizes are what lists count as against the quota of rules; denied are those of which that may not be read.
	sizes  map[string]listSize
	denied []string
	// refused are the lists that AWS refused to show.
	refused map[string]error
}

func newPrefixLists(client awsapi.EC2) *prefixLists {
	return &prefixLists{ec2: client, entries: map[string][]string{}, sizes: map[string]listSize{}, refused: map[string]error{}}
}

// unread are the declared rules that a guardrail cannot be held against, since their list could not be read: they are not
// added. What else names such a list is judged without it.
func (p *prefixLists) unread(declared []ruleAt) []resource.Unread {
	var out []resource.Unread
	for _, id := range slices.Sorted(maps.Keys(p.refused)) {
		out = append(out, resource.Unread{Err: p.refused[id]})
		for _, at := range declared {
			if at.rule.Peer == id {
				out = append(out, resource.Unread{Path: at.path, Err: p.refused[id]})
			}
		}
	}
	return out
}

// fill puts the entries of prefix lists into the rules that name one; an unknown list leaves its rule as it is.
func (p *prefixLists) fill(ctx context.Context, rules []observed.Rule) error {
	for i := range rules {
		if !isPrefixList(rules[i].Peer) {
			continue
		}
		cidrs, err := p.get(ctx, rules[i].Peer)
		if err != nil {
			return err
		}
		rules[i].PeerCIDRs = cidrs
	}
	return nil
}

func (p *prefixLists) get(ctx context.Context, id string) ([]string, error) {
	if cidrs, ok := p.entries[id]; ok {
		return cidrs, nil
	}
	var cidrs []string
	in := &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &id}
	for pages := ec2.NewGetManagedPrefixListEntriesPaginator(p.ec2, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if awsapi.IsNotFound(err) {
			p.unknown = append(p.unknown, id)
			break
		}
		if awsapi.OneRefused(err) {
			p.refused[id] = fmt.Errorf("reading prefix list %s: %w", id, err)
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading prefix list %s: %w", id, err)
		}
		for _, entry := range page.Entries {
			cidr, err := canonical.CIDR(aws.ToString(entry.Cidr))
			if err != nil {
				return nil, fmt.Errorf("reading prefix list %s: %w", id, err)
			}
			cidrs = append(cidrs, cidr)
		}
	}
	slices.Sort(cidrs)
	p.entries[id] = cidrs
	return cidrs, nil
}

// problems finds what is wrong with the declaration itself, before anything is written.
func (r *Resource) problems(ctx context.Context, o *resource.Observation, lists *prefixLists, v resource.Values) ([]resource.Problem, error) {
	ingress, egress := plain(r.desired.Ingress), plain(r.desired.Egress)
	if err := lists.fill(ctx, ingress); err != nil {
		return nil, err
	}
	if err := lists.fill(ctx, egress); err != nil {
		return nil, err
	}
	o.Unread = lists.unread(paths(ingress, egress))
	out := r.guardProblems(ingress)
	out = append(out, r.siblingProblems()...)
	out = append(out, r.familyProblems(paths(ingress, egress))...)
	for _, at := range paths(ingress, egress) {
		if rule := at.rule; slices.Contains(lists.unknown, rule.Peer) {
			out = append(out, r.problem(ReasonPrefixListNotFound, at.path,
				"rule %s names prefix list %s, which AWS does not know in this Region; correct prefixListID or create the list.",
				keyOf(rule), rule.Peer))
		}
	}
	peers, err := r.peerProblems(ctx, detailOf(o).group, ingress, egress)
	if err != nil {
		return nil, err
	}
	full, err := r.quotaProblems(ctx, detailOf(o).group, lists, v)
	return slices.Concat(out, peers, full), err
}

// familyProblems finds rules for the ICMP of one IP version whose prefix list holds ranges of the other. (What a rule's own
// range shows is known without AWS.)
func (r *Resource) familyProblems(declared []ruleAt) []resource.Problem {
	var out []resource.Problem
	for _, at := range declared {
		if other := canonical.OtherICMP(at.rule); other != "" && isPrefixList(at.rule.Peer) {
			out = append(out, r.problem(ReasonInvalidSpec, at.path,
				"rule %s matches no packet, since prefix list %s holds ranges of the other IP version; protocol must be %s.", at.path, at.rule.Peer, other))
		}
	}
	return out
}

func (r *Resource) guardProblems(ingress []observed.Rule) []resource.Problem {
	var out []resource.Problem
	for _, violation := range r.desired.Guard.ForbiddenIngress(ingress) {
		out = append(out, r.problem(ReasonGuardrail, "ingress["+violation.Rule+"]", "%s.", violation.Message))
	}
	return out
}

func (r *Resource) siblingProblems() []resource.Problem {
	if r.desired.Siblings == nil {
		return nil
	}
	var out []resource.Problem
	for _, rule := range slices.Concat(r.desired.Ingress, r.desired.Egress) {
		if rule.PeerGroup == "" || rule.PeerGroup == r.name || slices.Contains(r.desired.Siblings, rule.PeerGroup) {
			continue
		}
		out = append(out, r.problem(ReasonPeerUndeclared, "", // its change waits for the group's id in any case
			"a rule names securityGroupName %q, but spec.securityGroups declares no group of that name; declare it, or use securityGroupID for a group that is not declared here.",
			rule.PeerGroup))
	}
	return out
}

// peerProblems looks for the groups that declared rules name by id. What is not there in this account may be in a peered VPC
// of another one, which only EC2 can look into: where the rule names no account, that is said, and EC2 decides (unknownPeer).
// A rule that is in force is beyond doubt.
func (r *Resource) peerProblems(ctx context.Context, have observed.SecurityGroup, ingress, egress []observed.Rule) ([]resource.Problem, error) {
	inForce := append(referred(have), have.ID)
	seen := map[string]bool{}
	var out []resource.Problem
	for _, at := range paths(ingress, egress) {
		rule := at.rule
		account, id := groupOf(rule.Peer)
		if id == "" || slices.Contains(inForce, id) || account != "" && account != r.desired.AccountID {
			continue
		}
		if _, known := seen[id]; !known {
			found, err := r.search(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("reading group %s, which a rule of %s names: %w", id, r.ID(), err)
			}
			seen[id] = found != nil
		}
		if seen[id] {
			continue
		}
		problem := r.problem(ReasonPeerNotFound, at.path,
			"rule %s names group %s, which AWS does not know in this account and Region; correct securityGroupID or create the group.", keyOf(rule), id)
		if account == "" {
			problem = r.problem(ReasonPeerNotFound, at.path,
				"rule %s names group %s, which is not in this account and Region, so EC2 decides whether it takes the rule; for a group of a peered VPC in another account, name that account in securityGroupAccountID.", keyOf(rule), id)
		}
		problem.Warning = account == ""
		out = append(out, problem)
	}
	return out, nil
}

// unknownPeer says of EC2's answer that there is no such group which rule it is about: one whose peer the spec names by id,
// so that only a person can help. That EC2 does not show yet what this operator has made passes.
func (r *Resource) unknownPeer(groupID string, rules []observed.Rule, err error) error {
	if awsapi.Code(err) != codeGroupNotFound || strings.Contains(err.Error(), groupID) {
		return err
	}
	for _, rule := range rules {
		_, id := groupOf(rule.Peer)
		named := slices.ContainsFunc(slices.Concat(r.desired.Ingress, r.desired.Egress), func(d Rule) bool {
			_, peer := groupOf(d.Peer)
			return d.PeerGroup == "" && peer == id
		})
		if id != "" && named && (len(rules) == 1 || strings.Contains(err.Error(), id)) {
			return &awsapi.Refused{Reason: ReasonPeerNotFound, Message: fmt.Sprintf(
				"rule %s names group %s, and EC2 finds no such group, neither in this VPC nor in one that is peered with it; correct securityGroupID, name the group's account in securityGroupAccountID if it is another one, or create the group or the peering connection",
				keyOf(rule), id)}
		}
	}
	return err
}

// ruleAt is a rule and its path.
type ruleAt struct {
	path string
	rule observed.Rule
}

func paths(ingress, egress []observed.Rule) []ruleAt {
	var out []ruleAt
	for _, rule := range ingress {
		out = append(out, ruleAt{ingressPath(rule), rule})
	}
	for _, rule := range egress {
		out = append(out, ruleAt{egressPath(rule), rule})
	}
	return out
}

func ingressPath(rule observed.Rule) string { return "ingress[" + keyOf(rule) + "]" }
func egressPath(rule observed.Rule) string  { return "egress[" + keyOf(rule) + "]" }

func (r *Resource) problem(reason, path, format string, args ...any) resource.Problem {
	return resource.Problem{Reason: reason, Path: path, Message: r.ID().String() + ": " + fmt.Sprintf(format, args...)}
}

// plain returns the rules without what only the declaration knows, as copies.
func plain(rules []Rule) []observed.Rule {
	out := make([]observed.Rule, 0, len(rules))
	for _, rule := range rules {
		if rule.PeerGroup == "" {
			out = append(out, rule.Rule)
		}
	}
	return out
}
