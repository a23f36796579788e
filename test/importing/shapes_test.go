// SPDX-License-Identifier: Apache-2.0

package importing_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

const (
	timeForRoles    = time.Minute
	timeForProfiles = 10 * time.Minute
)

// shape is an estate that was picked by hand, and what the manifests must say of it.
type shape struct {
	name string
	make func(*world)
	want []string
	not  []string
}

// defaultRole is the role that the operator would make for a profile of the cluster prod, as it would make it.
func (w *world) defaultRole(profile string) string {
	return w.role(role{name: "prod-" + profile + "-fargate", trust: ownTrust("prod"), managed: []string{executionPolicy}})
}

var shapes = []shape{
	{"what the operator would make is nothing but selectors and subnets", func(w *world) {
		w.profile(profile{name: "payments", role: w.defaultRole("payments"), selectors: []ekstypes.FargateProfileSelector{selector("payments", "tier", "backend")}})
	}, []string{"mode: Observe", "adoptionPolicy: Adopt", "deletionPolicy: Retain", "name: payments\n", "tier: backend"},
		[]string{"existingARN", "podExecutionRole:", "managedPolicyARNs", "inlinePolicies", "status:", "creationTimestamp"}},
	{"role with path, boundary, policies and odd JSON", func(w *world) {
		w.profile(profile{name: "payments", selectors: []ekstypes.FargateProfileSelector{selector("payments")}, role: w.role(role{
			name: "pods+=,.@_-x", path: "/team/fargate/", trust: ownTrust("prod"), boundary: readOnly, managed: []string{readOnly, executionPolicy},
			inline: map[string]string{"odd": oddJSON, "pull": pullCache, "big": bigPolicy()}, tags: map[string]string{"elbv2.k8s.aws/cluster": "prod", "team": "x"},
		})})
	}, []string{"name: pods+=,.@_-x", "permissionsBoundaryARN: " + readOnly, "- " + readOnly, "name: odd", "name: pull", "name: big"}, []string{"existingARN"}},
	{"no managed policy is an empty list", func(w *world) {
		w.profile(profile{name: "payments", selectors: []ekstypes.FargateProfileSelector{selector("payments")}, role: w.role(role{name: "bare", trust: ownTrust("prod")})})
	}, []string{"managedPolicyARNs: []"}, []string{"existingARN"}},
	{"a trust of several statements is not the operator's", func(w *world) {
		w.profile(profile{name: "payments", selectors: []ekstypes.FargateProfileSelector{selector("payments")}, role: w.role(role{name: "wide", trust: twoTrust, managed: []string{executionPolicy}})})
	}, []string{"existingARN: arn:aws:iam::111122223333:role/wide", "trustPolicy"}, []string{"managedPolicyARNs"}},
	{"a role of two profiles is nobody's", func(w *world) {
		arn := w.defaultRole("a")
		w.profile(profile{name: "a", role: arn, selectors: []ekstypes.FargateProfileSelector{selector("a")}})
		w.profile(profile{name: "b", role: arn, selectors: []ekstypes.FargateProfileSelector{selector("b")}})
	}, []string{"2 Fargate profiles use it"}, []string{"managedPolicyARNs"}},
	{"an inline policy with the name that the operator reserves", func(w *world) {
		w.profile(profile{name: "payments", selectors: []ekstypes.FargateProfileSelector{selector("payments")}, role: w.role(role{
			name: "service", path: "/service-role/", trust: ownTrust("prod"), inline: map[string]string{"fargate-logging": pullCache}})})
	}, []string{"existingARN: arn:aws:iam::111122223333:role/service-role/service", "inlinePolicies[fargate-logging]"}, nil},
	{"names that are none in Kubernetes", func(w *world) {
		for n, name := range []string{"Pay_Ments", "pay-ments", "9", strings.Repeat("Long_", 20)} {
			w.profile(profile{name: name, role: w.role(role{name: fmt.Sprintf("r%d", n), trust: ownTrust("prod"), managed: []string{executionPolicy}}),
				selectors: []ekstypes.FargateProfileSelector{selector(fmt.Sprintf("ns-%d", n))}})
		}
		w.profile(profile{cluster: second, name: "9", role: w.role(role{name: "other", trust: ownTrust(second)}), selectors: []ekstypes.FargateProfileSelector{selector("x")}})
	}, []string{"name: pay-ments\n", "name: prod-pay-ments\n", "name: Pay_Ments\n", "name: stage-9\n"}, []string{"existingARN"}},
	{"selectors with wildcards and labels", func(w *world) {
		w.profile(profile{name: "many", role: w.defaultRole("many"), subnets: []string{"subnet-0a"}, selectors: []ekstypes.FargateProfileSelector{
			selector("team-*", "app.kubernetes.io/name", "web-?", "x", ""), selector("*-batch"), selector("a", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5"),
		}, tags: map[string]string{"owner": "Team X"}})
	}, []string{"namespace: team-*", "namespace: '*-batch'", "app.kubernetes.io/name: web-?"}, nil},
	{"a profile that could not be created", func(w *world) {
		w.profile(profile{name: "broken", role: w.defaultRole("broken"), selectors: []ekstypes.FargateProfileSelector{selector("broken")}, fails: true})
	}, []string{"CREATE_FAILED"}, nil},
	{"log group and key as the operator would make them", func(w *world) {
		group := "/aws/eks/prod/fargate/payments"
		arn := w.key(key{aliases: []string{"alias/payments"}, policy: keyPolicy(group, decrypt), rotates: true})
		w.logGroup(logGroup{name: group, retention: 90, key: arn, tags: map[string]string{"team": "x"}})
		w.profile(profile{name: "payments", selectors: []ekstypes.FargateProfileSelector{selector("payments")}, role: w.role(role{
			name: "prod-payments-fargate", trust: ownTrust("prod"), managed: []string{executionPolicy}, inline: map[string]string{"fargate-logging": loggingPolicy(group)}})})
	}, []string{"retentionDays: 90", "alias: alias/payments", "Auditors", "rotationPeriodDays: 365"}, []string{"keyARN", "existingARN", "fargate-logging", group("payments")}},
	{"log group of another name and class, with a key for all groups", func(w *world) {
		arn := w.key(key{aliases: []string{"alias/logs", "alias/again"}, policy: wideKeyPolicy})
		w.logGroup(logGroup{name: "/team/logs#1", key: arn, class: "INFREQUENT_ACCESS"})
		w.logGroup(logGroup{name: group("payments")})
		w.profile(profile{name: "payments", selectors: []ekstypes.FargateProfileSelector{selector("payments")}, role: w.role(role{
			name: "plain", trust: plainTrust, inline: map[string]string{"logs": loggingPolicy("/team/logs#1")}})})
	}, []string{"log group /team/logs#1 is left out", "existingARN"}, nil},
	{"encrypted log group of the default name, a key without alias", func(w *world) {
		w.logGroup(logGroup{name: group("payments"), key: w.key(key{policy: wideKeyPolicy})})
		w.profile(profile{name: "payments", selectors: []ekstypes.FargateProfileSelector{selector("payments")}, role: w.role(role{name: "plain", trust: plainTrust})})
	}, []string{"keyARN: arn:aws:kms:", "it has no alias", "logging: {}"}, []string{"retentionDays"}},
	{"groups with every kind of rule", func(w *world) {
		w.workload = "prod"
		list, err := w.aws.EC2.(interface {
			CreateManagedPrefixList(c context.Context, in *ec2.CreateManagedPrefixListInput, o ...func(*ec2.Options)) (*ec2.CreateManagedPrefixListOutput, error)
		}).CreateManagedPrefixList(w.ctx, &ec2.CreateManagedPrefixListInput{PrefixListName: aws.String("offices"), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(2),
			Entries: []ec2types.AddPrefixListEntry{{Cidr: aws.String("192.0.2.0/24")}}})
		must(err)
		elsewhere := w.group("elsewhere", "not of a pod", nil, nil)
		web := w.group("web (pods)", "for the web", []ec2types.IpPermission{
			from("tcp", 8443, 8443, "10.0.0.0/16", "mesh"), from("udp", 0, 65535, "2001:db8::/32", ""), from("icmp", 8, -1, "10.0.0.0/8", ""),
			from("icmpv6", -1, -1, "fd00::/8", ""), from("50", -1, -1, "10.1.0.0/16", ""), from("-1", 0, 0, elsewhere, "all of it"),
			from("tcp", 22, 22, aws.ToString(list.PrefixList.PrefixListId), "offices"),
		}, nil)
		db := w.group("db", "db", []ec2types.IpPermission{from("tcp", 5432, 5432, web, "")}, []ec2types.IpPermission{})
		w.open(db, from("tcp", 5433, 5433, db, "itself"))
		w.policy("of-people", allPods, web, db, w.clusterGroup("prod"))
		w.profile(profile{name: "payments", role: w.defaultRole("payments"), selectors: []ekstypes.FargateProfileSelector{selector(w.pods)}})
	}, []string{"name: web (pods)", "description: for the web", "securityGroupName: db", "securityGroupName: web (pods)", "prefixListID: pl-", "cidr: 2001:db8::/32", "protocol: \"50\"", "securityGroupID: sg-",
		"podSecurityGroups is left out", "description: all of it"}, []string{"description: db"}},
	{"policy with the operator's name, group open to the world, default group", func(w *world) {
		w.workload = "prod"
		closed := w.group("closed", "closed", nil, nil)
		open := w.group("open", "open", []ec2types.IpPermission{from("tcp", 22, 22, "0.0.0.0/0", "")}, nil)
		w.policy(w.ns+".payments", allPods, closed, w.clusterGroup("prod"))
		w.policy("other", map[string]any{"serviceAccountSelector": map[string]any{}}, open, "sg-0gone")
		w.profile(profile{name: "payments", role: w.defaultRole("payments"), selectors: []ekstypes.FargateProfileSelector{selector(w.pods[:5] + "*")}})
	}, []string{"podSecurityGroups:", "podSelector:", "security group open (sg-", "0.0.0.0/0", "sg-0gone is left out"}, []string{"name: open"}},
	{"groups that two profiles share", func(w *world) {
		w.workload = "prod"
		shared := w.group("shared", "shared", nil, nil)
		w.policy("both", allPods, shared)
		w.profile(profile{name: "a", role: w.defaultRole("a"), selectors: []ekstypes.FargateProfileSelector{selector(w.pods, "tier", "a")}})
		w.profile(profile{name: "b", role: w.defaultRole("b"), selectors: []ekstypes.FargateProfileSelector{selector(w.pods, "tier", "b")}})
	}, []string{"is declared by FargateSecurityProfile a already"}, nil},
	{"what somebody else's operator looks after", func(w *world) {
		w.profile(profile{name: "theirs", role: w.defaultRole("theirs"), selectors: []ekstypes.FargateProfileSelector{selector("x")}, tags: map[string]string{"fargatesecurity.io/owner": "op-9/team/theirs"}})
		w.profile(profile{name: "mine", selectors: []ekstypes.FargateProfileSelector{selector("y")}, role: w.role(role{
			name: "mine", trust: ownTrust("prod"), managed: []string{executionPolicy}, tags: map[string]string{"fargatesecurity.io/owner": "op-9/team/mine"}})})
	}, []string{"It is looked after already", "existingARN"}, []string{"name: theirs"}},
}

func group(profile string) string { return "/aws/eks/prod/fargate/" + profile }

// TestWhatWasPickedByHandComesBack: every hard shape, there and back.
func TestWhatWasPickedByHandComesBack(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			w, end := newWorld(t)
			defer end()
			s.make(w)
			w.roundTrip()
			objects, flat := withoutComments(w.printed), strings.Join(strings.Fields(strings.ReplaceAll(w.printed, "\n#  ", "")), " ")
			for _, want := range s.want {
				if !strings.Contains(w.printed, want) && !strings.Contains(flat, want) {
					t.Errorf("the manifests do not hold %q:\n%s", want, w.printed)
				}
			}
			for _, not := range s.not {
				if strings.Contains(objects, not) {
					t.Errorf("the manifests hold %q:\n%s", not, w.printed)
				}
			}
		})
	}
}

func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}
