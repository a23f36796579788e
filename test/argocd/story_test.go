// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
)

func compareText(a, b string) int { return cmp.Compare(a, b) }

// kindNames are the kinds that Argo CD is told of.
func kindNames() []string {
	list := []string{"AWSAccount"}
	for _, kind := range kinds.All {
		list = append(list, kind.Name)
	}
	return list
}

// story is what happens to a few objects, with the states that are worth keeping.
type story struct {
	*world
	books map[string]*book
	// git is what Git has of the objects now.
	git map[string]*unstructured.Unstructured
	// evaluated counts the states that Flux's expressions were asked about.
	evaluated int
}

// sync has Argo CD apply what Git has, and the operator does not look yet.
func (s *story) sync(manifest *unstructured.Unstructured) {
	s.t.Helper()
	s.git[manifest.GetKind()+"/"+manifest.GetName()] = manifest
	s.apply(manifest)
}

// keep checks the health of an object as the API server has it, and that it is in sync with Git, and writes it down.
func (s *story) keep(name string, manifest *unstructured.Unstructured, status string, words ...string) {
	s.t.Helper()
	live := s.read(manifest)
	if live == nil {
		s.t.Fatalf("%s: %s is gone", name, manifest.GetName())
	}
	got := healthOf(s.t, live)
	if got.Status != status || slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(got.Message, word) }) {
		s.t.Errorf("%s: %+v, want %s with %q", name, got, status, words)
	}
	s.books[manifest.GetKind()].state(name, live, got)
	s.inSync(name, s.git[manifest.GetKind()+"/"+manifest.GetName()])
	s.expressions(name, live, got)
}

// actions writes down which actions fit an object, which must be those, and what they make of it.
func (s *story) actions(name string, manifest *unstructured.Unstructured, fit ...string) {
	s.t.Helper()
	live, b := s.read(manifest), s.books[manifest.GetKind()]
	found := discover(s.t, live)
	var names []string
	for _, a := range found {
		names = append(names, a.Name)
		if a.Disabled {
			s.t.Errorf("%s: action %s is shown and cannot be used", name, a.Name)
		}
	}
	if !slices.Equal(names, fit) {
		s.t.Errorf("%s: the actions are %q, want %q", name, names, fit)
	}
	b.discovery(name, live, found)
	for _, action := range names {
		b.action(action, name, act(s.t, live, action))
	}
}

// TestStory: what Argo CD shows of an account and its profiles, from the first apply to the end. Nothing that the API server or
// the operator writes on the way makes an object OutOfSync.
func TestStory(t *testing.T) {
	s := &story{world: newWorld(t), books: map[string]*book{}, git: map[string]*unstructured.Unstructured{}}
	for _, kind := range kindNames() {
		s.books[kind] = newBook(kind)
	}
	s.namespaces()
	account, payments := s.account("prod-eu"), sample(t, "v1alpha1_fargatesecurityprofile.yaml")
	s.accountBegins(account)
	s.profileBegins(payments)
	s.profileDrifts(payments)
	s.somebodyElses()
	s.end(account, payments)
	for _, b := range s.books {
		b.close(t)
	}
	if s.evaluated == 0 {
		t.Error("no expression of docs/gitops.md was asked: it proves nothing")
	}
}

func (s *story) accountBegins(account *unstructured.Unstructured) {
	s.t.Helper()
	s.sync(account)
	s.keep("progressing_new", account, "Progressing", "Waiting for the operator")
	s.sim.Fail("sts:GetCallerIdentity", "ServiceUnavailable", "try again", 503, 1)
	s.pass(account)
	s.keep("progressing_unreachable", account, "Progressing")
	s.until(account, "Healthy")
	s.keep("healthy", account, "Healthy", "account 111122223333 in eu-west-1 is reached")
	s.actions("healthy", account, "reconcile")

	wrong := with(s.t, s.account("prod-us"), "444455556666", "spec", "accountID")
	s.sync(wrong)
	s.until(wrong, "Degraded")
	s.keep("degraded_other_account", wrong, "Degraded", "444455556666", "111122223333")
	must(kube.Delete(s.ctx, wrong.DeepCopy()))
	s.gone(wrong)
}

func (s *story) profileBegins(payments *unstructured.Unstructured) {
	s.t.Helper()
	s.sync(payments)
	s.keep("progressing_new", payments, "Progressing", "Waiting for the operator")
	s.pass(payments)
	s.pass(payments)
	s.keep("progressing_creating", payments, "Progressing")
	s.until(payments, "Healthy")
	s.keep("healthy", payments, "Healthy", "everything is as declared")
	s.actions("enforce", payments, "observe", "reconcile", "suspend")

	s.sync(with(s.t, payments, int64(180), "spec", "logging", "logGroup", "retentionDays"))
	s.keep("progressing_edited", payments, "Progressing", "Waiting for the operator")
	s.until(payments, "Healthy")
	s.sync(payments)
	s.until(payments, "Healthy")
}

// tamper opens a port to the world, and another to a peer, and cuts the retention.
func (s *story) tamper() {
	s.t.Helper()
	groups, err := s.aws.EC2.DescribeSecurityGroups(s.ctx, &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"payments-pods"}}}})
	must(err)
	for _, opened := range []struct {
		port int32
		cidr string
	}{{22, "0.0.0.0/0"}, {8080, "10.9.0.0/16"}} {
		_, err = s.aws.EC2.AuthorizeSecurityGroupIngress(s.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: groups.SecurityGroups[0].GroupId,
			IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: &opened.port, ToPort: &opened.port, IpRanges: []ec2types.IpRange{{CidrIp: &opened.cidr}}}}})
		must(err)
	}
	_, err = s.aws.Logs.PutRetentionPolicy(s.ctx, &cloudwatchlogs.PutRetentionPolicyInput{
		LogGroupName: aws.String("/aws/eks/prod/fargate/payments"), RetentionInDays: aws.Int32(1)})
	must(err)
	s.clock.Advance(10 * time.Minute) // longer than a read is good for
}

const worst = "SecurityGroup/payments-pods ingress[tcp/22 0.0.0.0/0]"

func (s *story) profileDrifts(payments *unstructured.Unstructured) {
	s.t.Helper()
	observe := with(s.t, payments, "Observe", "spec", "mode")
	s.sync(observe)
	s.until(observe, "Healthy")
	s.keep("healthy_observed", observe, "Healthy", "mode Observe writes nothing")
	s.actions("observe", observe, "enforce", "reconcile", "suspend")
	s.tamper()
	s.until(observe, "Degraded")
	s.keep("degraded_drift", observe, "Degraded", "3 fields differ: "+worst)

	s.sim.Deny("logs:DescribeLogGroups") // until only a person can help, with the drift as it was known
	for range maxPasses {
		s.pass(observe)
		if strings.Contains(healthOf(s.t, s.read(observe)).Message, "logs:DescribeLogGroups") {
			break
		}
	}
	s.keep("degraded_stalled_and_drifted", observe, "Degraded", "logs:DescribeLogGroups")
	s.sim.Allow("logs:DescribeLogGroups")

	suspend := with(s.t, payments, "Suspend", "spec", "mode")
	s.sync(suspend)
	s.until(suspend, "Suspended")
	s.keep("suspended", suspend, "Suspended", "AWS is neither read nor written")
	s.actions("suspend", suspend, "enforce", "observe")

	s.start(true) // an operator that only observes, whatever is declared
	s.sync(payments)
	s.until(payments, "Degraded")
	s.keep("degraded_drift_observe_only", payments, "Degraded", worst)
	s.start(false)

	report := payments.DeepCopy()
	groups, _, err := unstructured.NestedSlice(report.Object, "spec", "securityGroups")
	must(err)
	groups[0].(map[string]any)["unlistedRules"] = "Report"
	s.sync(with(s.t, report, groups, "spec", "securityGroups"))
	s.until(report, "Degraded")
	s.keep("degraded_reported", report, "Degraded", "1 field differs: SecurityGroup/payments-pods ingress[tcp/8080 10.9.0.0/16]")
	s.sync(payments)
	s.until(payments, "Healthy")
}

// somebodyElses: a role of that name exists and is not ours.
func (s *story) somebodyElses() {
	s.t.Helper()
	ledger := manifests(s.t, []byte(short))[0]
	_, err := s.aws.IAM.CreateRole(s.ctx, &iam.CreateRoleInput{RoleName: aws.String("ledger-fargate"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	must(err)
	s.sync(ledger)
	s.until(ledger, "Degraded")
	s.keep("degraded_stalled", ledger, "Degraded", "IAMRole/ledger-fargate")
	must(kube.Delete(s.ctx, ledger.DeepCopy()))
	s.gone(ledger)
}

// short is a profile that leaves out what has a default.
const short = `
apiVersion: fargatesecurity.io/v1alpha1
kind: FargateSecurityProfile
metadata: {name: ledger, namespace: platform}
spec:
  accountRef: {name: prod-eu}
  clusterName: prod
  fargateProfile:
    selectors: [{namespace: ledger}]
    subnetIDs: [subnet-0b, subnet-0a]
  podExecutionRole: {name: ledger-fargate}
  securityGroups:
  - {name: ledger-pods, egress: [{protocol: "-1", cidr: 10.0.0.0/8}]}
  - {name: ledger-extra, ingress: [{protocol: udp, fromPort: 53, toPort: 53, securityGroupName: ledger-pods}, {protocol: tcp, fromPort: 443, toPort: 443, cidr: 10.0.0.0/16}]}
`

func (s *story) end(account, payments *unstructured.Unstructured) {
	s.t.Helper()
	must(kube.Delete(s.ctx, account.DeepCopy()))
	s.pass(account)
	s.keep("progressing_in_use", account, "Progressing", "held by "+v1alpha1.Finalizer, "such as platform/payments")
	s.actions("deleting", account, "reconcile")
	must(kube.Delete(s.ctx, payments.DeepCopy()))
	s.keep("progressing_deletion_asked_for", payments, "Progressing", "Being deleted, held by "+v1alpha1.Finalizer)
	s.actions("deleting", payments, "reconcile")
	s.pass(payments)
	s.keep("progressing_deleting", payments, "Progressing", "Being deleted, held by "+v1alpha1.Finalizer+": ", "FargateProfile/payments")
	s.gone(payments)
	s.gone(account)
}
