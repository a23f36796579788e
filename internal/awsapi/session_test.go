// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

func simulator(t *testing.T) (*awssim.Sim, awsapi.Config) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOPERATOR")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CA_BUNDLE", "")
	sim := awssim.New(awssim.Options{})
	url, stop := sim.Start()
	t.Cleanup(stop)
	return sim, awsapi.Config{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url}
}

func TestSessionIsVerifiedOnceAndShared(t *testing.T) {
	sim, cfg := simulator(t)
	var attempts atomic.Int32
	sessions := &awsapi.Sessions{Observe: func(service, operation, code string, _ time.Duration) {
		if service == "STS" && operation == "GetCallerIdentity" && code == "" {
			attempts.Add(1)
		}
	}}
	first, err := sessions.Account(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	second, err := sessions.Account(t.Context(), cfg)
	if err != nil || first != second {
		t.Errorf("the second session is another one: %v, %v", err, first == second)
	}
	if attempts.Load() != 1 || len(sim.Calls()) != 1 {
		t.Errorf("%d calls observed, %d made: want 1", attempts.Load(), len(sim.Calls()))
	}
	if first.Partition != "aws" || first.AccountID != awssim.DefaultAccount {
		t.Errorf("scope %+v", first.Scope)
	}
}

func TestSessionOfAnotherAccountIsRefused(t *testing.T) {
	_, cfg := simulator(t)
	cfg.AccountID = "999988887777"
	var mismatch *awsapi.MismatchError
	if _, err := (&awsapi.Sessions{}).Account(t.Context(), cfg); !errors.As(err, &mismatch) || mismatch.Got != awssim.DefaultAccount {
		t.Errorf("error %v", err)
	}
}

// TestQuotasAreNotRetried: the SDK takes LimitExceededException for throttling; for KMS it is a quota.
func TestQuotasAreNotRetried(t *testing.T) {
	sim, cfg := simulator(t)
	account, err := (&awsapi.Sessions{}).Account(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	sim.Fail("kms:CreateKey", "LimitExceededException", "too many keys", 400, 10)
	sim.ResetCalls()
	_, err = account.KMS.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if awsapi.Classify(err).Kind != failure.Quota || len(sim.Calls()) != 1 {
		t.Errorf("%v after %d attempts: want a quota after 1", err, len(sim.Calls()))
	}
}

// TestCABundle: a private certificate authority, as behind a proxy, reaches the clients.
func TestCABundle(t *testing.T) {
	sim, cfg := simulator(t)
	server := httptest.NewTLSServer(sim.Handler())
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	cfg.EndpointURL = server.URL
	account, err := (&awsapi.Sessions{}).Account(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: aws.String("nowhere")}); !awsapi.IsNotFound(err) {
		t.Errorf("error %v", err)
	}
}

func TestBrokenEnvironmentIsNamed(t *testing.T) {
	_, cfg := simulator(t)
	t.Setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
	_, err := (&awsapi.Sessions{}).Account(t.Context(), cfg)
	if f := awsapi.Classify(err); f.Kind != failure.Invalid || !strings.Contains(f.Message, "/nowhere/ca.pem") {
		t.Errorf("%+v: want the file named", f)
	}
}

// TestMaxAttempts: a call is tried three times, or as often as the Sessions say.
func TestMaxAttempts(t *testing.T) {
	for _, c := range []struct{ set, want int }{{0, 3}, {1, 1}} {
		sim, cfg := simulator(t)
		sim.Inject(func(awssim.Call) awssim.Fault { return awssim.Fault{Kind: awssim.Break} })
		if _, err := (&awsapi.Sessions{MaxAttempts: c.set}).Account(t.Context(), cfg); awsapi.Classify(err).Kind != failure.Transient {
			t.Errorf("MaxAttempts %d: %v", c.set, err)
		}
		if got := len(sim.Calls()); got != c.want {
			t.Errorf("MaxAttempts %d: tried %d times, want %d", c.set, got, c.want)
		}
	}
}

// TestASessionStaysThroughWhatPasses: AWS's next answer to the question whose it is may be a throttle, and all profiles of the
// account would have to ask it themselves. Where AWS refuses the credentials, nothing is read with them any more.
func TestASessionStaysThroughWhatPasses(t *testing.T) {
	for code, stays := range map[string]bool{"Throttling": true, "ServiceUnavailable": true, "InvalidClientTokenId": false, "AccessDenied": false} {
		sim, cfg := simulator(t)
		sessions := &awsapi.Sessions{MaxAttempts: 1}
		first, err := sessions.Account(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		status := map[bool]int{true: 503, false: 403}[stays]
		sim.Fail("sts:GetCallerIdentity", code, "as the test has it", status, 1)
		if _, err := sessions.Verify(t.Context(), cfg); err == nil {
			t.Errorf("%s: no error", code)
		}
		if again, err := sessions.Account(t.Context(), cfg); err != nil || (again == first) != stays {
			t.Errorf("after %s the session is the one before: %t, %v; want %t", code, again == first, err, stays)
		}
	}
}

// TestAReadOnlySession: a write is refused before it is sent.
func TestAReadOnlySession(t *testing.T) {
	sim, cfg := simulator(t)
	// Credentials are obtained by calls that are no reads.
	const role = "arn:aws:iam::" + awssim.DefaultAccount + ":role/reader"
	sim.AllowAssume(role, "")
	cfg.RoleARN = role
	session, err := (&awsapi.Sessions{ReadOnly: true}).Account(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Clients.KMS.ListAliases(t.Context(), &kms.ListAliasesInput{}); err != nil {
		t.Errorf("a read is refused: %v", err)
	}
	before := len(sim.Calls())
	if _, err := session.Clients.KMS.CreateKey(t.Context(), &kms.CreateKeyInput{}); err == nil || !strings.Contains(err.Error(), "is not a read") {
		t.Errorf("a write is not refused: %v", err)
	}
	if made := sim.Calls()[before:]; len(made) > 0 {
		t.Errorf("a write was sent: %v", made)
	}
}
