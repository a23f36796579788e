// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
	// refused are the lists that AWS refused to show.
	refused map[string]error
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
		if awsapi.Refused(err) {
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
func (r *Resource) problems(ctx context.Context, o *resource.Observation, lists *prefixLists) ([]resource.Problem, error) {
	ingress, egress := plain(r.desired.Ingress), plain(r.desired.Egress)
	if err := lists.fill(ctx, ingress); err != nil {
		return nil, err
	}
	// Of egress only the existence of the lists matters.
	if err := lists.fill(ctx, egress); err != nil {
		return nil, err
	}
	o.Unread = lists.unread(paths(ingress, egress))
	out := r.guardProblems(ingress)
	out = append(out, r.siblingProblems()...)
	for _, at := range paths(ingress, egress) {
		if rule := at.rule; slices.Contains(lists.unknown, rule.Peer) {
			out = append(out, r.problem(ReasonPrefixListNotFound, at.path,
				"rule %s names prefix list %s, which AWS does not know in this Region; correct prefixListID or create the list.",
				keyOf(rule), rule.Peer))
		}
	}
	peers, err := r.peerProblems(ctx, detailOf(o).group, ingress, egress)
	return append(out, peers...), err
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

// peerProblems finds declared rules whose group id AWS does not know. A rule that is in force is beyond doubt: its
// peer may be in another account of a peered VPC, which we cannot look into.
func (r *Resource) peerProblems(ctx context.Context, have observed.SecurityGroup, ingress, egress []observed.Rule) ([]resource.Problem, error) {
	known := append(referred(have), have.ID)
	var out []resource.Problem
	for _, at := range paths(ingress, egress) {
		rule := at.rule
		account, id := groupOf(rule.Peer)
		if id == "" || account != "" || slices.Contains(known, id) {
			continue
		}
		found, err := r.search(ctx, map[string]string{"group-id": id})
		if err != nil {
			return nil, fmt.Errorf("reading group %s, which a rule of %s names: %w", id, r.ID(), err)
		}
		if found == nil {
			out = append(out, r.problem(ReasonPeerNotFound, at.path,
				"rule %s names group %s, which AWS does not know in this account and Region; correct securityGroupID or create the group.",
				keyOf(rule), rule.Peer))
		}
		known = append(known, id)
	}
	return out, nil
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
