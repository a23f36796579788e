// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// maxManagedPolicy is what IAM takes, white space not counted:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
const maxManagedPolicy = 6144

type policy struct {
	Version   string
	Statement []struct {
		Sid, Effect string
		Action      []string
		Resource    []string
		Condition   map[string]map[string][]string
	}
}

func parse(t *testing.T, text string) policy {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var p policy
	if err := decoder.Decode(&p); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if p.Version != "2012-10-17" {
		t.Errorf("Version is %q", p.Version)
	}
	return p
}

func actionsOf(p policy) []string {
	var all []string
	for _, s := range p.Statement {
		all = append(all, s.Action...)
	}
	return all
}

func TestPolicyIsExactlyTheActions(t *testing.T) {
	got := actionsOf(parse(t, awsapi.Policy()))
	slices.Sort(got)
	if want := awsapi.Actions(); !slices.Equal(got, want) { // an action that is in two statements differs too
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestActionsCoverEveryService(t *testing.T) {
	actions := awsapi.Actions()
	for _, want := range []string{
		"ec2:CreateTags", "eks:CreateFargateProfile", "iam:CreateServiceLinkedRole", "iam:PassRole", "iam:TagRole", "kms:TagResource",
		"logs:ListTagsForResource", "logs:TagResource", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sts:AssumeRole", "sts:GetCallerIdentity", "sts:TagSession", "tag:GetResources",
	} {
		if !slices.Contains(actions, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, action := range actions {
		prefix, operation, _ := strings.Cut(action, ":")
		if prefix == "" || operation == "" || strings.ContainsAny(action, "*?") {
			t.Errorf("%q is no action by name", action)
		}
	}
}

func TestPolicyFitsIntoAManagedPolicy(t *testing.T) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(awsapi.Policy())); err != nil {
		t.Fatal(err)
	}
	if compact.Len() > maxManagedPolicy {
		t.Errorf("%d characters, and IAM takes %d", compact.Len(), maxManagedPolicy)
	}
	t.Logf("%d of %d characters", compact.Len(), maxManagedPolicy)
}

func TestStatementsAreSoundAndSorted(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range parse(t, awsapi.Policy()).Statement {
		if s.Effect != "Allow" || s.Sid == "" || seen[s.Sid] || len(s.Action) == 0 || len(s.Resource) == 0 {
			t.Errorf("unsound statement %+v", s)
		}
		seen[s.Sid] = true
		if !slices.IsSorted(s.Action) || !slices.IsSorted(s.Resource) {
			t.Errorf("%s is not sorted", s.Sid)
		}
	}
	for _, s := range awsapi.Statements() {
		if !strings.HasSuffix(s.Why, ".") {
			t.Errorf("%s has no reason that is a sentence: %q", s.Sid, s.Why)
		}
	}
}

// Only reads, and actions that know no resources, may have the resource "*".
func TestWritesAreNarrowed(t *testing.T) {
	for _, s := range parse(t, awsapi.Policy()).Statement {
		if slices.Contains(s.Resource, "*") && s.Sid != "ReadEverything" && !slices.Equal(s.Action, []string{"kms:CreateKey"}) {
			t.Errorf("%s is for every resource: %v", s.Sid, s.Action)
		}
	}
}

func TestDeletionsNeedTheOwnerTag(t *testing.T) {
	for _, s := range parse(t, awsapi.Policy()).Statement {
		for _, action := range s.Action {
			deletes := slices.Contains([]string{
				"ec2:DeleteSecurityGroup", "eks:DeleteFargateProfile", "iam:DeleteRole", "kms:ScheduleKeyDeletion", "logs:DeleteLogGroup",
			}, action)
			guarded := slices.Equal(s.Condition["Null"]["aws:ResourceTag/"+resource.OwnerTag], []string{"false"})
			if deletes != guarded {
				t.Errorf("%s in %s: condition %v", action, s.Sid, s.Condition)
			}
		}
	}
}

func TestPassRoleIsForEKSOnly(t *testing.T) {
	for _, s := range parse(t, awsapi.Policy()).Statement {
		if !slices.Contains(s.Action, "iam:PassRole") {
			continue
		}
		for _, service := range s.Condition["StringEquals"]["iam:PassedToService"] {
			if !strings.HasPrefix(service, "eks") {
				t.Errorf("roles may be passed to %s", service)
			}
		}
		if len(s.Condition["StringEquals"]["iam:PassedToService"]) == 0 {
			t.Error("roles may be passed to any service")
		}
	}
}

func TestObservePolicyHoldsTheReadsAndTheQueueAndNothingElse(t *testing.T) {
	got := actionsOf(parse(t, awsapi.ObservePolicy()))
	for _, action := range awsapi.Actions() {
		_, operation, _ := strings.Cut(action, ":")
		read := strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List")
		queue := strings.HasPrefix(action, "sqs:")
		if (read || queue) != slices.Contains(got, action) {
			t.Errorf("%s: in the policy %v, a read %v", action, !read, read)
		}
	}
}

// What is taken out of a queue is gone for everybody else: only queues that are named for it may be read.
func TestOnlyTheQueueOfTheOperator(t *testing.T) {
	for _, text := range []string{awsapi.Policy(), awsapi.ObservePolicy()} {
		for _, s := range parse(t, text).Statement {
			for _, action := range s.Action {
				if strings.HasPrefix(action, "sqs:") && !slices.Equal(s.Resource, []string{"arn:*:sqs:*:*:fargate-drift*"}) {
					t.Errorf("%s on %v", action, s.Resource)
				}
			}
		}
	}
	if actions := awsapi.Actions(); slices.Contains(actions, "sqs:DeleteMessageBatch") {
		t.Error("IAM knows no sqs:DeleteMessageBatch")
	}
	if got := awsapi.ActionName("SQS", "DeleteMessageBatch"); got != "sqs:DeleteMessage" {
		t.Errorf("a refusal of DeleteMessageBatch is said to be of %s", got)
	}
}
