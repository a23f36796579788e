// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// awsListWeights are what AWS's own prefix lists count as, by the last part of their names. AWS may add others, and shows
// their weights nowhere but on this page: https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
var awsListWeights = map[string]int{
	"cloudfront.origin-facing": 55, "dynamodb": 1, "ec2-instance-connect": 2, "groundstation": 5, "route53-healthchecks": 25,
	"s3": 1, "s3express": 6, "vpc-lattice": 10,
}

// weight is what rules count as against the quota, for each IP version.
type weight struct {
	v4, v6 int
	// lists says which prefix lists count as more than one rule.
	lists []string
}

// quotaProblems holds what each direction will have, once it is as declared, against the quota. It asks about prefix lists
// only where a rule is to be added: what is in force has been taken by AWS.
func (r *Resource) quotaProblems(ctx context.Context, g observed.SecurityGroup, lists *prefixLists, v resource.Values) ([]resource.Problem, error) {
	if r.desired.MaxRules == 0 {
		return nil, nil
	}
	in, out := plans(*r.desired, g, r.fresh(g), v)
	var problems []resource.Problem
	for _, d := range []struct {
		name     string
		plan     plan
		declared []Rule
		inForce  []observed.Rule
	}{{"ingress", in, r.desired.Ingress, g.Ingress}, {"egress", out, r.desired.Egress, g.Egress}} {
		if len(d.plan.missing)+len(d.plan.unknown) == 0 {
			continue
		}
		planned, err := lists.weigh(ctx, append(distinct(d.declared), d.plan.kept()...))
		if err != nil {
			return nil, err
		}
		now, err := lists.weigh(ctx, d.inForce)
		if err != nil {
			return nil, err
		}
		problems = append(problems, r.tooMany(d.name, "IPv4", planned.v4, now.v4, planned.lists)...)
		problems = append(problems, r.tooMany(d.name, "IPv6", planned.v6, now.v6, planned.lists)...)
	}
	for _, id := range lists.denied {
		warning := r.problem("AccessDenied", "", "how many rules prefix list %s counts as against AWS's quota is not known, since ec2:DescribeManagedPrefixLists is denied; allow it in the operator's IAM policy (docs/iam.md).", id)
		warning.Warning = true
		problems = append(problems, warning)
	}
	return problems, nil
}

// tooMany compares with the quota; what is in force now shows that AWS allows as much.
func (r *Resource) tooMany(direction, version string, planned, now int, lists []string) []resource.Problem {
	limit := max(r.desired.MaxRules, now)
	if planned <= limit {
		return nil
	}
	counting := ""
	if len(lists) > 0 {
		counting = " (" + strings.Join(lists, ", ") + ")"
	}
	return []resource.Problem{r.problem("QuotaExceeded", direction,
		"%s would have %d rules for %s as AWS counts them%s, and AWS lets a group of this account have %d; declare fewer rules or smaller prefix lists, or have the quota \"Inbound or outbound rules per security group\" raised in Service Quotas and write it into spec.quotas.rulesPerSecurityGroup of the AWSAccount.",
		direction, planned, version, counting, limit)}
}

// distinct are the declared rules, each once; the peer of one that names a group is that name.
func distinct(declared []Rule) []observed.Rule {
	seen := map[string]bool{}
	var out []observed.Rule
	for _, rule := range sorted(declared) {
		if key := keyOf(rule.Rule) + rule.PeerGroup; !seen[key] {
			seen[key] = true
			if rule.PeerGroup != "" {
				rule.Peer = "sg-"
			}
			out = append(out, rule.Rule)
		}
	}
	return out
}

// kept are the rules in force that nobody declared and that stay.
func (p plan) kept() []observed.Rule {
	var out []observed.Rule
	for _, rule := range p.unlisted {
		if !rule.remove {
			out = append(out, rule.Rule)
		}
	}
	return out
}

// weigh counts rules as AWS does: a group counts as one rule for each IP version, a customer's prefix list as its maximum
// number of entries, one of AWS's as its weight.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-size,
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
func (p *prefixLists) weigh(ctx context.Context, rules []observed.Rule) (weight, error) {
	var sum weight
	for _, rule := range rules {
		switch {
		case isPrefixList(rule.Peer):
			n, v6, err := p.size(ctx, rule.Peer)
			if err != nil {
				return sum, err
			}
			if v6 {
				sum.v6 += n
			} else {
				sum.v4 += n
			}
			if says := fmt.Sprintf("prefix list %s counts as %d", rule.Peer, n); n > 1 && !slices.Contains(sum.lists, says) {
				sum.lists = append(sum.lists, says)
			}
		case isIPv6(rule.Peer):
			sum.v6++
		case isGroup(rule.Peer):
			sum.v4++
			sum.v6++
		default:
			sum.v4++
		}
	}
	return sum, nil
}

// size is how many rules a prefix list counts as, and of which IP version. One that is unknown, or that may not be read,
// counts as nothing: it is AWS who decides then.
func (p *prefixLists) size(ctx context.Context, id string) (n int, v6 bool, err error) {
	if s, ok := p.sizes[id]; ok {
		return s.n, s.v6, nil
	}
	out, err := p.ec2.DescribeManagedPrefixLists(ctx, &ec2.DescribeManagedPrefixListsInput{PrefixListIds: []string{id}})
	switch {
	case awsapi.IsNotFound(err):
	case err != nil && awsapi.Classify(err).Kind == failure.AccessDenied:
		p.denied = append(p.denied, id)
	case err != nil:
		return 0, false, fmt.Errorf("reading prefix list %s: %w", id, err)
	case len(out.PrefixLists) > 0:
		list := out.PrefixLists[0]
		v6 = aws.ToString(list.AddressFamily) == "IPv6"
		if n = int(aws.ToInt32(list.MaxEntries)); aws.ToString(list.OwnerId) == "AWS" {
			n = awsListWeight(aws.ToString(list.PrefixListName))
		}
	}
	p.sizes[id] = listSize{n, v6}
	return n, v6, nil
}

type listSize struct {
	n  int
	v6 bool
}

// awsListWeight is the weight of com.amazonaws.<Region or global>.<service>; a list that AWS's page does not have counts as
// one rule, which is the least it can be.
func awsListWeight(name string) int {
	service := strings.TrimPrefix(name, "com.amazonaws.")
	if _, rest, ok := strings.Cut(service, "."); ok {
		service = strings.TrimPrefix(rest, "ipv6.")
	}
	return max(awsListWeights[service], 1)
}
