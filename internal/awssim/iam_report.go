// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"slices"
)

func iamReportOperations() map[string]operation {
	return map[string]operation{"GetAccountAuthorizationDetails": iamOp(false, getAccountAuthorizationDetails)}
}

// The kinds of entity that the report knows, in the order in which they come.
var reportKinds = []string{"User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"}

type reportInput struct {
	iamPaging
	Filter []string `q:"Filter.member"`
}

type roleDetailXML struct {
	Path, RoleName, RoleId, Arn, CreateDate string
	AssumeRolePolicyDocument                string
	InstanceProfileList                     []iamProfileXML  `xml:"InstanceProfileList>member"`
	RolePolicyList                          []iamInlineXML   `xml:"RolePolicyList>member"`
	AttachedManagedPolicies                 []iamAttachedXML `xml:"AttachedManagedPolicies>member"`
	PermissionsBoundary                     *iamBoundaryXML
	Tags                                    []iamTagXML `xml:"Tags>member"`
}

type policyDetailXML struct {
	iamPolicyXML
	PolicyVersionList []iamVersionXML `xml:"PolicyVersionList>member"`
}

type userDetailXML struct {
	Path, UserName, UserId, Arn, CreateDate string
}

type reportXML struct {
	UserDetailList []userDetailXML   `xml:"UserDetailList>member"`
	RoleDetailList []roleDetailXML   `xml:"RoleDetailList>member"`
	Policies       []policyDetailXML `xml:"Policies>member"`
	iamPage
}

// reportEntry is one entity: a page counts entities of all kinds together.
type reportEntry struct {
	key string
	add func(*reportXML)
}

// getAccountAuthorizationDetails: IAM API reference, page of that name. That a
// page counts all kinds together, and their order, are unverified.
func getAccountAuthorizationDetails(s *Sim, st *iamState, _ *call, in *reportInput) (any, error) {
	for _, kind := range in.Filter {
		if !slices.Contains(reportKinds, kind) {
			return nil, validationError("Value '%v' at 'filter' failed to satisfy constraint: Member must satisfy enum value set: %v", in.Filter, reportKinds)
		}
	}
	entries, more, err := iamPageOf(s, in.iamPaging, st.reportEntries(in.Filter), func(e reportEntry) string { return e.key })
	if err != nil {
		return nil, err
	}
	out := &reportXML{iamPage: more}
	for _, e := range entries {
		e.add(out)
	}
	return out, nil
}

// reportEntries lists the entities of the wanted kinds; no kind means all.
func (st *iamState) reportEntries(kinds []string) []reportEntry {
	wanted := func(kind string) bool { return len(kinds) == 0 || slices.Contains(kinds, kind) }
	var out []reportEntry
	if wanted("User") {
		for name, id := range st.users {
			view := userDetailXML{Path: "/", UserName: name, UserId: id, Arn: st.arn("user", "/", name), CreateDate: xmlTime(seeded)}
			out = append(out, reportEntry{"0/" + name, func(r *reportXML) { r.UserDetailList = append(r.UserDetailList, view) }})
		}
	}
	if wanted("Role") {
		for name, role := range st.roles {
			out = append(out, reportEntry{"1/" + name, func(r *reportXML) { r.RoleDetailList = append(r.RoleDetailList, st.roleDetail(role)) }})
		}
	}
	for arn, p := range st.policies {
		kind, key := "LocalManagedPolicy", "2/"+arn
		if p.AWSManaged {
			kind, key = "AWSManagedPolicy", "3/"+arn
		}
		if wanted(kind) {
			out = append(out, reportEntry{key, func(r *reportXML) { r.Policies = append(r.Policies, st.policyDetail(p)) }})
		}
	}
	return out
}

func (st *iamState) roleDetail(r *iamRole) roleDetailXML {
	out := roleDetailXML{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN, CreateDate: xmlTime(r.CreatedAt),
		AssumeRolePolicyDocument: encodeDocument(st.renderTrust(r)),
		AttachedManagedPolicies:  st.attachedXML(r), PermissionsBoundary: boundaryXML(r), Tags: iamTags(r.Tags),
	}
	for _, name := range slices.Sorted(maps.Keys(r.Inline)) {
		out.RolePolicyList = append(out.RolePolicyList, iamInlineXML{PolicyName: name, PolicyDocument: encodeDocument(r.Inline[name])})
	}
	for _, p := range st.profilesOf(r.Name) {
		out.InstanceProfileList = append(out.InstanceProfileList, st.profileXML(p))
	}
	return out
}

func (st *iamState) policyDetail(p *iamPolicy) policyDetailXML {
	out := policyDetailXML{iamPolicyXML: st.policySummaryXML(p)}
	for _, v := range p.Versions {
		out.PolicyVersionList = append(out.PolicyVersionList, versionXML(v, true))
	}
	return out
}
