// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// registerSTS adds the STS operations (awsQuery).
func (s *Sim) registerSTS() {
	s.registerProtocol("sts", queryProtocol{})
	s.register("sts", map[string]operation{
		"GetCallerIdentity":         queryOp(false, stsProblem, getCallerIdentity),
		"AssumeRole":                queryOp(false, stsProblem, assumeRole),
		"AssumeRoleWithWebIdentity": queryOp(false, stsProblem, assumeRoleWithWebIdentity),
	})
}

// stsProblem words a request that cannot be read: STS API reference "Common
// Errors", ValidationError.
func stsProblem(p *queryProblem) error {
	return stsInvalid("The parameter %s is %s", p.Member, p.Kind)
}

func stsInvalid(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "ValidationError", format, args...)
}

// AllowAssume lets any caller assume a role that need not exist, if it brings
// the external id ("" for none needed).
func (s *Sim) AllowAssume(roleARN, externalID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assumable[roleARN] = externalID
}

// Secrets lists the secret access keys and session tokens that were given out:
// a test can look for them where they must not be.
func (s *Sim) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.secrets...)
}

type callerIdentityOutput struct {
	Account string `xml:"Account"`
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
}

// getCallerIdentity: STS API reference. Users and roles have ids that begin with
// AIDA and AROA (IAM user guide "IAM identifiers"); the rest is made up.
func getCallerIdentity(s *Sim, c *call, _ *struct{}) (any, error) {
	c.Resource = c.Caller
	id := "AIDA" + partOf(c.Caller, "/")
	if strings.Contains(c.Caller, ":assumed-role/") {
		id = "AROA" + strings.ToUpper(strings.Split(c.Caller, "/")[1]) + ":" + partOf(c.Caller, "/")
	}
	return &callerIdentityOutput{Account: c.Account, ARN: c.Caller, UserID: id}, nil
}

type assumeRoleInput struct {
	RoleARN           string            `q:"RoleArn,required"`
	SessionName       string            `q:"RoleSessionName,required"`
	ExternalID        string            `q:"ExternalId"`
	DurationSeconds   *int              `q:"DurationSeconds"`
	Policy            string            `q:"Policy"`
	PolicyARNs        []policyARN       `q:"PolicyArns.member"`
	Tags              []queryTag        `q:"Tags.member"`
	TransitiveTagKeys []string          `q:"TransitiveTagKeys.member"`
	SerialNumber      string            `q:"SerialNumber"`
	TokenCode         string            `q:"TokenCode"`
	SourceIdentity    string            `q:"SourceIdentity"`
	ProvidedContexts  []providedContext `q:"ProvidedContexts.member"`
	MinimumTokenSize  *int              `q:"MinimumSessionTokenSize"`
}

type policyARN struct {
	ARN string `q:"arn"`
}

type providedContext struct {
	ProviderARN string `q:"ProviderArn"`
	Assertion   string `q:"ContextAssertion"`
}

type credentialsOutput struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string `xml:"SecretAccessKey"`
	SessionToken    string `xml:"SessionToken"`
	Expiration      string `xml:"Expiration"`
}

type assumedRoleUser struct {
	ARN string `xml:"Arn"`
	ID  string `xml:"AssumedRoleId"`
}

type assumeRoleOutput struct {
	Credentials     credentialsOutput `xml:"Credentials"`
	AssumedRoleUser assumedRoleUser   `xml:"AssumedRoleUser"`
}

// sessionName: STS API reference, AssumeRole, RoleSessionName.
var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// externalID: STS API reference, AssumeRole, ExternalId, which is at most
// maxExternalID long.
var externalID = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)

const maxExternalID = 1224

// chainedSession is the longest session, in seconds, that a session can begin:
// STS API reference, AssumeRole, DurationSeconds.
const chainedSession = 3600

// assumeRole: STS API reference, AssumeRole. A role that is not there is
// AccessDenied like one that does not trust the caller.
func assumeRole(s *Sim, c *call, in *assumeRoleInput) (any, error) {
	c.Resource = in.RoleARN
	if in.ExternalID != "" && (len(in.ExternalID) > maxExternalID || !externalID.MatchString(in.ExternalID)) {
		return nil, stsInvalid("1 validation error detected: Value '%s' at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*", in.ExternalID)
	}
	if !s.maySession(c, in) {
		return nil, errf(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.Caller, in.RoleARN)
	}
	if strings.Contains(c.Caller, ":assumed-role/") && in.DurationSeconds != nil && *in.DurationSeconds > chainedSession {
		return nil, stsInvalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	return s.newSession(in.RoleARN, in.SessionName, in.DurationSeconds)
}

// maySession says whether the caller may assume the role: by AllowAssume, or by
// the role's trust policy. The caller's own policies are not weighed.
func (s *Sim) maySession(c *call, in *assumeRoleInput) bool {
	if want, declared := s.assumable[in.RoleARN]; declared {
		return want == "" || want == in.ExternalID
	}
	caller := principal{kind: "AWS", value: c.Caller}
	return trusts(s.trustOf(in.RoleARN), caller, "sts:AssumeRole", map[string]string{"sts:ExternalId": in.ExternalID})
}

// trustOf is the trust policy of a role of any account, "" if there is none.
func (s *Sim) trustOf(roleARN string) string {
	if role := s.roleOf(roleARN); role != nil {
		return s.accounts[accountOfARN(roleARN)].iam.renderTrust(role)
	}
	return ""
}

// roleOf is the role of that ARN, of any account, nil if there is none.
func (s *Sim) roleOf(roleARN string) *iamRole {
	a := s.accounts[accountOfARN(roleARN)]
	if a == nil {
		return nil
	}
	if role := a.iam.role(partOf(roleARN, "/")); role != nil && role.ARN == roleARN {
		return role
	}
	return nil
}

// newSession makes credentials for a role session. A session lasts 15 minutes
// to 12 hours, one hour when the request does not say, and no longer than its
// role lets it: STS API reference, AssumeRole, DurationSeconds.
func (s *Sim) newSession(roleARN, name string, seconds *int) (*assumeRoleOutput, error) {
	duration := 3600
	if seconds != nil {
		duration = *seconds
	}
	switch {
	case duration < 900 || duration > 43200:
		return nil, stsInvalid("DurationSeconds must be between 900 and 43200, not %d", duration)
	case s.roleOf(roleARN) != nil && duration > s.roleOf(roleARN).MaxSession:
		return nil, stsInvalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case !sessionName.MatchString(name):
		return nil, stsInvalid("RoleSessionName %q must have 2 to 64 letters, digits and characters of _+=,.@-", name)
	}
	account, role := accountOfARN(roleARN), partOf(roleARN, "/")
	arn := fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", account, role, name)
	key := "ASIA" + strings.ToUpper(s.hexID(16, "key"))
	s.identities[key] = identity{Account: account, ARN: arn}
	secret, token := s.hexID(40, "secret"), s.hexID(64, "token")
	s.secrets = append(s.secrets, secret, token)
	return &assumeRoleOutput{
		Credentials: credentialsOutput{
			AccessKeyID: key, SecretAccessKey: secret, SessionToken: token,
			Expiration: s.now().Add(time.Duration(duration) * time.Second).Format(time.RFC3339),
		},
		AssumedRoleUser: assumedRoleUser{ARN: arn, ID: "AROA" + strings.ToUpper(role) + ":" + name},
	}, nil
}

type webIdentityInput struct {
	RoleARN          string      `q:"RoleArn,required"`
	SessionName      string      `q:"RoleSessionName,required"`
	Token            string      `q:"WebIdentityToken,required"`
	DurationSeconds  *int        `q:"DurationSeconds"`
	Policy           string      `q:"Policy"`
	PolicyARNs       []policyARN `q:"PolicyArns.member"`
	ProviderID       string      `q:"ProviderId"`
	MinimumTokenSize *int        `q:"MinimumSessionTokenSize"`
}

type webIdentityOutput struct {
	assumeRoleOutput
	Subject  string `xml:"SubjectFromWebIdentityToken"`
	Provider string `xml:"Provider"`
	Audience string `xml:"Audience"`
}

// assumeRoleWithWebIdentity believes the token's claims (its signature is not
// checked) and holds them against the role's trust policy: IAM user guide,
// "Create a role for OpenID Connect federation".
func assumeRoleWithWebIdentity(s *Sim, c *call, in *webIdentityInput) (any, error) {
	c.Resource = in.RoleARN
	claims, ok := readToken(in.Token)
	if !ok {
		return nil, errf(http.StatusBadRequest, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if claims.Expires != 0 && s.now().Unix() >= claims.Expires {
		return nil, errf(http.StatusBadRequest, "ExpiredTokenException", "Token expired: current date/time is past the expiration of the token")
	}
	issuer := strings.TrimPrefix(claims.Issuer, "https://")
	who := principal{kind: "Federated", value: "arn:aws:iam::" + accountOfARN(in.RoleARN) + ":oidc-provider/" + issuer}
	audience := strings.Join(claims.Audience, ",")
	about := map[string]string{issuer + ":sub": claims.Subject, issuer + ":aud": audience}
	_, declared := s.assumable[in.RoleARN]
	if !declared && !trusts(s.trustOf(in.RoleARN), who, "sts:AssumeRoleWithWebIdentity", about) {
		return nil, errf(http.StatusForbidden, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	session, err := s.newSession(in.RoleARN, in.SessionName, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	return &webIdentityOutput{assumeRoleOutput: *session, Subject: claims.Subject, Provider: who.value, Audience: audience}, nil
}

// tokenClaims are what is read of a web identity token.
type tokenClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience texts  `json:"aud"`
	Expires  int64  `json:"exp"`
}

// readToken reads the claims of a JWT.
func readToken(token string) (claims tokenClaims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, false
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &claims) != nil {
		return claims, false
	}
	return claims, claims.Issuer != "" && claims.Subject != ""
}
