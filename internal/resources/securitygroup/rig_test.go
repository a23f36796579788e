// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
)

var ctx = context.Background()

// rig runs declared groups through the real engine against the simulator, and remembers what status would.
type rig struct {
	t      *testing.T
	sim    *awssim.Sim
	aws    awsapi.Clients
	client *ec2.Client // beyond what the operator may call: to tamper with
	prior  map[resource.ID]resource.Prior
	groups []Desired
	result resource.Result
}

func newRig(t *testing.T, groups ...Desired) *rig {
	t.Helper()
	sim := awssim.New(awssim.Options{PageSize: 2})
	if err := sim.Seed(awssim.DefaultSeed()); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	clients := awstest.Clients(t, url)
	return &rig{
		t: t, sim: sim, aws: clients, client: ec2.NewFromConfig(awstest.Config(url)),
		prior: map[resource.ID]resource.Prior{}, groups: groups,
	}
}

// two are two groups that refer to each other, to themselves and to addresses.
func two(t *testing.T) []Desired {
	names := []string{"pods", "backend"}
	return []Desired{
		{
			Name: "pods", Description: "payments pods", RemoveUnlisted: true, Cluster: cluster, Siblings: names,
			Ingress: []Rule{
				{Rule: rule(t, "tcp", 8443, 8443, "10.0.0.0/16", "mesh")},
				{Rule: rule(t, "udp", 53, 53, "2001:db8::/32", "")},
				unresolved(t, "tcp", 9090, 9090, "pods", "metrics"),
			},
			Egress: []Rule{{Rule: rule(t, "-1", -1, -1, "10.0.0.0/8", "inside")}, unresolved(t, "tcp", 5432, 5432, "backend", "database")},
		},
		{
			Name: "backend", Description: "database", RemoveUnlisted: true, Cluster: cluster, Siblings: names,
			Ingress: []Rule{unresolved(t, "tcp", 5432, 5432, "pods", "")},
			Egress:  []Rule{{Rule: rule(t, "icmp", -1, -1, "10.0.0.0/16", "")}},
		},
	}
}

func (r *rig) resources() []resource.Resource {
	out := []resource.Resource{ekscluster.New(r.aws.EKS, r.aws.EC2, "prod")}
	for _, d := range r.groups {
		out = append(out, New(r.aws.EC2, d, r.prior[resource.ID{Kind: Kind, Name: d.Name}]))
	}
	return out
}

func (r *rig) options(enforce bool) resource.Options {
	return resource.Options{
		Enforce: enforce, Owner: "test/ns/name", Tags: map[string]string{"team": "payments"}, Prior: r.prior,
		Order: []string{ekscluster.Kind, Kind},
		Classify: func(err error) failure.Failure {
			return failure.Failure{Kind: failure.Transient, Message: err.Error()}
		},
	}
}

// run does one pass and remembers its result as status does.
func (r *rig) run(enforce bool) resource.Result {
	r.t.Helper()
	r.result = resource.Run(ctx, r.resources(), nil, r.options(enforce))
	for _, o := range r.result.Objects {
		r.prior[o.ID] = resource.Prior{ARN: o.ARN, Origin: o.Origin, Hash: o.Hash}
	}
	return r.result
}

// settle runs until nothing is left to do.
func (r *rig) settle() {
	r.t.Helper()
	for range 5 {
		r.run(true)
		if len(r.open()) == 0 {
			return
		}
	}
	for _, o := range r.result.All() {
		r.t.Logf("%+v failure %+v waiting %+v", *o, o.Failure, o.Waiting)
	}
	r.t.Fatalf("does not settle: %+v", r.open())
}

// open lists what is not as declared, or not settled.
func (r *rig) open() []drift.Difference {
	var out []drift.Difference
	for _, o := range r.result.All() {
		out = append(out, o.Drift...)
		out = append(out, o.Pending...)
		if !o.Settled() && len(o.Pending) == 0 {
			out = append(out, drift.Difference{Path: "unsettled " + o.ID.String()})
		}
	}
	return out
}

func (r *rig) writes() []string {
	var out []string
	for _, call := range r.sim.Calls() {
		if call.Write {
			out = append(out, call.Operation)
		}
	}
	return out
}

// id is the id of a declared group.
func (r *rig) id(name string) string {
	r.t.Helper()
	id := idOfARN(r.prior[resource.ID{Kind: Kind, Name: name}].ARN)
	if id == "" {
		r.t.Fatalf("group %s is not known: %+v", name, r.prior)
	}
	return id
}

// rules reads a group's rules as the operator sees them.
func (r *rig) rules(name string) observed.SecurityGroup {
	r.t.Helper()
	res := Leftover(r.aws.EC2, r.id(name), name)
	o, err := res.Observe(ctx, nil)
	if err != nil || !o.Exists {
		r.t.Fatalf("reading %s: %+v, %v", name, o, err)
	}
	return detailOf(o).group
}

// ruleID finds a rule by its key.
func (r *rig) ruleID(name, key string) string {
	r.t.Helper()
	g := r.rules(name)
	for _, rule := range slices.Concat(g.Ingress, g.Egress) {
		if canonical.RuleKey(rule) == key {
			return rule.ID
		}
	}
	r.t.Fatalf("%s has no rule %s: %+v", name, key, g)
	return ""
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) openIngress(name string, rules ...observed.Rule) {
	r.t.Helper()
	id := r.id(name)
	for _, rule := range rules {
		_, err := r.client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{permission(rule)}})
		r.must(err)
	}
}

func (r *rig) openEgress(name string, rule observed.Rule) {
	r.t.Helper()
	id := r.id(name)
	_, err := r.client.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &id, IpPermissions: []types.IpPermission{permission(rule)}})
	r.must(err)
}

func (r *rig) closeIngress(name, key string) {
	r.t.Helper()
	id := r.id(name)
	_, err := r.client.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, SecurityGroupRuleIds: []string{r.ruleID(name, key)}})
	r.must(err)
}

func (r *rig) closeEgress(name, key string) {
	r.t.Helper()
	id := r.id(name)
	_, err := r.client.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &id, SecurityGroupRuleIds: []string{r.ruleID(name, key)}})
	r.must(err)
}

func (r *rig) describeRule(name, key string, changed observed.Rule) {
	r.t.Helper()
	id, ruleID := r.id(name), r.ruleID(name, key)
	_, err := r.client.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{
		GroupId: &id, SecurityGroupRules: []types.SecurityGroupRuleUpdate{{SecurityGroupRuleId: &ruleID, SecurityGroupRule: request(changed)}},
	})
	r.must(err)
}

func asWaiting(err error, target **resource.Waiting) bool { return errors.As(err, target) }

func prefixList(cidrs ...string) *ec2.CreateManagedPrefixListInput {
	in := &ec2.CreateManagedPrefixListInput{PrefixListName: aws.String("list"), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(9)}
	for _, cidr := range cidrs {
		in.Entries = append(in.Entries, types.AddPrefixListEntry{Cidr: aws.String(cidr)})
	}
	return in
}
