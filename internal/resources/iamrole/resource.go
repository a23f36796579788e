// SPDX-License-Identifier: Apache-2.0

// Package iamrole keeps the pod execution role of a Fargate profile as declared: its trust policy, permissions
// boundary, attached managed policies and inline policies. What is missing is granted before what is too much is
// taken away, and a role that a Fargate profile still uses is never deleted.
package iamrole

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is the kind of the Resource in status.
const Kind = "IAMRole"

// The reasons that this package gives.
const (
	ReasonTrustChanged     = "TrustPolicyChanged"
	ReasonBoundaryChanged  = "PermissionsBoundaryChanged"
	ReasonBoundaryUnlisted = "PermissionsBoundaryUnlisted"
	ReasonManagedMissing   = "ManagedPolicyMissing"
	ReasonManagedUnlisted  = "ManagedPolicyUnlisted"
	ReasonInlineMissing    = "InlinePolicyMissing"
	ReasonInlineChanged    = "InlinePolicyChanged"
	ReasonInlineUnlisted   = "InlinePolicyUnlisted"
	ReasonPolicyNotFound   = "PolicyNotFound"
	ReasonGuardrail        = "GuardrailViolation"
	ReasonUsedByNodeGroup  = "RoleUsedByNodeGroup"
	ReasonRoleNotFound     = "RoleNotFound"
	ReasonTrustUnsuitable  = "TrustPolicyUnsuitable"
	ReasonInUse            = "RoleInUse"
	ReasonQuota            = "QuotaExceeded"
	ReasonWaitingForRole   = "WaitingForRole"
	roleDescriptionPattern = "Pod execution role of Fargate profiles of the EKS cluster %s"
)

// Desired is a declared pod execution role.
type Desired struct {
	Name string
	// TrustPolicy is what TrustPolicy returns.
	TrustPolicy       string
	ManagedPolicyARNs []string
	// InlinePolicies are documents by policy name.
	InlinePolicies map[string]string
	// PermissionsBoundaryARN is the declared boundary; "" means the one of the guardrails, if there is one.
	PermissionsBoundaryARN string
	// FormerBoundaryARNs are boundaries that were declared before: only such a one is taken off the role when none is
	// declared. One that somebody else has set narrows what the role can do, and is shown.
	FormerBoundaryARNs []string
	// RemoveUnlisted says that policies which are not listed are removed, and not only reported.
	RemoveUnlisted bool
	Guard          guardrails.Guardrails
	ClusterName    string
	// MaxManagedPolicies is how many managed policies AWS lets a role have in this account. 0: not known.
	MaxManagedPolicies int
}

// boundary is the boundary that the role should have, or "".
func (d Desired) boundary() string {
	return cmp.Or(d.PermissionsBoundaryARN, d.Guard.PermissionsBoundaryARN)
}

// Resource is one IAM role that the operator writes.
type Resource struct {
	reader
	name string
	// desired is nil for a role that is only to be deleted.
	desired *Desired
	// made is the ARN of the role that this pass has made.
	made string
	// twins finds a role whose name differs in case only; nil: nothing does.
	twins func(ctx context.Context, name string) (string, error)
}

var (
	_ resource.Resource = (*Resource)(nil)
	_ resource.Maker    = (*Resource)(nil)
)

// New returns the Resource of a declared role. The cache may be shared by all roles of an account; without one, the
// documents of managed policies are not read.
func New(iam awsapi.IAM, eks awsapi.EKS, cache *PolicyCache, d Desired) *Resource {
	return &Resource{reader: reader{iam: iam, eks: eks, cache: cache, cluster: d.ClusterName}, name: d.Name, desired: &d}
}

// FindTwins says how to find the name of a role that differs from a name in case only, or "". What it finds may be outdated.
func (r *Resource) FindTwins(find func(ctx context.Context, name string) (string, error)) {
	r.twins = find
}

// Leftover returns the Resource of a role that is no longer declared and only waits for its deletion.
func Leftover(iam awsapi.IAM, eks awsapi.EKS, clusterName, name string) *Resource {
	return &Resource{reader: reader{iam: iam, eks: eks, cluster: clusterName}, name: name}
}

// ID implements resource.Resource.
func (r *Resource) ID() resource.ID { return resource.ID{Kind: Kind, Name: r.name} }

// Hash implements resource.Resource. Documents are hashed in canonical form: another spelling is no edit.
func (r *Resource) Hash() string {
	if r.desired == nil {
		return ""
	}
	d := r.desired
	inline := map[string]string{}
	for name, doc := range d.InlinePolicies {
		inline[name] = canonicalOrRaw(doc)
	}
	return canonical.Hash([]any{
		d.Name, canonicalOrRaw(d.TrustPolicy), d.boundary(), canonical.List(d.ManagedPolicyARNs), inline, d.RemoveUnlisted,
	})
}

// canonicalOrRaw is a document's canonical form, or the document as it is when it cannot be read.
func canonicalOrRaw(doc string) string {
	if text, err := canonical.Policy(doc); err == nil {
		return text
	}
	return doc
}

// Needs implements resource.Resource: a role needs nothing of the profile.
func (r *Resource) Needs() []resource.Ref { return nil }

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, _ resource.Values) []drift.Difference {
	if r.desired == nil {
		return nil
	}
	return diff(*r.desired, detailOf(o))
}

// detailOf is the role as Observe saw it.
func detailOf(o *resource.Observation) observed.Role {
	role, _ := o.Detail.(observed.Role)
	return role
}

// Tag implements resource.Resource.
func (r *Resource) Tag(ctx context.Context, _ *resource.Observation, set map[string]string, remove []string) error {
	if len(set) > 0 {
		if _, err := r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: &r.name, Tags: tagList(set)}); err != nil {
			return fmt.Errorf("tagging %s: %w", r.ID(), err)
		}
	}
	if len(remove) == 0 {
		return nil
	}
	if _, err := r.iam.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &r.name, TagKeys: remove}); err != nil {
		return fmt.Errorf("removing tags of %s: %w", r.ID(), err)
	}
	return nil
}

func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}
