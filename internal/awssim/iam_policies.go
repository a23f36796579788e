// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Quotas: IAM user guide "IAM and AWS STS quotas".
const (
	managedPolicySize = 6144
	policyVersionsMax = 5
)

func iamPolicyOperations() map[string]operation {
	return map[string]operation{
		"CreatePolicy":        iamOp(true, createPolicy),
		"GetPolicy":           iamOp(false, getPolicy),
		"DeletePolicy":        iamOp(true, deletePolicy),
		"ListPolicies":        iamOp(false, listPolicies),
		"CreatePolicyVersion": iamOp(true, createPolicyVersion),
		"GetPolicyVersion":    iamOp(false, getPolicyVersion),
		"DeletePolicyVersion": iamOp(true, deletePolicyVersion),
	}
}

// needPolicy returns a managed policy or NoSuchEntity: IAM API reference GetPolicy.
func (st *iamState) needPolicy(arn string) (*iamPolicy, error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	if p := st.policies[arn]; p != nil {
		return p, nil
	}
	return nil, errf(http.StatusNotFound, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
}

// changePolicy returns a policy of the account: AWS's own cannot be changed
// (IAM user guide "Managed policies and inline policies").
func (st *iamState) changePolicy(c *call, arn string) (*iamPolicy, error) {
	c.Resource = arn
	p, err := st.needPolicy(arn)
	if err == nil && p.AWSManaged {
		return nil, errf(http.StatusForbidden, "AccessDenied", "Policy %s is managed by AWS and cannot be changed.", arn)
	}
	return p, err
}

// checkManaged checks a managed policy's document.
func checkManaged(doc string) error {
	if err := checkIdentityPolicy(doc); err != nil {
		return err
	}
	if policySize(doc) > managedPolicySize {
		return errf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for PolicySize: %d", managedPolicySize)
	}
	return nil
}

type createPolicyInput struct {
	Name        string     `q:"PolicyName,required"`
	Document    string     `q:"PolicyDocument,required"`
	Path        string     `q:"Path"`
	Description string     `q:"Description"`
	Tags        []queryTag `q:"Tags.member"`
}

// createPolicy: names are not distinguished by case: IAM API reference CreatePolicy.
func createPolicy(s *Sim, st *iamState, c *call, in *createPolicyInput) (any, error) {
	path := cmp.Or(in.Path, "/")
	arn := st.arn("policy", path, in.Name)
	c.Resource = arn
	err := firstError(checkName("policyName", in.Name, 128), checkPath(path), checkDescription(in.Description), checkTags(in.Tags), checkManaged(in.Document))
	if err != nil {
		return nil, err
	}
	for _, p := range st.policies {
		if !p.AWSManaged && strings.EqualFold(p.Name, in.Name) {
			return nil, errf(http.StatusConflict, "EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", in.Name)
		}
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	p := st.addManagedPolicy(arn, in.Document)
	p.Description, p.Tags = in.Description, tags
	p.CreatedAt, p.Updated, p.Versions[0].CreatedAt = s.now(), s.now(), s.now()
	return &struct{ Policy taggedPolicyXML }{st.policyXML(p)}, nil
}

type policyInput struct {
	ARN string `q:"PolicyArn,required"`
}

func getPolicy(_ *Sim, st *iamState, c *call, in *policyInput) (any, error) {
	c.Resource = in.ARN
	p, err := st.needPolicy(in.ARN)
	if err != nil {
		return nil, err
	}
	return &struct{ Policy taggedPolicyXML }{st.policyXML(p)}, nil
}

// deletePolicy: IAM API reference DeletePolicy, on what must be done before.
func deletePolicy(_ *Sim, st *iamState, c *call, in *policyInput) (any, error) {
	p, err := st.changePolicy(c, in.ARN)
	if err != nil {
		return nil, err
	}
	if attached, boundary := st.attachments(in.ARN); attached+boundary > 0 {
		return nil, errf(http.StatusConflict, "DeleteConflict", "Cannot delete a policy attached to entities.")
	}
	if len(p.Versions) > 1 {
		return nil, errf(http.StatusConflict, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	delete(st.policies, in.ARN)
	return nil, nil
}

type listPoliciesInput struct {
	iamPaging
	Scope        string `q:"Scope"`
	OnlyAttached bool   `q:"OnlyAttached"`
	PathPrefix   string `q:"PathPrefix"`
}

func listPolicies(s *Sim, st *iamState, _ *call, in *listPoliciesInput) (any, error) {
	if !slices.Contains([]string{"", "All", "AWS", "Local"}, in.Scope) { // IAM API reference, ListPolicies: Scope
		return nil, validationError("Value '%s' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]", in.Scope)
	}
	var found []iamPolicyXML
	for _, arn := range slices.Sorted(maps.Keys(st.policies)) {
		p := st.policies[arn]
		view := st.policySummaryXML(p)
		switch {
		case in.Scope == "AWS" && !p.AWSManaged, in.Scope == "Local" && p.AWSManaged:
		case in.OnlyAttached && view.AttachmentCount == 0:
		case !strings.HasPrefix(p.Path, in.PathPrefix):
		default:
			found = append(found, view)
		}
	}
	found, more, err := iamPageOf(s, in.iamPaging, found, func(p iamPolicyXML) string { return p.Arn })
	if err != nil {
		return nil, err
	}
	return &struct {
		Policies []iamPolicyXML `xml:"Policies>member"`
		iamPage
	}{found, more}, nil
}

type createVersionInput struct {
	ARN      string `q:"PolicyArn,required"`
	Document string `q:"PolicyDocument,required"`
	Default  bool   `q:"SetAsDefault"`
}

// createPolicyVersion: at most five versions (IAM API reference CreatePolicyVersion).
func createPolicyVersion(s *Sim, st *iamState, c *call, in *createVersionInput) (any, error) {
	p, err := st.changePolicy(c, in.ARN)
	if err != nil {
		return nil, err
	}
	if err := checkManaged(in.Document); err != nil {
		return nil, err
	}
	if len(p.Versions) >= policyVersionsMax {
		return nil, errf(http.StatusConflict, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	}
	if in.Default {
		for i := range p.Versions {
			p.Versions[i].Default = false
		}
	}
	v := iamPolicyVersion{ID: fmt.Sprintf("v%d", p.NextVersion), Document: in.Document, Default: in.Default, CreatedAt: s.now()}
	p.NextVersion++
	p.Versions, p.Updated = append(p.Versions, v), s.now()
	return &struct{ PolicyVersion iamVersionXML }{versionXML(v, false)}, nil
}

type versionInput struct {
	ARN     string `q:"PolicyArn,required"`
	Version string `q:"VersionId,required"`
}

// needVersion returns the place of a version in its policy.
func (p *iamPolicy) needVersion(id string) (int, error) {
	i := slices.IndexFunc(p.Versions, func(v iamPolicyVersion) bool { return v.ID == id })
	if i < 0 {
		return 0, errf(http.StatusNotFound, "NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", p.ARN, id)
	}
	return i, nil
}

func getPolicyVersion(_ *Sim, st *iamState, c *call, in *versionInput) (any, error) {
	c.Resource = in.ARN
	p, err := st.needPolicy(in.ARN)
	if err != nil {
		return nil, err
	}
	i, err := p.needVersion(in.Version)
	if err != nil {
		return nil, err
	}
	return &struct{ PolicyVersion iamVersionXML }{versionXML(p.Versions[i], true)}, nil
}

// deletePolicyVersion keeps the default one (IAM API reference DeletePolicyVersion).
func deletePolicyVersion(_ *Sim, st *iamState, c *call, in *versionInput) (any, error) {
	p, err := st.changePolicy(c, in.ARN)
	if err != nil {
		return nil, err
	}
	i, err := p.needVersion(in.Version)
	if err != nil {
		return nil, err
	}
	if p.Versions[i].Default {
		return nil, errf(http.StatusConflict, "DeleteConflict", "Cannot delete the default version of a policy.")
	}
	p.Versions = slices.Delete(p.Versions, i, i+1)
	return nil, nil
}
