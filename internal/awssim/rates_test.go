// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// reads are one call of each service.
var reads = map[string]func(c *clients) error{
	"ec2": func(c *clients) error { _, err := c.ec2.DescribeVpcs(ctx, nil); return err },
	"iam": func(c *clients) error { _, err := c.iam.ListRoles(ctx, nil); return err },
	"kms": func(c *clients) error { _, err := c.kms.ListKeys(ctx, &kms.ListKeysInput{}); return err },
	"logs": func(c *clients) error {
		_, err := c.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
		return err
	},
	"eks": func(c *clients) error { _, err := c.eks.ListClusters(ctx, &eks.ListClustersInput{}); return err },
	"sts": func(c *clients) error {
		_, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	},
	"tagging": func(c *clients) error {
		_, err := c.tagging.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{})
		return err
	},
}

// TestRatesLimitEachService wants the first call taken, the second throttled in the service's own way, which the SDK
// knows for a throttle, and a third taken when a token is back.
func TestRatesLimitEachService(t *testing.T) {
	codes := map[string]string{"ec2": "RequestLimitExceeded", "iam": "Throttling", "sts": "Throttling", "kms": "ThrottlingException", "logs": "ThrottlingException",
		"eks": "TooManyRequestsException", "tagging": "ThrottledException"}
	status := map[string]int{"ec2": 503, "eks": 429}
	for service, read := range reads {
		t.Run(service, func(t *testing.T) {
			r := newRig(t, Options{})
			r.sim.SetRates(Rates{service: {1, 0.5}})
			ok(t, read(r.clients))
			err := read(r.clients)
			want := 400
			if status[service] != 0 {
				want = status[service]
			}
			wantError(t, err, codes[service], want)
			if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) != aws.TrueTernary {
				t.Errorf("no throttle for the SDK: %v", err)
			}
			wantEqual(t, "code in the log", r.sim.Calls()[1].Code, codes[service])
			r.clock.Advance(time.Second)
			wantError(t, read(r.clients), codes[service], want)
			r.clock.Advance(time.Second)
			ok(t, read(r.clients))
			r.clock.Advance(time.Hour) // the bucket holds no more than it is large
			ok(t, read(r.clients))
			wantError(t, read(r.clients), codes[service], want)
			r.sim.SetRates(nil)
			ok(t, read(r.clients))
		})
	}
}

// TestBucketsAreApart: by account, by operation, and by Region, but for IAM.
func TestBucketsAreApart(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.SetRates(Rates{"iam": {1, 1}, "eks": {1, 1}})
	elsewhere, other := newClients(r.url, "AKIAEXAMPLE", "us-east-1"), newClients(r.url, "444455556666", DefaultRegion)
	ok(t, reads["eks"](r.clients))
	ok(t, reads["eks"](elsewhere))
	ok(t, reads["eks"](other))
	ok(t, reads["iam"](r.clients))
	wantError(t, reads["iam"](elsewhere), "Throttling", 400)
	ok(t, reads["iam"](other))
	_, err := r.iam.ListPolicies(ctx, nil)
	ok(t, err)
}

// TestThrottledCallDoesNothing: nor does it take what Fail keeps for the next call.
func TestThrottledCallDoesNothing(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.SetRates(Rates{"iam:write": {0, 0}})
	_, err := r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("pod-exec")})
	wantError(t, err, "Throttling", 400)
	_, err = r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("pod-exec")})
	ok(t, err)
}

func TestUnfilteredReadsHaveASmallerBucket(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.SetRates(Rates{"ec2:read": {2, 0}, "ec2:unfiltered": {1, 0}})
	read := func(in *ec2.DescribeSecurityGroupsInput) error {
		_, err := r.ec2.DescribeSecurityGroups(ctx, in)
		return err
	}
	ok(t, read(nil))
	wantError(t, read(nil), "RequestLimitExceeded", 503)
	ok(t, read(&ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(5)}))
	ok(t, read(&ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{"vpc-0a"}}}}))
	wantError(t, read(&ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(5)}), "RequestLimitExceeded", 503)
}

// TestAWSRatesAreOfOperationsThatAreServed wants no name that nothing is called by, and a rate for all but SQS.
func TestAWSRatesAreOfOperationsThatAreServed(t *testing.T) {
	sim, limits := New(Options{}), AWSRates()
	known := []string{"ec2:unfiltered"}
	r := rates{limits: limits}
	for service, operations := range sim.services {
		known = append(known, service, service+":read", service+":write")
		for name, op := range operations {
			known = append(known, service+":"+name)
			if _, _, limited := r.of(&call{Service: service, Operation: name}, op); limited == (service == "sqs") {
				t.Errorf("%s:%s: limited is %v", service, name, limited)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		if !slices.Contains(known, name) {
			t.Errorf("%s is no operation", name)
		}
		if rate := limits[name]; rate.Burst < 1 || rate.PerSecond <= 0 {
			t.Errorf("%s: %+v lets nothing through", name, rate)
		}
	}
}
