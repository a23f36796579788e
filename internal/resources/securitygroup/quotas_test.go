// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// list makes a prefix list that may have so many entries.
func (r *rig) list(size int32, cidrs ...string) string {
	r.t.Helper()
	in := prefixList(cidrs...)
	in.MaxEntries = &size
	if strings.Contains(cidrs[0], ":") {
		in.AddressFamily = aws.String("IPv6")
	}
	out, err := r.client.CreateManagedPrefixList(ctx, in)
	r.must(err)
	return aws.ToString(out.PrefixList.PrefixListId)
}

// ports are rules for so many ports, with one peer.
func ports4(t *testing.T, n int, peer string) []Rule {
	var out []Rule
	for i := range n {
		out = append(out, Rule{Rule: rule(t, "tcp", int32(1000+i), int32(1000+i), peer, "")})
	}
	return out
}

func one(t *testing.T, group Desired) *rig {
	group.Name, group.RemoveUnlisted, group.Cluster, group.MaxRules = "pods", true, cluster, 60
	return newRig(t, group)
}

// The sum of what a direction will hold is known before the first write; each IP version and each direction has its own.
func TestRulesAreSummedAsAWSCountsThem(t *testing.T) {
	for name, c := range map[string]struct {
		ingress func(*rig) []Rule
		quota   int
		want    string // what the message says; "": no problem, and AWS takes it
	}{
		"60 ranges":                   {func(*rig) []Rule { return ports4(t, 60, "10.0.0.0/16") }, 60, ""},
		"60 of each IP version":       {func(*rig) []Rule { return append(ports4(t, 60, "10.0.0.0/16"), ports4(t, 60, "2001:db8::/32")...) }, 60, ""},
		"61 ranges":                   {func(*rig) []Rule { return ports4(t, 61, "10.0.0.0/16") }, 60, "ingress would have 61 rules for IPv4 as AWS counts them, and AWS lets a group of this account have 60"},
		"61 IPv6":                     {func(*rig) []Rule { return ports4(t, 61, "2001:db8::/32") }, 60, "61 rules for IPv6"},
		"61 ranges, the quota raised": {func(*rig) []Rule { return ports4(t, 61, "10.0.0.0/16") }, 61, "-"},
		"a prefix list by its size": {func(r *rig) []Rule {
			return append(ports4(t, 20, "10.0.0.0/16"), ports4(t, 1, r.list(41, "10.7.0.0/16"))...)
		}, 60, "61 rules for IPv4 as AWS counts them (prefix list pl-"},
		"a prefix list that fits": {func(r *rig) []Rule {
			return append(ports4(t, 20, "10.0.0.0/16"), ports4(t, 1, r.list(40, "10.7.0.0/16"))...)
		}, 60, ""},
		"a prefix list of IPv6 beside ranges of IPv4": {func(r *rig) []Rule {
			return append(ports4(t, 20, "10.0.0.0/16"), ports4(t, 1, r.list(41, "2001:db8::/32"))...)
		}, 60, ""},
		"groups count for both": {func(r *rig) []Rule {
			return append(ports4(t, 60, "2001:db8::/32"), unresolved(t, "tcp", 9, 9, "pods", ""))
		}, 60, "61 rules for IPv6"},
	} {
		t.Run(name, func(t *testing.T) {
			r := one(t, Desired{})
			r.groups[0].Ingress, r.groups[0].MaxRules = c.ingress(r), c.quota
			r.sim.ResetCalls()
			r.run(true)
			problems := r.result.Objects[1].Problems
			if c.want == "" || c.want == "-" {
				if len(problems) != 0 {
					t.Fatalf("problems are %+v", problems)
				}
				if c.want == "" { // the simulator knows the default quota only
					r.settle()
				}
				return
			}
			if len(problems) != 1 || problems[0].Reason != "QuotaExceeded" || problems[0].Path != "ingress" || !strings.Contains(problems[0].Message, c.want) ||
				!strings.Contains(problems[0].Message, "spec.quotas.rulesPerSecurityGroup") {
				t.Fatalf("problems are %+v, want %q", problems, c.want)
			}
			if writes := r.writes(); len(writes) != 0 {
				t.Errorf("wrote %v", writes)
			}
		})
	}
}

// Rules that others added and that stay take room, too; what is to be removed makes it.
func TestUnlistedRulesThatStayAreCounted(t *testing.T) {
	r := one(t, Desired{Ingress: ports4(t, 30, "10.0.0.0/16")})
	r.settle()
	for i := range 20 {
		r.openIngress("pods", rule(t, "udp", int32(i), int32(i), "10.9.0.0/16", ""))
	}
	r.groups[0].Ingress = ports4(t, 50, "10.0.0.0/16")
	r.groups[0].RemoveUnlisted = false
	r.run(true)
	if problems := r.result.Objects[1].Problems; len(problems) != 1 || !strings.Contains(problems[0].Message, "70 rules for IPv4") {
		t.Fatalf("problems are %+v", problems)
	}
	r.groups[0].RemoveUnlisted = true
	if r.run(false); len(r.result.Objects[1].Problems) != 0 {
		t.Fatalf("problems are %+v", r.result.Objects[1].Problems)
	}
}

// What is in force shows that AWS allows as much, whatever the account says; and a steady pass asks about no list.
func TestRulesInForceAreEvidence(t *testing.T) {
	r := one(t, Desired{})
	r.groups[0].Ingress = append(ports4(t, 20, "10.0.0.0/16"), ports4(t, 1, r.list(30, "10.7.0.0/16"))...)
	r.settle()
	r.groups[0].MaxRules = 40
	r.sim.ResetCalls()
	if r.run(true); len(r.open()) != 0 {
		t.Fatalf("open is %+v", r.open())
	}
	for _, call := range r.sim.Calls() {
		if call.Operation == "DescribeManagedPrefixLists" {
			t.Error("a steady pass asks for the sizes of prefix lists")
		}
	}
	r.groups[0].Ingress[0] = Rule{Rule: rule(t, "tcp", 80, 80, "10.0.0.0/16", "")} // one for another
	r.settle()
}

// Where the operator may not read the sizes of lists, that is said, and AWS decides.
func TestSizesOfListsThatMayNotBeRead(t *testing.T) {
	r := one(t, Desired{})
	r.groups[0].Ingress = ports4(t, 1, r.list(9, "10.7.0.0/16"))
	r.sim.Deny("ec2:DescribeManagedPrefixLists")
	r.run(false)
	warnings := r.result.Objects[1].Warnings
	if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "ec2:DescribeManagedPrefixLists is denied") {
		t.Fatalf("warnings are %+v", warnings)
	}
	r.settle()
}

// TestWeightsOfAWSsLists: by the names that AWS's page has.
func TestWeightsOfAWSsLists(t *testing.T) {
	for name, want := range map[string]int{
		"com.amazonaws.global.cloudfront.origin-facing": 55, "com.amazonaws.global.ipv6.cloudfront.origin-facing": 55,
		"com.amazonaws.eu-west-1.s3": 1, "com.amazonaws.eu-west-1.ipv6.route53-healthchecks": 25, "com.amazonaws.eu-west-1.new": 1,
	} {
		if got := awsListWeight(name); got != want {
			t.Errorf("%s counts as %d, want %d", name, got, want)
		}
	}
}

// ICMP of the wrong IP version is refused where a prefix list shows it.
func TestICMPWithAListOfTheOtherIPVersion(t *testing.T) {
	r := one(t, Desired{})
	list := r.list(9, "10.7.0.0/16")
	r.groups[0].Egress = []Rule{{Rule: rule(t, "icmpv6", -1, -1, list, "")}}
	r.sim.ResetCalls()
	r.run(true)
	problems := r.result.Objects[1].Problems
	if len(problems) != 1 || problems[0].Reason != ReasonInvalidSpec || problems[0].Path != "egress[icmpv6 "+list+"]" || !strings.Contains(problems[0].Message, "protocol must be icmp.") {
		t.Fatalf("problems are %+v", problems)
	}
	if writes := r.writes(); len(writes) != 0 {
		t.Errorf("wrote %v", writes)
	}
	r.groups[0].Egress[0].Protocol = "icmp"
	r.settle()
}

// A group whose name differs in case is found before anything is made, and named; nothing of it is touched.
func TestGroupInOtherLetters(t *testing.T) {
	for name, c := range map[string]struct {
		owner, reason, says string
	}{
		"nobody's":      {"", "NotOwned", `write it as "PODS" and set spec.adoptionPolicy to Adopt`},
		"somebody's":    {"test/ns/other", "OwnedByOther", "belongs to test/ns/other"},
		"a former name": {"test/ns/name", "InvalidSpec", `write the name as "PODS"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := one(t, Desired{})
			in := &ec2.CreateSecurityGroupInput{GroupName: aws.String("PODS"), Description: aws.String("x"), VpcId: aws.String("vpc-0a")}
			if c.owner != "" {
				in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: tagsOf(map[string]string{resource.OwnerTag: c.owner})}}
			}
			made, err := r.client.CreateSecurityGroup(ctx, in)
			r.must(err)
			_, err = r.client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("abcd"), Description: aws.String("x"), VpcId: aws.String("vpc-0a")})
			r.must(err)
			r.sim.ResetCalls()
			for range 2 {
				r.run(true)
				problems := r.result.Objects[1].Problems
				if len(problems) != 1 || problems[0].Reason != c.reason || !strings.Contains(problems[0].Message, aws.ToString(made.GroupId)) || !strings.Contains(problems[0].Message, c.says) {
					t.Fatalf("problems are %+v", problems)
				}
			}
			if writes := r.writes(); len(writes) != 0 {
				t.Errorf("wrote %v", writes)
			}
			r.result = resource.Delete(ctx, r.resources(), nil, r.options(true))
			if len(r.result.Leftovers) != 0 {
				t.Errorf("left over: %+v", r.result.Leftovers[0])
			}
		})
	}
}

const otherAccount = "444455556666"

// peered has a group of another account in a VPC that may be peered with ours. It returns the group's id.
func peered(t *testing.T, r *rig, connected bool) string {
	t.Helper()
	if err := r.sim.Seed(awssim.Seed{Account: otherAccount, VPCs: []awssim.SeedVPC{{ID: "vpc-0e", CIDR: "10.8.0.0/16"}},
		AccessKeys: []awssim.SeedAccessKey{{ID: "AKIAOTHER", ARN: "arn:aws:iam::" + otherAccount + ":user/they"}}}); err != nil {
		t.Fatal(err)
	}
	theirs := ec2.New(r.client.Options(), func(o *ec2.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("AKIAOTHER", "secret", "")
	})
	if connected {
		r.sim.PeerVPCs("vpc-0a", "vpc-0e")
	}
	out, err := theirs.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("theirs"), Description: aws.String("x"), VpcId: aws.String("vpc-0e")})
	r.must(err)
	return aws.ToString(out.GroupId)
}

// A group of a peered VPC in another account: EC2 decides, and what it has taken differs from nothing.
func TestGroupOfAnotherAccount(t *testing.T) {
	for name, c := range map[string]struct{ account, warns string }{
		"with its account":    {otherAccount + "/", ""},
		"without its account": {"", "EC2 decides"},
	} {
		t.Run(name, func(t *testing.T) {
			r := one(t, Desired{AccountID: awssim.DefaultAccount})
			id := peered(t, r, true)
			r.groups[0].Ingress = ports4(t, 1, c.account+id)
			r.run(false)
			warnings := r.result.Objects[1].Warnings
			if (c.warns != "") != (len(warnings) == 1) || len(warnings) == 1 && !strings.Contains(warnings[0].Message, c.warns) {
				t.Fatalf("warnings are %+v", warnings)
			}
			r.settle()
			if got := r.rules("pods").Ingress; len(got) != 1 || got[0].Peer != id {
				t.Fatalf("ingress is %+v", got)
			}
			r.sim.ResetCalls()
			if r.run(true); len(r.writes()) != 0 || len(r.open()) != 0 || len(r.result.Objects[1].Warnings) != 0 {
				t.Errorf("a settled group: %v, %+v, %+v", r.writes(), r.open(), r.result.Objects[1].Warnings)
			}
			r.closeIngress("pods", "tcp/1000 "+id)
			r.settle()
		})
	}
}

// What EC2 refuses ends with a person, with the rule and its group in the message.
func TestGroupThatEC2DoesNotTake(t *testing.T) {
	for name, c := range map[string]struct {
		peer func(*rig) string
	}{
		"unknown, no account":          {func(*rig) string { return "sg-0dead" }},
		"unknown in the other account": {func(r *rig) string { peered(t, r, true); return otherAccount + "/sg-0dead" }},
		"of a VPC that is not peered":  {func(r *rig) string { return otherAccount + "/" + peered(t, r, false) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := one(t, Desired{AccountID: awssim.DefaultAccount})
			peer := c.peer(r)
			r.groups[0].Ingress = ports4(t, 1, peer)
			options := r.options(true)
			options.Classify = awsapi.Classify
			result := resource.Run(ctx, r.resources(), nil, options)
			failure := result.Objects[1].Failure
			_, id := groupOf(peer)
			if failure == nil || failure.Kind != "Invalid" || failure.Reason != ReasonPeerNotFound || !strings.Contains(failure.Message, "tcp/1000 "+id) {
				t.Fatalf("failure is %+v", failure)
			}
		})
	}
}

func TestInAnyCase(t *testing.T) {
	for name, want := range map[string]string{"Web-1 (a)": "???-1 (?)", "*": "*"} {
		if got := inAnyCase(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}
