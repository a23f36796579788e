// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"sync"
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

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
)

const (
	ownerTag = "fargatesecurity.io/owner"
	owner    = "op/team/one"
	trust    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	policy   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	attached = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
)

// rig is a simulated account with one object of each kind, and a View of it.
type rig struct {
	sim   *awssim.Sim
	clock *awssim.ManualClock
	aws   awsapi.Clients
	view  *inventory.View

	group, keyARN, logARN, prefixList string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock})
	if err := sim.Seed(awssim.DefaultSeed()); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	r := &rig{sim: sim, clock: clock, aws: awstest.Clients(t, url)}
	r.view = inventory.NewView(r.aws, clock.Now, ownerTag)
	r.fill()
	r.prefixList = *must(ec2.NewFromConfig(awstest.Config(url)).CreateManagedPrefixList(context.Background(), &ec2.CreateManagedPrefixListInput{
		PrefixListName: aws.String("offices"), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(3), Entries: []ec2types.AddPrefixListEntry{{Cidr: aws.String("192.0.2.0/24")}},
	})).PrefixList.PrefixListId
	sim.ResetCalls()
	return r
}

// within is a context in which nothing that was read before since will do.
func (r *rig) within(since time.Time) context.Context {
	return inventory.With(context.Background(), inventory.Age{NotBefore: since})
}

// owned is what an owner has.
func (r *rig) owned(ctx context.Context, owner string) []string {
	arns, ok, err := r.view.Owned(ctx, owner)
	if !ok && err == nil {
		panic("the search was put off")
	}
	return must(arns, err)
}

// must returns the outcome of a call that cannot fail here.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

// fill makes one object of each kind, and others that are nobody's.
func (r *rig) fill() {
	ctx := context.Background()
	for _, name := range []string{"pods", "other"} {
		in := &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)}
		if name == "pods" {
			in.Tags = []iamtypes.Tag{{Key: aws.String(ownerTag), Value: aws.String(owner)}}
		}
		must(r.aws.IAM.CreateRole(ctx, in))
		must(r.aws.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("bucket"), PolicyDocument: aws.String(policy)}))
		must(r.aws.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: aws.String(attached)}))
	}
	must(r.aws.IAM.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("pods"), PermissionsBoundary: aws.String(attached)}))
	r.group = *must(r.aws.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web"), VpcId: aws.String("vpc-0a"),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: aws.String(ownerTag), Value: aws.String(owner)}}}}})).GroupId
	must(r.aws.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &r.group, IpPermissions: []ec2types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}}}}))
	key := must(r.aws.KMS.CreateKey(ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String(ownerTag), TagValue: aws.String(owner)}, {TagKey: aws.String("team"), TagValue: aws.String("x")}}}))
	r.keyARN = *key.KeyMetadata.Arn
	must(r.aws.KMS.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/one"), TargetKeyId: key.KeyMetadata.KeyId}))
	must(r.aws.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/pods"), Tags: map[string]string{ownerTag: owner}}))
	must(r.aws.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/pods/other")}))
	groups := must(r.aws.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/pods")}))
	r.logARN = *groups.LogGroups[0].LogGroupArn
	role := must(r.aws.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("pods")})).Role
	must(r.aws.EKS.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("one"), PodExecutionRoleArn: role.Arn,
		Subnets: []string{"subnet-0a"}, Selectors: []ekstypes.FargateProfileSelector{{Namespace: aws.String("pods")}}, Tags: map[string]string{ownerTag: owner}}))
}

// read is one of the operator's reads, named <client>.<operation>; what it returns does not show in which order AWS lists things.
type read struct {
	name string
	do   func(ctx context.Context, r *rig, c awsapi.Clients) (any, error)
}

func filters(pairs ...string) (list []ec2types.Filter) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, ec2types.Filter{Name: &pairs[i], Values: []string{pairs[i+1]}})
	}
	return list
}

var reads = []read{
	{"IAM.GetRole", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("pods")})
		if err != nil {
			return nil, err
		}
		// These two the sweep does not give, and the operator does not read.
		out.Role.Description, out.Role.MaxSessionDuration, out.Role.RoleLastUsed = nil, nil, nil
		out.Role.AssumeRolePolicyDocument = aws.String(unescaped(out.Role.AssumeRolePolicyDocument))
		return out.Role, nil
	}},
	{"IAM.ListAttachedRolePolicies", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("pods")})
		return field(out, err, "AttachedPolicies")
	}},
	{"IAM.ListRolePolicies", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.IAM.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String("pods")})
		return field(out, err, "PolicyNames")
	}},
	{"IAM.GetRolePolicy", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("pods"), PolicyName: aws.String("bucket")})
		if err != nil {
			return nil, err
		}
		return unescaped(out.PolicyDocument), nil
	}},
	{"IAM.GetPolicy", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(attached)})
		return field(out, err, "Policy")
	}},
	{"EC2.DescribeManagedPrefixLists", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.DescribeManagedPrefixLists(ctx, &ec2.DescribeManagedPrefixListsInput{PrefixListIds: []string{r.prefixList}})
		return field(out, err, "PrefixLists")
	}},
	{"EC2.GetManagedPrefixListEntries", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.GetManagedPrefixListEntries(ctx, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &r.prefixList})
		return field(out, err, "Entries")
	}},
	{"EC2.DescribeSecurityGroups by id", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters("group-id", r.group)})
		return withoutRules(out, err)
	}},
	{"EC2.DescribeSecurityGroups by name", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters("group-name", "web", "vpc-id", "vpc-0a")})
		return withoutRules(out, err)
	}},
	{"EC2.DescribeSecurityGroups by a name that is not there", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters("group-name", "web", "vpc-id", "vpc-0b")})
		return withoutRules(out, err)
	}},
	{"EC2.DescribeSecurityGroupRules", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: filters("group-id", r.group)})
		if err != nil {
			return nil, err
		}
		for i := range out.SecurityGroupRules { // the operator does not read these
			out.SecurityGroupRules[i].SecurityGroupRuleArn, out.SecurityGroupRules[i].GroupOwnerId, out.SecurityGroupRules[i].Tags = nil, nil, nil
		}
		return out.SecurityGroupRules, nil
	}},
	{"EC2.DescribeSubnets", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-0a", "subnet-0c"}})
		return field(out, err, "Subnets")
	}},
	{"EC2.DescribeRouteTables", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters("vpc-id", "vpc-0a")})
		return field(out, err, "RouteTables")
	}},
	{"KMS.DescribeKey", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/one")})
		if err != nil {
			return nil, err
		}
		k := out.KeyMetadata // of which the operator reads these
		return []any{k.KeyId, k.Arn, k.KeyState, k.KeyManager, k.KeySpec, k.KeyUsage, k.DeletionDate, k.Origin, k.Enabled, k.MultiRegion}, nil
	}},
	{"KMS.GetKeyPolicy", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.KMS.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &r.keyARN})
		return field(out, err, "Policy")
	}},
	{"KMS.GetKeyRotationStatus", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.KMS.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &r.keyARN})
		return field(out, err, "KeyRotationEnabled")
	}},
	{"KMS.ListResourceTags", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.KMS.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &r.keyARN})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(out.Tags, func(a, b kmstypes.Tag) int { return compare(*a.TagKey, *b.TagKey) })
		return out.Tags, nil
	}},
	{"Logs.DescribeLogGroups", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/pods")})
		if err != nil {
			return nil, err
		}
		group := out.LogGroups[0] // the one with that very name comes first
		group.LogGroupArn = nil   // which the operator does not read
		return group, nil
	}},
	{"Logs.ListTagsForResource", func(ctx context.Context, r *rig, c awsapi.Clients) (any, error) {
		out, err := c.Logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &r.logARN})
		return field(out, err, "Tags")
	}},
	{"EKS.DescribeCluster", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("prod")})
		return field(out, err, "Cluster")
	}},
	{"EKS.ListFargateProfiles", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.EKS.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: aws.String("prod")})
		return field(out, err, "FargateProfileNames")
	}},
	{"EKS.DescribeFargateProfile", func(ctx context.Context, _ *rig, c awsapi.Clients) (any, error) {
		out, err := c.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("one")})
		return field(out, err, "FargateProfile")
	}},
}

// withoutRules are groups without what the operator does not read of them.
func withoutRules(out *ec2.DescribeSecurityGroupsOutput, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	for i := range out.SecurityGroups {
		out.SecurityGroups[i].IpPermissions, out.SecurityGroups[i].IpPermissionsEgress = nil, nil
	}
	return out.SecurityGroups, nil
}

// unescaped is a document out of the encoding in which IAM returns it, and a View does not.
func unescaped(doc *string) string {
	return must(url.PathUnescape(*doc))
}

// field is one field of an answer: beside it there are only metadata of the call.
func field(out any, err error, name string) (any, error) {
	if err != nil {
		return nil, err
	}
	return reflect.ValueOf(out).Elem().FieldByName(name).Interface(), nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestAViewAnswersAsAWSDoes compares every read of the operator with and without a View.
func TestAViewAnswersAsAWSDoes(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	for _, read := range reads {
		want := must(read.do(ctx, r, r.aws))
		if got := must(read.do(r.within(r.clock.Now()), r, r.view.Clients())); !same(got, want) {
			t.Errorf("%s: a View answers\n%+v\nand AWS\n%+v", read.name, show(got), show(want))
		}
	}
}

// same compares answers; nothing and an empty list are the same.
func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Kind() == reflect.Slice && x.Len() == 0 && y.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a, b)
}

func show(v any) string { return string(must(json.Marshal(v))) }

// TestWhatIsKnownIsNotAskedAgain: the second round of all reads costs nothing, and each sweep one call.
func TestWhatIsKnownIsNotAskedAgain(t *testing.T) {
	r := newRig(t)
	since := r.clock.Now()
	for range 2 {
		for _, read := range reads {
			must(read.do(r.within(since), r, r.view.Clients()))
		}
		r.clock.Advance(time.Minute)
	}
	got := map[string]int{}
	for _, c := range r.sim.Calls() {
		got[c.Operation]++
	}
	for operation, n := range got {
		if n != 1 {
			t.Errorf("%s was called %d times", operation, n)
		}
	}
	if got["GetRole"]+got["ListResourceTags"]+got["ListTagsForResource"] > 0 {
		t.Errorf("read one by one: %v", got)
	}
	if r.owned(r.within(since), owner); len(r.sim.Calls()) != len(got) {
		t.Errorf("what is owned is in the sweeps, and was asked for")
	}
}

// TestNothingOlderThanAskedFor: a change shows as soon as what was read before it will not do.
func TestNothingOlderThanAskedFor(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	start := r.clock.Now()
	for _, read := range reads {
		must(read.do(r.within(start), r, r.view.Clients()))
	}
	r.clock.Advance(time.Minute)
	must(r.aws.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("pods"), PolicyName: aws.String("bucket")}))
	names := func(since time.Time) []string {
		return must(r.view.Clients().IAM.ListRolePolicies(r.within(since), &iam.ListRolePoliciesInput{RoleName: aws.String("pods")})).PolicyNames
	}
	if got := names(start); len(got) != 1 {
		t.Errorf("what was read at the start has policies %v", got)
	}
	if got := names(r.clock.Now()); len(got) != 0 {
		t.Errorf("after the change a View that must be younger has policies %v", got)
	}
}

// TestOwned: what carries the owner tag is found, with the role, and nobody else's.
func TestOwned(t *testing.T) {
	r := newRig(t)
	got := r.owned(r.within(r.clock.Now()), owner)
	if len(got) != 5 || !slices.Contains(got, r.keyARN) {
		t.Errorf("owned: %q", got)
	}
	if got := r.owned(r.within(r.clock.Now()), "op/team/two"); len(got) != 0 {
		t.Errorf("another's: %q", got)
	}
}

// TestReadsAtOnceAreJoined: a hundred that ask at the same moment cost one call.
func TestReadsAtOnceAreJoined(t *testing.T) {
	r := newRig(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.sim.Inject(func(awssim.Call) awssim.Fault {
		once.Do(func() { close(arrived) })
		<-release
		return awssim.Fault{}
	})
	var wait sync.WaitGroup
	errs := make(chan error, 100)
	since := r.clock.Now()
	ask := func() {
		defer wait.Done()
		_, err := r.view.Clients().IAM.GetRole(r.within(since), &iam.GetRoleInput{RoleName: aws.String("pods")})
		errs <- err
	}
	wait.Add(1)
	go ask()
	<-arrived // from now on the reading is under way
	for range 99 {
		wait.Add(1)
		go ask()
	}
	close(release)
	wait.Wait()
	for range 100 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.sim.Calls()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestAFailedReadingIsNotKept: everybody who waited for it gets the error, and the next one asks again.
func TestAFailedReadingIsNotKept(t *testing.T) {
	r := newRig(t)
	r.sim.Fail("iam:GetAccountAuthorizationDetails", "Throttling", "Rate exceeded", 400, 1)
	get := func() error {
		_, err := r.view.Clients().IAM.GetRole(r.within(r.clock.Now()), &iam.GetRoleInput{RoleName: aws.String("pods")})
		return err
	}
	if err := get(); awsapi.Code(err) != "Throttling" {
		t.Errorf("the first: %v", err)
	}
	if err := get(); err != nil {
		t.Errorf("the second: %v", err)
	}
}

// TestAReaderThatGivesUpTakesNobodyWithIt: when the one that reads is cancelled, another reads in its place.
func TestAReaderThatGivesUpTakesNobodyWithIt(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(context.Background())
	arrived := make(chan struct{})
	first := true
	r.sim.Inject(func(awssim.Call) awssim.Fault {
		if !first {
			return awssim.Fault{}
		}
		first = false
		close(arrived)
		return awssim.Fault{Kind: awssim.Hang}
	})
	get := func(ctx context.Context, done chan error) {
		_, err := r.view.Clients().IAM.GetRole(inventory.With(ctx, inventory.Age{}), &iam.GetRoleInput{RoleName: aws.String("pods")})
		done <- err
	}
	one, two := make(chan error, 1), make(chan error, 1)
	go get(ctx, one)
	<-arrived
	go get(context.Background(), two)
	cancel()
	if err := <-one; err == nil {
		t.Error("the cancelled one has an answer")
	}
	if err := <-two; err != nil {
		t.Errorf("the other one: %v", err)
	}
}

// TestFewManagedAmongManyAreReadOneByOne: a sweep that costs more calls than single reads is not made again.
func TestFewManagedAmongManyAreReadOneByOne(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	for i := range 300 { // the simulator's pages hold what the real ones do
		must(r.aws.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(fmt.Sprintf("/apps/%03d", i))}))
	}
	for round := range 3 {
		r.sim.ResetCalls()
		must(r.view.Clients().Logs.DescribeLogGroups(r.within(r.clock.Now()), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/pods")}))
		if n := len(r.sim.Calls()); round > 0 && n != 1 || round == 0 && n < 6 {
			t.Errorf("round %d: %d calls", round, n)
		}
		r.clock.Advance(5 * time.Minute)
	}
}

// TestOtherFormsGoToAWS: what a View has no answer for, it does not answer.
func TestOtherFormsGoToAWS(t *testing.T) {
	r := newRig(t)
	ctx := r.within(r.clock.Now())
	c := r.view.Clients()
	if _, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("nobody")}); awsapi.Code(err) != "NoSuchEntity" {
		t.Errorf("a role that does not exist: %v", err)
	}
	if _, err := c.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-0f"}}); !awsapi.IsNotFound(err) {
		t.Errorf("a subnet that does not exist: %v", err)
	}
	for _, list := range [][]ec2types.Filter{filters("group-name", "w*", "vpc-id", "vpc-0a"), filters("ip-permission.group-id", r.group), nil} {
		want := must(r.aws.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: list}))
		got := must(c.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: list}))
		if !same(got.SecurityGroups, want.SecurityGroups) {
			t.Errorf("filters %v: %v, not %v", list, got.SecurityGroups, want.SecurityGroups)
		}
	}
}
