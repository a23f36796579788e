// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// TestRefusedCredentialsAreNoMissingPermission: no policy helps against them, so none is named.
func TestRefusedCredentialsAreNoMissingPermission(t *testing.T) {
	for service, code := range map[string]string{
		"STS": "ExpiredToken", "EKS": "ExpiredTokenException", "EC2": "RequestExpired", "IAM": "InvalidClientTokenId",
		"KMS": "UnrecognizedClientException", "CloudWatch Logs": "InvalidSignatureException",
	} {
		f := awsapi.Classify(called(service, "Anything", api(code, "The security token included in the request is expired")))
		if f.Kind != failure.AccessDenied || f.Reason != "CredentialsRefused" || !strings.Contains(f.Message, code) ||
			!strings.Contains(f.Message, "renew them") || strings.Contains(f.Message, "docs/iam.md") {
			t.Errorf("%s of %s: %+v", code, service, f)
		}
	}
}

// keyFile is a shared credentials file that the operator's only credentials are in.
type keyFile struct {
	t    *testing.T
	path string
	// last is the access key of the last call that AWS got.
	last atomic.Value
}

func newKeyFile(t *testing.T) (*keyFile, *awssim.Sim, awsapi.Config) {
	sim, cfg := simulator(t)
	k := &keyFile{t: t, path: filepath.Join(t.TempDir(), "credentials")}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", k.path)
	used := regexp.MustCompile(`Credential=([^/]+)/`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.last.Store(used.FindStringSubmatch(r.Header.Get("Authorization"))[1])
		sim.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	cfg.EndpointURL = server.URL
	return k, sim, cfg
}

func (k *keyFile) write(key string) {
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = secret\n", key)
	if err := os.WriteFile(k.path, []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// call asks EKS for something with the session of a Config and returns the key that it was signed with.
func (k *keyFile) call(sessions *awsapi.Sessions, cfg awsapi.Config) (key string, err error) {
	account, err := sessions.Account(k.t.Context(), cfg)
	if err != nil {
		k.t.Fatal(err)
	}
	_, err = account.EKS.DescribeCluster(k.t.Context(), &eks.DescribeClusterInput{Name: aws.String("nowhere")})
	return k.last.Load().(string), err
}

// TestVerifyTakesUpRenewedCredentials, also when they are the same caller's.
func TestVerifyTakesUpRenewedCredentials(t *testing.T) {
	file, _, cfg := newKeyFile(t)
	sessions := &awsapi.Sessions{}
	file.write("AKIAFIRST")
	if key, _ := file.call(sessions, cfg); key != "AKIAFIRST" {
		t.Fatalf("the first key in use is %s", key)
	}
	file.write("AKIASECOND")
	if _, err := sessions.Verify(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if key, _ := file.call(sessions, cfg); key != "AKIASECOND" {
		t.Errorf("after Verify the key in use is %s, want the renewed one", key)
	}
}

// TestRefusedCredentialsAreReadAgain: nothing has to be verified, or started again, for the next call to use what is
// in the file by then.
func TestRefusedCredentialsAreReadAgain(t *testing.T) {
	file, sim, cfg := newKeyFile(t)
	sessions := &awsapi.Sessions{}
	file.write("AKIAFIRST")
	if _, err := file.call(sessions, cfg); !awsapi.IsNotFound(err) {
		t.Fatal(err)
	}
	file.write("AKIASECOND")
	if key, _ := file.call(sessions, cfg); key != "AKIAFIRST" {
		t.Fatalf("the key is %s although nothing is wrong with the first one", key)
	}
	sim.Fail("eks:DescribeCluster", "ExpiredTokenException", "The security token included in the request is expired", 403, 1)
	if _, err := file.call(sessions, cfg); awsapi.Classify(err).Reason != "CredentialsRefused" {
		t.Fatal(err)
	}
	if key, err := file.call(sessions, cfg); key != "AKIASECOND" || !awsapi.IsNotFound(err) {
		t.Errorf("the next call uses %s (%v), want the renewed key", key, err)
	}
}
