// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// calling is the ctx of a call, as the SDK's middleware makes it.
func calling(ctx context.Context, region, service, operation string) context.Context {
	ctx = awsmiddleware.SetServiceID(ctx, service)
	return awsmiddleware.SetRegion(awsmiddleware.SetOperationName(ctx, operation), region)
}

// TestWhoSharesALimit: what AWS limits together has one bucket, and nothing else has.
func TestWhoSharesALimit(t *testing.T) {
	type call struct{ account, region, service, operation string }
	for what, c := range map[string]struct {
		one, other call
		shared     bool
	}{
		"the same operation":       {call{"1", "eu-west-1", "EC2", "CreateTags"}, call{"1", "eu-west-1", "EC2", "CreateTags"}, true},
		"two operations of EC2":    {call{"1", "eu-west-1", "EC2", "CreateTags"}, call{"1", "eu-west-1", "EC2", "DeleteTags"}, false},
		"two reads of EKS":         {call{"1", "eu-west-1", "EKS", "DescribeCluster"}, call{"1", "eu-west-1", "EKS", "ListNodegroups"}, true},
		"a read and a write":       {call{"1", "eu-west-1", "EKS", "DescribeCluster"}, call{"1", "eu-west-1", "EKS", "TagResource"}, false},
		"two accounts":             {call{"1", "eu-west-1", "EKS", "DescribeCluster"}, call{"2", "eu-west-1", "EKS", "DescribeCluster"}, false},
		"two Regions":              {call{"1", "eu-west-1", "EKS", "DescribeCluster"}, call{"1", "eu-west-2", "EKS", "DescribeCluster"}, false},
		"IAM in two Regions":       {call{"1", "eu-west-1", "IAM", "GetRole"}, call{"1", "eu-west-2", "IAM", "GetRole"}, true},
		"IAM in two partitions":    {call{"1", "eu-west-1", "IAM", "GetRole"}, call{"1", "cn-north-1", "IAM", "GetRole"}, false},
		"STS in two Regions":       {call{"1", "eu-west-1", "STS", "GetCallerIdentity"}, call{"1", "eu-west-2", "STS", "GetCallerIdentity"}, false},
		"the queue and its caller": {call{"1", "eu-west-1", "SQS", "ReceiveMessage"}, call{"1", "eu-west-1", "STS", "GetCallerIdentity"}, false},
		"taking and deleting":      {call{"1", "eu-west-1", "SQS", "ReceiveMessage"}, call{"1", "eu-west-1", "SQS", "DeleteMessageBatch"}, false},
	} {
		l := &limits{}
		of := func(c call) *bucket {
			return l.of(calling(t.Context(), c.region, c.service, c.operation), Config{AccountID: c.account})
		}
		if shared := of(c.one) == of(c.other); shared != c.shared {
			t.Errorf("%s share a limit: %v, want %v", what, shared, c.shared)
		}
	}
	l := &limits{}
	ctx := calling(t.Context(), "eu-west-1", "EKS", "DescribeCluster")
	if l.of(ctx, Config{}) == l.of(ctx, Config{EndpointURL: "http://127.0.0.1:1"}) {
		t.Error("a stand-in shares AWS's limit")
	}
}

// TestTimeRunsOutInLine: a call whose ctx ends before its turn says so in words of its own.
func TestTimeRunsOutInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told time.Duration
		s := &Sessions{ObserveWait: func(_ string, _ bool, waited time.Duration) { told = waited }}
		r, ok := s.retryer(Config{}).(*pacedRetryer)
		if !ok {
			t.Fatal("the retryer does not wait")
		}
		ctx, cancel := context.WithTimeout(calling(t.Context(), "eu-west-1", "KMS", "CreateKey"), time.Millisecond)
		defer cancel()
		*s.limits.of(ctx, Config{}) = bucket{pace: pace{rate: 1, filled: time.Now()}}
		_, err := r.GetAttemptToken(ctx)
		if told != time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited %v: %v", told, err)
		}
		f := Classify(&smithy.OperationError{ServiceID: "KMS", OperationName: "CreateKey", Err: err})
		if want := "kms:CreateKey: AWS limits the rate of calls, and this one's turn did not come in time; trying again"; f.Kind != failure.Throttled || f.Message != want {
			t.Errorf("%+v", f)
		}
	})
}

// TestAThrottledCallWaitsInItsBucketOnly: nothing is added to the wait for its turn. Other failures keep the SDK's delay.
func TestAThrottledCallWaitsInItsBucketOnly(t *testing.T) {
	r := (&Sessions{}).retryer(Config{})
	for code, none := range map[string]bool{"RequestLimitExceeded": true, "ThrottlingException": true, "InternalFailure": false} {
		waits := false
		for range 5 { // the SDK draws lots
			d, err := r.RetryDelay(3, &smithy.GenericAPIError{Code: code})
			waits = waits || d > 0 || err != nil
		}
		if waits == none {
			t.Errorf("%s is given a delay: %v", code, waits)
		}
	}
}

// TestWhatIsNotAnsweredTeachesNothing: a broken connection says nothing of AWS's limits.
func TestWhatIsNotAnsweredTeachesNothing(t *testing.T) {
	s := &Sessions{}
	ctx := calling(t.Context(), "eu-west-1", "KMS", "CreateKey")
	b := s.limits.of(ctx, Config{})
	b.pace = pace{rate: 1, tokens: 1, filled: time.Now()}
	r, ok := s.retryer(Config{}).(*pacedRetryer)
	if !ok {
		t.Fatal("the retryer does not wait")
	}
	release, err := r.GetAttemptToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := release(errors.New("connection reset")); err != nil || b.pace.taking || b.pace.taken != 0 {
		t.Errorf("learnt %+v from no answer (%v)", b.pace, err)
	}
}
