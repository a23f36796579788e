// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// withoutAction is the published policy with one action taken out.
func withoutAction(action string) string {
	statements := awsapi.Statements()
	for i := range statements {
		statements[i].Action = slices.DeleteFunc(statements[i].Action, func(a string) bool { return a == action })
	}
	statements = slices.DeleteFunc(statements, func(s awsapi.Statement) bool { return len(s.Action) == 0 })
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	must(err)
	return string(text)
}

// take takes an action from the operator; "" gives all back.
func (r *rig) take(action string) { must(r.sim.Enforce(operatorCaller, withoutAction(action))) }

// actionSet are the actions that the tests below took away and saw missed.
type actionSet struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (s *actionSet) add(action string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[action] = true
}

// neverMissed are published actions whose lack none of the scenarios shows, with the reason.
var neverMissed = map[string]string{
	"sts:GetCallerIdentity":          "AWS answers it without any permission",
	"ec2:DescribeManagedPrefixLists": "its lack is said as a warning (securitygroup.TestSizesOfListsThatMayNotBeRead), and AWS decides about the quota",
	"kms:ListAliases":                "called only when a pass meets a key of its own before status knows it, which is a matter of chance here",
}

// checkedInPassing are actions that AWS checks on calls of another name.
var checkedInPassing = []string{
	"ec2:CreateTags", "eks:TagResource", "iam:CreateServiceLinkedRole", "iam:PassRole", "iam:TagRole", "kms:PutKeyPolicy", "kms:TagResource", "logs:TagResource",
}

// TestMissingPermissions takes each action of the published policy away, one at a time, while a profile is created,
// repaired, edited and deleted. The profile says which action is missing; nothing is left half-open meanwhile; and when
// the action is given back, everything goes on to the end.
func TestMissingPermissions(t *testing.T) {
	tried := &actionSet{seen: map[string]bool{}}
	t.Run("create", func(t *testing.T) { missedInCreation(t, tried) })
	for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
		t.Run("assume without "+action, func(t *testing.T) { missedInAssumption(t, tried, action) })
	}
	t.Run("change", func(t *testing.T) { missedInChanges(t, tried) })
	t.Run("delete", func(t *testing.T) { missedInDeletion(t, tried) })
	t.Run("events", func(t *testing.T) { missedInEvents(t, tried) })
	if t.Failed() || strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // some of it is not to run, or did not end well: the sum says nothing
	}
	for _, action := range awsapi.Actions() {
		if _, excused := neverMissed[action]; excused == tried.seen[action] {
			t.Errorf("%s: excused %v, tried %v", action, excused, tried.seen[action])
		}
	}
	t.Logf("%d of %d actions were taken away", len(tried.seen), len(awsapi.Actions()))
}

// calledBy lists the actions that the operator calls in do, but for those that a call by name does not show missing.
func calledBy(r *rig, do func()) []string {
	r.sim.ResetCalls()
	do()
	called := map[string]bool{}
	for _, c := range r.sim.Calls() {
		if c.Caller == operatorCaller && neverMissed[c.Action()] == "" {
			called[c.Action()] = true
		}
	}
	return slices.Sorted(maps.Keys(called))
}

func missedInCreation(t *testing.T, tried *actionSet) {
	probe := newRig(t)
	p := probe.full()
	needed := calledBy(probe, func() { probe.create(p); probe.ready(p) })
	if len(needed) < 25 {
		t.Fatalf("a creation called only %d actions", len(needed))
	}
	needed = slices.DeleteFunc(needed, func(action string) bool { return slices.Contains(readsOfFields, action) })
	needed = append(needed, checkedInPassing...)
	slices.Sort(needed)
	for _, action := range slices.Compact(needed) {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.take(action)
			p := r.full()
			r.create(p)
			r.missed(p, action, r.sim.Objects(), func() { r.ready(p) })
			tried.add(action)
		})
	}
}

// missedInAssumption: the operator's own identity may do nothing but assume the account's role, as docs/iam.md says, and has
// the session tags of EKS Pod Identity.
func missedInAssumption(t *testing.T, tried *actionSet, action string) {
	role := "arn:aws:iam::111122223333:role/fargate-security-operator"
	r := newRig(t, func(a *v1alpha1.AWSAccount) {
		a.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: role, ExternalID: externalID}
	})
	r.sim.AddTaggedKey(operatorKey, operatorCaller, map[string]string{"kubernetes-namespace": "fargate-security-system"})
	r.sim.AllowAssume(role, externalID)
	must(r.sim.Enforce(role, withoutAction(action)))
	r.take(action)
	p := r.full()
	r.create(p)
	r.missed(p, action, r.sim.Objects(), func() { r.ready(p) })
	tried.add(action)
}

// readsOfFields are actions that read a field of an object that was found. Whether a creation reads such a field after it has
// written it, and whether a deletion shows their lack before the profile is gone, are matters of chance; changes has them.
var readsOfFields = []string{"iam:GetRolePolicy", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"}

// notForDeletion are actions that a deletion calls and does without: they look at what the profile must fit in with, or read
// fields that nobody keeps any more.
var notForDeletion = append([]string{
	"ec2:DescribeRouteTables", "ec2:DescribeSubnets", "iam:GetPolicy", "iam:GetPolicyVersion",
}, readsOfFields...)

func missedInDeletion(t *testing.T, tried *actionSet) {
	probe := newRig(t)
	p := probe.full()
	probe.create(p)
	probe.ready(p)
	for _, action := range calledBy(probe, func() { probe.gone(p) }) {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p := r.full()
			r.create(p)
			r.ready(p)
			before := r.sim.Objects()
			r.take(action)
			if slices.Contains(notForDeletion, action) {
				r.gone(p)
				r.nothingLeft()
				return
			}
			must(kube.Delete(r.ctx, p))
			r.missed(p, action, before, func() {
				r.eventually("waiting for the deletion", func() error { return r.isGone(p) })
			})
			r.nothingLeft()
			tried.add(action)
		})
	}
}

// change is what needs an action of the operator: a tampering of drift_test.go by its name, one of its own, or an edit.
type change struct {
	action, tamper string
	do             func(*rig, *profile)
	edit           func(*profile)
	// start is how the profile differs from a full one before that.
	start func(*profile)
	// spared: what the action is for does not keep the tampering from being repaired, and then nobody needs it.
	spared bool
}

var changes = []change{
	{action: "ec2:AuthorizeSecurityGroupIngress", tamper: "declared ingress revoked"},
	{action: "ec2:RevokeSecurityGroupIngress", tamper: "port 22 opened to the world"},
	{action: "ec2:AuthorizeSecurityGroupEgress", tamper: "declared egress revoked"},
	{action: "ec2:RevokeSecurityGroupEgress", tamper: "egress opened to the world"},
	{action: "ec2:ModifySecurityGroupRules", tamper: "rule description changed"},
	{action: "ec2:CreateTags", tamper: "group tag deleted"},
	{action: "ec2:DeleteTags", edit: dropTags},
	{action: "ec2:GetManagedPrefixListEntries", do: letPrefixListIn, spared: true},
	{action: "ec2:DescribeSecurityGroupRules", tamper: "port 22 opened to the world"},
	{action: "iam:UpdateAssumeRolePolicy", tamper: "trust policy rewritten"},
	{action: "iam:AttachRolePolicy", tamper: "managed policy detached"},
	{action: "iam:DetachRolePolicy", tamper: "administrator policy attached"},
	{action: "iam:GetPolicy", tamper: "administrator policy attached", spared: true},
	{action: "iam:GetPolicyVersion", tamper: "administrator policy attached", spared: true},
	{action: "iam:GetRolePolicy", tamper: "inline policy changed"},
	{action: "iam:PutRolePolicy", tamper: "inline policy changed"},
	{action: "iam:DeleteRolePolicy", tamper: "inline policy added"},
	{action: "iam:DeleteRolePermissionsBoundary", start: bounded, edit: func(p *profile) { p.Spec.PodExecutionRole.PermissionsBoundaryARN = "" }},
	{action: "iam:PutRolePermissionsBoundary", edit: bounded},
	{action: "iam:TagRole", tamper: "role tag changed"},
	{action: "iam:UntagRole", edit: dropTags},
	{action: "kms:GetKeyPolicy", tamper: "key policy opened"},
	{action: "kms:GetKeyRotationStatus", tamper: "key rotation disabled"},
	{action: "kms:PutKeyPolicy", tamper: "key policy opened"},
	{action: "kms:EnableKey", tamper: "key disabled"},
	{action: "kms:EnableKeyRotation", tamper: "key rotation disabled"},
	{action: "kms:CancelKeyDeletion", tamper: "key scheduled for deletion"},
	{action: "kms:UpdateAlias", tamper: "alias moved"},
	{action: "kms:CreateAlias", tamper: "alias deleted"},
	{action: "kms:TagResource", tamper: "key tag changed"},
	{action: "kms:UntagResource", edit: dropTags},
	{action: "logs:PutRetentionPolicy", tamper: "retention shortened"},
	{action: "logs:DeleteRetentionPolicy", edit: func(p *profile) { p.Spec.Logging.LogGroup.RetentionDays = nil }},
	{action: "logs:AssociateKmsKey", tamper: "log group's key taken off"},
	{action: "logs:DisassociateKmsKey", edit: func(p *profile) { p.Spec.Encryption = nil }},
	{action: "logs:CreateLogGroup", tamper: "log group deleted"},
	{action: "logs:TagResource", edit: func(p *profile) { p.Spec.Tags["env"] = "prod" }},
	{action: "logs:UntagResource", edit: dropTags},
	{action: "eks:DescribeNodegroup", do: disownRoleBesideNodes, spared: true},
	{action: "eks:TagResource", tamper: "profile tag changed"},
	{action: "eks:UntagResource", edit: dropTags},
	{action: "eks:CreateFargateProfile", tamper: "profile deleted"},
}

func dropTags(p *profile) { p.Spec.Tags = nil }

func bounded(p *profile) { p.Spec.PodExecutionRole.PermissionsBoundaryARN = readOnly }

func missedInChanges(t *testing.T, tried *actionSet) {
	for _, c := range changes {
		t.Run(c.action, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p := r.full()
			if c.start != nil {
				c.start(p)
			}
			r.create(p)
			r.ready(p)
			r.take(c.action)
			c.make(r, p)
			if tried.add(c.action); c.spared {
				r.ready(p)
				if len(p.Status.Repairs) == 0 {
					t.Error("nothing was repaired")
				}
				return
			}
			r.missed(p, c.action, r.sim.Objects(), func() { r.ready(p) })
		})
	}
}

// make makes the change and has the operator see it.
func (c change) make(r *rig, p *profile) {
	r.t.Helper()
	if c.edit != nil {
		r.edit(p, c.edit)
		return
	}
	do := c.do
	if do == nil {
		do = tamperNamed(r.t, c.tamper)
	}
	do(r, p)
	r.read(p)
}

func letPrefixListIn(r *rig, p *profile) {
	ingress(ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443),
		PrefixListIds: []ec2types.PrefixListId{{PrefixListId: aws.String(r.prefixList("partners", "10.7.0.0/16"))}}})(r, p)
}

// disownRoleBesideNodes: whether nodes use a role is asked of roles without our owner tag only.
func disownRoleBesideNodes(r *rig, p *profile) {
	r.nodeGroup("workers", r.role("workers", strings.Replace(fargateTrust, "eks-fargate-pods", "ec2", 1)))
	untagRole(ownerKey)(r, p)
}

func tamperNamed(t *testing.T, name string) func(*rig, *profile) {
	t.Helper()
	for _, c := range tampers {
		if c.name == name {
			return c.do
		}
	}
	t.Fatalf("no tampering is named %q", name)
	return nil
}

// missed: the profile is Stalled and names the action. Then the action is given back and end waits for the end. What
// there was in between was there before, or belongs to the end.
func (r *rig) missed(p *profile, action string, before []awssim.Object, end func()) {
	r.t.Helper()
	r.stalled(p, "AccessDenied", action, "docs/iam.md")
	between := r.sim.Objects()
	r.take("")
	end()
	known := factsOf(before)
	maps.Copy(known, factsOf(r.sim.Objects()))
	for fact, object := range factsOf(between) {
		if _, is := known[fact]; !is && !slices.ContainsFunc(unfinished, func(u string) bool { return strings.HasSuffix(fact, u) }) {
			r.t.Errorf("half-open while %s is missing: %s", action, fact)
		}
		if _, was := factsOf(before)[object.Kind+" "+object.Name]; !was && object.Kind != "alias" && object.Tags[resource.OwnerTag] == "" {
			r.t.Errorf("%s %s was made without our owner tag", object.Kind, object.Name)
		}
	}
}

// unfinished are facts of objects that are being made: AWS makes them so, and what uses them is not made before they
// are finished.
var unfinished = []string{
	": retention 0",
	": rotation false 0",
	": egress -1 -1--1 0.0.0.0/0", // a new group lets everything out: EC2 user guide, "Security group rules"
}

// factsOf are all objects, and what is so about each.
func factsOf(objects []awssim.Object) map[string]awssim.Object {
	facts := map[string]awssim.Object{}
	for _, o := range objects {
		facts[o.Kind+" "+o.Name] = o
		for _, fact := range o.Facts {
			facts[fmt.Sprintf("%s %s: %s", o.Kind, o.Name, fact)] = o
		}
	}
	return facts
}
