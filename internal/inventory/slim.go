// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// What a View keeps of tens of thousands of objects is most of the operator's memory. So it keeps what the operator reads
// of them, and texts that many objects have in common once. A field that is left out here and read by a Resource after all
// looks like drift, and costs the single read that every drift is confirmed by: histories.TestCallsPerProfile counts those.

// shelf keeps each text of one sweep once. It goes with the sweep.
type shelf map[string]*string

// pointer leads to the shelf's copy.
func (s shelf) pointer(text *string) *string {
	if text == nil {
		return nil
	}
	if known := s[*text]; known != nil {
		return known
	}
	s[*text] = text
	return text
}

// share has the pointers lead to the shelf's copies.
func (s shelf) share(texts ...**string) {
	for _, text := range texts {
		*text = s.pointer(*text)
	}
}

// slimGroup leaves out a group's rules in the form that has no ids: the operator reads them by DescribeSecurityGroupRules.
func slimGroup(g *ec2types.SecurityGroup, s shelf) {
	g.IpPermissions, g.IpPermissionsEgress = nil, nil
	s.share(&g.OwnerId, &g.VpcId, &g.Description)
	for i := range g.Tags {
		s.share(&g.Tags[i].Key, &g.Tags[i].Value)
	}
}

func slimRule(r *ec2types.SecurityGroupRule, s shelf) {
	r.SecurityGroupRuleArn, r.GroupOwnerId, r.Tags = nil, nil, nil
	s.share(&r.GroupId, &r.IpProtocol, &r.CidrIpv4, &r.CidrIpv6, &r.PrefixListId, &r.Description)
}

// slimRole leaves out who uses a role, and takes documents out of the URL encoding in which IAM gives them.
func slimRole(r *iamtypes.RoleDetail, s shelf) {
	r.InstanceProfileList, r.RoleLastUsed = nil, nil
	r.AssumeRolePolicyDocument = plain(r.AssumeRolePolicyDocument)
	s.share(&r.Path, &r.AssumeRolePolicyDocument)
	for i := range r.RolePolicyList {
		p := &r.RolePolicyList[i]
		p.PolicyDocument = plain(p.PolicyDocument)
		s.share(&p.PolicyName, &p.PolicyDocument)
	}
	for i := range r.AttachedManagedPolicies {
		s.share(&r.AttachedManagedPolicies[i].PolicyArn, &r.AttachedManagedPolicies[i].PolicyName)
	}
	for i := range r.Tags {
		s.share(&r.Tags[i].Key, &r.Tags[i].Value)
	}
}

// plain is a document as it was written, where it is encoded as IAM does it (RFC 3986).
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
func plain(doc *string) *string {
	if !strings.HasPrefix(aws.ToString(doc), "%7B") {
		return doc
	}
	text, err := url.PathUnescape(*doc)
	if err != nil {
		return doc
	}
	return &text
}

// slimProfile keeps what profiles have in common once; they are read one by one, so there is no sweep's shelf.
func slimProfile(p *ekstypes.FargateProfile) {
	if p == nil {
		return
	}
	memo.Share(p.ClusterName, p.FargateProfileName)
	memo.ShareAll(p.Subnets)
	for i := range p.Selectors {
		memo.Share(p.Selectors[i].Namespace)
	}
	p.Tags = memo.Shared(p.Tags)
}

func slimKey(k *kmstypes.KeyMetadata) {
	if k == nil {
		return
	}
	k.EncryptionAlgorithms, k.SigningAlgorithms, k.MacAlgorithms, k.KeyAgreementAlgorithms, k.EncapsulationAlgorithms = nil, nil, nil, nil, nil
	k.AWSAccountId, k.CurrentKeyMaterialId, k.Description = nil, nil, nil
}
