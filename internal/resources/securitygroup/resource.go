// SPDX-License-Identifier: Apache-2.0

// Package securitygroup keeps a VPC security group and its rules as declared. Rules are authorized before others are
// revoked, so that a declared rule which was in force stays in force through every repair.
package securitygroup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is the kind of the Resource in status.
const Kind = "SecurityGroup"

// The reasons that this package gives.
const (
	ReasonRuleMissing        = "SecurityGroupRuleMissing"
	ReasonRuleUnlisted       = "SecurityGroupRuleUnlisted"
	ReasonRuleDescription    = "SecurityGroupRuleDescriptionChanged"
	ReasonDescription        = "SecurityGroupDescriptionChanged"
	ReasonVPC                = "SecurityGroupVPCChanged"
	ReasonGuardrail          = "GuardrailViolation"
	ReasonPrefixListNotFound = "PrefixListNotFound"
	ReasonPeerNotFound       = "SecurityGroupNotFound"
	ReasonPeerUndeclared     = "SecurityGroupNotDeclared"
	ReasonInvalidSpec        = "InvalidSpec"
	ReasonInUse              = "SecurityGroupInUse"
	ReasonWaiting            = "WaitingForSecurityGroup"
)

// Rule is a declared rule, in canonical form.
type Rule struct {
	observed.Rule
	// PeerGroup is the name of another group that the same profile declares, or of the group itself. Peer is empty
	// then, and comes from the values once that group exists.
	PeerGroup string
}

// Desired is a declared security group.
type Desired struct {
	Name string
	// Description is the declared one; "": a new group gets its name for one, and an existing one keeps what it has.
	Description     string
	Ingress, Egress []Rule
	// Ignore are rules that other controllers keep.
	Ignore []Ignored `json:",omitempty"`
	// RemoveUnlisted says that rules which are not listed are removed, and not only reported.
	RemoveUnlisted bool
	Guard          guardrails.Guardrails
	// Cluster gives the VPC.
	Cluster resource.ID
	// Siblings are the names of all groups that the profile declares: a PeerGroup outside of them is a Problem.
	// Nil: not checked.
	Siblings []string
	// MaxRules is how many rules AWS lets a group have in this account, in each direction and for each IP version. 0: not
	// known.
	MaxRules int `json:"-"`
	// AccountID is the account that the group is in. "": not known.
	AccountID string `json:"-"`
}

// Ignored says which unlisted rules are left alone: by their description, or by one of their tags. Both are globs.
type Ignored struct {
	Description, TagKey, TagValue string
}

// fits tells that the rule is one of those.
func (i Ignored) fits(rule observed.Rule) bool {
	if i.Description != "" {
		return canonical.Match(i.Description, rule.Description)
	}
	value, tagged := rule.Tags[i.TagKey]
	return tagged && (i.TagValue == "" || canonical.Match(i.TagValue, value))
}

// Resource is one security group.
type Resource struct {
	ec2  awsapi.EC2
	name string
	// desired is nil for a group that is only to be deleted.
	desired *Desired
	prior   resource.Prior
	groupID string
	// made is the group that this pass has made, nil unless it has all its rules.
	made *resource.Observation
}

var (
	_ resource.Resource = (*Resource)(nil)
	_ resource.Maker    = (*Resource)(nil)
)

// New returns the Resource of a declared group. prior.ARN, where known, is the group's ARN.
func New(client awsapi.EC2, d Desired, prior resource.Prior) *Resource {
	return &Resource{ec2: client, name: d.Name, desired: &d, prior: prior, groupID: idOfARN(prior.ARN)}
}

// Leftover returns the Resource of a group that is no longer declared and only waits for its deletion.
func Leftover(client awsapi.EC2, groupID, name string) *Resource {
	return &Resource{ec2: client, name: name, groupID: groupID}
}

// ID implements resource.Resource.
func (r *Resource) ID() resource.ID { return resource.ID{Kind: Kind, Name: r.name} }

// Hash implements resource.Resource.
func (r *Resource) Hash() string {
	if r.desired == nil {
		return ""
	}
	d := *r.desired
	// Guardrails belong to the account, and neither they nor the siblings are part of what this group declares. (What Hash
	// leaves out of JSON is not either.)
	d.Guard, d.Siblings = guardrails.Guardrails{}, nil
	d.Description = r.description() // as hashes were made from the beginning
	d.Ingress, d.Egress = sorted(d.Ingress), sorted(d.Egress)
	return canonical.Hash(d)
}

// Needs implements resource.Resource: a group is made in the cluster's VPC.
func (r *Resource) Needs() []resource.Ref {
	if r.desired == nil {
		return nil
	}
	return []resource.Ref{{From: r.desired.Cluster, Value: resource.VPCID}}
}

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, v resource.Values) []drift.Difference {
	if r.desired == nil {
		return nil
	}
	d := detailOf(o)
	return diff(*r.desired, d.group, d.fresh, v)
}

// Tag implements resource.Resource.
func (r *Resource) Tag(ctx context.Context, o *resource.Observation, set map[string]string, remove []string) error {
	id := []string{o.Gives[resource.GroupID]}
	if len(set) > 0 {
		if _, err := r.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: id, Tags: tagsOf(set)}); err != nil {
			return fmt.Errorf("tagging %s: %w", r.ID(), err)
		}
	}
	if len(remove) == 0 {
		return nil
	}
	// A key without a value removes the tag whatever its value is: EC2 API reference, DeleteTags.
	tags := make([]types.Tag, 0, len(remove))
	for _, key := range remove {
		tags = append(tags, types.Tag{Key: aws.String(key)})
	}
	if _, err := r.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: id, Tags: tags}); err != nil {
		return fmt.Errorf("removing tags of %s: %w", r.ID(), err)
	}
	return nil
}
