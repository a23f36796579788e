// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

const (
	ownerTag  = "fargatesecurity.io/owner"
	originTag = "fargatesecurity.io/origin"
	execution = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
)

// life is the life of one profile, payments, from its creation to its deletion.
type life struct {
	*suite
	world *world
	// created is what AWS held after the creation, key the id of the KMS key.
	created state
	key     string
	// unrelatedMade counts what was made that no profile speaks of.
	unrelatedMade int
}

func (l *life) roleName() string { return l.world.Name + "-payments-fargate" }
func (l *life) logGroup() string { return "/aws/eks/" + l.world.Name + "/fargate/payments" }
func (l *life) alias() string    { return "alias/" + l.world.Name + "-payments" }

func (l *life) create(t *testing.T) {
	l.apply(t, l.manifest(l.world))
	p := l.waitReady(t, l.world, "payments")
	if p.Status.ProfileStatus != "Active" || *p.Status.DriftCount != 0 || p.Status.LastRepair != nil {
		t.Errorf("profile %q, drift %d, last repair %v: want Active, none, none", p.Status.ProfileStatus, *p.Status.DriftCount, p.Status.LastRepair)
	}
	var kinds []string
	for _, r := range p.Status.Resources {
		kinds = append(kinds, r.Kind+" "+string(r.Origin))
	}
	want := []string{"EKSCluster Referenced", "KMSKey Created", "LogGroup Created", "IAMRole Created", "SecurityGroup Created", "SecurityGroupPolicy Created", "FargateProfile Created"}
	if !slices.Equal(kinds, want) {
		t.Errorf("status.resources are %q, want %q", kinds, want)
	}
	for _, section := range v1alpha1.SectionConditions {
		if c := conditionOf(p, section); c.Status != metav1.ConditionTrue {
			t.Errorf("%s is %s: %s", section, c.Status, c.Message)
		}
	}
	l.created = l.awsState(t, l.world)
	l.checkCreated(t, l.created)
	l.checkColumns(t, "True", "False", "0", "Enforce")
	l.checkPolicy(t)
	said := strings.Fields(l.aws(t, "eks", "describe-fargate-profile", "--cluster-name", l.world.Name, "--fargate-profile-name", "payments",
		"--query", "fargateProfile.[status, podExecutionRoleArn]", "--output", "text"))
	if !slices.Equal(said, []string{"ACTIVE", "arn:aws:iam::" + account + ":role/" + l.roleName()}) {
		t.Errorf("the aws command says %q", said)
	}
	key, err := l.backend.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: aws.String(l.alias())})
	did(t, key, err)
	l.key = *key.KeyMetadata.KeyId
}

// checkColumns looks at `kubectl get fsp` and at the category.
func (l *life) checkColumns(t *testing.T, ready, drifted, drift, mode string) {
	t.Helper()
	columns, err := row(l.cluster.kubectl(t, "get", "fsp", "-n", l.world.Namespace))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"NAME": "payments", "CLUSTER": l.world.Name, "MODE": mode, "READY": ready, "DRIFTED": drifted, "DRIFT": drift} {
		if columns[name] != want {
			t.Errorf("kubectl get fsp: %s is %q, want %q", name, columns[name], want)
		}
	}
	if columns["POSTURE"] == "" || columns["AGE"] == "" {
		t.Errorf("kubectl get fsp: POSTURE or AGE is missing: %v", columns)
	}
	if all := l.cluster.kubectl(t, "get", "fargate", "-A", "-o", "name"); !strings.Contains(all, "payments") || !strings.Contains(all, "awsaccount") {
		t.Errorf("kubectl get fargate -A shows %q", all)
	}
}

// checkPolicy looks at the SecurityGroupPolicy.
func (l *life) checkPolicy(t *testing.T) {
	t.Helper()
	got := strings.TrimSpace(l.cluster.kubectl(t, "get", "securitygrouppolicies", "-n", l.world.Workload, "-o",
		"jsonpath={range .items[*]}{.spec.podSelector.matchLabels.tier} {.spec.securityGroups.groupIds[0]} {.metadata.annotations.fargatesecurity\\.io/owner}{end}"))
	want := fmt.Sprintf("backend %s %s/%s/payments", l.group(t, l.world, "payments-pods"), l.operatorID(t), l.world.Namespace)
	if got != want {
		t.Errorf("the SecurityGroupPolicies are %q, want %q", got, want)
	}
}

// tampering is what a person does by hand, and the drift that it must be.
type tampering struct {
	resource, path string
	do             func(l *life, t *testing.T) error
	// not names the divergence for which it cannot be done on moto.
	not string
}

var tamperings = []tampering{
	{"SecurityGroup/payments-pods", "ingress[tcp/22 0.0.0.0/0]", func(l *life, t *testing.T) error {
		_, err := l.backend.ec2.AuthorizeSecurityGroupIngress(background(), &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: aws.String(l.group(t, l.world, "payments-pods")), IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("0.0.0.0/0")})
		return err
	}, ""},
	{"IAMRole/prod-payments-fargate", "trustPolicy", func(l *life, _ *testing.T) error {
		_, err := l.backend.iam.UpdateAssumeRolePolicy(background(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(l.roleName()), PolicyDocument: aws.String(trustOf("ec2.amazonaws.com"))})
		return err
	}, ""},
	{"IAMRole/prod-payments-fargate", "managedPolicies[" + execution + "]", func(l *life, _ *testing.T) error {
		_, err := l.backend.iam.DetachRolePolicy(background(), &iam.DetachRolePolicyInput{RoleName: aws.String(l.roleName()), PolicyArn: aws.String(execution)})
		return err
	}, ""},
	{"IAMRole/prod-payments-fargate", "inlinePolicies[backdoor]", func(l *life, _ *testing.T) error {
		_, err := l.backend.iam.PutRolePolicy(background(), &iam.PutRolePolicyInput{RoleName: aws.String(l.roleName()), PolicyName: aws.String("backdoor"), PolicyDocument: aws.String(pullCache)})
		return err
	}, ""},
	{"IAMRole/prod-payments-fargate", "tags[team]", func(l *life, _ *testing.T) error {
		_, err := l.backend.iam.TagRole(background(), &iam.TagRoleInput{RoleName: aws.String(l.roleName()), Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("nobody")}}})
		return err
	}, ""},
	{"LogGroup//aws/eks/prod/fargate/payments", "retentionDays", func(l *life, _ *testing.T) error {
		_, err := l.backend.logs.PutRetentionPolicy(background(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(l.logGroup()), RetentionInDays: aws.Int32(1)})
		return err
	}, ""},
	{"LogGroup//aws/eks/prod/fargate/payments", "kmsKey", func(l *life, _ *testing.T) error {
		_, err := l.backend.logs.DisassociateKmsKey(background(), &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String(l.logGroup())})
		return err
	}, "key of a log group"},
	{"KMSKey/alias/prod-payments", "rotation", func(l *life, _ *testing.T) error {
		_, err := l.backend.kms.DisableKeyRotation(background(), &kms.DisableKeyRotationInput{KeyId: &l.key})
		return err
	}, ""},
	{"FargateProfile/payments", "tags[team]", func(l *life, t *testing.T) error {
		_, err := l.backend.eks.TagResource(background(), &eks.TagResourceInput{ResourceArn: aws.String(l.fargateProfileARN(t)), Tags: map[string]string{"team": "nobody"}})
		return err
	}, "tags of an existing Fargate profile"},
	{"SecurityGroupPolicy/pods-prod/team-prod.payments", "groupIDs", func(l *life, _ *testing.T) error {
		_, err := l.cluster.tryKubectl("", "patch", "securitygrouppolicy", "team-prod.payments", "-n", l.world.Workload, "--type=merge", "-p", `{"spec":{"securityGroups":{"groupIds":["sg-evil"]}}}`)
		return err
	}, ""},
}

func (l *life) fargateProfileARN(t *testing.T) string {
	t.Helper()
	out, err := l.backend.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &l.world.Name, FargateProfileName: aws.String("payments")})
	did(t, out, err)
	return *out.FargateProfile.FargateProfileArn
}

// tamper does everything that the backend can, and returns the drift that must show.
func (l *life) tamper(t *testing.T) []string {
	t.Helper()
	var want []string
	for _, one := range tamperings {
		if one.not != "" && l.allowFor(one.not) {
			continue
		}
		did(t, nil, one.do(l, t))
		want = append(want, one.resource+" "+one.path)
	}
	slices.Sort(want)
	return want
}

func driftOf(p *v1alpha1.FargateSecurityProfile) []string {
	var list []string
	for _, d := range p.Status.Drift {
		list = append(list, d.Resource+" "+d.Path)
	}
	slices.Sort(list)
	return list
}

func (l *life) observe(t *testing.T) {
	l.setMode(t, l.world, "payments", v1alpha1.ModeObserve)
	want := l.tamper(t)
	before, mark := l.awsState(t, l.world), l.proxy.mark()
	p := l.readNow(t, l.world, "payments")
	if got := driftOf(p); !slices.Equal(got, want) {
		t.Errorf("status.drift lists\n  %s\nwant exactly\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	if int(*p.Status.DriftCount) != len(want) {
		t.Errorf("driftCount is %d, want %d", *p.Status.DriftCount, len(want))
	}
	for _, d := range p.Status.Drift {
		if d.Action != "ReportOnly" || d.Severity == "" || d.FirstObservedTime.IsZero() || d.Desired == d.Observed {
			t.Errorf("the drift tells too little: %+v", d)
		}
	}
	l.checkColumns(t, "True", "True", fmt.Sprint(len(want)), "Observe")
	if w := l.proxy.writesSince(mark); len(w) > 0 {
		t.Errorf("mode Observe wrote to AWS: %q", w)
	}
	sameState(t, "mode Observe changed AWS", before, l.awsState(t, l.world))
}

func (l *life) enforce(t *testing.T) {
	observed := driftOf(l.profile(t, l.world, "payments"))
	l.setMode(t, l.world, "payments", v1alpha1.ModeEnforce)
	p := l.waitReady(t, l.world, "payments")
	if len(p.Status.Drift) > 0 || *p.Status.DriftCount != 0 || conditionOf(p, v1alpha1.DriftedCondition).Status != metav1.ConditionFalse {
		t.Errorf("Ready, but drift is left:\n%s", l.describe(l.world, "payments"))
	}
	var repaired []string
	for _, r := range p.Status.Repairs {
		repaired = append(repaired, r.Resource+" "+r.Path)
		if r.RepairedTime.IsZero() {
			t.Errorf("no time of repair: %+v", r)
		}
	}
	slices.Sort(repaired)
	if !slices.Equal(repaired, observed) {
		t.Errorf("status.repairs lists\n  %s\nwant what had drifted\n  %s", strings.Join(repaired, "\n  "), strings.Join(observed, "\n  "))
	}
	if last := p.Status.LastRepair; last == nil || int(last.Fields) != len(observed) || !strings.Contains(last.Message, "ingress[tcp/22 0.0.0.0/0]") {
		t.Errorf("lastRepair is %+v, want %d fields", last, len(observed))
	}
	sameState(t, "after the repair", l.created, l.awsState(t, l.world))
	l.checkPolicy(t)
	l.checkColumns(t, "True", "False", "0", "Enforce")
	l.untilEvents(t, "Normal Repaired", "Warning TrustPolicyChanged", "Normal AsDeclared", "Normal NoDrift")
}

// untilEvents waits for Events about the profile, which a person sees by kubectl.
func (l *life) untilEvents(t *testing.T, want ...string) {
	t.Helper()
	until(t, "waiting for Events", func() error {
		got := l.events(t)
		for _, event := range want {
			if _, ok := got[event]; !ok {
				return fmt.Errorf("there is no Event %q among %q", event, slices.Sorted(maps.Keys(got)))
			}
		}
		return nil
	}, l.operator.process)
	got := l.events(t)
	if !strings.HasPrefix(got["Warning TrustPolicyChanged"], "Drifted: ") {
		t.Errorf("the Event says %q, want it to say Drifted", got["Warning TrustPolicyChanged"])
	}
}

// events lists type and reason of the profile's Events, with their messages.
func (l *life) events(t *testing.T) map[string]string {
	t.Helper()
	var list struct {
		Items []struct{ Type, Reason, Message string }
	}
	must(json.Unmarshal([]byte(l.cluster.kubectl(t, "get", "events", "-n", l.world.Namespace, "--field-selector=involvedObject.name=payments", "-o", "json")), &list))
	events := map[string]string{}
	for _, e := range list.Items {
		events[e.Type+" "+e.Reason] = e.Message
	}
	return events
}

// silence: two more reads of what has not changed write nothing anywhere.
func (l *life) silence(t *testing.T) {
	before, events := l.profile(t, l.world, "payments"), len(l.events(t))
	counted, simWrites := l.scrapeCalls(t), l.simWrites(t)
	mark := l.proxy.mark()
	var p *v1alpha1.FargateSecurityProfile
	for range 2 {
		p = l.readNow(t, l.world, "payments")
	}
	before.Status.LastHandledReconcileRequest = p.Status.LastHandledReconcileRequest
	if !reflect.DeepEqual(before.Status, p.Status) {
		t.Errorf("status changed by more than the echo:\n%+v\nthen\n%+v", before.Status, p.Status)
	}
	if w := l.proxy.writesSince(mark); len(w) > 0 {
		t.Errorf("reading what has not changed wrote to AWS: %q", w)
	}
	if reads := len(l.proxy.since(mark)); reads < 2*5 {
		t.Errorf("two reads took only %d calls: they prove nothing", reads)
	}
	sameState(t, "after two reads", l.created, l.awsState(t, l.world))
	if after := len(l.events(t)); after != events {
		t.Errorf("there were %d Events, now there are %d", events, after)
	}
	for operation, n := range l.scrapeCalls(t) {
		if isWrite(operation) && counted[operation] != n {
			t.Errorf("fargatesec_aws_calls_total of %s went from %d to %d", operation, counted[operation], n)
		}
	}
	if after := l.simWrites(t); after != simWrites {
		t.Errorf("awssim counts %d writes of the operator, before it were %d", after, simWrites)
	}
}

func isWrite(operation string) bool {
	_, name, _ := strings.Cut(operation, ":")
	return !strings.HasPrefix(name, "Describe") && !strings.HasPrefix(name, "Get") && !strings.HasPrefix(name, "List")
}

// simWrites counts the operator's writes in awssim's own log; moto has none.
func (l *life) simWrites(t *testing.T) int {
	t.Helper()
	if l.backend.name != "awssim" {
		return 0
	}
	response, err := http.Get(l.backend.url + "/_awssim/calls")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var calls []struct {
		Write  bool
		Caller string
	}
	must(json.NewDecoder(response.Body).Decode(&calls))
	n := 0
	for _, c := range calls {
		if c.Write && strings.HasSuffix(c.Caller, ":user/operator") {
			n++
		}
	}
	if n == 0 {
		t.Error("awssim knows of no write of the operator: its log proves nothing")
	}
	return n
}

// scrapeCalls reads what the operator counted, as Prometheus does.
func (l *life) scrapeCalls(t *testing.T) map[string]int {
	t.Helper()
	return countedCalls(l.scraped(t))
}

// scraped are the operator's metrics.
func (l *life) scraped(t *testing.T) string {
	t.Helper()
	status, body, err := l.operator.scrape(l.scraper(t))
	if err != nil || status != http.StatusOK {
		t.Fatalf("scraping: %d %v %s", status, err, body)
	}
	return body
}

// scraper returns the token of a service account that may read metrics.
func (l *life) scraper(t *testing.T) string {
	t.Helper()
	if _, err := l.cluster.tryKubectl("", "get", "serviceaccount", "scraper"); err != nil {
		l.cluster.kubectl(t, "create", "serviceaccount", "scraper")
		l.cluster.kubectl(t, "create", "clusterrolebinding", "scraper", "--clusterrole="+metricsReader, "--serviceaccount=default:scraper")
	}
	return strings.TrimSpace(l.cluster.kubectl(t, "create", "token", "scraper"))
}

func (l *life) metrics(t *testing.T) {
	for name, refused := range map[string]struct {
		token  string
		status int
	}{
		"nobody":                           {"", http.StatusUnauthorized},
		"a service account without rights": {strings.TrimSpace(l.cluster.kubectl(t, "create", "token", "default")), http.StatusForbidden},
		// How controller-runtime words a token that the API server does not take (pkg/metrics/filters).
		"a made-up token": {"made-up", http.StatusInternalServerError},
	} {
		status, body, err := l.operator.scrape(refused.token)
		if err != nil || status != refused.status || strings.Contains(body, "fargatesec_") {
			t.Errorf("%s: metrics answer %d (%v), want %d", name, status, err, refused.status)
		}
	}
	status, body, err := l.operator.scrape(l.scraper(t))
	if err != nil || status != http.StatusOK {
		t.Fatalf("with the role metrics-reader: %d, %v", status, err)
	}
	for _, series := range []string{
		`fargatesec_aws_calls_total{code="",operation="CreateFargateProfile",service="EKS"}`, `fargatesec_aws_call_duration_seconds_count{service="KMS"}`,
		`fargatesec_passes_total{kind="FargateSecurityProfile",result="ready"}`, `fargatesec_passes_total{kind="FargateSecurityProfile",result="drifted"}`,
		`fargatesec_passes_total{kind="AWSAccount",result="ready"}`, `fargatesec_repaired_fields_total{kind="SecurityGroup",severity="Critical"} 1`,
		"leader_election_master_status", "controller_runtime_reconcile_total",
	} {
		if !strings.Contains(body, series) {
			t.Errorf("the metrics lack %s", series)
		}
	}
	for _, name := range []string{"payments", account, l.key} {
		for _, line := range strings.Split(body, "\n") {
			if strings.HasPrefix(line, "fargatesec_") && strings.Contains(line, name) {
				t.Errorf("a series carries a name, so that their number has no bound: %s", line)
			}
		}
	}
	if got, want := countedCalls(body), l.seenCalls(l.operator); !maps.Equal(got, want) {
		t.Errorf("fargatesec_aws_calls_total does not count what AWS was asked:\ncounted %v\nasked   %v", got, want)
	}
}

// otherNamespace: a profile that declares the same AWS objects elsewhere is told whose they are.
func (l *life) otherNamespace(t *testing.T) {
	other := *l.world
	other.Namespace = "team-other"
	l.cluster.kubectl(t, "create", "namespace", other.Namespace)
	l.cluster.kubectl(t, "label", "namespace", other.Namespace, "fargatesecurity.io/account-e2e=allowed")
	mark := l.proxy.mark()
	l.apply(t, l.manifest(&other))
	p := l.untilStalled(t, &other, "payments", v1alpha1.ReasonOwnedByOther)
	if message := conditionOf(p, v1alpha1.StalledCondition).Message; !strings.Contains(message, l.world.Namespace+"/payments") {
		t.Errorf("the owner is not named: %s", message)
	}
	l.deleteProfile(t, &other, "payments")
	if w := l.proxy.writesSince(mark); len(w) > 0 {
		t.Errorf("wrote to another one's objects: %q", w)
	}
	sameState(t, "the other's objects", l.created, l.awsState(t, l.world))
	if left := l.cluster.kubectl(t, "get", "securitygrouppolicies", "-n", l.world.Workload, "-o", "name"); strings.Count(left, "\n") != 1 {
		t.Errorf("SecurityGroupPolicies: %q", left)
	}
}

// denied: AWS refuses, with all that it tells in such a case; the action is named and nothing of it leaks.
func (l *life) denied(t *testing.T) {
	const id = "8c1e2f3a-1b2c-4d5e-8f90-a1b2c3d4e5f6"
	l.proxy.onCall(func(c call) (int, string) {
		if c.service != "logs" || c.operation != "DescribeLogGroups" {
			return 0, ""
		}
		return http.StatusBadRequest, `{"__type":"AccessDeniedException","requestId":"` + id + `","message":"User: arn:aws:sts::` + account +
			`:assumed-role/operator/session-4711 is not authorized to perform: logs:DescribeLogGroups (Request ID: ` + id + `)"}`
	})
	defer l.proxy.onCall(nil)
	p := l.readNow(t, l.world, "payments")
	ready := conditionOf(p, v1alpha1.ReadyCondition)
	if ready.Status != metav1.ConditionFalse || ready.Reason != "AccessDenied" || !strings.Contains(ready.Message, "logs:DescribeLogGroups") {
		t.Errorf("Ready is %s %s: %s; want AccessDenied, naming logs:DescribeLogGroups", ready.Status, ready.Reason, ready.Message)
	}
	text := l.cluster.kubectl(t, "get", "fsp", "payments", "-n", l.world.Namespace, "-o", "yaml")
	for _, secret := range []string{id, "session-4711"} {
		if strings.Contains(text, secret) {
			t.Errorf("status shows %s", secret)
		}
	}
	l.proxy.onCall(nil)
	l.readNow(t, l.world, "payments")
	l.waitReady(t, l.world, "payments")
}

// otherInstallation: an operator with another --operator-id, as one on another cluster, leaves everything alone.
func (l *life) otherInstallation(t *testing.T) {
	l.stopGracefully(t, l.operator)
	l.operator = l.startOperator(t, "--operator-id=another-installation")
	mark := l.operator.mark
	p := l.untilStalled(t, l.world, "payments", v1alpha1.ReasonOwnedByOther)
	if message := conditionOf(p, v1alpha1.StalledCondition).Message; !strings.Contains(message, l.operatorID(t)+"/"+l.world.Namespace+"/payments") {
		t.Errorf("the owner is not named: %s", message)
	}
	l.readNow(t, l.world, "payments")
	if w := l.proxy.writesSince(mark); len(w) > 0 {
		t.Errorf("wrote to another installation's objects: %q", w)
	}
	l.stopGracefully(t, l.operator)
	l.operator = l.startOperator(t)
	l.waitReady(t, l.world, "payments")
	if w := l.proxy.writesSince(mark); len(w) > 0 {
		t.Errorf("finding its own objects again took writes: %q", w)
	}
	sameState(t, "the objects", l.created, l.awsState(t, l.world))
}

// observeOnly: with --observe-only the mode Enforce reports drift and creations, and writes nothing.
func (l *life) observeOnly(t *testing.T) {
	l.stopGracefully(t, l.operator)
	want := l.tamper(t)
	before := l.awsState(t, l.world)
	l.operator = l.startOperator(t, "--observe-only")
	p := l.untilProfile(t, l.world, "payments", "the drift", func(p *v1alpha1.FargateSecurityProfile) error {
		if int(*p.Status.DriftCount) != len(want) {
			return errNotYet
		}
		return nil
	})
	if got := driftOf(p); !slices.Equal(got, want) {
		t.Errorf("status.drift lists\n  %s\nwant exactly\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	// Something new is not made, and its deletion deletes nothing.
	fresh := strings.NewReplacer("name: payments\n", "name: fresh\n", "payments-pods", "fresh-pods", "-payments,", "-fresh,").Replace(l.manifest(l.world))
	l.apply(t, fresh)
	l.untilProfile(t, l.world, "fresh", "the first read", func(p *v1alpha1.FargateSecurityProfile) error {
		if p.Status.DriftCount == nil || *p.Status.DriftCount < 5 {
			return errNotYet
		}
		return nil
	})
	l.deleteProfile(t, l.world, "fresh")
	if w := l.proxy.writesSince(l.operator.mark); len(w) > 0 {
		t.Errorf("--observe-only wrote to AWS: %q", w)
	}
	if len(l.proxy.since(l.operator.mark)) == 0 {
		t.Error("--observe-only read nothing: it proves nothing")
	}
	sameState(t, "--observe-only changed AWS", before, l.awsState(t, l.world))
	l.stopGracefully(t, l.operator)
	l.operator = l.startOperator(t)
	l.untilProfile(t, l.world, "payments", "the repair", func(p *v1alpha1.FargateSecurityProfile) error {
		if *p.Status.DriftCount != 0 || conditionOf(p, v1alpha1.ReadyCondition).Status != metav1.ConditionTrue {
			return errNotYet
		}
		return nil
	})
	sameState(t, "after the repair", l.created, l.awsState(t, l.world))
}

func (l *life) delete(t *testing.T) {
	l.deleteProfile(t, l.world, "payments")
	if left := l.cluster.kubectl(t, "get", "fsp,securitygrouppolicies", "-A", "-o", "name"); strings.TrimSpace(left) != "" {
		t.Errorf("left over in Kubernetes: %q", left)
	}
	b := l.backend
	_, err := b.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &l.world.Name, FargateProfileName: aws.String("payments")})
	wantCode(t, "the Fargate profile", err, "ResourceNotFoundException")
	_, err = b.iam.GetRole(background(), &iam.GetRoleInput{RoleName: aws.String(l.roleName())})
	wantCode(t, "the role", err, "NoSuchEntity")
	_, err = b.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: aws.String(l.alias())})
	wantCode(t, "the alias", err, "NotFoundException")
	groups, err := b.logs.DescribeLogGroups(background(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(l.logGroup())})
	did(t, groups, err)
	if len(groups.LogGroups) > 0 {
		t.Error("the log group is left over")
	}
	key, err := b.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: &l.key})
	did(t, key, err)
	if key.KeyMetadata.KeyState != "PendingDeletion" {
		t.Errorf("the key is %s, want PendingDeletion", key.KeyMetadata.KeyState)
	}
	if left := l.owned(t); len(left) > 0 && !slices.Equal(left, []string{*key.KeyMetadata.Arn}) {
		t.Errorf("these still carry our owner tag: %q", left)
	}
}

// owned lists everything that carries an owner tag, whoever's: what the Tagging API knows, and roles.
func (s *suite) owned(t *testing.T) []string {
	t.Helper()
	var arns []string
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(s.backend.tagging, &resourcegroupstaggingapi.GetResourcesInput{
		ResourceTypeFilters: []string{"kms:key", "logs:log-group", "ec2:security-group", "eks:fargateprofile"},
		TagFilters:          []tagtypes.TagFilter{{Key: aws.String(ownerTag)}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background())
		did(t, page, err)
		for _, r := range page.ResourceTagMappingList {
			arns = append(arns, aws.ToString(r.ResourceARN))
		}
	}
	roles := iam.NewListRolesPaginator(s.backend.iam, &iam.ListRolesInput{})
	for roles.HasMorePages() {
		page, err := roles.NextPage(background())
		did(t, page, err)
		for _, role := range page.Roles {
			tags, err := s.backend.iam.GetRole(background(), &iam.GetRoleInput{RoleName: role.RoleName})
			did(t, tags, err)
			if slices.ContainsFunc(tags.Role.Tags, func(tag iamtypes.Tag) bool { return *tag.Key == ownerTag }) {
				arns = append(arns, *role.Arn)
			}
		}
	}
	return arns
}
