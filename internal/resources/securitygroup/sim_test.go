// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resource/resourcetest"
)

func TestCreatesAndThenWritesNothing(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	pods := r.rules("pods")
	if len(pods.Ingress) != 3 || len(pods.Egress) != 2 {
		t.Errorf("pods has %+v", pods)
	}
	if pods.Description != "payments pods" || pods.Tags["team"] != "payments" || pods.Tags[resource.OwnerTag] != "test/ns/name" {
		t.Errorf("pods is %+v", pods)
	}
	if !slices.Equal(referred(pods), []string{r.id("backend")}) {
		t.Errorf("pods uses %v", referred(pods))
	}
	r.sim.ResetCalls()
	r.run(true)
	r.prior = map[resource.ID]resource.Prior{} // and with a status that was lost
	r.run(true)
	if writes := r.writes(); len(writes) != 0 || len(r.open()) != 0 {
		t.Errorf("second pass wrote %v, open %+v", writes, r.open())
	}
}

// Each field is tampered with through the SDK, reported as one difference, and repaired.
func TestEveryFieldIsReportedAndRepaired(t *testing.T) {
	for _, c := range []struct {
		name, path string
		tamper     func(*rig)
	}{
		{"ingress opened", "ingress[tcp/22 0.0.0.0/0]", func(r *rig) { r.openIngress("pods", rule(t, "tcp", 22, 22, "0.0.0.0/0", "")) }},
		{"ingress closed", "ingress[tcp/8443 10.0.0.0/16]", func(r *rig) { r.closeIngress("pods", "tcp/8443 10.0.0.0/16") }},
		{"ingress closed, IPv6", "ingress[udp/53 2001:db8::/32]", func(r *rig) { r.closeIngress("pods", "udp/53 2001:db8::/32") }},
		{"ingress described", "ingress[tcp/8443 10.0.0.0/16].description", func(r *rig) {
			r.describeRule("pods", "tcp/8443 10.0.0.0/16", rule(t, "tcp", 8443, 8443, "10.0.0.0/16", "mine"))
		}},
		{"egress opened", "egress[all 0.0.0.0/0]", func(r *rig) { r.openEgress("pods", rule(t, "-1", -1, -1, "0.0.0.0/0", "")) }},
		{"egress opened, IPv6", "egress[tcp/443 ::/0]", func(r *rig) { r.openEgress("pods", rule(t, "tcp", 443, 443, "::/0", "")) }},
		{"egress closed", "egress[all 10.0.0.0/8]", func(r *rig) { r.closeEgress("pods", "all 10.0.0.0/8") }},
		{"egress closed, ICMP", "egress[icmp 10.0.0.0/16]", func(r *rig) { r.closeEgress("backend", "icmp 10.0.0.0/16") }},
		{"egress described", "egress[all 10.0.0.0/8].description", func(r *rig) {
			r.describeRule("pods", "all 10.0.0.0/8", rule(t, "-1", -1, -1, "10.0.0.0/8", ""))
		}},
		{"tag changed", "tags[team]", func(r *rig) {
			res := Leftover(r.aws.EC2, r.id("pods"), "pods")
			o, err := res.Observe(ctx, nil)
			r.must(err)
			r.must(res.Tag(ctx, o, map[string]string{"team": "other"}, nil))
		}},
		{"owner tag taken off", "tags[" + resource.OwnerTag + "]", func(r *rig) {
			res := Leftover(r.aws.EC2, r.id("pods"), "pods")
			o, err := res.Observe(ctx, nil)
			r.must(err)
			r.must(res.Tag(ctx, o, nil, []string{resource.OwnerTag}))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, two(t)...)
			r.settle()
			c.tamper(r)
			r.sim.ResetCalls()
			r.run(false)
			if got := r.open(); len(got) != 1 || got[0].Path != c.path {
				t.Fatalf("want one difference at %s, got %+v", c.path, got)
			}
			if writes := r.writes(); len(writes) != 0 {
				t.Fatalf("Observe wrote %v", writes)
			}
			r.settle()
		})
	}
}

// A group between the declared ones and the reference to it: both are mended.
func TestReferenceToADeclaredGroupIsRepaired(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	key := "tcp/5432 " + r.id("pods")
	r.closeIngress("backend", key)
	if r.run(false); len(r.open()) != 1 || r.open()[0].Path != "ingress["+key+"]" {
		t.Fatalf("got %+v", r.open())
	}
	r.settle()
}

// What is declared and in force is in force after every single write of a repair.
func TestDeclaredRulesStayInForce(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	r.openIngress("pods", rule(t, "tcp", 22, 22, "0.0.0.0/0", ""), rule(t, "tcp", 3389, 3389, "10.9.0.0/16", ""))
	r.openEgress("pods", rule(t, "-1", -1, -1, "0.0.0.0/0", ""))
	r.closeIngress("pods", "udp/53 2001:db8::/32")
	r.describeRule("pods", "tcp/8443 10.0.0.0/16", rule(t, "tcp", 8443, 8443, "10.0.0.0/16", "mine"))
	r.guardDeclared(t, "pods")
	r.sim.ResetCalls()
	r.settle()
	want := []string{"AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"}
	if got := r.writes(); !slices.Equal(got, want) {
		t.Errorf("wrote %v, want %v", got, want)
	}
}

// guardDeclared checks after each write that no rule which is declared and in force now is missing.
func (r *rig) guardDeclared(t *testing.T, name string) {
	t.Helper()
	must := map[string]bool{}
	declared := r.groups[slices.IndexFunc(r.groups, func(d Desired) bool { return d.Name == name })]
	for _, rule := range plain(slices.Concat(declared.Ingress, declared.Egress)) {
		must[canonical.RuleKey(rule)] = true
	}
	var inForce []string
	g := r.rules(name)
	for _, rule := range slices.Concat(g.Ingress, g.Egress) {
		if key := canonical.RuleKey(rule); must[key] {
			inForce = append(inForce, key)
		}
	}
	if len(inForce) == 0 {
		t.Fatal("nothing declared is in force: the check would be empty")
	}
	checks := 0
	t.Cleanup(func() {
		if checks == 0 {
			t.Error("no write was checked")
		}
	})
	r.sim.AfterWrite(func(call awssim.Call) {
		checks++
		g := r.rules(name)
		for _, key := range inForce {
			if !slices.ContainsFunc(slices.Concat(g.Ingress, g.Egress), func(rule observed.Rule) bool { return canonical.RuleKey(rule) == key }) {
				t.Errorf("after %s rule %s is not in force", call.Operation, key)
			}
		}
	})
}

// At the quota of 60 rules the unlisted make room, and no declared rule does.
func TestAtTheQuotaUnlistedRulesMakeRoom(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	r.closeIngress("pods", "udp/53 2001:db8::/32")
	for port := range int32(58) {
		r.openIngress("pods", rule(t, "tcp", 1000+port, 1000+port, "10.9.0.0/16", ""))
	}
	r.guardDeclared(t, "pods")
	// The quota counts IPv4 and IPv6 rules apart, so the simulator is made to refuse once.
	r.sim.Fail("ec2:AuthorizeSecurityGroupIngress", "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.", http.StatusBadRequest, 1)
	r.sim.ResetCalls()
	r.settle()
	want := []string{"AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupIngress"}
	if got := r.writes(); !slices.Equal(got, want) {
		t.Errorf("wrote %v, want %v", got, want)
	}
}

func TestAtTheQuotaWithoutUnlistedRulesTheErrorIsReturned(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	r.closeIngress("pods", "udp/53 2001:db8::/32")
	r.sim.Fail("ec2:AuthorizeSecurityGroupIngress", "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.", http.StatusBadRequest, 9)
	r.run(true)
	if f := r.result.Objects[1].Failures(); len(f) != 1 || !strings.Contains(f[0].Message, "RulesPerSecurityGroupLimitExceeded") {
		t.Errorf("failures are %+v", f)
	}
}

// The answer of each writing operation is lost once; the next passes come to the same end, with one group of each name.
func TestLostAnswers(t *testing.T) {
	for _, operation := range []string{
		"CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress",
	} {
		t.Run(operation, func(t *testing.T) {
			r := newRig(t, two(t)...)
			r.sim.FailAfter("ec2:"+operation, "InternalError", "lost", http.StatusInternalServerError, 1)
			r.settle()
			out, err := r.client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
			r.must(err)
			names := map[string]int{}
			for _, g := range out.SecurityGroups {
				names[aws.ToString(g.GroupName)]++
			}
			if names["pods"] > 1 || names["backend"] > 1 {
				t.Errorf("groups by name: %v", names)
			}
		})
	}
}

// Somebody (or our own lost call) added one of the missing rules after we looked: the other one is still added.
func TestRuleThatIsThereAlready(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	r.closeIngress("pods", "udp/53 2001:db8::/32")
	r.closeIngress("pods", "tcp/8443 10.0.0.0/16")
	res := New(r.aws.EC2, r.groups[0], r.prior[resource.ID{Kind: Kind, Name: "pods"}])
	values := resource.Values{
		{From: resource.ID{Kind: Kind, Name: "pods"}, Value: resource.GroupID}:    r.id("pods"),
		{From: resource.ID{Kind: Kind, Name: "backend"}, Value: resource.GroupID}: r.id("backend"),
	}
	o, err := res.Observe(ctx, values)
	r.must(err)
	r.openIngress("pods", rule(t, "tcp", 8443, 8443, "10.0.0.0/16", "mesh"))
	r.must(resourcetest.Apply(ctx, res, o, values, nil))
	if r.run(false); len(r.open()) != 0 {
		t.Errorf("open: %+v", r.open())
	}
}

func TestGroupThatAWSDoesNotShowYet(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	res := New(r.aws.EC2, r.groups[0], resource.Prior{})
	err := resourcetest.Apply(ctx, res, &resource.Observation{}, resource.Values{{From: cluster, Value: resource.VPCID}: "vpc-0a"}, nil)
	var waiting *resource.Waiting
	if !asWaiting(err, &waiting) || waiting.Reason != ReasonWaiting {
		t.Errorf("error is %v", err)
	}
}

func TestUnlistedIsOnlyReportedIfSoDeclared(t *testing.T) {
	groups := two(t)
	groups[0].RemoveUnlisted = false
	r := newRig(t, groups...)
	r.settle() // the default egress is gone, although it was never declared
	r.openEgress("pods", rule(t, "-1", -1, -1, "0.0.0.0/0", ""))
	r.sim.ResetCalls()
	r.run(true)
	if got := r.open(); len(got) != 1 || got[0].Path != "egress[all 0.0.0.0/0]" || len(r.writes()) != 0 {
		t.Errorf("open %+v, wrote %v", got, r.writes())
	}
}

// The default egress goes first, since the group looks like any other once a rule was added: a pass that is cut off in
// between would leave it for good.
func TestDefaultEgressGoesEvenIfAPassIsCutOff(t *testing.T) {
	groups := two(t)
	groups[0].RemoveUnlisted = false
	r := newRig(t, groups...)
	r.sim.FailAfter("ec2:AuthorizeSecurityGroupIngress", "InternalError", "lost", http.StatusInternalServerError, 1)
	r.run(true)
	r.prior = map[resource.ID]resource.Prior{}
	r.settle()
}

func TestARepairLeavesWhatIsOnlyReported(t *testing.T) {
	groups := two(t)
	groups[0].RemoveUnlisted = false
	r := newRig(t, groups...)
	r.settle()
	r.openIngress("pods", rule(t, "tcp", 22, 22, "10.9.0.0/16", ""))
	r.closeIngress("pods", "tcp/8443 10.0.0.0/16")
	r.run(true)
	if got := r.open(); len(got) != 1 || got[0].Path != "ingress[tcp/22 10.9.0.0/16]" {
		t.Errorf("open: %+v", got)
	}
}

// Status still names a group that was deleted, and the one that was made in its place was never written down.
func TestAnOldIDInStatusIsNotTheLastWord(t *testing.T) {
	r := newRig(t, Desired{Name: "alone", Cluster: cluster, RemoveUnlisted: true})
	r.settle()
	id := resource.ID{Kind: Kind, Name: "alone"}
	old := r.prior[id]
	_, err := r.client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(r.id("alone"))})
	r.must(err)
	r.settle()
	r.prior[id] = old
	r.sim.ResetCalls()
	r.settle()
	if writes := r.writes(); len(writes) != 0 {
		t.Errorf("wrote %v", writes)
	}
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(*Desired)
		reason string
		holds  []string
	}{
		"guardrail": {
			edit: func(d *Desired) {
				d.Guard = guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0"}}
				d.Ingress = append(d.Ingress, Rule{Rule: rule(t, "tcp", 22, 22, "0.0.0.0/0", "")})
			},
			reason: ReasonGuardrail, holds: []string{"SecurityGroup/pods", "tcp/22 0.0.0.0/0"},
		},
		"unknown prefix list": {
			edit:   func(d *Desired) { d.Ingress = append(d.Ingress, Rule{Rule: rule(t, "tcp", 22, 22, "pl-0dead", "")}) },
			reason: ReasonPrefixListNotFound, holds: []string{"SecurityGroup/pods", "pl-0dead", "prefixListID"},
		},
		"unknown group of this account": {
			edit: func(d *Desired) {
				d.AccountID = awssim.DefaultAccount
				d.Egress = append(d.Egress, Rule{Rule: rule(t, "tcp", 22, 22, awssim.DefaultAccount+"/sg-0dead", "")})
			},
			reason: ReasonPeerNotFound, holds: []string{"SecurityGroup/pods", "sg-0dead", "securityGroupID"},
		},
		"undeclared group": {
			edit:   func(d *Desired) { d.Egress = append(d.Egress, unresolved(t, "tcp", 22, 22, "nobody", "")) },
			reason: ReasonPeerUndeclared, holds: []string{"SecurityGroup/pods", `"nobody"`, "securityGroupName"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			groups := two(t)
			c.edit(&groups[0])
			r := newRig(t, groups...)
			r.run(true)
			problems := r.result.Objects[1].Problems
			if len(problems) != 1 || problems[0].Reason != c.reason {
				t.Fatalf("problems are %+v", problems)
			}
			for _, part := range c.holds {
				if !strings.Contains(problems[0].Message, part) {
					t.Errorf("%q lacks %q", problems[0].Message, part)
				}
			}
			if writes := r.writes(); len(writes) != 0 {
				t.Errorf("wrote %v", writes)
			}
		})
	}
}

func TestPrefixListIsHeldAgainstTheGuardrail(t *testing.T) {
	groups := two(t)[:1]
	groups[0].Siblings, groups[0].Egress = nil, nil
	r := newRig(t, groups...)
	list, err := r.client.CreateManagedPrefixList(ctx, prefixList("0.0.0.0/0", "10.0.0.0/8"))
	r.must(err)
	d := &r.groups[0]
	d.Guard = guardrails.Guardrails{ForbiddenIngressCIDRs: []string{"0.0.0.0/0"}}
	d.Ingress = []Rule{{Rule: rule(t, "tcp", 22, 22, aws.ToString(list.PrefixList.PrefixListId), "")}}
	r.run(true)
	problems := r.result.Objects[1].Problems
	if len(problems) != 1 || problems[0].Reason != ReasonGuardrail {
		t.Fatalf("problems are %+v", problems)
	}
	d.Guard = guardrails.Guardrails{}
	r.settle()
	if got := r.rules("pods").Ingress; len(got) != 1 || !slices.Equal(got[0].PeerCIDRs, []string{"0.0.0.0/0", "10.0.0.0/8"}) {
		t.Errorf("ingress is %+v", got)
	}
}

func TestDeletionOfGroupsThatReferToEachOther(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	for range 3 {
		if r.result = resource.Delete(ctx, r.resources(), nil, r.options(true)); len(r.result.Leftovers) == 0 {
			break
		}
	}
	if len(r.result.Leftovers) != 0 {
		t.Fatalf("left over: %+v", *r.result.Leftovers[0])
	}
	if left := r.named("pods", "backend"); len(left) != 0 {
		t.Errorf("still there: %v", left)
	}
}

// While a network interface uses the group, neither the group nor its rules are touched, and the interface is named.
func TestDeletionWaitsForNetworkInterfaces(t *testing.T) {
	r := newRig(t, two(t)...)
	r.settle()
	pods, before := r.id("pods"), r.rules("pods")
	eni, err := r.client.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: aws.String("subnet-0a"), Groups: []string{pods}})
	r.must(err)
	eniID := aws.ToString(eni.NetworkInterface.NetworkInterfaceId)
	left := Leftover(r.aws.EC2, pods, "pods")
	o, err := left.Observe(ctx, nil)
	r.must(err)
	var waiting *resource.Waiting
	if err := left.Delete(ctx, o); !asWaiting(err, &waiting) || waiting.Reason != ReasonInUse || !strings.Contains(waiting.Message, eniID) {
		t.Fatalf("error is %v", err)
	}
	if after := r.rules("pods"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("rules changed while in use:\n%+v\n%+v", before, after)
	}
	_, err = r.client.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &eniID})
	r.must(err)
	// Now only backend refers to it, which is named by id and name.
	if err := left.Delete(ctx, o); !asWaiting(err, &waiting) || !strings.Contains(waiting.Message, r.id("backend")+" (backend)") {
		t.Fatalf("error is %v", err)
	}
}

func TestLeftoverIsDeletedAndGoneIsGone(t *testing.T) {
	r := newRig(t, Desired{Name: "alone", Cluster: cluster, RemoveUnlisted: true, Ingress: []Rule{unresolved(t, "tcp", 1, 1, "alone", "")}})
	r.settle()
	left := Leftover(r.aws.EC2, r.id("alone"), "alone")
	o, err := left.Observe(ctx, nil)
	r.must(err)
	if o.ARN == "" || o.Gives[resource.GroupID] != r.id("alone") || left.Diff(o, nil) != nil {
		t.Errorf("observation is %+v", o)
	}
	r.must(left.Delete(ctx, o))
	r.must(left.Delete(ctx, o)) // once more, after a lost answer
	if o, err = left.Observe(ctx, nil); err != nil || o.Exists {
		t.Errorf("observation is %+v, %v", o, err)
	}
}

func TestGroupThatWasDeletedIsMadeAgain(t *testing.T) {
	r := newRig(t, Desired{Name: "alone", Cluster: cluster, RemoveUnlisted: true, Ingress: []Rule{{Rule: rule(t, "tcp", 1, 1, "10.0.0.0/8", "")}}})
	r.settle()
	old := r.id("alone")
	_, err := r.client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &old})
	r.must(err)
	if r.run(false); len(r.open()) != 1 || r.open()[0].Path != "(object)" {
		t.Fatalf("open: %+v", r.open())
	}
	r.settle()
	if r.id("alone") == old {
		t.Error("the old id is still believed")
	}
}

// EC2 takes * in a filter for a wildcard, and allows it in a name.
func TestNameIsNoPattern(t *testing.T) {
	r := newRig(t, Desired{Name: "web-1", Cluster: cluster, RemoveUnlisted: true})
	r.settle()
	r.groups = append(r.groups, Desired{Name: "web*", Cluster: cluster, RemoveUnlisted: true})
	r.settle()
	if r.id("web-1") == r.id("web*") {
		t.Error("one group is taken for another")
	}
}

func TestErrorsKeepAWSsCode(t *testing.T) {
	r := newRig(t, two(t)...)
	r.sim.Deny("ec2:DescribeSecurityGroupRules")
	r.settleOnce()
	res := New(r.aws.EC2, r.groups[0], resource.Prior{ARN: "arn:aws:ec2:eu-west-1:111122223333:security-group/" + r.named("pods")[0]})
	if _, err := res.Observe(ctx, nil); awsapi.Code(err) != "UnauthorizedOperation" || !strings.Contains(err.Error(), "SecurityGroup/pods") {
		t.Errorf("error is %v", err)
	}
}

func (r *rig) settleOnce() { r.run(true) }

// named returns the ids of the groups that have one of the names.
func (r *rig) named(names ...string) []string {
	r.t.Helper()
	var out []string
	for _, name := range names {
		groups, err := New(r.aws.EC2, Desired{}, resource.Prior{}).groups(ctx, map[string]string{"group-name": name})
		r.must(err)
		for _, g := range groups {
			out = append(out, aws.ToString(g.GroupId))
		}
	}
	return out
}
