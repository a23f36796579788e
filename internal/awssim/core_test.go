// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestCallsAreLogged(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, Options{Log: &log})
	var hooked []Call
	r.sim.AfterWrite(func(c Call) {
		hooked = append(hooked, c)
		r.sim.Calls() // the hook runs outside of the lock
	})
	alice := newClients(r.url, "ALICE", "us-east-1")
	_, err := alice.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")})
	ok(t, err)
	_, err = r.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("none")})
	wantError(t, err, "ResourceNotFoundException", 404)

	calls := r.sim.Calls()
	wantEqual(t, "number of calls", len(calls), 2)
	wantEqual(t, "first call", calls[0], Call{
		Seq: 1, Time: testTime, Service: "logs", Operation: "CreateLogGroup", Write: true, Account: DefaultAccount, Region: "us-east-1",
		Caller: "arn:aws:iam::111122223333:user/alice", Resource: "arn:aws:logs:us-east-1:111122223333:log-group:/a",
	})
	wantEqual(t, "second call", calls[1], Call{
		Seq: 2, Time: testTime, Service: "eks", Operation: "DescribeCluster", Account: DefaultAccount, Region: DefaultRegion,
		Caller: "arn:aws:iam::111122223333:user/operator", Code: "ResourceNotFoundException", Resource: "arn:aws:eks:eu-west-1:111122223333:cluster/none",
	})
	wantEqual(t, "action", calls[0].Action(), "logs:CreateLogGroup")
	wantEqual(t, "number of hook calls", len(hooked), 1)
	wantEqual(t, "hooked call", hooked[0], calls[0])
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	wantEqual(t, "number of log lines", len(lines), 2)
	var line Call
	ok(t, json.Unmarshal([]byte(lines[1]), &line))
	wantEqual(t, "logged call", line, calls[1])
	r.sim.ResetCalls()
	wantEqual(t, "number of calls after a reset", len(r.sim.Calls()), 0)
}

func TestAccountsAndRegionsAreApart(t *testing.T) {
	r := newRig(t, Options{})
	group := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")}
	for _, c := range []*clients{r.clients, newClients(r.url, "AKIAEXAMPLE", "us-east-1"), newClients(r.url, "444455556666", DefaultRegion)} {
		_, err := c.logs.CreateLogGroup(ctx, group)
		ok(t, err)
	}
	_, err := r.logs.CreateLogGroup(ctx, group)
	wantError(t, err, "ResourceAlreadyExistsException", 400)
	wantEqual(t, "account", r.sim.Calls()[2].Account, "444455556666")
}

func TestDenyAndAllow(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.Deny("logs:CreateLogGroup")
	r.sim.Deny("eks:*")
	r.sim.Deny("iam:GetRole")
	r.sim.Deny("kms:DescribeKey")
	r.sim.Deny("sts:*")
	create := func() error {
		_, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")})
		return err
	}
	err := create()
	wantError(t, err, "AccessDeniedException", 400)
	const words = "User: arn:aws:iam::111122223333:user/operator is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:eu-west-1:111122223333:log-group:/a"
	if !strings.Contains(err.Error(), words) {
		t.Fatalf("message is %q, want in it %q", err, words)
	}
	_, err = r.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("prod")})
	wantError(t, err, "AccessDeniedException", 403)
	_, err = r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("pod-exec")})
	wantError(t, err, "AccessDenied", 403)
	_, err = r.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("x")})
	wantError(t, err, "AccessDeniedException", 400)
	_, err = r.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	ok(t, err) // cannot be denied
	r.sim.Allow("logs:CreateLogGroup")
	ok(t, create())
}

func TestInjectedFailures(t *testing.T) {
	r := newRig(t, Options{})
	create := func() error {
		_, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")})
		return err
	}
	r.sim.Fail("logs:CreateLogGroup", "ThrottlingException", "Rate exceeded", 400, 2)
	wantError(t, create(), "ThrottlingException", 400)
	wantError(t, create(), "ThrottlingException", 400)
	r.sim.FailAfter("logs:CreateLogGroup", "ServiceUnavailableException", "Lost", 503, 1)
	wantError(t, create(), "ServiceUnavailableException", 503)
	wantError(t, create(), "ResourceAlreadyExistsException", 400) // the lost call had its effect
}

func TestUnknownOperation(t *testing.T) {
	r := newRig(t, Options{})
	_, err := r.kms.ListKeyPolicies(ctx, &kms.ListKeyPoliciesInput{KeyId: aws.String("x")})
	wantError(t, err, "UnknownOperationException", 400)
	_, err = r.eks.ListAddons(ctx, &eks.ListAddonsInput{ClusterName: aws.String("prod")})
	wantError(t, err, "UnknownOperationException", 400)
}

func TestBadBody(t *testing.T) {
	r := newRig(t, Options{})
	req, err := http.NewRequest(http.MethodPost, r.url+"/", strings.NewReader(`{"logGroupName": 7}`))
	ok(t, err)
	req.Header.Set("X-Amz-Target", "Logs_20140328.CreateLogGroup")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260304/eu-west-1/logs/aws4_request, SignedHeaders=host, Signature=0")
	resp := must[*http.Response](t)(http.DefaultClient.Do(req))
	defer func() { _ = resp.Body.Close() }()
	wantEqual(t, "status", resp.StatusCode, 400)
	wantEqual(t, "error type", resp.Header.Get("X-Amzn-ErrorType"), "SerializationException")
	if resp.Header.Get("X-Amzn-RequestId") == "" {
		t.Fatal("no request id")
	}
}

func TestOwnPages(t *testing.T) {
	r := newRig(t, Options{})
	get := func(method, path string) (int, string) {
		req, err := http.NewRequest(method, r.url+path, nil)
		ok(t, err)
		resp := must[*http.Response](t)(http.DefaultClient.Do(req))
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode, string(must[[]byte](t)(io.ReadAll(resp.Body)))
	}
	status, body := get(http.MethodGet, "/_awssim/healthz")
	wantEqual(t, "health", body, "ok\n")
	wantEqual(t, "health status", status, 200)
	_, err := r.eks.ListClusters(ctx, &eks.ListClustersInput{})
	ok(t, err)
	_, body = get(http.MethodGet, "/_awssim/calls")
	var calls []Call
	ok(t, json.Unmarshal([]byte(body), &calls))
	wantEqual(t, "number of calls", len(calls), 1)
	status, _ = get(http.MethodPost, "/_awssim/clock?advance=1h")
	wantEqual(t, "clock status", status, 200)
	wantEqual(t, "time", r.clock.Now(), testTime.Add(time.Hour))
	status, _ = get(http.MethodPost, "/_awssim/clock?advance=soon")
	wantEqual(t, "status of a bad duration", status, 400)
}

func TestClockThatCannotMove(t *testing.T) {
	url, stop := New(Options{}).Start()
	defer stop()
	resp := must[*http.Response](t)(http.Post(url+"/_awssim/clock?advance=1h", "", nil))
	_ = resp.Body.Close()
	wantEqual(t, "status", resp.StatusCode, http.StatusConflict)
}

func TestOffsetClock(t *testing.T) {
	clock := &OffsetClock{}
	before := time.Now()
	clock.Advance(time.Hour)
	if got := clock.Now().Sub(before); got < time.Hour {
		t.Fatalf("the clock is %s ahead, want an hour", got)
	}
}

func TestPage(t *testing.T) {
	items := []string{"d", "a", "c", "b"}
	first, token, valid := page(items, self, "", 2)
	if strings.Join(first, "") != "ab" || token == "" || !valid {
		t.Fatalf("first page is %v", first)
	}
	// What a page begins with may go before it is asked for.
	rest, token, valid := page([]string{"a", "b", "d"}, self, token, 2)
	if strings.Join(rest, "") != "d" || token != "" || !valid {
		t.Fatalf("second page is %v, token %q", rest, token)
	}
	if _, _, valid := page(items, self, "***", 2); valid {
		t.Fatal("a token that is none was taken")
	}
}

func TestPartitions(t *testing.T) {
	wantEqual(t, "China", eksARN("cn-north-1", DefaultAccount, "cluster", "a"), "arn:aws-cn:eks:cn-north-1:111122223333:cluster/a")
	wantEqual(t, "GovCloud", kmsKeyARN("us-gov-west-1", DefaultAccount, "a"), "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/a")
}
