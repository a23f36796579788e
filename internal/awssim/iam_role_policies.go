// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Quotas: IAM user guide "IAM and AWS STS quotas".
const (
	policiesPerRole = 10
	inlinePerRole   = 10240
)

func iamRolePolicyOperations() map[string]operation {
	return map[string]operation{
		"AttachRolePolicy":         iamOp(true, attachRolePolicy),
		"DetachRolePolicy":         iamOp(true, detachRolePolicy),
		"ListAttachedRolePolicies": iamOp(false, listAttachedRolePolicies),
		"PutRolePolicy":            iamOp(true, putRolePolicy),
		"GetRolePolicy":            iamOp(false, getRolePolicy),
		"DeleteRolePolicy":         iamOp(true, deleteRolePolicy),
		"ListRolePolicies":         iamOp(false, listRolePolicies),
	}
}

type attachInput struct {
	RoleName  string `q:"RoleName,required"`
	PolicyARN string `q:"PolicyArn,required"`
}

// attachRolePolicy: IAM API reference AttachRolePolicy. That to attach a policy
// twice is no error is unverified; moto takes it so.
func attachRolePolicy(_ *Sim, st *iamState, c *call, in *attachInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, err := st.needPolicy(in.PolicyARN); err != nil {
		return nil, err
	}
	// IAM user guide "Create a service-linked role": such policies are their role's alone.
	if path, _ := splitPolicyARN(in.PolicyARN); strings.HasPrefix(path, "/aws-service-role/") {
		return nil, errf(http.StatusBadRequest, "PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
	}
	if !r.Attached[in.PolicyARN] && len(r.Attached) >= policiesPerRole {
		return nil, errf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", policiesPerRole)
	}
	r.Attached[in.PolicyARN] = true
	return nil, nil
}

// detachRolePolicy: IAM API reference DetachRolePolicy, NoSuchEntity.
func detachRolePolicy(_ *Sim, st *iamState, c *call, in *attachInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkPolicyARN(in.PolicyARN); err != nil {
		return nil, err
	}
	if !r.Attached[in.PolicyARN] {
		return nil, errf(http.StatusNotFound, "NoSuchEntity", "Policy %s was not found.", in.PolicyARN)
	}
	delete(r.Attached, in.PolicyARN)
	return nil, nil
}

type listAttachedInput struct {
	listOfRoleInput
	PathPrefix string `q:"PathPrefix"`
}

func listAttachedRolePolicies(s *Sim, st *iamState, c *call, in *listAttachedInput) (any, error) {
	r, err := st.needRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	attached := slices.DeleteFunc(st.attachedXML(r), func(a iamAttachedXML) bool {
		path, _ := splitPolicyARN(a.PolicyArn)
		return !strings.HasPrefix(path, in.PathPrefix)
	})
	attached, more, err := iamPageOf(s, in.iamPaging, attached, func(a iamAttachedXML) string { return a.PolicyArn })
	if err != nil {
		return nil, err
	}
	return &struct {
		AttachedPolicies []iamAttachedXML `xml:"AttachedPolicies>member"`
		iamPage
	}{attached, more}, nil
}

type putInlineInput struct {
	RoleName string `q:"RoleName,required"`
	Name     string `q:"PolicyName,required"`
	Document string `q:"PolicyDocument,required"`
}

// putRolePolicy adds or replaces: IAM API reference PutRolePolicy.
func putRolePolicy(_ *Sim, st *iamState, c *call, in *putInlineInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkName("policyName", in.Name, 128); err != nil {
		return nil, err
	}
	if err := checkIdentityPolicy(in.Document); err != nil {
		return nil, err
	}
	if r.inlineSize()-policySize(r.Inline[in.Name])+policySize(in.Document) > inlinePerRole {
		return nil, errf(http.StatusConflict, "LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", inlinePerRole, r.Name)
	}
	r.Inline[in.Name] = in.Document
	return nil, nil
}

type inlineInput struct {
	RoleName string `q:"RoleName,required"`
	Name     string `q:"PolicyName,required"`
}

// needInline returns a role that has the named inline policy.
func (st *iamState) needInline(r *iamRole, name string) error {
	if _, ok := r.Inline[name]; !ok {
		return errf(http.StatusNotFound, "NoSuchEntity", "The role policy with name %s cannot be found.", name)
	}
	return nil
}

func getRolePolicy(_ *Sim, st *iamState, c *call, in *inlineInput) (any, error) {
	r, err := st.needRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := st.needInline(r, in.Name); err != nil {
		return nil, err
	}
	return &struct{ RoleName, PolicyName, PolicyDocument string }{r.Name, in.Name, encodeDocument(r.Inline[in.Name])}, nil
}

func deleteRolePolicy(_ *Sim, st *iamState, c *call, in *inlineInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := st.needInline(r, in.Name); err != nil {
		return nil, err
	}
	delete(r.Inline, in.Name)
	return nil, nil
}

func listRolePolicies(s *Sim, st *iamState, c *call, in *listOfRoleInput) (any, error) {
	r, err := st.needRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	names, more, err := iamPageOf(s, in.iamPaging, slices.Collect(maps.Keys(r.Inline)), func(n string) string { return n })
	if err != nil {
		return nil, err
	}
	return &struct {
		PolicyNames []string `xml:"PolicyNames>member"`
		iamPage
	}{names, more}, nil
}
