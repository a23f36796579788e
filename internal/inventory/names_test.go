// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// TestRoleLike: by what was read of all roles, however long ago, and anew when IAM says that the name is taken.
func TestRoleLike(t *testing.T) {
	r := newRig(t)
	ctx := r.within(r.clock.Now())
	if got := must(r.view.RoleLike(ctx, "PODS")); got != "pods" {
		t.Errorf("a role like PODS is %q", got)
	}
	calls := len(r.sim.Calls())
	r.clock.Advance(time.Hour)
	for name, want := range map[string]string{"pods": "", "Pods": "pods", "nobody": ""} {
		if got := must(r.view.RoleLike(context.Background(), name)); got != want {
			t.Errorf("a role like %s is %q, want %q", name, got, want)
		}
	}
	if len(r.sim.Calls()) != calls {
		t.Error("all roles were read again")
	}
	create := func(c awsapi.Clients, name string) error {
		_, err := c.IAM.CreateRole(context.Background(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
		return err
	}
	if err := create(r.aws, "Later"); err != nil {
		t.Fatal(err)
	}
	if code := awsapi.Code(create(r.view.Clients(), "later")); code != "EntityAlreadyExists" {
		t.Fatalf("the second role of that name: %q", code)
	}
	if got := must(r.view.RoleLike(context.Background(), "later")); got != "Later" {
		t.Errorf("after IAM's word, a role like later is %q", got)
	}
}

// TestNameOfWhatIsNotShown: AWS says that the name is taken and shows nothing of that name. That is a delay for five minutes,
// and then it is somebody's turn, each time anew; when AWS takes the name after all, nothing is left of it.
func TestNameOfWhatIsNotShown(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		action, code string
		create       func(context.Context, awsapi.Clients) error
	}{
		"role": {"iam:CreateRole", "EntityAlreadyExists", func(ctx context.Context, c awsapi.Clients) error {
			_, err := c.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("hidden"), AssumeRolePolicyDocument: aws.String(trust)})
			return err
		}},
		"group": {"ec2:CreateSecurityGroup", "InvalidGroup.Duplicate", func(ctx context.Context, c awsapi.Clients) error {
			_, err := c.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("hidden"), Description: aws.String("x"), VpcId: aws.String("vpc-0a")})
			return err
		}},
	} {
		create := func() error { return c.create(context.Background(), r.view.Clients()) }
		r.sim.Fail(c.action, c.code, "it exists", 409, 4)
		for _, wait := range []time.Duration{0, 4*time.Minute + 59*time.Second} {
			r.clock.Advance(wait)
			if err := create(); awsapi.Code(err) != c.code {
				t.Errorf("%s after %s: %v", name, wait, err)
			}
		}
		for range 2 {
			r.clock.Advance(time.Second)
			err := create()
			var refused *awsapi.Refused
			if f := awsapi.Classify(err); !errors.As(err, &refused) || f.Kind != failure.Invalid || f.Reason != "NameTaken" {
				t.Errorf("%s after five minutes: %v", name, err)
			}
		}
		if err := create(); err != nil {
			t.Errorf("%s, at last: %v", name, err)
		}
		r.sim.Fail(c.action, c.code, "it exists", 409, 1)
		if err := create(); awsapi.Code(err) != c.code {
			t.Errorf("%s, begun anew: %v", name, err)
		}
	}
}

// TestGroupsInAnyLetters: a sweep answers for names that are alike but for case, and for a name alone as EC2 does.
func TestGroupsInAnyLetters(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		names []string
		found bool
	}{
		{[]string{"web"}, true}, {[]string{"WEB"}, false}, {[]string{"WEB", "???"}, true}, {[]string{"web", "???"}, true}, {[]string{"wax", "???"}, false},
	} {
		in := &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: c.names}, {Name: aws.String("vpc-id"), Values: []string{"vpc-0a"}}}}
		out := must(r.view.Clients().EC2.DescribeSecurityGroups(r.within(r.clock.Now()), in))
		if got := len(out.SecurityGroups) == 1 && *out.SecurityGroups[0].GroupId == r.group; got != c.found {
			t.Errorf("%q: found %v", c.names, out.SecurityGroups)
		}
		if len(in.Filters[0].Values) != len(c.names) {
			t.Errorf("the question was changed: %q", in.Filters[0].Values)
		}
	}
	if n := len(r.sim.Calls()); n == 0 || r.sim.Calls()[n-1].Operation != "DescribeSecurityGroups" {
		t.Fatalf("calls are %+v", r.sim.Calls())
	}
	sweeps := 0
	for _, call := range r.sim.Calls() {
		if call.Operation == "DescribeSecurityGroups" {
			sweeps++
		}
	}
	if sweeps != 1 {
		t.Errorf("EC2 was asked %d times", sweeps)
	}
}
