// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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
