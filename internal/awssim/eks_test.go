// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// slow are delays that make each background step visible on a manual clock.
var slow = Delays{ProfileCreate: time.Minute, ProfileDelete: time.Minute, ClusterUpdate: 10 * time.Minute, RolePropagation: 10 * time.Second}

// profileInput is a valid request; each test spoils one thing of it.
func profileInput(name string) *eks.CreateFargateProfileInput {
	return &eks.CreateFargateProfileInput{
		ClusterName: aws.String("prod"), FargateProfileName: aws.String(name), PodExecutionRoleArn: aws.String(podRole),
		Subnets: []string{"subnet-0a", "subnet-0b"}, Tags: map[string]string{"team": "a"},
		Selectors: []ekstypes.FargateProfileSelector{{Namespace: aws.String("shop"), Labels: map[string]string{"tier": "web"}}},
	}
}

func (r *rig) createProfile(name string) error {
	_, err := r.eks.CreateFargateProfile(ctx, profileInput(name))
	return err
}

func (r *rig) deleteProfile(name string) error {
	_, err := r.eks.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String(name)})
	return err
}

func (r *rig) profile(name string) (*ekstypes.FargateProfile, error) {
	out, err := r.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String(name)})
	if err != nil {
		return nil, err
	}
	return out.FargateProfile, nil
}

func (r *rig) wantProfile(t *testing.T, name string, status ekstypes.FargateProfileStatus) *ekstypes.FargateProfile {
	t.Helper()
	p, err := r.profile(name)
	ok(t, err)
	wantEqual(t, "status of "+name, p.Status, status)
	return p
}

func (r *rig) cluster(t *testing.T, name string) *ekstypes.Cluster {
	t.Helper()
	out, err := r.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String(name)})
	ok(t, err)
	return out.Cluster
}

func TestProfileLifecycle(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	ok(t, r.createProfile("web"))
	p := r.wantProfile(t, "web", ekstypes.FargateProfileStatusCreating)
	if !strings.HasPrefix(*p.FargateProfileArn, "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/web/") {
		t.Fatalf("ARN is %s", *p.FargateProfileArn)
	}
	wantEqual(t, "cluster", *p.ClusterName, "prod")
	wantEqual(t, "role", *p.PodExecutionRoleArn, podRole)
	wantEqual(t, "subnets", strings.Join(p.Subnets, " "), "subnet-0a subnet-0b")
	wantEqual(t, "namespace", *p.Selectors[0].Namespace, "shop")
	wantEqual(t, "label", p.Selectors[0].Labels["tier"], "web")
	wantEqual(t, "tag", p.Tags["team"], "a")
	wantEqual(t, "creation", p.CreatedAt.UTC(), testTime)
	wantEqual(t, "health issues", len(p.Health.Issues), 0)
	r.clock.Advance(time.Minute - time.Second)
	r.wantProfile(t, "web", ekstypes.FargateProfileStatusCreating)
	r.clock.Advance(time.Second)
	r.wantProfile(t, "web", ekstypes.FargateProfileStatusActive)
	ok(t, r.deleteProfile("web"))
	r.wantProfile(t, "web", ekstypes.FargateProfileStatusDeleting)
	r.clock.Advance(time.Minute)
	_, err := r.profile("web")
	wantError(t, err, "ResourceNotFoundException", 404)
	wantError(t, r.deleteProfile("web"), "ResourceNotFoundException", 404)
}

func TestOneProfileOperationAtATime(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	ok(t, r.createProfile("a"))
	wantError(t, r.createProfile("b"), "ResourceInUseException", 409)
	wantError(t, r.deleteProfile("a"), "ResourceInUseException", 409)
	r.clock.Advance(time.Minute)
	ok(t, r.createProfile("b"))
	r.clock.Advance(time.Minute)
	ok(t, r.deleteProfile("a"))
	wantError(t, r.deleteProfile("b"), "ResourceInUseException", 409)
	wantError(t, r.createProfile("c"), "ResourceInUseException", 409)
	r.clock.Advance(time.Minute)
	ok(t, r.deleteProfile("b"))
}

func TestNoProfileOperationDuringAnUpdate(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	_, err := r.eks.UpdateClusterConfig(ctx, endpointUpdate(true))
	ok(t, err)
	wantError(t, r.createProfile("a"), "ResourceInUseException", 409)
	r.clock.Advance(slow.ClusterUpdate)
	ok(t, r.createProfile("a"))
}

func TestProfileInputRules(t *testing.T) {
	sixLabels := map[string]string{"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""}
	shop := ekstypes.FargateProfileSelector{Namespace: aws.String("shop")}
	cases := map[string]struct {
		spoil  func(in *eks.CreateFargateProfileInput)
		code   string
		status int
	}{
		"unknown cluster":  {func(in *eks.CreateFargateProfileInput) { in.ClusterName = aws.String("none") }, "ResourceNotFoundException", 404},
		"reserved name":    {func(in *eks.CreateFargateProfileInput) { in.FargateProfileName = aws.String("eks-a") }, "InvalidParameterException", 400},
		"bad name":         {func(in *eks.CreateFargateProfileInput) { in.FargateProfileName = aws.String("-a") }, "InvalidParameterException", 400},
		"long name":        {func(in *eks.CreateFargateProfileInput) { in.FargateProfileName = aws.String(strings.Repeat("a", 101)) }, "InvalidParameterException", 400},
		"no selector":      {func(in *eks.CreateFargateProfileInput) { in.Selectors = nil }, "InvalidParameterException", 400},
		"six selectors":    {func(in *eks.CreateFargateProfileInput) { in.Selectors = slices.Repeat(in.Selectors, 6) }, "InvalidParameterException", 400},
		"no namespace":     {func(in *eks.CreateFargateProfileInput) { in.Selectors[0].Namespace = nil }, "InvalidParameterException", 400},
		"six labels":       {func(in *eks.CreateFargateProfileInput) { in.Selectors[0].Labels = sixLabels }, "InvalidParameterException", 400},
		"unknown subnet":   {func(in *eks.CreateFargateProfileInput) { in.Subnets = []string{"subnet-none"} }, "InvalidParameterException", 400},
		"public subnet":    {func(in *eks.CreateFargateProfileInput) { in.Subnets = []string{"subnet-0a", "subnet-0c"} }, "InvalidParameterException", 400},
		"subnet elsewhere": {func(in *eks.CreateFargateProfileInput) { in.Subnets = []string{"subnet-0d"} }, "InvalidParameterException", 400},
		"unknown role":     {func(in *eks.CreateFargateProfileInput) { in.PodExecutionRoleArn = aws.String(podRole + "x") }, "InvalidParameterException", 400},
		"role of EC2":      {func(in *eks.CreateFargateProfileInput) { in.PodExecutionRoleArn = aws.String(nodeRole) }, "InvalidParameterException", 400},
		"foreign role": {func(in *eks.CreateFargateProfileInput) {
			in.PodExecutionRoleArn = aws.String("arn:aws:iam::444455556666:role/a")
		}, "AccessDeniedException", 403},
		"reserved tag": {func(in *eks.CreateFargateProfileInput) { in.Tags = map[string]string{"aws:a": "b"} }, "InvalidParameterException", 400},
		"five of each is ok": {func(in *eks.CreateFargateProfileInput) {
			in.Selectors = slices.Repeat([]ekstypes.FargateProfileSelector{shop}, 5)
		}, "", 0},
		"100 characters": {func(in *eks.CreateFargateProfileInput) { in.FargateProfileName = aws.String(strings.Repeat("a", 100)) }, "", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := profileInput("a")
			c.spoil(in)
			_, err := newRig(t, Options{}).eks.CreateFargateProfile(ctx, in)
			if c.code == "" {
				ok(t, err)
				return
			}
			wantError(t, err, c.code, c.status)
		})
	}
}

func TestProfileDefaultsToPrivateSubnets(t *testing.T) {
	r := newRig(t, Options{})
	in := profileInput("a")
	in.Subnets = nil
	out, err := r.eks.CreateFargateProfile(ctx, in)
	ok(t, err)
	wantEqual(t, "subnets", strings.Join(out.FargateProfile.Subnets, " "), "subnet-0a subnet-0b")
}

func TestProfileDuplicateAndQuota(t *testing.T) {
	r := newRig(t, Options{})
	for _, name := range strings.Split("abcdefghij", "") {
		ok(t, r.createProfile(name))
	}
	wantError(t, r.createProfile("a"), "ResourceInUseException", 409)
	wantError(t, r.createProfile("k"), "ResourceLimitExceededException", 400)
}

func TestProfileClientToken(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	in := profileInput("a")
	in.ClientRequestToken = aws.String("token-1")
	first, err := r.eks.CreateFargateProfile(ctx, in)
	ok(t, err)
	again, err := r.eks.CreateFargateProfile(ctx, in)
	ok(t, err)
	wantEqual(t, "ARN", *again.FargateProfile.FargateProfileArn, *first.FargateProfile.FargateProfileArn)
	in.Subnets = []string{"subnet-0a"}
	_, err = r.eks.CreateFargateProfile(ctx, in)
	wantError(t, err, "InvalidRequestException", 400)
}

func TestRoleTakesTimeToBeUsable(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	trust := func(service, condition string) *string {
		return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"` + condition + `}]}`)
	}
	_, err := r.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("fresh"), AssumeRolePolicyDocument: trust("eks-fargate-pods.amazonaws.com", "")})
	ok(t, err)
	in := profileInput("a")
	in.PodExecutionRoleArn = aws.String("arn:aws:iam::111122223333:role/fresh")
	create := func() error {
		_, err := r.eks.CreateFargateProfile(ctx, in)
		return err
	}
	misconfigured := func() {
		t.Helper()
		err := create()
		wantError(t, err, "InvalidParameterException", 400)
		if !strings.Contains(err.Error(), "Misconfigured PodExecutionRole Trust Policy") {
			t.Fatal(err)
		}
	}
	misconfigured()
	r.clock.Advance(slow.RolePropagation)
	update := func(doc *string) {
		t.Helper()
		_, err := r.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("fresh"), PolicyDocument: doc})
		ok(t, err)
		r.clock.Advance(slow.RolePropagation)
	}
	update(trust("ec2.amazonaws.com", ""))
	misconfigured()
	update(trust("eks-fargate-pods.amazonaws.com", `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:eks:eu-west-1:111122223333:fargateprofile/other/*"}}`))
	misconfigured()
	update(trust("eks-fargate-pods.amazonaws.com", `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"}}`))
	ok(t, create())
}

func TestProfileFailures(t *testing.T) {
	r := newRig(t, Options{Delays: slow})
	ok(t, r.sim.SetProfileOutcome("prod", "a", "CREATE_FAILED"))
	ok(t, r.createProfile("a"))
	r.clock.Advance(time.Minute)
	p := r.wantProfile(t, "a", ekstypes.FargateProfileStatusCreateFailed)
	wantEqual(t, "health issues", len(p.Health.Issues), 1)
	ok(t, r.sim.SetProfileOutcome("prod", "a", "DELETE_FAILED"))
	ok(t, r.deleteProfile("a"))
	r.clock.Advance(time.Minute)
	r.wantProfile(t, "a", ekstypes.FargateProfileStatusDeleteFailed)
	ok(t, r.sim.SetProfileHealth("prod", "a", "ACTIVE", "AccessDenied", "The role lost its policy"))
	p = r.wantProfile(t, "a", ekstypes.FargateProfileStatusActive)
	wantEqual(t, "health code", p.Health.Issues[0].Code, ekstypes.FargateProfileIssueCodeAccessDenied)
	ok(t, r.deleteProfile("a"))
	r.clock.Advance(time.Minute)
	_, err := r.profile("a")
	wantError(t, err, "ResourceNotFoundException", 404)
	if r.sim.SetProfileOutcome("none", "a", "CREATE_FAILED") == nil || r.sim.SetProfileHealth("prod", "none", "", "", "") == nil || r.sim.SetClusterStatus("none", "") == nil {
		t.Fatal("steering what is not there must fail")
	}
}

func TestClusterThatIsNotActive(t *testing.T) {
	r := newRig(t, Options{})
	ok(t, r.sim.SetClusterStatus("prod", "FAILED"))
	wantEqual(t, "status", r.cluster(t, "prod").Status, ekstypes.ClusterStatusFailed)
	wantError(t, r.createProfile("a"), "InvalidRequestException", 400)
	_, err := r.eks.UpdateClusterConfig(ctx, endpointUpdate(true))
	wantError(t, err, "ResourceInUseException", 409)
}

func TestListFargateProfiles(t *testing.T) {
	r := newRig(t, Options{PageSize: 2})
	for _, name := range []string{"c", "a", "b"} {
		ok(t, r.createProfile(name))
	}
	pages := eks.NewListFargateProfilesPaginator(r.eks, &eks.ListFargateProfilesInput{ClusterName: aws.String("prod")})
	var got []string
	n := 0
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		ok(t, err)
		got = append(got, out.FargateProfileNames...)
		n++
	}
	wantEqual(t, "names", strings.Join(got, ""), "abc")
	wantEqual(t, "pages", n, 2)
	_, err := r.eks.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: aws.String("prod"), MaxResults: aws.Int32(101)})
	wantError(t, err, "InvalidParameterException", 400)
	_, err = r.eks.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: aws.String("prod"), NextToken: aws.String("***")})
	wantError(t, err, "InvalidParameterException", 400)
	_, err = r.eks.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: aws.String("none")})
	wantError(t, err, "ResourceNotFoundException", 404)
}

func TestEKSTags(t *testing.T) {
	r := newRig(t, Options{})
	ok(t, r.createProfile("a"))
	p := r.wantProfile(t, "a", ekstypes.FargateProfileStatusActive)
	for _, arn := range []*string{p.FargateProfileArn, r.cluster(t, "prod").Arn} {
		_, err := r.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"one": "1", "two": "2", "three": ""}})
		ok(t, err)
		_, err = r.eks.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"one", "three"}})
		ok(t, err)
		out, err := r.eks.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: arn})
		ok(t, err)
		delete(out.Tags, "team")
		wantEqual(t, "tags", asText(out.Tags), `{"two":"2"}`)
		_, err = r.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"aws:x": ""}})
		wantError(t, err, "BadRequestException", 400)
	}
	wantEqual(t, "tag of the profile", r.wantProfile(t, "a", ekstypes.FargateProfileStatusActive).Tags["two"], "2")
	_, err := r.eks.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: aws.String(*p.FargateProfileArn + "x")})
	wantError(t, err, "NotFoundException", 404)
}
