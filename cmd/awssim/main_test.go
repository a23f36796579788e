// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
)

// start runs the command and returns its URL, and a stop that waits for its end.
func start(t *testing.T, args ...string) (url string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), writer)
		_ = writer.CloseWithError(io.EOF)
		ended <- err
	}()
	lines := bufio.NewReader(reader)
	line, err := lines.ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("awssim ended before it listened: %v", <-ended)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	url, found := strings.CutPrefix(strings.TrimSpace(line), "awssim listening on ")
	if !found {
		t.Fatalf("first line is %q", line)
	}
	return url, func() error {
		cancel()
		return <-ended
	}
}

func TestServesTheDemoSeedUntilItIsStopped(t *testing.T) {
	log := filepath.Join(t.TempDir(), "calls.jsonl")
	url, stop := start(t, "--seed", "../../hack/demo-seed.yaml", "--log", log, "--profile-create", "5s")
	api := eks.NewFromConfig(awstest.ConfigAs(url, "ALICE", "s"))
	out, err := api.DescribeCluster(context.Background(), &eks.DescribeClusterInput{Name: aws.String("prod")})
	if err != nil {
		t.Fatal(err)
	}
	if out.Cluster.Status != "ACTIVE" {
		t.Fatalf("status is %s", out.Cluster.Status)
	}
	resp, err := http.Post(url+"/_awssim/clock?advance=1h", "", nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("clock: %v, %v", resp, err)
	}
	_ = resp.Body.Close()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"operation":"DescribeCluster"`, `"caller":"arn:aws:iam::111122223333:user/alice"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the log lacks %s: %s", want, text)
		}
	}
	if _, err := http.Get(url + "/_awssim/healthz"); err == nil {
		t.Error("it still serves")
	}
}

// TestEnforcedPolicy: by default it is for the user of the operator's keys, and else for whom it says.
func TestEnforcedPolicy(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.json")
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:ListClusters","Resource":"*"}]}`
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args         []string
		held, freely string
	}{
		"the operator": {nil, "AKIAEXAMPLE", "ALICE"},
		"alice":        {[]string{"--enforced-caller", "arn:aws:iam::111122223333:user/alice"}, "ALICE", "AKIAEXAMPLE"},
	} {
		t.Run(name, func(t *testing.T) {
			url, stop := start(t, append(c.args, "--seed", "../../hack/demo-seed.yaml", "--enforce", policy)...)
			for key, want := range map[string]bool{c.held: false, c.freely: true} {
				api := eks.NewFromConfig(awstest.ConfigAs(url, key, "s"))
				_, err := api.DescribeCluster(context.Background(), &eks.DescribeClusterInput{Name: aws.String("prod")})
				if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "eks:DescribeCluster") {
					t.Errorf("%s: %v", key, err)
				}
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestEventsQueue wants the event of a write on the queue after its delay, by the command's clock.
func TestEventsQueue(t *testing.T) {
	url, stop := start(t, "--events-queue", "changes", "--events-delay", "1h")
	alice, queue := awstest.ConfigAs(url, "ALICE", "s"), aws.String(url+"/111122223333/changes")
	logs := cloudwatchlogs.NewFromConfig(alice)
	if _, err := logs.CreateLogGroup(context.Background(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/a")}); err != nil {
		t.Fatal(err)
	}
	api := sqs.NewFromConfig(alice)
	for _, want := range []int{0, 1} {
		out, err := api.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: queue})
		if err != nil || len(out.Messages) != want {
			t.Fatalf("%+v, %v: want %d messages", out, err, want)
		}
		if want == 1 && !strings.Contains(*out.Messages[0].Body, `"eventName":"CreateLogGroup"`) {
			t.Errorf("the message is %s", *out.Messages[0].Body)
		}
		resp, err := http.Post(url+"/_awssim/clock?advance=1h", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestAWSRates asks more often than a bucket of EKS holds, faster than it fills.
func TestAWSRates(t *testing.T) {
	for _, args := range [][]string{nil, {"--aws-rates"}} {
		url, stop := start(t, args...)
		api := eks.NewFromConfig(awstest.ConfigAs(url, "ALICE", "s"))
		throttled := false
		for range 200 {
			_, err := api.ListClusters(context.Background(), &eks.ListClustersInput{})
			throttled = throttled || err != nil && strings.Contains(err.Error(), "TooManyRequestsException")
		}
		if throttled != (args != nil) {
			t.Errorf("%v: throttled is %v", args, throttled)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFlagsReachTheSimulator(t *testing.T) {
	set, err := parse(strings.Fields("--account 444455556666 --region us-east-1 --page-size 3 --profile-create 1s --profile-delete 2s --cluster-update 3s --role-propagation 4s"))
	if err != nil {
		t.Fatal(err)
	}
	o := set.options
	got := []any{o.Account, o.Region, o.PageSize, o.Delays.ProfileCreate.Seconds(), o.Delays.ProfileDelete.Seconds(), o.Delays.ClusterUpdate.Seconds(), o.Delays.RolePropagation.Seconds()}
	want := []any{"444455556666", "us-east-1", 3, 1.0, 2.0, 3.0, 4.0}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("option %d is %v, want %v", i, got[i], want[i])
		}
	}
	if set.listen != "127.0.0.1:4566" {
		t.Errorf("default address is %s", set.listen)
	}
}

func TestBadCommandLines(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("nonsense: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"unknown flag":  {"--none"},
		"argument":      {"serve"},
		"no seed file":  {"--seed", "/none.yaml"},
		"bad seed":      {"--seed", bad},
		"bad log":       {"--log", "/none/x"},
		"no policy":     {"--enforce", "/none.json"},
		"bad policy":    {"--enforce", bad},
		"bad address":   {"--listen", "256.0.0.1:1"},
		"bad seed data": {"--seed", os.DevNull, "--listen", "nowhere:-1"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(context.Background(), args, io.Discard); err == nil {
				t.Fatal("it ran")
			}
		})
	}
}
