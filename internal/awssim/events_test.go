// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// event is what is read of an event.
type event struct {
	ID, Source, Account, Region, Time string
	DetailType                        string         `json:"detail-type"`
	Detail                            map[string]any `json:"detail"`
}

// newEventRig is a rig whose events go to the queue q.
func newEventRig(t *testing.T, o EventOptions) *rig {
	t.Helper()
	r := newRig(t, Options{})
	r.sim.CreateQueue("q")
	ok(t, r.sim.SendEvents("q", o))
	return r
}

func (r *rig) events(t *testing.T) []event {
	t.Helper()
	var out []event
	for _, body := range r.sim.Queue("q").Bodies {
		var e event
		ok(t, json.Unmarshal([]byte(body), &e))
		out = append(out, e)
	}
	return out
}

// last is the event that came last.
func (r *rig) last(t *testing.T) event {
	t.Helper()
	all := r.events(t)
	if len(all) == 0 {
		t.Fatal("there is no event")
	}
	return all[len(all)-1]
}

// wantJSON compares what JSON there is of a value.
func wantJSON(t *testing.T, what string, got any, want string) {
	t.Helper()
	var wanted any
	ok(t, json.Unmarshal([]byte(want), &wanted))
	if !reflect.DeepEqual(got, wanted) {
		text, _ := json.Marshal(got)
		t.Errorf("%s is\n%s, want\n%s", what, text, want)
	}
}

func port(number int32) []ec2types.IpPermission {
	return []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: &number, ToPort: &number,
		IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8"), Description: aws.String("d")}}}}
}

func (r *rig) newGroup(t *testing.T) *string {
	t.Helper()
	out, err := r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d"), VpcId: aws.String("vpc-0a"),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "security-group", Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("v")}}}}})
	ok(t, err)
	return out.GroupId
}

// TestEnvelopeAndRecord holds one event against the form of EventBridge and CloudTrail, and the id of its request
// against the one that the caller got.
func TestEnvelopeAndRecord(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	out, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a"), Tags: map[string]string{"Key": "V"}})
	ok(t, err)
	requestID, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	var got map[string]any
	ok(t, json.Unmarshal([]byte(r.sim.Queue("q").Bodies[0]), &got))
	detail := got["detail"].(map[string]any)
	for _, name := range []string{"userAgent", "eventID"} {
		if detail[name] == "" {
			t.Errorf("there is no %s", name)
		}
		delete(detail, name)
	}
	if got["id"] == "" {
		t.Error("there is no id")
	}
	delete(got, "id")
	wantJSON(t, "the event", got, fmt.Sprintf(`{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.logs","account":"111122223333",
		"time":"2026-03-04T05:06:07Z","region":"eu-west-1","resources":[],"detail":{"eventVersion":"1.11",
		"userIdentity":{"type":"IAMUser","principalId":"AIDAOPERATOR","arn":"arn:aws:iam::111122223333:user/operator","accountId":"111122223333",
			"accessKeyId":"AKIAEXAMPLE","userName":"operator"},
		"eventTime":"2026-03-04T05:06:07Z","eventSource":"logs.amazonaws.com","eventName":"CreateLogGroup","awsRegion":"eu-west-1","sourceIPAddress":"127.0.0.1",
		"requestParameters":{"logGroupName":"/a","tags":{"Key":"V"}},"responseElements":null,"requestID":%q,"readOnly":false,"eventType":"AwsApiCall",
		"managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}}`, requestID))
}

// TestSpellings holds requests and answers of each service against CloudTrail's spelling.
func TestSpellings(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	check := func(request, response string) {
		t.Helper()
		e := r.last(t)
		id := e.Detail["requestID"].(string)
		wantJSON(t, e.Detail["eventName"].(string)+": request", e.Detail["requestParameters"], request)
		wantJSON(t, e.Detail["eventName"].(string)+": response", e.Detail["responseElements"], strings.ReplaceAll(response, "REQUEST", id))
	}
	group := *r.newGroup(t)
	put := func(text string) string { return strings.ReplaceAll(text, "GROUP", group) }
	check(`{"groupName":"g","groupDescription":"d","vpcId":"vpc-0a","tagSpecificationSet":{"items":[{"resourceType":"security-group","tags":[{"key":"Name","value":"v"}]}]}}`,
		put(`{"requestId":"REQUEST","groupId":"GROUP","securityGroupArn":"arn:aws:ec2:eu-west-1:111122223333:security-group/GROUP","tagSet":{"items":[{"key":"Name","value":"v"}]}}`))
	made, err := r.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: port(443)})
	ok(t, err)
	rule := *made.SecurityGroupRules[0].SecurityGroupRuleId
	put = func(text string) string { return strings.NewReplacer("GROUP", group, "RULE", rule).Replace(text) }
	check(put(`{"groupId":"GROUP","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8","description":"d"}]}}]}}`),
		put(`{"requestId":"REQUEST","_return":true,"securityGroupRuleSet":{"items":[{"securityGroupRuleId":"RULE","securityGroupRuleArn":"arn:aws:ec2:eu-west-1:111122223333:security-group-rule/RULE",
		"groupId":"GROUP","groupOwnerId":"111122223333","isEgress":false,"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrIpv4":"10.0.0.0/8","description":"d"}]}}`))
	_, err = r.ec2.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &group, SecurityGroupRules: []ec2types.SecurityGroupRuleUpdate{{
		SecurityGroupRuleId: &rule, SecurityGroupRule: &ec2types.SecurityGroupRuleRequest{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(2), CidrIpv4: aws.String("10.0.0.0/8")}}}})
	ok(t, err)
	check(put(`{"ModifySecurityGroupRulesRequest":{"GroupId":"GROUP","SecurityGroupRule":{"SecurityGroupRuleId":"RULE","tag":1,
		"SecurityGroupRule":{"IpProtocol":"tcp","FromPort":1,"ToPort":2,"CidrIpv4":"10.0.0.0/8"}}}}`), `{"ModifySecurityGroupRulesResponse":{"requestId":"REQUEST","return":true}}`)
	_, err = r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{group}, Tags: []ec2types.Tag{{Key: aws.String("K"), Value: aws.String("v")}}})
	ok(t, err)
	check(put(`{"resourcesSet":{"items":[{"resourceId":"GROUP"}]},"tagSet":{"items":[{"key":"K","value":"v"}]}}`), `{"requestId":"REQUEST","_return":true}`)
	_, err = r.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, SecurityGroupRuleIds: []string{rule}})
	ok(t, err)
	wantJSON(t, "revoked", r.last(t).Detail["requestParameters"], put(`{"groupId":"GROUP","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"RULE"}]}}`))

	_, err = r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("node"), Tags: []iamtypes.Tag{{Key: aws.String("K"), Value: aws.String("v")}}})
	ok(t, err)
	check(`{"roleName":"node","tags":[{"key":"K","value":"v"}]}`, `null`)
	_, err = r.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: aws.String(serviceTrust("ec2.amazonaws.com"))})
	ok(t, err)
	role := r.last(t).Detail["responseElements"].(map[string]any)["role"].(map[string]any)
	wantEqual(t, "role", role["roleName"], any("new"))
	wantEqual(t, "ARN", role["arn"], any("arn:aws:iam::111122223333:role/new"))

	profile, err := r.eks.CreateFargateProfile(ctx, profileInput("p"))
	ok(t, err)
	request := r.last(t).Detail["requestParameters"].(map[string]any)
	wantEqual(t, "names", fmt.Sprint(request["name"], " ", request["fargateProfileName"]), "prod p")
	_, err = r.eks.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: profile.FargateProfile.FargateProfileArn, TagKeys: []string{"K"}})
	ok(t, err)
	check(fmt.Sprintf(`{"resourceArn":%q,"tagKeys":["K"]}`, *profile.FargateProfile.FargateProfileArn), `null`)
}

// TestKMSNamesTheKey wants its ARN in resources and in the answer, however the caller named it, and the alias beside it.
func TestKMSNamesTheKey(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	key, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("K"), TagValue: aws.String("v")}}})
	ok(t, err)
	metadata := r.last(t).Detail["responseElements"].(map[string]any)["keyMetadata"].(map[string]any)
	wantEqual(t, "account", metadata["AWSAccountId"], any("111122223333"))
	id, arn := key.KeyMetadata.KeyId, *key.KeyMetadata.Arn
	resource := func(arn string) string {
		return fmt.Sprintf(`{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":%q}`, arn)
	}
	alias := resource("arn:aws:kms:eu-west-1:111122223333:alias/a")
	for _, step := range []struct {
		call               func() error
		request, resources string
	}{
		{func() error { _, err := r.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: id}); return err }, fmt.Sprintf(`{"keyId":%q}`, *id), resource(arn)},
		{func() error {
			_, err := r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: id})
			return err
		}, fmt.Sprintf(`{"aliasName":"alias/a","targetKeyId":%q}`, *id), resource(arn) + "," + alias},
		{func() error {
			_, err := r.kms.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/a")})
			return err
		}, `{"aliasName":"alias/a"}`, resource(arn) + "," + alias},
	} {
		ok(t, step.call())
		detail := r.last(t).Detail
		wantJSON(t, "request", detail["requestParameters"], step.request)
		wantJSON(t, "response", detail["responseElements"], fmt.Sprintf(`{"keyId":%q}`, arn))
		wantJSON(t, "resources", detail["resources"], "["+step.resources+"]")
	}
}

// TestRefusedCallsMakeEvents, with the codes that CloudTrail has for them.
func TestRefusedCallsMakeEvents(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	none := aws.String("none")
	for want, call := range map[string]func() error{
		"Client.InvalidGroup.NotFound": func() error {
			_, err := r.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String("sg-00000000000000000")})
			return err
		},
		"NoSuchEntityException": func() error { _, err := r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: none}); return err },
		"ResourceNotFoundException": func() error {
			_, err := r.logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: none})
			return err
		},
		"AccessDenied": func() error { _, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{}); return err },
	} {
		r.sim.Deny("kms:CreateKey")
		if call() == nil {
			t.Fatal("it was not refused")
		}
		detail := r.last(t).Detail
		wantEqual(t, "code", detail["errorCode"], any(want))
		wantEqual(t, "response", detail["responseElements"], nil)
		if detail["errorMessage"] == "" {
			t.Errorf("%s has no message", want)
		}
	}
}

// TestReadsMakeNoEvents: nor do STS, SQS and Tagging, nor calls that never came to AWS.
func TestReadsMakeNoEvents(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	for _, read := range reads {
		ok(t, read(r.clients))
	}
	r.sim.AllowAssume("arn:aws:iam::444455556666:role/other", "")
	_, err := r.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/other"), RoleSessionName: aws.String("abc")})
	ok(t, err)
	_, err = r.tagging.GetResources(ctx, &tagging.GetResourcesInput{})
	ok(t, err)
	r.sim.Inject(func(Call) Fault { return Fault{Kind: Drop} })
	_, err = r.kms.CreateKey(ctx, &kms.CreateKeyInput{})
	if err == nil {
		t.Fatal("no error")
	}
	wantEqual(t, "events", r.sim.Queue("q").Depth(), 0)
}

// TestLostAnswersMakeEvents, since the call was done.
func TestLostAnswersMakeEvents(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	r.sim.Inject(func(Call) Fault { return Fault{Kind: LoseAnswer} })
	if _, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{}); err == nil {
		t.Fatal("no error")
	}
	wantEqual(t, "event", r.last(t).Detail["errorCode"], nil)
}

// TestEventsOfASession tell the role and the session, and no secret.
func TestEventsOfASession(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	r.sim.AllowAssume("arn:aws:iam::111122223333:role/pod-exec", "")
	out, err := r.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(podRole), RoleSessionName: aws.String("carol")})
	ok(t, err)
	session := out.Credentials
	api := kms.New(r.kms.Options(), func(o *kms.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(*session.AccessKeyId, *session.SecretAccessKey, *session.SessionToken)
	})
	_, err = api.CreateKey(ctx, &kms.CreateKeyInput{})
	ok(t, err)
	wantJSON(t, "identity", r.last(t).Detail["userIdentity"], fmt.Sprintf(`{"type":"AssumedRole","principalId":"AROAPOD-EXEC:carol",
		"arn":"arn:aws:sts::111122223333:assumed-role/pod-exec/carol","accountId":"111122223333","accessKeyId":%q,"sessionContext":{
		"sessionIssuer":{"type":"Role","principalId":"AROAPOD-EXEC","arn":"arn:aws:iam::111122223333:role/pod-exec","accountId":"111122223333","userName":"pod-exec"},
		"attributes":{"creationDate":"2026-03-04T05:06:07Z","mfaAuthenticated":"false"}}}`, *session.AccessKeyId))
	for _, secret := range []string{*session.SecretAccessKey, *session.SessionToken} {
		if strings.Contains(strings.Join(r.sim.Queue("q").Bodies, ""), secret) {
			t.Error("an event has a secret")
		}
	}
}

// TestWhoseEventsCome: those of the account and the Region, and IAM's, which are of us-east-1.
func TestWhoseEventsCome(t *testing.T) {
	r := newEventRig(t, EventOptions{})
	for _, c := range []*clients{newClients(r.url, "ALICE", "us-west-2"), newClients(r.url, "444455556666", DefaultRegion)} {
		_, err := c.kms.CreateKey(ctx, &kms.CreateKeyInput{})
		ok(t, err)
	}
	wantEqual(t, "of others", r.sim.Queue("q").Depth(), 0)
	_, err := newClients(r.url, "ALICE", "us-east-1").iam.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("node"), Tags: []iamtypes.Tag{{Key: aws.String("K"), Value: aws.String("v")}}})
	ok(t, err)
	e := r.last(t)
	wantEqual(t, "Regions", e.Region+" "+e.Detail["awsRegion"].(string), "us-east-1 us-east-1")
	wantEqual(t, "who", e.Detail["userIdentity"].(map[string]any)["userName"], any("alice"))
	if err := r.sim.SendEvents("none", EventOptions{}); err == nil {
		t.Error("a queue that is not there was taken")
	}
}

// TestFaultsOfEvents makes one log group after the other, each with a fault of its own.
func TestFaultsOfEvents(t *testing.T) {
	faults := map[string]EventFault{"/drop": {Drop: true}, "/twice": {Repeats: 1}, "/late": {Delay: time.Minute}, "/broken": {Broken: true}, "/overtake": {Overtake: true}}
	r := newEventRig(t, EventOptions{Delay: time.Second, Fault: func(c Call) EventFault { return faults[partOf(c.Resource, ":")] }})
	q := &queueRig{rig: r, url: aws.String(r.queueURL("q"))}
	names := func() string {
		var out []string
		for _, m := range q.receive(t) {
			var e event
			if json.Unmarshal([]byte(*m.Body), &e) != nil {
				out = append(out, "broken")
				continue
			}
			out = append(out, e.Detail["requestParameters"].(map[string]any)["logGroupName"].(string))
		}
		return strings.Join(out, " ")
	}
	for _, name := range []string{"/a", "/drop", "/twice", "/late", "/broken", "/b", "/overtake"} {
		_, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(name)})
		ok(t, err)
	}
	wantEqual(t, "at once", names(), "")
	r.clock.Advance(time.Second)
	wantEqual(t, "after the delay", names(), "/a /twice /twice broken /overtake /b")
	r.clock.Advance(29 * time.Second)
	wantEqual(t, "before its time", names(), "")
	r.clock.Advance(32 * time.Second)
	if !strings.Contains(names(), "/late") {
		t.Error("what was late never came")
	}
}

// TestRequestIDsOfTwoSimulatorsDiffer: whoever knows its own requests by their ids must not take another account's for them.
func TestRequestIDsOfTwoSimulatorsDiffer(t *testing.T) {
	ids := map[string]bool{}
	for range 2 {
		r := newRig(t, Options{})
		out, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")})
		ok(t, err)
		id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
		ids[id] = true
	}
	if len(ids) != 2 {
		t.Errorf("the ids are %v", ids)
	}
}
