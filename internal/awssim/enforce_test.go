// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const (
	heldCaller = "arn:aws:iam::111122223333:user/held"
	ownerTag   = "fargatesecurity.io/owner"
)

// published is the policy of docs/iam.md, by statement.
func published(t *testing.T) []map[string]any {
	t.Helper()
	page, err := os.ReadFile("../../docs/iam.md")
	ok(t, err)
	_, text, _ := strings.Cut(string(page), "<!-- policy -->\n```json\n")
	text, _, _ = strings.Cut(text, "```")
	var document struct{ Statement []map[string]any }
	ok(t, json.Unmarshal([]byte(text), &document))
	return document.Statement
}

func policyOf(statements ...map[string]any) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func allow(action, resource string, condition ...string) map[string]any {
	s := map[string]any{"Effect": "Allow", "Action": action, "Resource": resource}
	if len(condition) == 3 {
		s["Condition"] = map[string]any{condition[0]: map[string]any{condition[1]: condition[2]}}
	}
	return s
}

// held is a rig with a caller that is held to a policy.
func held(t *testing.T, policy string) (*rig, *clients) {
	t.Helper()
	r := newRig(t, Options{})
	r.clock.Advance(delaysOver)
	ok(t, r.sim.Enforce(heldCaller, policy))
	return r, newClients(r.url, "HELD", DefaultRegion)
}

// delaysOver is later than any delay of the seed.
const delaysOver = 1 << 40

// deniedCode is how a missing action is refused; those that EKS checks in passing are refused by EKS.
func deniedCode(action string) string {
	service, operation, _ := strings.Cut(action, ":")
	switch {
	case service == "ec2":
		return "UnauthorizedOperation"
	case operation == "PassRole", operation == "CreateServiceLinkedRole", service != "iam" && service != "sts" && service != "sqs":
		return "AccessDeniedException"
	}
	return "AccessDenied"
}

// wantDenied wants the service's own refusal, which names the action.
func wantDenied(t *testing.T, err error, action string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != deniedCode(action) || !strings.Contains(api.ErrorMessage(), "perform: "+action+" on resource: ") {
		t.Errorf("%v, want %s for %s", err, deniedCode(action), action)
	}
}

func ownedGroup(t *testing.T, c *clients, name string, tags ...ec2types.Tag) *string {
	t.Helper()
	in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name, VpcId: aws.String("vpc-0a")}
	if len(tags) > 0 {
		in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: tags}}
	}
	return must[*ec2.CreateSecurityGroupOutput](t)(c.ec2.CreateSecurityGroup(ctx, in)).GroupId
}

func newProfile(name string, tags map[string]string) *eks.CreateFargateProfileInput {
	return &eks.CreateFargateProfileInput{
		ClusterName: aws.String("prod"), FargateProfileName: &name, PodExecutionRoleArn: aws.String(podRole), Tags: tags,
		Subnets: []string{"subnet-0a"}, Selectors: []ekstypes.FargateProfileSelector{{Namespace: &name}},
	}
}

// statementUse is one call for each statement of the published policy, and the action that is missing without it.
var statementUse = map[string]struct {
	action string
	call   func(t *testing.T, r *rig, c *clients) error
}{
	"ReadEverything": {"iam:GetRole", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("pod-exec")})
		return err
	}},
	"DeleteOwned": {"ec2:DeleteSecurityGroup", func(t *testing.T, r *rig, c *clients) error {
		id := ownedGroup(t, r.clients, "owned", ec2types.Tag{Key: aws.String(ownerTag), Value: aws.String("x")})
		_, err := c.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: id})
		return err
	}},
	"PassPodExecutionRole": {"iam:PassRole", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.eks.CreateFargateProfile(ctx, newProfile("p", nil))
		return err
	}},
	"CreateFargateServiceLinkedRole": {"iam:CreateServiceLinkedRole", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.eks.CreateFargateProfile(ctx, newProfile("p", nil))
		return err
	}},
	"AssumeRoleOfAccount": {"sts:AssumeRole", func(_ *testing.T, r *rig, c *clients) error {
		role := "arn:aws:iam::111122223333:role/fargate-security-operator"
		r.sim.AllowAssume(role, "")
		_, err := c.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")})
		return err
	}},
	"ManageRoles": {"iam:CreateRole", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(serviceTrust("ec2.amazonaws.com"))})
		return err
	}},
	"CreateFargateProfiles": {"eks:CreateFargateProfile", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.eks.CreateFargateProfile(ctx, newProfile("p", nil))
		return err
	}},
	"TagFargateProfiles": {"eks:TagResource", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.eks.CreateFargateProfile(ctx, newProfile("p", map[string]string{"a": "b"}))
		return err
	}},
	"CreateSecurityGroups": {"ec2:CreateSecurityGroup", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("g"), VpcId: aws.String("vpc-0a")})
		return err
	}},
	"TagSecurityGroups": {"ec2:CreateTags", func(t *testing.T, r *rig, c *clients) error {
		_, err := c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{*ownedGroup(t, r.clients, "g")}, Tags: []ec2types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}},
	"ManageSecurityGroupRules": {"ec2:AuthorizeSecurityGroupIngress", func(t *testing.T, r *rig, c *clients) error {
		_, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: ownedGroup(t, r.clients, "g"),
			IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}}}})
		return err
	}},
	"CreateKeys": {"kms:CreateKey", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.kms.CreateKey(ctx, &kms.CreateKeyInput{})
		return err
	}},
	"ManageKeys": {"kms:CreateAlias", func(t *testing.T, r *rig, c *clients) error {
		key := must[*kms.CreateKeyOutput](t)(r.kms.CreateKey(ctx, &kms.CreateKeyInput{}))
		_, err := c.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: key.KeyMetadata.KeyId})
		return err
	}},
	"ManageLogGroups": {"logs:CreateLogGroup", func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/g")})
		return err
	}},
	"TakeChangesFromQueue": {"sqs:ReceiveMessage", func(_ *testing.T, r *rig, c *clients) error {
		_, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(r.url + r.sim.CreateQueue("fargate-drift"))})
		return err
	}},
}

// TestEachStatementOfThePublishedPolicyIsEnforced: the call works with the whole policy, and is refused without the statement.
func TestEachStatementOfThePublishedPolicyIsEnforced(t *testing.T) {
	statements := published(t)
	wantEqual(t, "number of statements", len(statements), len(statementUse))
	for i, s := range statements {
		sid := s["Sid"].(string)
		t.Run(sid, func(t *testing.T) {
			use := statementUse[sid]
			r, c := held(t, policyOf(statements...))
			if err := use.call(t, r, c); err != nil {
				t.Fatalf("with the whole policy: %v", err)
			}
			r, c = held(t, policyOf(slices.Delete(slices.Clone(statements), i, i+1)...))
			wantDenied(t, use.call(t, r, c), use.action)
		})
	}
}

// TestWhatAStatementDoesNotCover: each policy allows the action, but not on this resource or not for this request.
func TestWhatAStatementDoesNotCover(t *testing.T) {
	const roles, profileARN = "arn:aws:iam::111122223333:role/", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/p/*"
	deleteGroup := func(t *testing.T, r *rig, c *clients) error {
		_, err := c.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: ownedGroup(t, r.clients, "foreign")})
		return err
	}
	createRole := func(boundary string) func(*testing.T, *rig, *clients) error {
		return func(_ *testing.T, _ *rig, c *clients) error {
			in := &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(serviceTrust("ec2.amazonaws.com"))}
			if boundary != "" {
				in.PermissionsBoundary = &boundary
			}
			_, err := c.iam.CreateRole(ctx, in)
			return err
		}
	}
	createProfile := func(_ *testing.T, _ *rig, c *clients) error {
		_, err := c.eks.CreateFargateProfile(ctx, newProfile("p", map[string]string{"a": "b"}))
		return err
	}
	whole := []map[string]any{allow("eks:*", "*"), allow("iam:GetRole", "*"), allow("iam:CreateServiceLinkedRole", "*")}
	for _, c := range []struct {
		name, denied string
		policy       []map[string]any
		call         func(*testing.T, *rig, *clients) error
	}{
		{"another name", "iam:CreateRole", []map[string]any{allow("iam:*", roles+"fargate-*")}, createRole("")},
		{"another account", "iam:CreateRole", []map[string]any{allow("iam:*", "arn:aws:iam::999988887777:role/*")}, createRole("")},
		{"another partition", "iam:CreateRole", []map[string]any{allow("iam:*", "arn:aws-cn:iam::*:role/*")}, createRole("")},
		{"a wildcard that would reach across colons", "iam:CreateRole", []map[string]any{allow("iam:*", "arn:*role/*")}, createRole("")},
		{"no boundary", "iam:CreateRole", []map[string]any{allow("iam:*", "*", "StringEquals", "iam:PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess")}, createRole("")},
		{"another boundary", "iam:CreateRole", []map[string]any{allow("iam:*", "*", "StringEquals", "iam:PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess")}, createRole("arn:aws:iam::aws:policy/PowerUserAccess")},
		{"no owner tag", "ec2:DeleteSecurityGroup", []map[string]any{allow("ec2:*", "*", "Null", "aws:ResourceTag/"+ownerTag, "false")}, deleteGroup},
		{"another cluster", "eks:CreateFargateProfile", []map[string]any{allow("eks:*", "arn:aws:eks:*:*:cluster/test"), allow("iam:*", "*")}, createProfile},
		{"tags on the profile", "eks:TagResource", []map[string]any{allow("eks:*", "arn:aws:eks:*:*:cluster/*"), allow("iam:*", "*")}, createProfile},
		{"another role", "iam:PassRole", append(whole, allow("iam:PassRole", roles+"other")), createProfile},
		{"another service", "iam:PassRole", append(whole, allow("iam:PassRole", "*", "StringEquals", "iam:PassedToService", "ec2.amazonaws.com")), createProfile},
		{"one of the two services", "iam:PassRole", append(whole, allow("iam:PassRole", "*", "StringEquals", "iam:PassedToService", "eks.amazonaws.com")), createProfile},
		{"another linked service", "iam:CreateServiceLinkedRole", []map[string]any{allow("eks:*", "*"), allow("iam:GetRole", "*"), allow("iam:PassRole", "*"),
			allow("iam:CreateServiceLinkedRole", "*", "StringEquals", "iam:AWSServiceName", "ecs.amazonaws.com")}, createProfile},
		{"no group's VPC", "ec2:CreateSecurityGroup", []map[string]any{allow("ec2:*", "arn:aws:ec2:*:*:security-group/*")}, statementUse["CreateSecurityGroups"].call},
		{"no key of the alias", "kms:CreateAlias", []map[string]any{allow("kms:*", "arn:aws:kms:*:*:alias/*")}, statementUse["ManageKeys"].call},
		{"a profile that is not there", "eks:DescribeFargateProfile", []map[string]any{allow("eks:*", profileARN)}, func(_ *testing.T, _ *rig, c *clients) error {
			_, err := c.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("q")})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, clients := held(t, policyOf(c.policy...))
			wantDenied(t, c.call(t, r, clients), c.denied)
			for _, call := range r.sim.Calls() {
				if call.Caller == heldCaller && call.Code == "" {
					t.Errorf("%s went through", call.Action())
				}
			}
		})
	}
}

// TestEKSSaysThatItCannotLook: without iam:GetRole, EKS answers in words of its own.
func TestEKSSaysThatItCannotLook(t *testing.T) {
	_, c := held(t, policyOf(allow("eks:*", "*"), allow("iam:PassRole", "*")))
	_, err := c.eks.CreateFargateProfile(ctx, newProfile("p", nil))
	wantError(t, err, "InvalidRequestException", 400)
	if !strings.Contains(err.Error(), "iam:GetRole") {
		t.Errorf("%v does not name the action", err)
	}
}

// TestOnlyTheCallerIsHeld: others do as they like; a role's sessions are held as the role is; nobody can be kept from
// asking who they are.
func TestOnlyTheCallerIsHeld(t *testing.T) {
	r, c := held(t, policyOf(allow("sts:AssumeRole", "*")))
	role := "arn:aws:iam::111122223333:role/operator"
	r.sim.AllowAssume(role, "")
	ok(t, r.sim.Enforce(role, policyOf(allow("kms:CreateKey", "*"), allow("kms:PutKeyPolicy", "*"))))
	must[*sts.GetCallerIdentityOutput](t)(c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	must[*kms.ListKeysOutput](t)(r.kms.ListKeys(ctx, &kms.ListKeysInput{}))
	session := must[*sts.AssumeRoleOutput](t)(c.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("one")}))
	assumed := newClients(r.url, *session.Credentials.AccessKeyId, DefaultRegion)
	must[*kms.CreateKeyOutput](t)(assumed.kms.CreateKey(ctx, &kms.CreateKeyInput{}))
	_, err := assumed.kms.ListKeys(ctx, &kms.ListKeysInput{})
	wantDenied(t, err, "kms:ListKeys")
	_, err = c.kms.CreateKey(ctx, &kms.CreateKeyInput{})
	wantDenied(t, err, "kms:CreateKey")
}

// TestPoliciesThatCannotBeEnforcedAreRefused: none of them is enforced in part.
func TestPoliciesThatCannotBeEnforcedAreRefused(t *testing.T) {
	sim := New(Options{})
	for name, policy := range map[string]string{
		"no JSON":             `{`,
		"no statements":       policyOf(),
		"Deny":                `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`,
		"NotAction":           `{"Statement":[{"Effect":"Allow","NotAction":"*","Resource":"*"}]}`,
		"no resource":         `{"Statement":[{"Effect":"Allow","Action":"*"}]}`,
		"an unknown operator": policyOf(allow("*", "*", "StringLike", "iam:PassedToService", "*")),
		"an unknown key":      policyOf(allow("*", "*", "StringEquals", "aws:SourceIp", "10.0.0.1")),
		"a key without a tag": policyOf(allow("*", "*", "StringEquals", "aws:ResourceTag/", "x")),
	} {
		if err := sim.Enforce(heldCaller, policy); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	if len(sim.enforced) > 0 {
		t.Error(fmt.Sprint("held: ", sim.enforced))
	}
}
