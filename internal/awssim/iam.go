// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// iamState is what IAM holds in one account.
type iamState struct {
	account  string
	roles    map[string]*iamRole
	policies map[string]*iamPolicy // by ARN, AWS's own included
	users    map[string]string     // name to unique id
	profiles map[string]*iamInstanceProfile
}

// iamRole is one role.
type iamRole struct {
	Name, ID, Path, ARN string
	Description         string
	MaxSession          int
	// TrustPolicy is the document in the form that IAM keeps: roles and users
	// as unique ids. renderTrust gives the form that callers see.
	TrustPolicy  string
	TrustChanged time.Time
	CreatedAt    time.Time
	Boundary     string
	Tags         map[string]string
	Inline       map[string]string // policy name to document
	Attached     map[string]bool   // by policy ARN
}

// iamPolicy is one managed policy.
type iamPolicy struct {
	Name, ID, Path, ARN string
	Description         string
	CreatedAt, Updated  time.Time
	Versions            []iamPolicyVersion
	NextVersion         int
	Tags                map[string]string
	AWSManaged          bool
}

// iamPolicyVersion is one version of a managed policy.
type iamPolicyVersion struct {
	ID        string
	Document  string
	Default   bool
	CreatedAt time.Time
}

// iamInstanceProfile is an instance profile, which can only be seeded.
type iamInstanceProfile struct {
	Name, ID, ARN string
	Role          string
	CreatedAt     time.Time
}

// seeded is when everything that was seeded came to be: long enough ago for
// every delay to have passed.
var seeded = time.Date(2024, time.January, 2, 3, 4, 5, 0, time.UTC)

// newIAMState returns an account's IAM with AWS's own managed policies.
func newIAMState(account string) *iamState {
	st := &iamState{
		account:  account,
		roles:    map[string]*iamRole{},
		policies: map[string]*iamPolicy{},
		users:    map[string]string{},
		profiles: map[string]*iamInstanceProfile{},
	}
	for arn, doc := range builtinPolicies {
		st.addManagedPolicy(arn, doc)
	}
	st.addUser("operator") // whom access keys belong to unless Sim.AddKey says otherwise
	return st
}

// role returns the role with that name, nil if there is none.
func (st *iamState) role(name string) *iamRole { return st.roles[name] }

// addRole puts a role in place. The trust policy must be valid.
func (st *iamState) addRole(name, trust string, attached ...string) *iamRole {
	r := st.newRole("/", name, seeded)
	r.TrustPolicy = mustTrust(st, trust)
	for _, arn := range attached {
		r.Attached[arn] = true
	}
	return r
}

// mustTrust is the kept form of a seeded trust policy.
func mustTrust(st *iamState, trust string) string {
	kept, err := st.acceptTrust(trust)
	if err != nil {
		panic("awssim: seeded trust policy: " + err.Error())
	}
	return kept
}

// newRole creates a role without trust policy.
func (st *iamState) newRole(path, name string, now time.Time) *iamRole {
	r := &iamRole{
		Name: name, ID: uniqueID("AROA"), Path: path, ARN: st.arn("role", path, name),
		MaxSession: 3600, TrustChanged: now, CreatedAt: now,
		Tags: map[string]string{}, Inline: map[string]string{}, Attached: map[string]bool{},
	}
	st.roles[name] = r
	return r
}

// addManagedPolicy puts a managed policy in place, AWS's or the account's.
func (st *iamState) addManagedPolicy(arn, doc string) *iamPolicy {
	path, name := splitPolicyARN(arn)
	p := &iamPolicy{
		Name: name, ID: uniqueID("ANPA"), Path: path, ARN: arn, CreatedAt: seeded, Updated: seeded,
		Versions:    []iamPolicyVersion{{ID: "v1", Document: doc, Default: true, CreatedAt: seeded}},
		NextVersion: 2, Tags: map[string]string{}, AWSManaged: accountOfARN(arn) == "aws",
	}
	st.policies[arn] = p
	return p
}

// addUser puts a user in place, so that trust policies can name it.
func (st *iamState) addUser(name string) { st.users[name] = uniqueID("AIDA") }

// addInstanceProfile puts an instance profile with a role in place.
func (st *iamState) addInstanceProfile(name, role string) {
	st.profiles[name] = &iamInstanceProfile{
		Name: name, ID: uniqueID("AIPA"), ARN: st.arn("instance-profile", "/", name), Role: role, CreatedAt: seeded,
	}
}

// arn is the ARN of something of this account.
func (st *iamState) arn(kind, path, name string) string {
	return "arn:aws:iam::" + st.account + ":" + kind + path + name
}

// splitPolicyARN returns path and name of a managed policy.
func splitPolicyARN(arn string) (path, name string) {
	_, rest, _ := strings.Cut(arn, ":policy")
	i := strings.LastIndex(rest, "/")
	if i < 0 {
		return "/", arn
	}
	return rest[:i+1], rest[i+1:]
}

// uniqueID returns one of IAM's unique ids, such as AROA and 17 characters:
// IAM user guide "IAM identifiers", section "Unique identifiers".
func uniqueID(prefix string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	raw := make([]byte, 17)
	_, _ = rand.Read(raw) // never fails: package crypto/rand
	for i := range raw {
		raw[i] = alphabet[raw[i]&31]
	}
	return prefix + string(raw)
}

// attachments counts the roles that a managed policy is attached to.
func (st *iamState) attachments(arn string) (attached, boundary int) {
	for _, r := range st.roles {
		if r.Attached[arn] {
			attached++
		}
		if r.Boundary == arn {
			boundary++
		}
	}
	return attached, boundary
}

// profilesOf lists the instance profiles that hold a role.
func (st *iamState) profilesOf(role string) []*iamInstanceProfile {
	var out []*iamInstanceProfile
	for _, name := range slices.Sorted(maps.Keys(st.profiles)) {
		if st.profiles[name].Role == role {
			out = append(out, st.profiles[name])
		}
	}
	return out
}

// defaultVersion is the version of a policy that is in force.
func (p *iamPolicy) defaultVersion() *iamPolicyVersion {
	for i := range p.Versions {
		if p.Versions[i].Default {
			return &p.Versions[i]
		}
	}
	return &p.Versions[0]
}

// inlineSize is the size of a role's inline policies as IAM counts it: without
// white space (IAM user guide "IAM and AWS STS quotas").
func (r *iamRole) inlineSize() int {
	n := 0
	for _, doc := range r.Inline {
		n += policySize(doc)
	}
	return n
}

// serviceLinked tells whether only its service may change the role.
func (r *iamRole) serviceLinked() bool { return strings.HasPrefix(r.Path, "/aws-service-role/") }

// registerIAM adds IAM's operations.
func (s *Sim) registerIAM() {
	ops := map[string]operation{}
	maps.Copy(ops, iamRoleOperations())
	maps.Copy(ops, iamRolePolicyOperations())
	maps.Copy(ops, iamPolicyOperations())
	maps.Copy(ops, iamReportOperations())
	s.register("iam", ops)
	s.registerProtocol("iam", queryProtocol{})
}

// iamOp is a query operation of IAM.
func iamOp[I any](write bool, run func(s *Sim, st *iamState, c *call, in *I) (any, error)) operation {
	return queryOp(write, iamProblem, func(s *Sim, c *call, in *I) (any, error) {
		return run(s, s.account(c.Account).iam, c, in)
	})
}

// iamProblem words a decoding problem as IAM's request validation does: IAM API
// reference "Common Errors", ValidationError and MalformedInput.
func iamProblem(p *queryProblem) error {
	switch p.Kind {
	case "missing":
		return validationError("Value null at '%s' failed to satisfy constraint: Member must not be null", memberName(p.Member))
	case "malformed":
		return errf(http.StatusBadRequest, "MalformedInput", "%s is not a valid value for %s", p.Value, p.Member)
	default:
		return errf(http.StatusBadRequest, "UnknownParameter", "awssim does not model the parameter %s", p.Member)
	}
}

// memberName is a member as validation messages write it: roleName.
func memberName(member string) string { return strings.ToLower(member[:1]) + member[1:] }

func validationError(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "ValidationError", "1 validation error detected: "+format, args...)
}
