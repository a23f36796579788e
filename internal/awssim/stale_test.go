// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// estate is one object of every kind, by what reads need to find it.
type estate struct{ group, key string }

// build makes an object of every kind.
func build(t *testing.T, r *rig) estate {
	t.Helper()
	group, err := r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d"), VpcId: aws.String("vpc-0a")})
	ok(t, err)
	_, err = r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{*group.GroupId}, Tags: []ec2types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}})
	ok(t, err)
	key, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}}})
	ok(t, err)
	_, err = r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: key.KeyMetadata.KeyId})
	ok(t, err)
	_, err = r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a"), Tags: map[string]string{"a": "1"}})
	ok(t, err)
	_, err = r.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(serviceTrust("ec2.amazonaws.com"))})
	ok(t, err)
	_, err = r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allowPolicy(`"s3:Get*"`))})
	ok(t, err)
	_, err = r.eks.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("p"),
		PodExecutionRoleArn: aws.String(podRole), Subnets: []string{"subnet-0a"}, Selectors: []ekstypes.FargateProfileSelector{{Namespace: aws.String("ns")}}, Tags: map[string]string{"a": "1"}})
	ok(t, err)
	return estate{*group.GroupId, *key.KeyMetadata.KeyId}
}

// change changes every object, and raze takes every object away.
func change(t *testing.T, r *rig, e estate) {
	t.Helper()
	port := aws.Int32(443)
	_, err := r.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &e.group, IpPermissions: []ec2types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: port, ToPort: port, IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}}}})
	ok(t, err)
	_, err = r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{e.group}, Tags: []ec2types.Tag{{Key: aws.String("a"), Value: aws.String("2")}}})
	ok(t, err)
	_, err = r.kms.TagResource(ctx, &kms.TagResourceInput{KeyId: &e.key, Tags: []kmstypes.Tag{{TagKey: aws.String("a"), TagValue: aws.String("2")}}})
	ok(t, err)
	_, err = r.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &e.key})
	ok(t, err)
	_, err = r.kms.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &e.key, Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`)})
	ok(t, err)
	_, err = r.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &e.key})
	ok(t, err)
	_, err = r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/b"), TargetKeyId: &e.key})
	ok(t, err)
	_, err = r.logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/a"), RetentionInDays: aws.Int32(30)})
	ok(t, err)
	_, err = r.logs.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(logGroupARN(DefaultRegion, DefaultAccount, "/a")), Tags: map[string]string{"a": "2"}})
	ok(t, err)
	_, err = r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("r"), Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("2")}}})
	ok(t, err)
	_, err = r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allowPolicy(`"s3:Put*"`))})
	ok(t, err)
	_, err = r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
	ok(t, err)
	arn := "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/p/"
	for _, o := range r.sim.Objects() {
		if o.Kind == "profile" {
			arn = o.ARN
		}
	}
	_, err = r.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "2"}})
	ok(t, err)
}

func raze(t *testing.T, r *rig, e estate) {
	t.Helper()
	_, err := r.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &e.group})
	ok(t, err)
	for _, alias := range []string{"alias/a", "alias/b"} {
		_, err = r.kms.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &alias})
		ok(t, err)
	}
	_, err = r.kms.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &e.key, TagKeys: []string{"a"}})
	ok(t, err)
	_, err = r.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &e.key, PendingWindowInDays: aws.Int32(7)})
	ok(t, err)
	_, err = r.logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/a")})
	ok(t, err)
	_, err = r.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
	ok(t, err)
	_, err = r.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p")})
	ok(t, err)
	_, err = r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")})
	ok(t, err)
	_, err = r.eks.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("p")})
	ok(t, err)
}

// look returns what reads of every service say: the answer, or the error's code.
func look(ctx context.Context, r *rig, e estate) map[string]string {
	seen := map[string]string{}
	note := func(what string) func(out any, err error) {
		return func(out any, err error) {
			if err != nil {
				var api smithy.APIError
				if !errors.As(err, &api) {
					panic(err)
				}
				seen[what] = api.ErrorCode()
				return
			}
			v := reflect.ValueOf(out).Elem()
			v.FieldByName("ResultMetadata").SetZero()
			text, err := json.Marshal(out)
			if err != nil {
				panic(err)
			}
			seen[what] = string(text)
		}
	}
	role, key := aws.String("r"), &e.key
	note("ec2 groups")(r.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{e.group}}))
	note("ec2 rules")(r.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{e.group}}}}))
	note("ec2 tags")(r.ec2.DescribeTags(ctx, &ec2.DescribeTagsInput{}))
	note("iam role")(r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: role}))
	note("iam inline")(r.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: aws.String("p")}))
	note("iam attached")(r.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role}))
	note("iam tags")(r.iam.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: role}))
	note("iam sweep")(r.iam.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{Filter: []iamtypes.EntityType{iamtypes.EntityTypeRole}}))
	note("kms key")(r.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: key}))
	note("kms policy")(r.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: key}))
	note("kms rotation")(r.kms.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: key}))
	note("kms tags")(r.kms.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: key}))
	note("kms aliases")(r.kms.ListAliases(ctx, &kms.ListAliasesInput{}))
	note("logs groups")(r.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}))
	note("logs tags")(r.logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(logGroupARN(DefaultRegion, DefaultAccount, "/a"))}))
	note("eks profile")(r.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("p")}))
	note("tagging")(r.tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{}))
	return seen
}

// stale has all reads answered as of that long ago; 0 ends it.
func stale(r *rig, age time.Duration) {
	r.sim.Inject(func(Call) Fault {
		if age == 0 {
			return Fault{}
		}
		return Fault{Kind: Stale, Age: age}
	})
}

// TestStaleReadsSeeThePast looks, as of each moment, at objects that come, change and go, in every service.
func TestStaleReadsSeeThePast(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.SetDelays(Delays{ProfileCreate: 30 * time.Second, ProfileDelete: 5 * time.Minute})
	r.sim.KeepPast(time.Hour)
	moments := []map[string]string{look(ctx, r, estate{group: "sg-00000000000000000", key: "00000000-1111-4222-8333-444444444444"})}
	r.clock.Advance(time.Minute)
	e := build(t, r)
	moments = append(moments, look(ctx, r, e))
	r.clock.Advance(time.Minute)
	change(t, r, e)
	moments = append(moments, look(ctx, r, e))
	r.clock.Advance(time.Minute)
	raze(t, r, e)
	moments = append(moments, look(ctx, r, e))
	for what := range moments[0] {
		for i, moment := range moments[1:] {
			// A key that is to be deleted keeps its policy.
			if moment[what] == moments[i][what] && (what != "kms policy" || i != 2) {
				t.Errorf("%s shows the same in minutes %d and %d (%s): the test shows nothing", what, i, i+1, moment[what])
			}
		}
	}
	for i, want := range moments {
		stale(r, time.Duration(len(moments)-1-i)*time.Minute)
		for what, got := range look(ctx, r, e) {
			if got != want[what] {
				t.Errorf("%s as of minute %d:\n got %s\nwant %s", what, i, got, want[what])
			}
		}
	}
	// Half a minute after minute 1 the profile was created to the end.
	stale(r, 90*time.Second)
	out, err := r.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("p")})
	ok(t, err)
	wantEqual(t, "status as of 90 seconds ago", out.FargateProfile.Status, ekstypes.FargateProfileStatusActive)
	// And what is under way goes on as if nobody had looked back.
	stale(r, 0)
	r.clock.Advance(5 * time.Minute)
	_, err = r.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("p")})
	wantError(t, err, "ResourceNotFoundException", http.StatusNotFound)
}

// TestWritesSeeTheTruth: a write is never held against the past, and STS has none.
func TestWritesSeeTheTruth(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.KeepPast(time.Hour)
	group := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")}
	_, err := r.logs.CreateLogGroup(ctx, group)
	ok(t, err)
	stale(r, time.Minute)
	_, err = r.logs.CreateLogGroup(ctx, group)
	wantError(t, err, "ResourceAlreadyExistsException", http.StatusBadRequest)
	_, err = r.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	ok(t, err)
	_, err = r.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	ok(t, err)
	var faults []FaultKind
	for _, c := range r.sim.Calls() {
		faults = append(faults, c.Fault)
	}
	wantEqual(t, "faults in the log", len(faults), 4)
	for i, want := range []FaultKind{"", "", "", Stale} {
		wantEqual(t, "fault of a call in the log", faults[i], want)
	}
}

func TestStaleNeedsThePast(t *testing.T) {
	r := newRig(t, Options{})
	stale(r, time.Minute)
	_, err := r.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	wantError(t, err, "AwssimPastNotKept", http.StatusNotImplemented)
	r.sim.KeepPast(time.Second)
	_, err = r.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	wantError(t, err, "AwssimPastNotKept", http.StatusNotImplemented)
}

// TestThePastIsForgotten: what is older than the window goes.
func TestThePastIsForgotten(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.KeepPast(time.Minute)
	for range 20 {
		r.clock.Advance(30 * time.Second)
		ok(t, r.sim.SetClusterStatus("prod", "FAILED"))
	}
	wantEqual(t, "states kept", len(r.sim.pasts), 3)
}

// TestDeepCopyKnowsTheState: of whatever the accounts are made of, deepCopy copies all that can change.
func TestDeepCopyKnowsTheState(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		if seen[typ] || typ.ConvertibleTo(timeType) && typ.Kind() == reflect.Struct {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Map:
			walk(typ.Key())
			walk(typ.Elem())
		case reflect.Pointer, reflect.Slice:
			walk(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				walk(typ.Field(i).Type)
			}
		case reflect.Interface, reflect.Array, reflect.Chan, reflect.UnsafePointer:
			t.Errorf("the state holds a %s, which deepCopy does not copy", typ)
		case reflect.Func:
			if typ != reflect.TypeFor[func(*eksCluster)]() {
				t.Errorf("the state holds a %s, which deepCopy shares", typ)
			}
		}
	}
	walk(reflect.TypeFor[map[string]*account]())
	if len(seen) < 50 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

func TestDeepCopySharesNothing(t *testing.T) {
	type node struct {
		next  *node
		names map[string][]string
		at    time.Time
	}
	at := testTime.In(time.FixedZone("CET", 3600))
	one := &node{names: map[string][]string{"a": {"b"}}, at: at}
	one.next = one
	two := deepCopy(one)
	one.names["a"][0], one.names["c"] = "changed", nil
	wantEqual(t, "text in the copy", two.names["a"][0], "b")
	wantEqual(t, "names in the copy", len(two.names), 1)
	wantEqual(t, "the copy points to itself", two.next == two, true)
	wantEqual(t, "time of the copy", two.at, at)
}
