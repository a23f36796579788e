// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"slices"
)

// The shapes of IAM's answers.

type iamTagXML struct{ Key, Value string }

type iamBoundaryXML struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

type iamRoleXML struct {
	Path, RoleName, RoleId, Arn, CreateDate string
	AssumeRolePolicyDocument                string
	Description                             string `xml:",omitempty"`
	MaxSessionDuration                      int
	PermissionsBoundary                     *iamBoundaryXML
	Tags                                    []iamTagXML `xml:"Tags>member"`
}

type iamPolicyXML struct {
	PolicyName, PolicyId, Arn, Path, DefaultVersionId string
	AttachmentCount, PermissionsBoundaryUsageCount    int
	IsAttachable                                      bool
	Description                                       string `xml:",omitempty"`
	CreateDate, UpdateDate                            string
}

// taggedPolicyXML is a policy with its tags. ManagedPolicyDetail, which
// GetAccountAuthorizationDetails answers, has none (IAM API reference).
type taggedPolicyXML struct {
	iamPolicyXML
	Tags []iamTagXML `xml:"Tags>member"`
}

type iamVersionXML struct {
	Document         string `xml:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       string
}

type iamAttachedXML struct{ PolicyName, PolicyArn string }

type iamInlineXML struct{ PolicyName, PolicyDocument string }

type iamProfileXML struct {
	Path, InstanceProfileName, InstanceProfileId, Arn, CreateDate string
	Roles                                                         []iamRoleXML `xml:"Roles>member"`
}

// iamPage is the part of an answer that says whether there is more.
type iamPage struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

func iamTags(tags map[string]string) []iamTagXML {
	var out []iamTagXML
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, iamTagXML{k, tags[k]})
	}
	return out
}

// roleXML is a role as CreateRole and GetRole describe it.
func (st *iamState) roleXML(r *iamRole) iamRoleXML {
	out := st.roleSummaryXML(r)
	out.PermissionsBoundary = boundaryXML(r)
	out.Tags = iamTags(r.Tags)
	return out
}

// roleSummaryXML is a role as ListRoles describes it: without boundary and
// tags (IAM API reference ListRoles).
func (st *iamState) roleSummaryXML(r *iamRole) iamRoleXML {
	return iamRoleXML{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN, CreateDate: xmlTime(r.CreatedAt),
		AssumeRolePolicyDocument: encodeDocument(st.renderTrust(r)),
		Description:              r.Description, MaxSessionDuration: r.MaxSession,
	}
}

func boundaryXML(r *iamRole) *iamBoundaryXML {
	if r.Boundary == "" {
		return nil
	}
	return &iamBoundaryXML{PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: r.Boundary}
}

// policyXML is a managed policy as GetPolicy describes it.
func (st *iamState) policyXML(p *iamPolicy) taggedPolicyXML {
	out := taggedPolicyXML{iamPolicyXML: st.policySummaryXML(p)}
	out.Description, out.Tags = p.Description, iamTags(p.Tags)
	return out
}

// policySummaryXML is a policy as ListPolicies describes it: without
// description and tags (IAM API reference ListPolicies and data type Policy).
func (st *iamState) policySummaryXML(p *iamPolicy) iamPolicyXML {
	attached, boundary := st.attachments(p.ARN)
	return iamPolicyXML{
		PolicyName: p.Name, PolicyId: p.ID, Arn: p.ARN, Path: p.Path, DefaultVersionId: p.defaultVersion().ID,
		AttachmentCount: attached, PermissionsBoundaryUsageCount: boundary, IsAttachable: true,
		CreateDate: xmlTime(p.CreatedAt), UpdateDate: xmlTime(p.Updated),
	}
}

func versionXML(v iamPolicyVersion, withDocument bool) iamVersionXML {
	out := iamVersionXML{VersionId: v.ID, IsDefaultVersion: v.Default, CreateDate: xmlTime(v.CreatedAt)}
	if withDocument {
		out.Document = encodeDocument(v.Document)
	}
	return out
}

// attachedXML lists a role's managed policies.
func (st *iamState) attachedXML(r *iamRole) []iamAttachedXML {
	var out []iamAttachedXML
	for _, arn := range slices.Sorted(maps.Keys(r.Attached)) {
		_, name := splitPolicyARN(arn)
		out = append(out, iamAttachedXML{PolicyName: name, PolicyArn: arn})
	}
	return out
}

func (st *iamState) profileXML(p *iamInstanceProfile) iamProfileXML {
	out := iamProfileXML{Path: "/", InstanceProfileName: p.Name, InstanceProfileId: p.ID, Arn: p.ARN, CreateDate: xmlTime(p.CreatedAt)}
	if r := st.role(p.Role); r != nil {
		out.Roles = []iamRoleXML{st.roleSummaryXML(r)}
	}
	return out
}
