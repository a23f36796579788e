// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
	// The operator's credentials. They look like real ones and are found nowhere but in its environment.
	operatorKey    = "AKIAE2EOPERATOR7QZXW"
	operatorSecret = "e2eSecretMustNeverShow0123456789abcdefgh"
	testKey        = "TESTER"
)

// backend is a stand-in for AWS, as a process, with the SDK's clients for what a person does to it.
type backend struct {
	name, url string
	process   *process
	eks       *eks.Client
	iam       *iam.Client
	ec2       *ec2.Client
	kms       *kms.Client
	logs      *cloudwatchlogs.Client
	tagging   *resourcegroupstaggingapi.Client
	sqs       *sqs.Client
}

// startBackend starts a stand-in; args are more flags for awssim.
func startBackend(t *testing.T, name, dir string, args ...string) *backend {
	t.Helper()
	b := &backend{name: name}
	var listening *regexp.Regexp
	switch name {
	case "awssim":
		args = append([]string{"--listen=127.0.0.1:0", "--account=" + account, "--region=" + region, "--page-size=3", "--enforce=" + publishedPolicy(t, dir),
			"--profile-create=1s", "--profile-delete=1s", "--cluster-update=200ms", "--role-propagation=1s"}, args...)
		b.process = start(t, dir, name, installed.awssim, bareEnv(dir), args...)
		listening = regexp.MustCompile(`listening on (http://[0-9.:]+)`)
	case "moto":
		// The managed policies of AWS are not there without being asked for.
		env := append(bareEnv(dir), "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "MOTO_ACCOUNT_ID="+account, "PYTHONUNBUFFERED=1")
		b.process = start(t, dir, name, installed.moto, env, "-H", "127.0.0.1", "-p", "0")
		listening = regexp.MustCompile(`Running on (http://[0-9.:]+)`)
	}
	until(t, "starting "+name, func() error {
		match := listening.FindStringSubmatch(b.process.Text())
		if match == nil {
			return errNotYet
		}
		b.url = match[1]
		response, err := http.Get(b.url + map[string]string{"awssim": "/_awssim/healthz", "moto": "/moto-api/data.json"}[name])
		if err != nil {
			return err
		}
		return response.Body.Close()
	}, b.process)
	cfg := awstest.ConfigAs(b.url, testKey, "secret")
	b.eks, b.iam, b.ec2, b.kms = eks.NewFromConfig(cfg), iam.NewFromConfig(cfg), ec2.NewFromConfig(cfg), kms.NewFromConfig(cfg)
	b.logs, b.tagging = cloudwatchlogs.NewFromConfig(cfg), resourcegroupstaggingapi.NewFromConfig(cfg)
	b.sqs = sqs.NewFromConfig(cfg)
	return b
}

// aws runs the aws command, as a person would.
func (s *suite) aws(t *testing.T, args ...string) string {
	t.Helper()
	env := append(bareEnv(s.dir), "AWS_ACCESS_KEY_ID="+testKey, "AWS_SECRET_ACCESS_KEY=secret", "AWS_DEFAULT_REGION="+region,
		"AWS_ENDPOINT_URL="+s.backend.url, "AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	out, err := run(installed.awsCommand, env, "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// code is what AWS says of a call: "ok", its error code, or that the answer is not one of AWS's.
func code(err error) string {
	if err == nil {
		return "ok"
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return "no answer of AWS's"
}

// did fails the test when what a person does to AWS goes wrong.
func did(t *testing.T, _ any, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("by hand: %v", err)
	}
}

// wantCode fails the test unless the error has that code.
func wantCode(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("%s: %s (%v), want %s", what, got, err, want)
	}
}

func background() context.Context { return context.Background() }

func trustOf(service string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service)
}
