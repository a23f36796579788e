// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
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

// IdentityProviders says which OIDC identity providers an account has in IAM, by
// issuer (without https://), with their audiences. Before it is called, the
// account has one for every issuer and audience.
func (s *Sim) IdentityProviders(account string, audiences map[string][]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.providers[account] = audiences
}

// AddTaggedKey is AddKey for a session with transitive tags, as EKS Pod Identity
// begins it: EKS user guide, "Grant Pods access to AWS resources based on tags".
func (s *Sim) AddTaggedKey(accessKeyID, callerARN string, tags map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities[accessKeyID] = identity{Account: accountOfARN(callerARN), ARN: callerARN, Transitive: tags}
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
	if err := s.stsInactive(c, in.RoleARN); err != nil {
		return nil, err
	}
	for _, action := range sessionActions(s, c) {
		if !s.maySession(c, in, action) {
			return nil, errf(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on resource: %s", c.Caller, action, in.RoleARN)
		}
	}
	if strings.Contains(c.Caller, ":assumed-role/") && in.DurationSeconds != nil && *in.DurationSeconds > chainedSession {
		return nil, stsInvalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	passed := maps.Clone(s.identities[c.accessKey].Transitive)
	for _, tag := range in.Tags {
		if slices.Contains(in.TransitiveTagKeys, tag.Key) {
			if passed == nil {
				passed = map[string]string{}
			}
			passed[tag.Key] = tag.value()
		}
	}
	return s.newSession(in.RoleARN, in.SessionName, in.DurationSeconds, passed)
}

// sessionActions are what a caller must be allowed to do with a role that it
// assumes: with session tags, its own or those that its session passes on, also
// to tag the session. IAM user guide, "Pass session tags in AWS STS",
// "Permissions required to add session tags", "Chaining roles with session tags".
func sessionActions(s *Sim, c *call) []string {
	actions := []string{"sts:AssumeRole"}
	if len(s.identities[c.accessKey].Transitive) > 0 || c.Params.Get("Tags.member.1.Key") != "" {
		actions = append(actions, "sts:TagSession")
	}
	return actions
}

// stsInactive refuses sessions of an account in a Region that it has not
// enabled: STS API reference, AssumeRole, RegionDisabledException; IAM user
// guide, "Manage AWS STS in an AWS Region".
func (s *Sim) stsInactive(c *call, roleARN string) error {
	account := accountOfARN(roleARN)
	if !s.closed[account+"/"+c.Region] {
		return nil
	}
	return errf(http.StatusForbidden, "RegionDisabledException",
		"STS is not activated in this region for account:%s. Your account administrator can activate STS in this region using the IAM Console.", account)
}

// maySession says whether the role lets the caller do that: by AllowAssume, or by
// the role's trust policy. The caller's own policies are not weighed.
func (s *Sim) maySession(c *call, in *assumeRoleInput, action string) bool {
	if want, declared := s.assumable[in.RoleARN]; declared {
		return want == "" || want == in.ExternalID
	}
	caller := principal{kind: "AWS", value: c.Caller}
	return trusts(s.trustOf(in.RoleARN), caller, action, map[string]string{"sts:ExternalId": in.ExternalID})
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
// role lets it: STS API reference, AssumeRole, DurationSeconds. Transitive tags
// go on to the sessions that it begins.
func (s *Sim) newSession(roleARN, name string, seconds *int, transitive map[string]string) (*assumeRoleOutput, error) {
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
	s.identities[key] = identity{Account: account, ARN: arn, Transitive: transitive}
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
		return nil, errf(http.StatusBadRequest, "ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", s.now().Unix(), claims.Expires)
	}
	if err := s.stsInactive(c, in.RoleARN); err != nil {
		return nil, err
	}
	if err := s.checkProvider(accountOfARN(in.RoleARN), claims); err != nil {
		return nil, err
	}
	issuer := strings.TrimPrefix(claims.Issuer, "https://")
	who := principal{kind: "Federated", value: "arn:aws:iam::" + accountOfARN(in.RoleARN) + ":oidc-provider/" + issuer}
	audience := strings.Join(claims.Audience, ",")
	about := map[string]string{issuer + ":sub": claims.Subject, issuer + ":aud": audience}
	_, declared := s.assumable[in.RoleARN]
	if !declared && !trusts(s.trustOf(in.RoleARN), who, "sts:AssumeRoleWithWebIdentity", about) {
		return nil, errf(http.StatusForbidden, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	session, err := s.newSession(in.RoleARN, in.SessionName, in.DurationSeconds, nil)
	if err != nil {
		return nil, err
	}
	return &webIdentityOutput{assumeRoleOutput: *session, Subject: claims.Subject, Provider: who.value, Audience: audience}, nil
}

// checkProvider wants an identity provider of the account for the token's issuer,
// with its audience: IAM user guide, "Create an OpenID Connect (OIDC) identity
// provider in IAM"; the words are those of issues 280 and 1309 of
// aws-actions/configure-aws-credentials.
func (s *Sim) checkProvider(account string, claims tokenClaims) error {
	providers, declared := s.providers[account]
	if !declared {
		return nil
	}
	audiences, known := providers[strings.TrimPrefix(claims.Issuer, "https://")]
	if !known {
		return errf(http.StatusBadRequest, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for %s", claims.Issuer)
	}
	if !slices.ContainsFunc(claims.Audience, func(aud string) bool { return slices.Contains(audiences, aud) }) {
		return errf(http.StatusBadRequest, "InvalidIdentityToken", "Incorrect token audience")
	}
	return nil
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
