// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

const (
	issuer       = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
	operatorRole = "arn:aws:iam::111122223333:role/fargate-security-operator"
	federated    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/` + issuer + `"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + issuer + `:sub":"system:serviceaccount:a:operator"}}}]}`
	accountTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`
	taggedTrust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`
)

// identityRig is an AWS whose operator gets its credentials as it does on EKS.
type identityRig struct {
	t        *testing.T
	sim      *awssim.Sim
	clock    *awssim.ManualClock
	cfg      awsapi.Config
	sessions *awsapi.Sessions
}

func newIdentityRig(t *testing.T) *identityRig {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	for _, name := range []string{"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	r := &identityRig{t: t, clock: awssim.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), sessions: &awsapi.Sessions{MaxAttempts: 1}}
	r.sim = awssim.New(awssim.Options{Clock: r.clock})
	url, stop := r.sim.Start()
	t.Cleanup(stop)
	t.Setenv("AWS_ENDPOINT_URL_STS", url)
	r.cfg = awsapi.Config{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url}
	return r
}

// irsa gives the operator a token, as EKS does for a service account with a role.
func (r *identityRig) irsa(trust string) {
	claims := fmt.Sprintf(`{"iss":"https://%s","sub":"system:serviceaccount:a:operator","aud":["sts.amazonaws.com"],"exp":%d}`, issuer, r.clock.Now().Add(time.Hour).Unix())
	path := filepath.Join(r.t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("e30."+base64.RawURLEncoding.EncodeToString([]byte(claims))+".sig"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path)
	r.t.Setenv("AWS_ROLE_ARN", operatorRole)
	r.role("fargate-security-operator", trust)
}

func (r *identityRig) role(name, trust string) {
	r.t.Helper()
	client := iam.NewFromConfig(awstest.Config(r.cfg.EndpointURL))
	if _, err := client.CreateRole(r.t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}); err != nil {
		r.t.Fatal(err)
	}
}

// key gives the operator keys in its environment.
func (r *identityRig) key(id string) {
	r.t.Setenv("AWS_ACCESS_KEY_ID", id)
	r.t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
}

var identityCases = []struct {
	name   string
	do     func(r *identityRig)
	kind   failure.Kind
	reason string
	words  []string
	not    []string
}{
	{"no identity provider", func(r *identityRig) {
		r.irsa(federated)
		r.sim.IdentityProviders(awssim.DefaultAccount, map[string][]string{"other": {"sts.amazonaws.com"}})
	}, failure.AccessDenied, "CredentialsRefused",
		[]string{"sts:AssumeRoleWithWebIdentity: ", "InvalidIdentityToken", "for https://" + issuer, "IAM needs an identity provider"}, []string{"GetCallerIdentity"}},
	{"identity provider without the audience", func(r *identityRig) {
		r.irsa(federated)
		r.sim.IdentityProviders(awssim.DefaultAccount, map[string][]string{issuer: {"kubernetes"}})
	}, failure.AccessDenied, "CredentialsRefused", []string{"Incorrect token audience", "the audience sts.amazonaws.com"}, nil},
	{"token that has expired", func(r *identityRig) { r.irsa(federated); r.clock.Advance(2 * time.Hour) },
		failure.AccessDenied, "CredentialsRefused", []string{"ExpiredTokenException", "clocks"}, []string{"current date", "renew them"}},
	{"claims that are rejected", func(r *identityRig) {
		r.irsa(federated)
		r.sim.Fail("sts:AssumeRoleWithWebIdentity", "IDPRejectedClaim", "revoked at 1767323045", 403, 9)
	}, failure.AccessDenied, "CredentialsRefused", []string{"IDPRejectedClaim", "start the operator's pod again"}, []string{"1767323045"}},
	{"issuer that cannot be reached", func(r *identityRig) {
		r.irsa(federated)
		r.sim.Fail("sts:AssumeRoleWithWebIdentity", "IDPCommunicationError", "no answer", 400, 9)
	}, failure.Transient, "AWSError", []string{"IDPCommunicationError", "issuer", "trying again"}, nil},
	{"trust policy without the service account", func(r *identityRig) { r.irsa(strings.Replace(federated, "a:operator", "b:operator", 1)) },
		failure.AccessDenied, "AccessDenied", []string{"sts:AssumeRoleWithWebIdentity: denied", "trust policy of the operator's role (AWS_ROLE_ARN)"}, []string{"operator's IAM policy"}},
	{"throttled", func(r *identityRig) {
		r.irsa(federated)
		r.sim.Fail("sts:AssumeRoleWithWebIdentity", "Throttling", "Rate exceeded", 400, 9)
	}, failure.Throttled, "Throttled", []string{"sts:AssumeRoleWithWebIdentity"}, nil},
	{"AWS's own fault", func(r *identityRig) {
		r.irsa(federated)
		r.sim.Fail("sts:AssumeRoleWithWebIdentity", "New", "x", 500, 9)
	}, failure.Transient, "AWSError", nil, nil},
	{"a role that may not be assumed", func(r *identityRig) { r.key("AKIAOPERATOR"); r.cfg.RoleARN = operatorRole },
		failure.AccessDenied, "AccessDenied", []string{"sts:AssumeRole: denied", "trust policy of the role in spec.assumeRole", "operator's IAM policy"}, []string{"TagSession"}},
	{"a role that does not let tags in", func(r *identityRig) {
		r.key("ASIAPOD")
		r.sim.AddTaggedKey("ASIAPOD", "arn:aws:sts::111122223333:assumed-role/pod/eks-prod", map[string]string{"eks-cluster-name": "prod"})
		r.role("target", accountTrust)
		r.cfg.RoleARN = "arn:aws:iam::111122223333:role/target"
	}, failure.AccessDenied, "AccessDenied", []string{"sts:AssumeRole: denied", "perform: sts:TagSession", "EKS Pod Identity", "allow sts:TagSession beside sts:AssumeRole"}, nil},
	{"an SCP that forbids roles", func(r *identityRig) {
		r.key("AKIAOPERATOR")
		r.cfg.RoleARN = operatorRole
		r.sim.DenyBecause("sts:AssumeRole", "with an explicit deny in a service control policy")
	}, failure.AccessDenied, "AccessDenied", []string{"sts:AssumeRole: denied", "service control policy (SCP)"}, []string{"allow it", "docs/iam.md"}},
	{"a session that is too large", func(r *identityRig) {
		r.key("AKIAOPERATOR")
		r.cfg.RoleARN = operatorRole
		r.sim.Fail("sts:AssumeRole", "PackedPolicyTooLarge", "Packed size of session tags consumes 117% of allotted space.", 400, 9)
	}, failure.AccessDenied, "CredentialsRefused", []string{"PackedPolicyTooLarge", "117%", "disableSessionTags"}, nil},
	{"an external id that STS cannot read", func(r *identityRig) {
		r.key("AKIAOPERATOR")
		r.cfg.RoleARN, r.cfg.ExternalID = operatorRole, "not one"
	}, failure.Invalid, "InvalidParameter", []string{"sts:AssumeRole: ValidationError"}, nil},
	{"STS is not active in the Region", func(r *identityRig) {
		r.irsa(federated)
		r.cfg.Region = "af-south-1"
		r.sim.Fail("sts:AssumeRoleWithWebIdentity", "RegionDisabledException", "STS is not activated in this region for account:111122223333.", 403, 9)
	}, failure.AccessDenied, "RegionDisabled", []string{"Region af-south-1", "enable-region --region-name af-south-1", "spec.region"}, nil},
	{"a role in a Region that its account has not enabled", func(r *identityRig) {
		r.key("444455556666")
		r.cfg.Region, r.cfg.RoleARN = "me-south-1", operatorRole
		r.sim.DisableRegion(awssim.DefaultAccount, "me-south-1")
	}, failure.AccessDenied, "RegionDisabled", []string{"sts:AssumeRole: ", "Region me-south-1"}, nil},
	{"keys in a Region that is not enabled", func(r *identityRig) {
		r.key("AKIAOPERATOR")
		r.cfg.Region = "af-south-1"
		r.sim.DisableRegion(awssim.DefaultAccount, "af-south-1")
	}, failure.AccessDenied, "CredentialsRefused", []string{"sts:GetCallerIdentity", "InvalidClientTokenId", "Region af-south-1", "enable-region", "renew them"}, nil},
	{"keys that are unknown in a Region that everybody has", func(r *identityRig) {
		r.key("AKIAOPERATOR")
		r.sim.DisableRegion(awssim.DefaultAccount, awssim.DefaultRegion)
	}, failure.AccessDenied, "CredentialsRefused", []string{"InvalidClientTokenId", "renew them"}, []string{"Region"}},
}

// TestNoCredentials: who gets no credentials is told why, in words that lead to the cause, and that are the same each time.
func TestNoCredentials(t *testing.T) {
	for _, c := range identityCases {
		t.Run(c.name, func(t *testing.T) {
			r := newIdentityRig(t)
			c.do(r)
			_, err := r.sessions.Account(t.Context(), r.cfg)
			f := awsapi.Classify(err)
			if f.Kind != c.kind || f.Reason != c.reason {
				t.Errorf("%s, %s: want %s, %s: %v", f.Kind, f.Reason, c.kind, c.reason, err)
			}
			for _, word := range c.words {
				if !strings.Contains(f.Message, word) {
					t.Errorf("%q is not in: %s", word, f.Message)
				}
			}
			for _, word := range c.not {
				if strings.Contains(f.Message, word) {
					t.Errorf("%q is in: %s", word, f.Message)
				}
			}
			r.clock.Advance(7 * time.Second)
			_, err = r.sessions.Account(t.Context(), r.cfg)
			if again := awsapi.Classify(err); again != f {
				t.Errorf("the second time it says %+v\nand the first time %+v", again, f)
			}
		})
	}
}

// TestEachServiceRefusesKeysOfARegionThatIsOff: IAM has no Regions, so its refusals are about the keys.
func TestEachServiceRefusesKeysOfARegionThatIsOff(t *testing.T) {
	r := newIdentityRig(t)
	r.key("AKIAOPERATOR")
	r.cfg.Region = "af-south-1"
	account, err := r.sessions.Account(t.Context(), r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.sim.DisableRegion(awssim.DefaultAccount, "af-south-1")
	r.sim.Fail("iam:GetRole", "InvalidClientTokenId", "The security token included in the request is invalid.", 403, 1)
	_, ofIAM := account.IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("a")})
	_, ofEKS := account.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: aws.String("a")})
	_, ofEC2 := account.EC2.DescribeSecurityGroups(t.Context(), nil)
	for code, err := range map[string]error{"UnrecognizedClientException": ofEKS, "AuthFailure": ofEC2, "InvalidClientTokenId": ofIAM} {
		f := awsapi.Classify(err)
		if region := code != "InvalidClientTokenId"; f.Reason != "CredentialsRefused" || !strings.Contains(f.Message, code) || strings.Contains(f.Message, "af-south-1") != region {
			t.Errorf("%s: %+v", code, f)
		}
	}
}

// TestTheRoleThatLetsTagsIn is the other half of "a role that does not let tags in": the tags go on to the session, and
// from that to a third.
func TestTheRoleThatLetsTagsIn(t *testing.T) {
	r := newIdentityRig(t)
	r.key("ASIAPOD")
	r.sim.AddTaggedKey("ASIAPOD", "arn:aws:sts::111122223333:assumed-role/pod/eks-prod", map[string]string{"eks-cluster-name": "prod"})
	r.role("target", taggedTrust)
	r.cfg.RoleARN = "arn:aws:iam::111122223333:role/target"
	if _, err := r.sessions.Account(t.Context(), r.cfg); err != nil {
		t.Error(err)
	}
}

// agent is the EKS Pod Identity agent of a node: it gives credentials that have to be renewed for every call, until it is
// told what else to answer.
func (r *identityRig) agent() (answer *atomic.Value) {
	answer = &atomic.Value{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if refuse, ok := answer.Load().(func(http.ResponseWriter)); ok {
			refuse(w)
			return
		}
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":"ASIAPOD","SecretAccessKey":"s","Token":"t","Expiration":%q}`, time.Now().Add(-time.Hour).Format(time.RFC3339))
	}))
	r.t.Cleanup(server.Close)
	r.t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.URL+"/v1/credentials")
	return answer
}

// TestTheAgentsAnswerIsNotTheCalls: an agent that knows no association answers ResourceNotFoundException. Who took that for
// the answer of the call would say that the object does not exist.
func TestTheAgentsAnswerIsNotTheCalls(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(http.ResponseWriter)
		kind   failure.Kind
		reason string
		word   string
	}{
		"JSON": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"code":"ResourceNotFoundException","message":"no association"}`)
		}, failure.AccessDenied, "CredentialsRefused", "(ResourceNotFoundException)"},
		"text": {func(w http.ResponseWriter) {
			http.Error(w, "operation error EKS Auth: AssumeRoleForPodIdentity, StatusCode: 400, RequestID: 5f0b7a0e, AccessDeniedException: no", http.StatusBadRequest)
		}, failure.AccessDenied, "CredentialsRefused", "(AccessDeniedException)"},
		"words of its own": {func(w http.ResponseWriter) { http.Error(w, "no", http.StatusForbidden) }, failure.AccessDenied, "CredentialsRefused", "(HTTP 403)"},
		"too often":        {func(w http.ResponseWriter) { http.Error(w, "slow down", http.StatusTooManyRequests) }, failure.Throttled, "Throttled", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newIdentityRig(t)
			answer := r.agent()
			account, err := r.sessions.Account(t.Context(), r.cfg)
			if err != nil {
				t.Fatal(err)
			}
			answer.Store(c.refuse)
			_, err = account.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: aws.String("prod")})
			f := awsapi.Classify(err)
			if f.Kind != c.kind || f.Reason != c.reason || !strings.Contains(f.Message, c.word) || strings.Contains(f.Message, "5f0b7a0e") {
				t.Errorf("got %+v of %v", f, err)
			}
			if awsapi.IsNotFound(err) || awsapi.Code(err) != "" {
				t.Errorf("the call's own answer is %q, not found %v", awsapi.Code(err), awsapi.IsNotFound(err))
			}
		})
	}
}
