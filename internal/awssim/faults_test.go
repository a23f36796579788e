// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// everyService makes one call of each service.
func everyService(ctx context.Context, r *rig) map[string]error {
	errs := map[string]error{}
	_, errs["ec2"] = r.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	_, errs["eks"] = r.eks.ListClusters(ctx, &eks.ListClustersInput{})
	_, errs["iam"] = r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("node")})
	_, errs["kms"] = r.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	_, errs["logs"] = r.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	_, errs["sts"] = r.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	_, errs["tagging"] = r.tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{})
	return errs
}

func TestFaultsAnswerInEveryServicesWords(t *testing.T) {
	for _, c := range []struct {
		fault  Fault
		code   map[string]string // by service; "": of all others
		status map[string]int
	}{
		{Fault{Kind: Throttle},
			map[string]string{"": "ThrottlingException", "ec2": "RequestLimitExceeded", "eks": "TooManyRequestsException", "iam": "Throttling", "sts": "Throttling", "tagging": "ThrottledException"},
			map[string]int{"": 400, "ec2": 503, "eks": 429}},
		{Fault{Kind: Break}, map[string]string{"": "InternalFailure"}, map[string]int{"": 500}},
		{Fault{Kind: Break, Status: 503}, map[string]string{"": "ServiceUnavailable"}, map[string]int{"": 503}},
		{Fault{Kind: AccessDenied},
			map[string]string{"": "AccessDeniedException", "ec2": "UnauthorizedOperation", "iam": "AccessDenied", "sts": "AccessDenied"},
			map[string]int{"": 400, "ec2": 403, "eks": 403, "iam": 403, "sts": 403}},
		{Fault{Kind: Refuse, Code: "Strange", Status: 418}, map[string]string{"": "Strange"}, map[string]int{"": 418}},
	} {
		r := newRig(t, Options{})
		r.sim.Inject(func(Call) Fault { return c.fault })
		for service, err := range everyService(ctx, r) {
			code, known := c.code[service]
			if !known {
				code = c.code[""]
			}
			status, known := c.status[service]
			if !known {
				status = c.status[""]
			}
			wantError(t, err, code, status)
		}
		for _, call := range r.sim.Calls() {
			wantEqual(t, "fault in the log of "+call.Service, call.Fault, c.fault.Kind)
		}
	}
}

// noAnswer checks that a call ended without any answer.
func noAnswer(t *testing.T, err error) {
	t.Helper()
	var api smithy.APIError
	var sent *smithyhttp.RequestSendError
	if errors.As(err, &api) || !errors.As(err, &sent) {
		t.Errorf("got %v: want a connection that was closed without an answer", err)
	}
}

func TestDropDoesNothingAndLoseAnswerDoesIt(t *testing.T) {
	r := newRig(t, Options{})
	var asked []Call
	next := Fault{Kind: Drop}
	r.sim.Inject(func(c Call) Fault {
		asked = append(asked, c)
		defer func() { next = Fault{} }()
		return next
	})
	group := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")}
	_, err := r.logs.CreateLogGroup(ctx, group)
	noAnswer(t, err)
	wantEqual(t, "log groups after a dropped call", len(r.sim.Objects()), len(objectsBut(r.sim, "log-group")))

	next = Fault{Kind: LoseAnswer}
	_, err = r.logs.CreateLogGroup(ctx, group)
	noAnswer(t, err)
	_, err = r.logs.CreateLogGroup(ctx, group)
	wantError(t, err, "ResourceAlreadyExistsException", http.StatusBadRequest)

	wantEqual(t, "number of decisions", len(asked), 3)
	for i, call := range r.sim.Calls() {
		wantEqual(t, "number of the call", call.Seq, i+1)
		wantEqual(t, "call asked about", asked[i].Seq, i+1)
		wantEqual(t, "operation asked about", asked[i].Action(), "logs:CreateLogGroup")
		wantEqual(t, "writes", asked[i].Write, true)
	}
	wantEqual(t, "code of the call whose answer was lost", r.sim.Calls()[1].Code, "")
	r.sim.Inject(nil)
	for service, err := range everyService(ctx, r) {
		if err != nil {
			t.Errorf("%s after the faults: %v", service, err)
		}
	}
}

func objectsBut(s *Sim, kind string) (list []Object) {
	for _, o := range s.Objects() {
		if o.Kind != kind {
			list = append(list, o)
		}
	}
	return list
}

func TestHangLastsUntilTheClientGivesUp(t *testing.T) {
	r := newRig(t, Options{})
	patient, giveUp := context.WithCancel(ctx)
	r.sim.Inject(func(c Call) Fault {
		if c.Operation == "CreateLogGroup" {
			giveUp()
			return Fault{Kind: Hang}
		}
		return Fault{}
	})
	_, err := r.logs.CreateLogGroup(patient, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// Others are served meanwhile, and the hanging call has done nothing.
	out, err := r.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	ok(t, err)
	wantEqual(t, "log groups", len(out.LogGroups), 0)
}

func TestObjects(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.SetDelays(Delays{ProfileCreate: time.Minute})
	_, err := r.eks.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("p"),
		PodExecutionRoleArn: aws.String(podRole), Subnets: []string{"subnet-0a"}, Selectors: []ekstypes.FargateProfileSelector{{Namespace: aws.String("ns")}}, Tags: map[string]string{"a": "b"}})
	ok(t, err)
	find := func() Object {
		for _, o := range r.sim.Objects() {
			if o.Kind == "profile" {
				return o
			}
		}
		t.Fatal("no profile")
		return Object{}
	}
	wantEqual(t, "status", find().Status, "CREATING")
	r.clock.Advance(time.Minute)
	got := find()
	wantEqual(t, "status", got.Status, "ACTIVE")
	wantEqual(t, "name", got.Name, "prod/p")
	wantEqual(t, "tag", got.Tags["a"], "b")
	wantEqual(t, "number of facts", len(got.Facts), 3)
}
