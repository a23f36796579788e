// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole/policytext"
)

const (
	podExecution = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	admin        = "arn:aws:iam::aws:policy/AdministratorAccess"
	readOnly     = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	boundary     = "arn:aws:iam::111122223333:policy/fargate-boundary"
	pullCache    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}`
	everything   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
)

var scope = awsapi.Scope{Partition: "aws", AccountID: "111122223333", Region: "eu-west-1"}

func declared() Desired {
	return Desired{
		Name:                   "payments-fargate",
		TrustPolicy:            TrustPolicy(scope, "prod"),
		ManagedPolicyARNs:      []string{podExecution},
		InlinePolicies:         map[string]string{"pull-cache": pullCache, "logging": LoggingPolicy(scope, "/aws/eks/prod/fargate/payments")},
		PermissionsBoundaryARN: boundary,
		RemoveUnlisted:         true,
		ClusterName:            "prod",
	}
}

// asDeclared is the role that IAM shows when everything is as declared.
func asDeclared() observed.Role {
	d := declared()
	return observed.Role{
		Name:                d.Name,
		TrustPolicy:         d.TrustPolicy,
		PermissionsBoundary: boundary,
		ManagedPolicies:     []observed.ManagedPolicy{{ARN: podExecution}},
		InlinePolicies:      map[string]string{"pull-cache": pullCache, "logging": LoggingPolicy(scope, "/aws/eks/prod/fargate/payments")},
	}
}

func TestDiffIsEmptyForEverySpelling(t *testing.T) {
	spellings := map[string]func(d *Desired, role *observed.Role){
		"as declared": func(*Desired, *observed.Role) {},
		"trust with strings instead of lists": func(_ *Desired, role *observed.Role) {
			role.TrustPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},` +
				`"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"}}}}`
		},
		"trust with lists instead of strings": func(_ *Desired, role *observed.Role) {
			role.TrustPolicy = `{"Statement":[{"Condition":{"ArnLike":{"AWS:sourcearn":["arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"]}},` +
				`"Action":["STS:assumerole"],"Principal":{"Service":["eks-fargate-pods.amazonaws.com"]},"Effect":"Allow"}],"Version":"2012-10-17"}`
		},
		"inline policy in another layout": func(_ *Desired, role *observed.Role) {
			role.InlinePolicies["pull-cache"] = "{ \"Statement\": {\"Resource\": [\"*\"], \"Effect\": \"Allow\",\n\"Action\": [\"ecr:batchimportupstreamimage\"]}, \"Version\": \"2012-10-17\" }"
		},
		"resources in another order": func(_ *Desired, role *observed.Role) {
			role.InlinePolicies["logging"] = strings.Replace(role.InlinePolicies["logging"],
				`["logs:CreateLogStream","logs:DescribeLogStreams","logs:PutLogEvents"]`, `["logs:PutLogEvents","logs:CreateLogStream","logs:DescribeLogStreams"]`, 1)
		},
		"policy listed twice": func(d *Desired, _ *observed.Role) {
			d.ManagedPolicyARNs = append(d.ManagedPolicyARNs, podExecution)
		},
		"no inline policies, nil or empty": func(d *Desired, role *observed.Role) {
			d.InlinePolicies, role.InlinePolicies = nil, map[string]string{}
		},
		"boundary of the guardrails": func(d *Desired, _ *observed.Role) {
			d.PermissionsBoundaryARN, d.Guard.PermissionsBoundaryARN = "", boundary
		},
		"attached in another order": func(d *Desired, role *observed.Role) {
			d.ManagedPolicyARNs = []string{readOnly, podExecution}
			role.ManagedPolicies = append(role.ManagedPolicies, observed.ManagedPolicy{ARN: readOnly})
		},
	}
	for name, change := range spellings {
		t.Run(name, func(t *testing.T) {
			d, role := declared(), asDeclared()
			change(&d, &role)
			if got := diff(d, role); len(got) != 0 {
				t.Errorf("got %+v, want no difference", got)
			}
		})
	}
}

func TestDiffShowsOneDifferencePerChange(t *testing.T) {
	type change func(d *Desired, role *observed.Role)
	attach := func(arn, doc string) change {
		return func(_ *Desired, role *observed.Role) {
			role.ManagedPolicies = append(role.ManagedPolicies, observed.ManagedPolicy{ARN: arn, Document: doc})
		}
	}
	report := func(c change) change {
		return func(d *Desired, role *observed.Role) { d.RemoveUnlisted = false; c(d, role) }
	}
	cases := []struct {
		name     string
		change   change
		path     string
		severity drift.Severity
		action   drift.Action
		reason   string
	}{
		{"trust without condition", func(_ *Desired, role *observed.Role) {
			role.TrustPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
		}, "trustPolicy", drift.Critical, drift.Repair, ReasonTrustChanged},
		{"trust for another cluster", func(_ *Desired, role *observed.Role) { role.TrustPolicy = TrustPolicy(scope, "test") },
			"trustPolicy", drift.Critical, drift.Repair, ReasonTrustChanged},
		{"trust names a deleted user", func(_ *Desired, role *observed.Role) {
			role.TrustPolicy = strings.Replace(role.TrustPolicy, `"Service":"eks-fargate-pods.amazonaws.com"`, `"Service":"eks-fargate-pods.amazonaws.com","AWS":"AIDAABCDEFGHIJKLMNOPQ"`, 1)
		}, "trustPolicy", drift.Critical, drift.Repair, ReasonTrustChanged},
		{"boundary removed", func(_ *Desired, role *observed.Role) { role.PermissionsBoundary = "" },
			"permissionsBoundary", drift.High, drift.Repair, ReasonBoundaryChanged},
		{"boundary replaced", func(_ *Desired, role *observed.Role) { role.PermissionsBoundary = admin },
			"permissionsBoundary", drift.High, drift.Repair, ReasonBoundaryChanged},
		{"boundary left the declaration", func(d *Desired, _ *observed.Role) {
			d.PermissionsBoundaryARN, d.FormerBoundaryARNs = "", []string{boundary}
		},
			"permissionsBoundary", drift.High, drift.Repair, ReasonBoundaryChanged},
		{"managed policy detached", func(_ *Desired, role *observed.Role) { role.ManagedPolicies = nil },
			"managedPolicies[" + podExecution + "]", drift.High, drift.Repair, ReasonManagedMissing},
		{"managed policy attached", attach(readOnly, ""), "managedPolicies[" + readOnly + "]", drift.High, drift.Repair, ReasonManagedUnlisted},
		{"administrator attached", attach(admin, ""), "managedPolicies[" + admin + "]", drift.Critical, drift.Repair, ReasonManagedUnlisted},
		{"administrator under another name", attach("arn:aws:iam::111122223333:policy/harmless", everything),
			"managedPolicies[arn:aws:iam::111122223333:policy/harmless]", drift.Critical, drift.Repair, ReasonManagedUnlisted},
		{"own policy called like AWS's", attach("arn:aws:iam::111122223333:policy/AdministratorAccess", pullCache),
			"managedPolicies[arn:aws:iam::111122223333:policy/AdministratorAccess]", drift.High, drift.Repair, ReasonManagedUnlisted},
		{"attached, only reported", report(attach(readOnly, "")), "managedPolicies[" + readOnly + "]", drift.High, drift.ReportOnly, ReasonManagedUnlisted},
		{"attached against the guardrail", report(func(d *Desired, role *observed.Role) {
			d.Guard = guardrails.Guardrails{AllowedManagedPolicyARNs: []string{podExecution}}
			attach(readOnly, "")(d, role)
		}), "managedPolicies[" + readOnly + "]", drift.High, drift.Repair, ReasonManagedUnlisted},
		{"inline policy deleted", func(_ *Desired, role *observed.Role) { delete(role.InlinePolicies, "pull-cache") },
			"inlinePolicies[pull-cache]", drift.High, drift.Repair, ReasonInlineMissing},
		{"inline policy widened", func(_ *Desired, role *observed.Role) {
			role.InlinePolicies["pull-cache"] = strings.Replace(pullCache, "ecr:Batch", "ecr:*Batch", 1)
		}, "inlinePolicies[pull-cache]", drift.High, drift.Repair, ReasonInlineChanged},
		{"inline policy made administrator", func(_ *Desired, role *observed.Role) { role.InlinePolicies["pull-cache"] = everything },
			"inlinePolicies[pull-cache]", drift.Critical, drift.Repair, ReasonInlineChanged},
		{"inline policy added", func(_ *Desired, role *observed.Role) { role.InlinePolicies["extra"] = pullCache },
			"inlinePolicies[extra]", drift.High, drift.Repair, ReasonInlineUnlisted},
		{"inline administrator added", func(_ *Desired, role *observed.Role) { role.InlinePolicies["extra"] = everything },
			"inlinePolicies[extra]", drift.Critical, drift.Repair, ReasonInlineUnlisted},
		{"inline added, only reported", report(func(_ *Desired, role *observed.Role) { role.InlinePolicies["extra"] = pullCache }),
			"inlinePolicies[extra]", drift.High, drift.ReportOnly, ReasonInlineUnlisted},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, role := declared(), asDeclared()
			c.change(&d, &role)
			got := diff(d, role)
			if len(got) != 1 {
				t.Fatalf("got %d differences, want 1: %+v", len(got), got)
			}
			one := got[0]
			if one.Path != c.path || one.Severity != c.severity || one.Action != c.action || one.Reason != c.reason {
				t.Errorf("got %s %s %s %s, want %s %s %s %s", one.Path, one.Severity, one.Action, one.Reason, c.path, c.severity, c.action, c.reason)
			}
			if one.Desired == one.Observed {
				t.Errorf("desired and observed are both %q", one.Desired)
			}
			if n := max(len([]rune(one.Desired)), len([]rune(one.Observed))); n > policytext.Limit {
				t.Errorf("a text has %d characters", n)
			}
		})
	}
}

func TestHash(t *testing.T) {
	hash := func(change func(d *Desired)) string {
		d := declared()
		change(&d)
		return New(nil, nil, nil, d).Hash()
	}
	base := hash(func(*Desired) {})
	same := map[string]func(d *Desired){
		"order of policies": func(d *Desired) { d.ManagedPolicyARNs = []string{podExecution, podExecution} },
		"spelling":          func(d *Desired) { d.InlinePolicies["pull-cache"] = strings.Replace(pullCache, `"*"`, `["*"]`, 1) },
		"guardrail globs":   func(d *Desired) { d.Guard.AllowedManagedPolicyARNs = []string{"*"} },
	}
	for name, change := range same {
		if hash(change) != base {
			t.Errorf("%s changes the hash", name)
		}
	}
	edits := map[string]func(d *Desired){
		"trust":    func(d *Desired) { d.TrustPolicy = TrustPolicy(scope, "test") },
		"managed":  func(d *Desired) { d.ManagedPolicyARNs = nil },
		"inline":   func(d *Desired) { d.InlinePolicies["pull-cache"] = everything },
		"boundary": func(d *Desired) { d.PermissionsBoundaryARN = "" },
		"unlisted": func(d *Desired) { d.RemoveUnlisted = false },
	}
	for name, change := range edits {
		if hash(change) == base {
			t.Errorf("%s does not change the hash", name)
		}
	}
}

func TestAdmits(t *testing.T) {
	trust := func(principal, action, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `"` + condition + `}]}`
	}
	const fargate = `{"Service":"eks-fargate-pods.amazonaws.com"}`
	source := func(operator, pattern string) string {
		return `,"Condition":{"` + operator + `":{"aws:SourceArn":"` + pattern + `"}}`
	}
	const ours = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/"
	cases := []struct {
		name, doc string
		want      bool
	}{
		{"ours", TrustPolicy(scope, "prod"), true},
		{"no condition", trust(fargate, "sts:AssumeRole", ""), true},
		{"wildcard action", trust(fargate, "sts:Assume*", ""), true},
		{"both services", trust(`{"Service":["ec2.amazonaws.com","eks-fargate-pods.amazonaws.com"]}`, "sts:AssumeRole", ""), true},
		{"one profile", trust(fargate, "sts:AssumeRole", source("ArnLike", ours+"payments/*")), true},
		{"all clusters", trust(fargate, "sts:AssumeRole", source("ArnLike", "arn:aws:eks:*:*:fargateprofile/*")), true},
		{"any source", trust(fargate, "sts:AssumeRole", source("StringLike", "*")), true},
		{"clusters with a prefix", trust(fargate, "sts:AssumeRole", source("ArnLike", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/pr*")), true},
		{"not another cluster", trust(fargate, "sts:AssumeRole", source("ArnNotLike", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/test/*")), true},
		{"another cluster", TrustPolicy(scope, "test"), false},
		{"cluster whose name begins alike", TrustPolicy(scope, "production"), false},
		{"another service", trust(`{"Service":"ec2.amazonaws.com"}`, "sts:AssumeRole", ""), false},
		{"another action", trust(fargate, "sts:TagSession", ""), false},
		{"deny", strings.Replace(trust(fargate, "sts:AssumeRole", ""), "Allow", "Deny", 1), false},
		{"not a policy", "nonsense", false},
	}
	for _, c := range cases {
		if got := admits(c.doc, "prod"); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
