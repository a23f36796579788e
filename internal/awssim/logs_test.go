// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

func (r *rig) newLogGroup(t *testing.T, name string) {
	t.Helper()
	_, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, Tags: map[string]string{"a": "1"}})
	ok(t, err)
}

// oneLogGroup returns the group of that name, nil if there is none.
func (r *rig) oneLogGroup(t *testing.T, name string) *logstypes.LogGroup {
	t.Helper()
	out, err := r.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	ok(t, err)
	for _, group := range out.LogGroups {
		if *group.LogGroupName == name {
			return &group
		}
	}
	return nil
}

func TestLogGroupLifecycle(t *testing.T) {
	r := newRig(t, Options{})
	r.newLogGroup(t, "/aws/eks/a")
	group := r.oneLogGroup(t, "/aws/eks/a")
	wantEqual(t, "arn", *group.Arn, "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/a:*")
	wantEqual(t, "logGroupArn", *group.LogGroupArn, "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/a")
	wantEqual(t, "creation", *group.CreationTime, testTime.UnixMilli())
	wantEqual(t, "has a retention", group.RetentionInDays != nil, false)
	wantEqual(t, "has a key", group.KmsKeyId != nil, false)
	wantEqual(t, "class", group.LogGroupClass, logstypes.LogGroupClassStandard)
	del := &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/aws/eks/a")}
	_, err := r.logs.DeleteLogGroup(ctx, del)
	ok(t, err)
	_, err = r.logs.DeleteLogGroup(ctx, del)
	wantError(t, err, "ResourceNotFoundException", 400)
	wantEqual(t, "is gone", r.oneLogGroup(t, "/aws/eks/a") == nil, true)
}

func TestLogGroupInputRules(t *testing.T) {
	r := newRig(t, Options{})
	r.newLogGroup(t, "/a")
	cases := map[string]struct {
		in   cloudwatchlogs.CreateLogGroupInput
		code string
	}{
		"duplicate":     {cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")}, "ResourceAlreadyExistsException"},
		"bad character": {cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a:b")}, "InvalidParameterException"},
		"too long":      {cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(strings.Repeat("a", 513))}, "InvalidParameterException"},
		"reserved":      {cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("aws/x")}, "InvalidParameterException"},
		"bad class":     {cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/b"), LogGroupClass: "COLD"}, "InvalidParameterException"},
		"reserved tag":  {cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/b"), Tags: map[string]string{"aws:a": ""}}, "InvalidParameterException"},
		"key by id":     {cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/b"), KmsKeyId: aws.String("1234")}, "InvalidParameterException"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := r.logs.CreateLogGroup(ctx, &c.in)
			wantError(t, err, c.code, 400)
		})
	}
}

func TestProtectedLogGroup(t *testing.T) {
	r := newRig(t, Options{})
	_, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a"), DeletionProtectionEnabled: aws.Bool(true)})
	ok(t, err)
	wantEqual(t, "protection", *r.oneLogGroup(t, "/a").DeletionProtectionEnabled, true)
	_, err = r.logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/a")})
	wantError(t, err, "ValidationException", 400)
}

func TestRetention(t *testing.T) {
	r := newRig(t, Options{})
	r.newLogGroup(t, "/a")
	put := func(name string, days int32) error {
		_, err := r.logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: &days})
		return err
	}
	for _, days := range []int32{0, 2, 91, 3654} {
		wantError(t, put("/a", days), "InvalidParameterException", 400)
	}
	for _, days := range retentionDays {
		ok(t, put("/a", int32(days)))
		wantEqual(t, "retention", *r.oneLogGroup(t, "/a").RetentionInDays, int32(days))
	}
	wantError(t, put("/none", 1), "ResourceNotFoundException", 400)
	_, err := r.logs.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: aws.String("/a")})
	ok(t, err)
	wantEqual(t, "has a retention", r.oneLogGroup(t, "/a").RetentionInDays != nil, false)
}

func TestDescribeLogGroups(t *testing.T) {
	r := newRig(t, Options{})
	for _, name := range []string{"/b/2", "/a", "/b/1", "/b/3"} {
		r.newLogGroup(t, name)
	}
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(r.logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/b"), Limit: aws.Int32(2)})
	var got []string
	n := 0
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		ok(t, err)
		for _, group := range out.LogGroups {
			got = append(got, *group.LogGroupName)
		}
		n++
	}
	wantEqual(t, "names", strings.Join(got, " "), "/b/1 /b/2 /b/3")
	wantEqual(t, "pages", n, 2)
	count := func(in *cloudwatchlogs.DescribeLogGroupsInput) int {
		t.Helper()
		out, err := r.logs.DescribeLogGroups(ctx, in)
		ok(t, err)
		return len(out.LogGroups)
	}
	wantEqual(t, "by pattern", count(&cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("/3")}), 1)
	wantEqual(t, "by name", count(&cloudwatchlogs.DescribeLogGroupsInput{LogGroupIdentifiers: []string{"/a"}}), 1)
	wantEqual(t, "by class", count(&cloudwatchlogs.DescribeLogGroupsInput{LogGroupClass: logstypes.LogGroupClassInfrequentAccess}), 0)
	for name, in := range map[string]*cloudwatchlogs.DescribeLogGroupsInput{
		"prefix and pattern": {LogGroupNamePrefix: aws.String("a"), LogGroupNamePattern: aws.String("a")},
		"limit":              {Limit: aws.Int32(51)},
		"token":              {NextToken: aws.String("***")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.logs.DescribeLogGroups(ctx, in)
			wantError(t, err, "InvalidParameterException", 400)
		})
	}
}

// logsKeyPolicy lets CloudWatch Logs of a Region use a key for some groups.
func logsKeyPolicy(region, groups string) string {
	return `{"Version":"2012-10-17","Statement":[
	 {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
	 {"Effect":"Allow","Principal":{"Service":"logs.` + region + `.amazonaws.com"},
	  "Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*",
	  "Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"` + groups + `"}}}]}`
}

func TestLogGroupKey(t *testing.T) {
	r := newRig(t, Options{})
	r.newLogGroup(t, "/a")
	_, good := r.newKMSKey(t, logsKeyPolicy("eu-west-1", "arn:aws:logs:eu-west-1:111122223333:log-group:/a*"))
	associate := func(group, key string) error {
		_, err := r.logs.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: &group, KmsKeyId: &key})
		return err
	}
	ok(t, associate("/a", good))
	wantEqual(t, "key", *r.oneLogGroup(t, "/a").KmsKeyId, good)
	_, err := r.logs.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{ResourceIdentifier: aws.String(logGroupARN("eu-west-1", DefaultAccount, "/a"))})
	ok(t, err)
	wantEqual(t, "has a key", r.oneLogGroup(t, "/a").KmsKeyId != nil, false)
	wantError(t, associate("/none", good), "ResourceNotFoundException", 400)

	for name, policy := range map[string]string{
		"default policy": "",
		"other Region":   logsKeyPolicy("us-east-1", "*"),
		"other group":    logsKeyPolicy("eu-west-1", "arn:aws:logs:eu-west-1:111122223333:log-group:/b"),
	} {
		t.Run(name, func(t *testing.T) {
			_, key := r.newKMSKey(t, policy)
			wantError(t, associate("/a", key), "AccessDeniedException", 400)
			_, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a/new"), KmsKeyId: &key})
			wantError(t, err, "AccessDeniedException", 400)
		})
	}
	_, err = r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a/good"), KmsKeyId: &good})
	ok(t, err)
	wantError(t, associate("/a", good+"x"), "InvalidParameterException", 400)
	_, err = r.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &good})
	ok(t, err)
	wantError(t, associate("/a", good), "InvalidParameterException", 400)
	_, err = r.logs.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{KmsKeyId: &good})
	wantError(t, err, "InvalidParameterException", 400) // neither name nor identifier
	_, err = r.logs.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{KmsKeyId: &good, ResourceIdentifier: aws.String("arn:aws:logs:eu-west-1:444455556666:log-group:/a")})
	wantError(t, err, "InvalidParameterException", 400)
}

func TestLogGroupTags(t *testing.T) {
	r := newRig(t, Options{})
	r.newLogGroup(t, "/a")
	arn := r.oneLogGroup(t, "/a").LogGroupArn
	_, err := r.logs.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"b": "2"}})
	ok(t, err)
	_, err = r.logs.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
	ok(t, err)
	list := func(arn string) (map[string]string, error) {
		out, err := r.logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn})
		if err != nil {
			return nil, err
		}
		return out.Tags, nil
	}
	tags, err := list(*arn)
	ok(t, err)
	wantEqual(t, "tags", asText(tags), `{"b":"2"}`)
	_, err = list(*arn + ":*")
	wantError(t, err, "InvalidParameterException", 400)
	_, err = list(*arn + "b")
	wantError(t, err, "ResourceNotFoundException", 400)
	many := map[string]string{}
	for c := range 50 {
		many[strings.Repeat("x", c+1)] = ""
	}
	_, err = r.logs.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: many})
	wantError(t, err, "TooManyTagsException", 400)
	_, err = r.logs.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"aws:x": ""}})
	wantError(t, err, "InvalidParameterException", 400)
}
