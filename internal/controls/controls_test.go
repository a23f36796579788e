// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

var cases = slices.Concat(trustCases, permissionCases, networkCases, profileCases, keyCases)

func TestControls(t *testing.T) {
	byID := map[string]controls.Control{}
	for _, c := range controls.Catalogue() {
		byID[c.ID] = c
	}
	for _, row := range cases {
		t.Run(row.id+" "+row.name, func(t *testing.T) {
			c, ok := byID[row.id]
			if !ok {
				t.Fatal("no such control")
			}
			s := good()
			row.change(s)
			got, why := c.Evaluate(s)
			if got != row.want {
				t.Errorf("%s (%s), want %s", got, why, row.want)
			}
			if why == "" || len(why) > 400 || strings.Contains(why, "\n") {
				t.Errorf("the reason is no short text: %q", why)
			}
			if again, whyAgain := c.Evaluate(s); again != got || whyAgain != why {
				t.Errorf("not stable: %q, then %q", why, whyAgain)
			}
		})
	}
}

// TestEveryControlHasCases: one that passes, one that fails, one that cannot be judged or does not apply.
func TestEveryControlHasCases(t *testing.T) {
	have := map[string]map[controls.Result]bool{}
	for _, row := range cases {
		if have[row.id] == nil {
			have[row.id] = map[controls.Result]bool{}
		}
		have[row.id][row.want] = true
	}
	for _, c := range controls.Catalogue() {
		h := have[c.ID]
		if !h[passed] || !h[failed] || !(h[unknown] || h[na]) {
			t.Errorf("%s lacks a case: has %v", c.ID, h)
		}
	}
}

func TestCatalogueIsComplete(t *testing.T) {
	catalogue := controls.Catalogue()
	if len(catalogue) < 20 {
		t.Errorf("%d controls only", len(catalogue))
	}
	var ids []string
	for _, c := range catalogue {
		ids = append(ids, c.ID)
		if c.Title == "" || c.LooksAt == "" || c.Remediation == "" || len(c.References) == 0 || c.Evaluate == nil {
			t.Errorf("%s is incomplete", c.ID)
		}
		for _, sentence := range []string{c.LooksAt, c.Remediation} {
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: no sentence: %s", c.ID, sentence)
			}
		}
		if !strings.HasPrefix(c.ID, "FSO.") && !slices.Contains(c.References, c.ID) {
			t.Errorf("%s does not refer to the published control of its name", c.ID)
		}
		if !slices.Contains([]drift.Severity{drift.Critical, drift.High, drift.Medium, drift.Low}, c.Severity) {
			t.Errorf("%s has severity %q", c.ID, c.Severity)
		}
	}
	want := "CloudWatch.16 EC2.13 EC2.14 EC2.15 EC2.18 EC2.19 FSO.1 FSO.2 FSO.3 FSO.4 FSO.5 FSO.6 FSO.7 FSO.8 FSO.9 FSO.10 FSO.11 FSO.12 FSO.13 FSO.14 " +
		"FSO.15 FSO.16 FSO.17 FSO.18 FSO.19 FSO.20 FSO.21 FSO.22 FSO.23 FSO.24 FSO.25 FSO.26 KMS.3 KMS.4 KMS.5"
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("ids or order:\n%s\nwant\n%s", got, want)
	}
}

// publishedChecks are the published checks that a control may cite, by what they really judge: for Security Hub the page of
// its controls and the AWS Config rule behind each, for Prowler 5 the code of the check. A control is theirs alone.
var publishedChecks = map[string]string{
	"CloudWatch.16": "CloudWatch.16", // under 365 days fails, never passes: cw-loggroup-retention-period-check
	"prowler:cloudwatch_log_group_retention_policy_specific_days_enabled": "CloudWatch.16", // the same
	"prowler:cloudwatch_log_group_kms_encryption_enabled":                 "FSO.21",
	"EC2.13": "EC2.13", "EC2.14": "EC2.14", "EC2.15": "EC2.15", "EC2.18": "EC2.18",
	"EC2.19": "EC2.19", // Prowler's ..._to_high_risk_tcp_ports leaves out 22, 3389 and the databases
	"prowler:vpc_subnet_no_public_ip_by_default":                        "EC2.15",
	"prowler:ec2_securitygroup_allow_ingress_from_internet_to_any_port": "FSO.10", // 80 and 443 too
	"prowler:ec2_securitygroup_allow_wide_open_public_ipv4":             "FSO.26", // wider than /24, but not 0.0.0.0/0
	"IAM.1": "FSO.3", // * on *, of customer managed policies
	"prowler:iam_aws_attached_policy_no_administrative_privileges":      "FSO.3", // ..._administratoraccess_policy skips service roles
	"prowler:iam_customer_attached_policy_no_administrative_privileges": "FSO.3",
	"prowler:iam_inline_policy_no_administrative_privileges":            "FSO.3",
	"prowler:iam_inline_policy_allows_privilege_escalation":             "FSO.4",
	"prowler:iam_policy_allows_privilege_escalation":                    "FSO.4",
	"IAM.21": "FSO.5", // service:*, of customer managed policies
	"prowler:iam_role_cross_service_confused_deputy_prevention": "FSO.2", // trust policies of service roles, no key policies
	"KMS.3": "KMS.3",
	"KMS.4": "KMS.4", // on or off, no period
	"KMS.5": "KMS.5",
	"prowler:kms_cmk_not_deleted_unintentionally": "KMS.3",
	"prowler:kms_cmk_rotation_enabled":            "KMS.4",
	"prowler:kms_key_not_publicly_accessible":     "KMS.5",
}

// TestReferencesJudgeTheSame: a published check stands beside the control that asks what it asks, and nowhere else.
func TestReferencesJudgeTheSame(t *testing.T) {
	cited := map[string]bool{}
	for _, c := range controls.Catalogue() {
		for _, ref := range c.References {
			if strings.HasPrefix(ref, "https://") || strings.HasPrefix(ref, "CIS-") {
				continue
			}
			cited[ref] = true
			if publishedChecks[ref] != c.ID {
				t.Errorf("%s cites %s, which belongs to %q", c.ID, ref, publishedChecks[ref])
			}
		}
	}
	for ref, id := range publishedChecks {
		if !cited[ref] {
			t.Errorf("%s does not cite %s", id, ref)
		}
	}
}

// TestNothingIsKnownOfNothing: an empty state passes no control and fails none.
func TestNothingIsKnownOfNothing(t *testing.T) {
	for _, s := range []*observed.State{nil, {}} {
		want := controls.Posture{Unknown: len(controls.Catalogue())}
		if got := controls.Evaluate(controls.Catalogue(), s); !reflect.DeepEqual(got, want) {
			t.Errorf("Evaluate = %+v, want %+v", got, want)
		}
	}
	// Parts that are there but hold nothing: unreadable things may not pass.
	for _, c := range controls.Catalogue() {
		got, why := c.Evaluate(&observed.State{
			Cluster: &observed.Cluster{}, Subnets: []observed.Subnet{{}}, Role: &observed.Role{ManagedPolicies: []observed.ManagedPolicy{{}}},
			Key: &observed.Key{CustomerManaged: true, Symmetric: true}, FargateProfile: &observed.FargateProfile{}, LogGroup: &observed.LogGroup{},
		})
		// No selectors take no namespace, and a retention of 0 days is AWS's word for events that never expire.
		if got == passed && c.ID != "FSO.14" && c.ID != "CloudWatch.16" {
			t.Errorf("%s passes on empty parts: %s", c.ID, why)
		}
	}
}

func TestPosture(t *testing.T) {
	all := len(controls.Catalogue())
	s := good()
	if got := controls.Evaluate(controls.Catalogue(), s); got.Passed != all || got.Score != 100 || got.Failed != 0 || got.FailedControls != nil {
		t.Fatalf("the good state: %+v", got)
	}
	ingress("tcp 22 22 0.0.0.0/0")(s)
	s.Key.RotationEnabled = false
	s.LogGroup = nil
	got := controls.Evaluate(controls.Catalogue(), s)
	want := controls.Posture{
		Passed: all - 9, Failed: 5, Unknown: 3, Score: 100 * (all - 9) / (all - 4),
		FailedControls: []string{"EC2.13", "EC2.18", "EC2.19", "FSO.10", "KMS.4"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Evaluate = %+v, want %+v", got, want)
	}
	if got.Score == 100 {
		t.Error("a posture with failures has 100")
	}
}

func TestReasonsDoNotDependOnOrder(t *testing.T) {
	a, b := good(), good()
	ingress("tcp 22 22 0.0.0.0/0", "tcp 3306 3306 ::/0", "udp 53 53 0.0.0.0/0")(a)
	ingress("udp 53 53 0.0.0.0/0", "tcp 3306 3306 ::/0", "tcp 22 22 0.0.0.0/0")(b)
	slices.Reverse(b.Subnets)
	for _, c := range controls.Catalogue() {
		_, whyA := c.Evaluate(a)
		_, whyB := c.Evaluate(b)
		if whyA != whyB {
			t.Errorf("%s: %q and %q", c.ID, whyA, whyB)
		}
	}
}

func TestForIngressRule(t *testing.T) {
	for _, row := range []struct {
		rule string
		want drift.Severity
		refs string
	}{
		{"tcp 22 22 0.0.0.0/0", drift.Critical, "EC2.13 EC2.18 CIS-5.4"},
		{"tcp 22 22 ::/0", drift.Critical, "EC2.13 EC2.18 CIS-5.4"},
		{"tcp 3389 3389 0.0.0.0/0", drift.Critical, "EC2.14 EC2.18 CIS-5.4"},
		{"-1 0 0 0.0.0.0/0", drift.Critical, "EC2.13 EC2.14 EC2.18 EC2.19 CIS-5.4"},
		{"tcp 0 65535 0.0.0.0/0", drift.Critical, "EC2.13 EC2.14 EC2.18 EC2.19 CIS-5.4"},
		{"tcp 20 25 0.0.0.0/0", drift.Critical, "EC2.13 EC2.18 EC2.19 CIS-5.4"},
		{"tcp 5432 5432 0.0.0.0/0", drift.Critical, "EC2.18 EC2.19 CIS-5.4"},
		{"tcp 9090 9090 0.0.0.0/0", drift.High, "EC2.18 CIS-5.4"},
		{"udp 53 53 ::/0", drift.High, "EC2.18 CIS-5.4"},
		{"icmp -1 -1 0.0.0.0/0", drift.High, "EC2.18 CIS-5.4"},
		{"tcp 443 443 0.0.0.0/0", drift.High, "CIS-5.4"},
		{"tcp 22 22 pl-1 0.0.0.0/1 128.0.0.0/1", drift.Critical, "EC2.13 EC2.18 CIS-5.4"},
		{"tcp 22 22 pl-1", drift.High, "CIS-5.4"},
		{"tcp 22 22 0.0.0.0/1", drift.High, "CIS-5.4"},
		{"tcp 22 22 2000::/3", drift.High, "CIS-5.4"},
		{"tcp 22 22 pl-1 10.0.0.0/8", drift.Medium, ""},
		{"tcp 22 22 203.0.113.0/24", drift.Medium, ""},
		{"tcp 22 22 10.0.0.0/8", drift.Medium, ""},
		{"tcp 22 22 fd00::/8", drift.Medium, ""},
		{"-1 0 0 sg-1", drift.Medium, ""},
	} {
		severity, refs := controls.ForIngressRule(rule(row.rule))
		if severity != row.want || strings.Join(refs, " ") != row.refs {
			t.Errorf("%s: %s %v, want %s [%s]", row.rule, severity, refs, row.want, row.refs)
		}
	}
}

func TestOverlaps(t *testing.T) {
	sel := func(namespace string, labels ...string) observed.Selector {
		s := observed.Selector{Namespace: namespace, Labels: map[string]string{}}
		for i := 0; i < len(labels); i += 2 {
			s.Labels[labels[i]] = labels[i+1]
		}
		return s
	}
	for _, row := range []struct {
		name string
		a, b observed.Selector
		want bool
	}{
		{"same", sel("a"), sel("a"), true},
		{"other namespace", sel("a"), sel("b"), false},
		{"prefix is no match", sel("team"), sel("team-a"), false},
		{"wildcard", sel("team-*"), sel("team-a"), true},
		{"two wildcards", sel("team-*"), sel("*-a"), true},
		{"wildcards apart", sel("team-*"), sel("prod-*"), false},
		{"question mark", sel("a?"), sel("ab"), true},
		{"question mark too short", sel("a?"), sel("a"), false},
		{"label on one side", sel("a", "x", "1"), sel("a"), true},
		{"other labels", sel("a", "x", "1"), sel("a", "y", "2"), true},
		{"same label", sel("a", "x", "1"), sel("a", "x", "1"), true},
		{"label values apart", sel("a", "x", "1"), sel("a", "x", "2"), false},
		{"label values meet", sel("a", "x", "1*"), sel("a", "x", "*2"), true},
		{"one label of two apart", sel("a", "x", "1", "y", "1"), sel("a", "x", "1", "y", "2"), false},
		{"wildcard key", sel("a", "x*", "1"), sel("a", "x*", "2"), true},
		{"labels cannot join namespaces", sel("a", "x", "1"), sel("b", "x", "1"), false},
	} {
		if got := controls.Overlaps(row.a, row.b); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
		if got := controls.Overlaps(row.b, row.a); got != row.want {
			t.Errorf("%s, turned round: %v", row.name, got)
		}
	}
}

func TestOverlapWarningNamesTheWinner(t *testing.T) {
	p := observed.FargateProfile{Name: "m", Selectors: []observed.Selector{{Namespace: "a"}}}
	other := func(name, status string) observed.FargateProfile {
		return observed.FargateProfile{Name: name, Status: status, Selectors: []observed.Selector{{Namespace: "*"}}}
	}
	for want, others := range map[string][]observed.FargateProfile{
		"": {other("m", "ACTIVE"), other("b", "DELETING"), other("c", "CREATE_FAILED")},
		"the selectors overlap with those of z: EKS gives pods that several match to m, whose name comes first":    {other("z", "ACTIVE")},
		"the selectors overlap with those of c, z: EKS gives pods that several match to c, whose name comes first": {other("z", "ACTIVE"), other("c", "CREATING")},
		"the selectors overlap with those of A: EKS gives pods that several match to A, whose name comes first":    {other("A", "ACTIVE")},
	} {
		if got := controls.OverlapWarning(p, others); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
