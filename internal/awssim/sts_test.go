// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

const (
	otherAccount = "444455556666"
	otherRole    = "arn:aws:iam::444455556666:role/operator"
)

func (r *rig) assume(role, externalID string) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}
	if externalID != "" {
		in.ExternalId = &externalID
	}
	return r.sts.AssumeRole(ctx, in)
}

func TestAssumedRoleActsInItsAccount(t *testing.T) {
	r := newRig(t, Options{})
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`
	ok(t, r.sim.Seed(Seed{Account: otherAccount, Roles: []SeedRole{{Name: "operator", Trust: []byte(trust)}}}))
	out, err := r.assume(otherRole, "")
	ok(t, err)
	wantEqual(t, "expiry", out.Credentials.Expiration.UTC(), testTime.Add(time.Hour))
	if *out.Credentials.SecretAccessKey == "" || *out.Credentials.SessionToken == "" {
		t.Fatal("credentials are not complete")
	}
	there := newClients(r.url, *out.Credentials.AccessKeyId, DefaultRegion)
	who, err := there.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	ok(t, err)
	wantEqual(t, "account", *who.Account, otherAccount)
	wantEqual(t, "caller", *who.Arn, "arn:aws:sts::444455556666:assumed-role/operator/session")
	wantEqual(t, "assumed role", *out.AssumedRoleUser.Arn, *who.Arn)
	clusters, err := there.eks.ListClusters(ctx, &eks.ListClustersInput{})
	ok(t, err)
	wantEqual(t, "clusters there", len(clusters.Clusters), 0)
	// A second session has keys of its own.
	again, err := r.assume(otherRole, "")
	ok(t, err)
	wantEqual(t, "same keys", *again.Credentials.AccessKeyId == *out.Credentials.AccessKeyId, false)
}

func TestWhoMayAssumeARole(t *testing.T) {
	const operator, alice = "arn:aws:iam::111122223333:user/operator", "arn:aws:iam::111122223333:user/alice"
	trust := func(principal, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"` + condition + `}]}`
	}
	const external = `,"Condition":{"StringEquals":{"sts:ExternalId":"secret"}}`
	cases := map[string]struct {
		trust, externalID string
		allowed           bool
	}{
		"the caller itself":     {trust(operator, ""), "", true},
		"the caller's account":  {trust("arn:aws:iam::111122223333:root", ""), "", true},
		"everyone":              {trust("*", ""), "", true},
		"someone else":          {trust(alice, ""), "", false},
		"another account":       {trust("arn:aws:iam::777788889999:root", ""), "", false},
		"a service":             {serviceTrust("ec2.amazonaws.com"), "", false},
		"with external id":      {trust(operator, external), "secret", true},
		"wrong external id":     {trust(operator, external), "guess", false},
		"no external id":        {trust(operator, external), "", false},
		"unneeded external id":  {trust(operator, ""), "secret", true},
		"unknown role":          {"", "", false},
		"unknown role, with id": {"", "secret", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{})
			r.sim.account(DefaultAccount).iam.addUser("alice")
			if c.trust != "" {
				// In the caller's own account, where its users are known.
				ok(t, r.sim.Seed(Seed{Roles: []SeedRole{{Name: "target", Trust: []byte(c.trust)}}}))
			}
			_, err := r.assume("arn:aws:iam::111122223333:role/target", c.externalID)
			if c.allowed {
				ok(t, err)
				return
			}
			wantError(t, err, "AccessDenied", 403)
		})
	}
}

func TestAllowAssume(t *testing.T) {
	r := newRig(t, Options{})
	_, err := r.assume(otherRole, "")
	wantError(t, err, "AccessDenied", 403)
	r.sim.AllowAssume(otherRole, "secret")
	_, err = r.assume(otherRole, "guess")
	wantError(t, err, "AccessDenied", 403)
	_, err = r.assume(otherRole, "secret")
	ok(t, err)
}

func TestSessionRules(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.AllowAssume(otherRole, "")
	for _, seconds := range []int32{899, 43201} {
		_, err := r.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(otherRole), RoleSessionName: aws.String("ab"), DurationSeconds: &seconds})
		wantError(t, err, "ValidationError", 400)
	}
	_, err := r.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(otherRole), RoleSessionName: aws.String("a b")})
	wantError(t, err, "ValidationError", 400)
}

// A role says how long its sessions last at most, and a session that begins another has an hour for it.
func TestLongSessions(t *testing.T) {
	r := newRig(t, Options{})
	role := r.createRole(t, "door", trustOf(`{"AWS":"arn:aws:iam::111122223333:root"}`))
	long := &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("session"), DurationSeconds: aws.Int32(3601)}
	_, err := r.sts.AssumeRole(ctx, long)
	wantError(t, err, "ValidationError", 400)
	_, err = r.iam.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: role.RoleName, MaxSessionDuration: aws.Int32(7200)})
	ok(t, err)
	session, err := r.sts.AssumeRole(ctx, long)
	ok(t, err)
	chained := newClients(r.url, *session.Credentials.AccessKeyId, DefaultRegion).sts
	_, err = chained.AssumeRole(ctx, long)
	wantError(t, err, "ValidationError", 400)
	long.DurationSeconds = aws.Int32(3600)
	_, err = chained.AssumeRole(ctx, long)
	ok(t, err)
}

// token is an unsigned JWT.
func token(claims string) *string {
	part := base64.RawURLEncoding.EncodeToString
	return aws.String(part([]byte(`{"alg":"none"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature")))
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	r := newRig(t, Options{})
	const issuer = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/%s"},
	  "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:sub":"system:serviceaccount:ns:sa","%s:aud":"sts.amazonaws.com"}}}]}`, issuer, issuer, issuer)
	ok(t, r.sim.Seed(Seed{Roles: []SeedRole{{Name: "irsa", Trust: []byte(trust)}}}))
	claims := func(sub, aud string, expires time.Time) *string {
		return token(fmt.Sprintf(`{"iss":"https://%s","sub":%q,"aud":[%q],"exp":%d}`, issuer, sub, aud, expires.Unix()))
	}
	assume := func(role string, token *string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return r.sts.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("pod"), WebIdentityToken: token,
		})
	}
	const irsa, sa, aud = "arn:aws:iam::111122223333:role/irsa", "system:serviceaccount:ns:sa", "sts.amazonaws.com"
	later := testTime.Add(time.Hour)
	out, err := assume(irsa, claims(sa, aud, later))
	ok(t, err)
	wantEqual(t, "subject", *out.SubjectFromWebIdentityToken, sa)
	who, err := newClients(r.url, *out.Credentials.AccessKeyId, DefaultRegion).sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	ok(t, err)
	wantEqual(t, "caller", *who.Arn, "arn:aws:sts::111122223333:assumed-role/irsa/pod")
	for name, c := range map[string]struct {
		role   string
		token  *string
		code   string
		status int
	}{
		"other service account": {irsa, claims("system:serviceaccount:ns:other", aud, later), "AccessDenied", 403},
		"other audience":        {irsa, claims(sa, "other", later), "AccessDenied", 403},
		"unknown role":          {irsa + "x", claims(sa, aud, later), "AccessDenied", 403},
		"pod role":              {podRole, claims(sa, aud, later), "AccessDenied", 403},
		"expired":               {irsa, claims(sa, aud, testTime), "ExpiredTokenException", 400},
		"no token":              {irsa, aws.String("abcd"), "InvalidIdentityToken", 400},
		"no subject":            {irsa, token(`{"iss":"a"}`), "InvalidIdentityToken", 400},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := assume(c.role, c.token)
			wantError(t, err, c.code, c.status)
		})
	}
}

func TestCallers(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.AddKey("BOBSKEY", "arn:aws:iam::444455556666:user/bob")
	for key, want := range map[string]string{
		"AKIAEXAMPLE":  "arn:aws:iam::111122223333:user/operator",
		"ALICE":        "arn:aws:iam::111122223333:user/alice",
		"BOBSKEY":      "arn:aws:iam::444455556666:user/bob",
		"777788889999": "arn:aws:iam::777788889999:user/operator",
	} {
		who, err := newClients(r.url, key, DefaultRegion).sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		ok(t, err)
		wantEqual(t, "caller", *who.Arn, want)
	}
}

// TestTransitiveTagsNeedTagSession, in the role's trust policy and in the caller's own policy, for the tags of a session that
// goes on to another one, and for those that a call sets.
func TestTransitiveTagsNeedTagSession(t *testing.T) {
	r := newRig(t, Options{})
	both := strings.Replace(trustOf(`{"AWS":"arn:aws:iam::111122223333:root"}`), `"sts:AssumeRole"`, `["sts:AssumeRole","sts:TagSession"]`, 1)
	r.createRole(t, "door", trustOf(`{"AWS":"arn:aws:iam::111122223333:root"}`))
	r.createRole(t, "first", both)
	r.createRole(t, "second", both)
	assume := func(key, role string, tags ...ststypes.Tag) (string, error) {
		in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/" + role), RoleSessionName: aws.String("a-b"), Tags: tags}
		out, err := newClients(r.url, key, DefaultRegion).sts.AssumeRole(ctx, in)
		if err != nil {
			return "", err
		}
		return *out.Credentials.AccessKeyId, nil
	}
	r.sim.AddTaggedKey("ASIAPOD", "arn:aws:sts::111122223333:assumed-role/pod/eks", map[string]string{"kubernetes-namespace": "a"})
	refused := func(key, role string, tags ...ststypes.Tag) {
		t.Helper()
		_, err := assume(key, role, tags...)
		wantError(t, err, "AccessDenied", 403)
		if !strings.Contains(err.Error(), "sts:TagSession") {
			t.Error(err)
		}
	}
	refused("ASIAPOD", "door")
	refused("AKIAPLAIN", "door", ststypes.Tag{Key: aws.String("a"), Value: aws.String("b")})
	_, err := assume("AKIAPLAIN", "door")
	ok(t, err)
	key, err := assume("ASIAPOD", "first")
	ok(t, err)
	refused(key, "door") // the tags went on
	_, err = assume(key, "second")
	ok(t, err)
	ok(t, r.sim.Enforce("arn:aws:iam::111122223333:role/pod", policyOf(allow("sts:AssumeRole", "arn:aws:iam::*:role/first"))))
	refused("ASIAPOD", "first")
	ok(t, r.sim.Enforce("arn:aws:iam::111122223333:role/pod", policyOf(allow("sts:AssumeRole", "*"), allow("sts:TagSession", "*"))))
	_, err = assume("ASIAPOD", "first")
	ok(t, err)
}

// TestARegionThatIsOff: each service has its own words for keys that it does not know; IAM knows them.
func TestARegionThatIsOff(t *testing.T) {
	r := newRig(t, Options{})
	r.createRole(t, "door", trustOf(`{"AWS":"*"}`))
	r.sim.DisableRegion(DefaultAccount, "af-south-1")
	off := newClients(r.url, "AKIAPLAIN", "af-south-1")
	_, err := off.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	wantError(t, err, "AuthFailure", 401)
	_, err = off.eks.ListClusters(ctx, &eks.ListClustersInput{})
	wantError(t, err, "UnrecognizedClientException", 403)
	_, err = off.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantError(t, err, "InvalidClientTokenId", 403)
	_, err = r.iam.ListRoles(ctx, &iam.ListRolesInput{})
	ok(t, err)
	door := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/door"), RoleSessionName: aws.String("a-b")}
	_, err = newClients(r.url, "444455556666", "af-south-1").sts.AssumeRole(ctx, door)
	wantError(t, err, "RegionDisabledException", 403)
	_, err = newClients(r.url, "444455556666", DefaultRegion).sts.AssumeRole(ctx, door)
	ok(t, err)
	r.sim.EnableRegion(DefaultAccount, "af-south-1")
	_, err = off.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	ok(t, err)
}

func TestTokensNeedAProviderWithTheirAudience(t *testing.T) {
	r := newRig(t, Options{})
	r.createRole(t, "door", strings.Replace(trustOf(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/a.example.com"}`), "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", 1))
	for name, c := range map[string]struct {
		providers map[string][]string
		says      string
	}{
		"none":           {map[string][]string{}, "No OpenIDConnect provider found in your account for https://a.example.com"},
		"other audience": {map[string][]string{"a.example.com": {"b"}}, "Incorrect token audience"},
		"right":          {map[string][]string{"a.example.com": {"b", "sts.amazonaws.com"}}, ""},
	} {
		r.sim.IdentityProviders(DefaultAccount, c.providers)
		_, err := r.sts.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(doorRole), RoleSessionName: aws.String("pod"),
			WebIdentityToken: token(`{"iss":"https://a.example.com","sub":"somebody","aud":"sts.amazonaws.com"}`),
		})
		if c.says == "" {
			ok(t, err)
			continue
		}
		wantError(t, err, "InvalidIdentityToken", 400)
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDenyBecauseSaysWhoRefuses(t *testing.T) {
	r := newRig(t, Options{})
	r.sim.DenyBecause("kms:*", "with an explicit deny in a resource-based policy")
	_, err := r.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	wantError(t, err, "AccessDeniedException", 400)
	if !strings.HasSuffix(err.Error(), "on resource: * with an explicit deny in a resource-based policy") {
		t.Error(err)
	}
	r.sim.Allow("kms:*")
	_, err = r.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	ok(t, err)
}
