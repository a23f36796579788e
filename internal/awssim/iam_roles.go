// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func iamRoleOperations() map[string]operation {
	return map[string]operation{
		"CreateRole":                    iamOp(true, createRole),
		"GetRole":                       iamOp(false, getRole),
		"UpdateRole":                    iamOp(true, updateRole),
		"DeleteRole":                    iamOp(true, deleteRole),
		"UpdateAssumeRolePolicy":        iamOp(true, updateAssumeRolePolicy),
		"TagRole":                       iamOp(true, tagRole),
		"UntagRole":                     iamOp(true, untagRole),
		"ListRoleTags":                  iamOp(false, listRoleTags),
		"ListRoles":                     iamOp(false, listRoles),
		"PutRolePermissionsBoundary":    iamOp(true, putRoleBoundary),
		"DeleteRolePermissionsBoundary": iamOp(true, deleteRoleBoundary),
		"CreateServiceLinkedRole":       iamOp(true, createServiceLinkedRole),
		"ListInstanceProfilesForRole":   iamOp(false, listInstanceProfilesForRole),
	}
}

// iamPaging are the members that all listing operations share.
type iamPaging struct {
	Marker   string `q:"Marker"`
	MaxItems *int   `q:"MaxItems"`
}

// iamPageOf cuts a page: at most 100 items unless asked otherwise, 1000 at
// most (IAM API reference, MaxItems of each listing operation).
func iamPageOf[T any](s *Sim, p iamPaging, items []T, key func(T) string) ([]T, iamPage, error) {
	asked := 100
	if p.MaxItems != nil {
		asked = *p.MaxItems
	}
	if asked < 1 || asked > 1000 {
		return nil, iamPage{}, validationError("Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000", asked)
	}
	out, next, ok := page(items, key, p.Marker, s.pageSize(asked, 1000))
	if !ok {
		return nil, iamPage{}, errf(http.StatusBadRequest, "ValidationError", "Invalid Marker.")
	}
	return out, iamPage{IsTruncated: next != "", Marker: next}, nil
}

// needRole returns a role or NoSuchEntity: IAM API reference GetRole, and all
// others that name a role. That case counts here, where CreateRole does not
// distinguish it, is unverified; the operator can do with either.
func (st *iamState) needRole(c *call, name string) (*iamRole, error) {
	if err := checkName("roleName", name, 64); err != nil {
		return nil, err
	}
	r := st.role(name)
	if r == nil {
		c.Resource = st.arn("role", "/", name)
		return nil, errf(http.StatusNotFound, "NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	c.Resource = r.ARN
	return r, nil
}

// changeRole returns a role that may be changed by anyone but its service:
// IAM user guide "Create a service-linked role".
func (st *iamState) changeRole(c *call, name string) (*iamRole, error) {
	r, err := st.needRole(c, name)
	if err == nil && r.serviceLinked() {
		return nil, errf(http.StatusBadRequest, "UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", name)
	}
	return r, err
}

type createRoleInput struct {
	RoleName    string     `q:"RoleName,required"`
	Trust       string     `q:"AssumeRolePolicyDocument,required"`
	Path        string     `q:"Path"`
	Description string     `q:"Description"`
	MaxSession  *int       `q:"MaxSessionDuration"`
	Boundary    string     `q:"PermissionsBoundary"`
	Tags        []queryTag `q:"Tags.member"`
}

func createRole(s *Sim, st *iamState, c *call, in *createRoleInput) (any, error) {
	path := cmp.Or(in.Path, "/")
	c.Resource = st.arn("role", path, in.RoleName)
	if err := in.check(path); err != nil {
		return nil, err
	}
	// Names are not distinguished by case: IAM API reference CreateRole.
	for name := range st.roles {
		if strings.EqualFold(name, in.RoleName) {
			return nil, errf(http.StatusConflict, "EntityAlreadyExists", "Role with name %s already exists.", in.RoleName)
		}
	}
	if in.Boundary != "" {
		if err := st.checkBoundary(in.Boundary); err != nil {
			return nil, err
		}
	}
	trust, err := st.checkedTrust(in.Trust)
	if err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	r := st.newRole(path, in.RoleName, s.now())
	r.TrustPolicy, r.Description, r.Boundary, r.Tags = trust, in.Description, in.Boundary, tags
	if in.MaxSession != nil {
		r.MaxSession = *in.MaxSession
	}
	return &struct{ Role iamRoleXML }{st.roleXML(r)}, nil
}

func (in *createRoleInput) check(path string) error {
	return firstError(
		checkName("roleName", in.RoleName, 64),
		checkPath(path),
		checkDescription(in.Description),
		checkMaxSession(in.MaxSession),
		checkTags(in.Tags),
	)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkedTrust also checks the size: 2,048 characters by default, quota
// ACLSizePerRole (IAM user guide "IAM and AWS STS quotas").
func (st *iamState) checkedTrust(doc string) (string, error) {
	trust, err := st.acceptTrust(doc)
	if err != nil {
		return "", err
	}
	if policySize(doc) > 2048 {
		return "", errf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
	}
	return trust, nil
}

type roleInput struct {
	RoleName string `q:"RoleName,required"`
}

func getRole(_ *Sim, st *iamState, c *call, in *roleInput) (any, error) {
	r, err := st.needRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &struct{ Role iamRoleXML }{st.roleXML(r)}, nil
}

type updateRoleInput struct {
	RoleName    string  `q:"RoleName,required"`
	Description *string `q:"Description"`
	MaxSession  *int    `q:"MaxSessionDuration"`
}

func updateRole(_ *Sim, st *iamState, c *call, in *updateRoleInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkMaxSession(in.MaxSession); err != nil {
		return nil, err
	}
	if in.Description != nil {
		if err := checkDescription(*in.Description); err != nil {
			return nil, err
		}
		r.Description = *in.Description
	}
	if in.MaxSession != nil {
		r.MaxSession = *in.MaxSession
	}
	return &struct{}{}, nil
}

// deleteRole refuses while anything hangs on the role: IAM API reference
// DeleteRole ("The role must not have any policies attached").
func deleteRole(_ *Sim, st *iamState, c *call, in *roleInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	switch {
	case len(st.profilesOf(r.Name)) > 0:
		return nil, errf(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	case len(r.Attached) > 0:
		return nil, errf(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	case len(r.Inline) > 0:
		return nil, errf(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	delete(st.roles, r.Name)
	return nil, nil
}

type updateTrustInput struct {
	RoleName string `q:"RoleName,required"`
	Document string `q:"PolicyDocument,required"`
}

func updateAssumeRolePolicy(s *Sim, st *iamState, c *call, in *updateTrustInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	trust, err := st.checkedTrust(in.Document)
	if err != nil {
		return nil, err
	}
	r.TrustPolicy, r.TrustChanged = trust, s.now()
	return nil, nil
}

type tagRoleInput struct {
	RoleName string     `q:"RoleName,required"`
	Tags     []queryTag `q:"Tags.member,required"`
}

func tagRole(_ *Sim, st *iamState, c *call, in *tagRoleInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	tags, err := mergeTags(r.Tags, in.Tags)
	if err != nil {
		return nil, err
	}
	r.Tags = tags
	return nil, nil
}

type untagRoleInput struct {
	RoleName string   `q:"RoleName,required"`
	Keys     []string `q:"TagKeys.member,required"`
}

// untagRole: keys differ without regard to case, IAM user guide "Tags for IAM
// resources"; what is not there is no error, which is unverified.
func untagRole(_ *Sim, st *iamState, c *call, in *untagRoleInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	for _, key := range in.Keys {
		maps.DeleteFunc(r.Tags, func(k, _ string) bool { return strings.EqualFold(k, key) })
	}
	return nil, nil
}

type listOfRoleInput struct {
	iamPaging
	RoleName string `q:"RoleName,required"`
}

func listRoleTags(s *Sim, st *iamState, c *call, in *listOfRoleInput) (any, error) {
	r, err := st.needRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	tags, more, err := iamPageOf(s, in.iamPaging, iamTags(r.Tags), func(t iamTagXML) string { return t.Key })
	if err != nil {
		return nil, err
	}
	return &struct {
		Tags []iamTagXML `xml:"Tags>member"`
		iamPage
	}{tags, more}, nil
}

type listRolesInput struct {
	iamPaging
	PathPrefix string `q:"PathPrefix"`
}

func listRoles(s *Sim, st *iamState, _ *call, in *listRolesInput) (any, error) {
	var roles []iamRoleXML
	for _, name := range slices.Sorted(maps.Keys(st.roles)) {
		if r := st.roles[name]; strings.HasPrefix(r.Path, in.PathPrefix) {
			roles = append(roles, st.roleSummaryXML(r))
		}
	}
	roles, more, err := iamPageOf(s, in.iamPaging, roles, func(r iamRoleXML) string { return r.RoleName })
	if err != nil {
		return nil, err
	}
	return &struct {
		Roles []iamRoleXML `xml:"Roles>member"`
		iamPage
	}{roles, more}, nil
}

// checkBoundary: a boundary is a managed policy that exists
// (IAM API reference PutRolePermissionsBoundary).
func (st *iamState) checkBoundary(arn string) error {
	if err := checkPolicyARN(arn); err != nil {
		return err
	}
	if st.policies[arn] == nil {
		return errf(http.StatusNotFound, "NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return nil
}

type putBoundaryInput struct {
	RoleName string `q:"RoleName,required"`
	Boundary string `q:"PermissionsBoundary,required"`
}

func putRoleBoundary(_ *Sim, st *iamState, c *call, in *putBoundaryInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := st.checkBoundary(in.Boundary); err != nil {
		return nil, err
	}
	r.Boundary = in.Boundary
	return nil, nil
}

// deleteRoleBoundary: IAM API reference DeleteRolePermissionsBoundary has
// NoSuchEntity; that it means a boundary that is not there, too, is unverified.
func deleteRoleBoundary(_ *Sim, st *iamState, c *call, in *roleInput) (any, error) {
	r, err := st.changeRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if r.Boundary == "" {
		return nil, errf(http.StatusNotFound, "NoSuchEntity", "The role with name %s does not have a permissions boundary.", r.Name)
	}
	r.Boundary = ""
	return nil, nil
}

func listInstanceProfilesForRole(s *Sim, st *iamState, c *call, in *listOfRoleInput) (any, error) {
	r, err := st.needRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	profiles, more, err := iamPageOf(s, in.iamPaging, st.profilesOf(r.Name), func(p *iamInstanceProfile) string { return p.Name })
	if err != nil {
		return nil, err
	}
	out := &struct {
		InstanceProfiles []iamProfileXML `xml:"InstanceProfiles>member"`
		iamPage
	}{iamPage: more}
	for _, p := range profiles {
		out.InstanceProfiles = append(out.InstanceProfiles, st.profileXML(p))
	}
	return out, nil
}

// linkedRoles are the service-linked roles whose names do not follow from
// their service: EKS user guide "Using service-linked roles for Amazon EKS".
var linkedRoles = map[string]struct{ name, policy string }{
	"eks-fargate.amazonaws.com":   {"AWSServiceRoleForAmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"},
	"eks.amazonaws.com":           {"AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy"},
	"eks-nodegroup.amazonaws.com": {"AWSServiceRoleForAmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"},
}

type createLinkedInput struct {
	Service     string `q:"AWSServiceName,required"`
	Description string `q:"Description"`
	Suffix      string `q:"CustomSuffix"`
}

// createServiceLinkedRole: IAM API reference, page of that name. InvalidInput
// for a role that is there is what terraform-provider-aws users report.
func createServiceLinkedRole(s *Sim, st *iamState, c *call, in *createLinkedInput) (any, error) {
	linked, known := linkedRoles[in.Service]
	if !known {
		return nil, errf(http.StatusBadRequest, "InvalidInput", "Service-linked roles of %s are not modeled by awssim.", in.Service)
	}
	if in.Suffix != "" {
		return nil, errf(http.StatusBadRequest, "InvalidInput", "Custom suffix is not allowed for %s", in.Service)
	}
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	path := "/aws-service-role/" + in.Service + "/"
	c.Resource = st.arn("role", path, linked.name)
	if st.role(linked.name) != nil {
		return nil, errf(http.StatusBadRequest, "InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", linked.name)
	}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["` + in.Service + `"]},"Action":["sts:AssumeRole"]}]}`
	r := st.newRole(path, linked.name, s.now())
	r.TrustPolicy, r.Description = mustTrust(st, trust), in.Description
	r.Attached["arn:aws:iam::aws:policy/aws-service-role/"+linked.policy] = true
	return &struct{ Role iamRoleXML }{st.roleXML(r)}, nil
}
