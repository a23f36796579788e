// SPDX-License-Identifier: Apache-2.0

// Package kmskey keeps a customer managed KMS key and its alias as declared: policy, rotation, state and alias. A key
// is only ever scheduled for deletion, and not while a log group or a grant uses it.
package kmskey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is the kind of the Resource in status.
const Kind = "KMSKey"

// The reasons that this package gives.
const (
	ReasonPolicyChanged  = "KeyPolicyChanged"
	ReasonRotationOff    = "KeyRotationDisabled"
	ReasonRotationPeriod = "KeyRotationPeriodChanged"
	// ReasonRotationOfPrimary: the key is a replica, and rotates as its primary does, in another Region.
	ReasonRotationOfPrimary = "KeyRotationOfPrimary"
	ReasonDisabled          = "KeyDisabled"
	ReasonPendingDeletion   = "KeyPendingDeletion"
	ReasonAliasMissing      = "KeyAliasMissing"
	ReasonAliasMoved        = "KeyAliasMoved"
	ReasonAliasOwned        = "OwnedByOther"
	ReasonUnusable          = "KeyUnusable"
	ReasonInUse             = "KeyInUse"
	ReasonWaiting           = "WaitingForKey"
	// ReasonWaitingForPrincipal: KMS does not know a principal of the policy, which may have been made just now.
	ReasonWaitingForPrincipal = "WaitingForPrincipal"
)

// defaultWindowDays is the longest window, and KMS's own default:
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
const defaultWindowDays = 30

// Desired is a declared key.
type Desired struct {
	// Alias is the alias with its prefix, alias/x.
	Alias string
	// Policy is what Policy returns.
	Policy string
	// RotationPeriodDays is the period of the automatic rotation; 0 leaves it to KMS.
	RotationPeriodDays int32
	// DeletionWindowDays is how long a deletion can be taken back; 0 means 30.
	DeletionWindowDays int32
	// Description is set when the key is made, and not compared.
	Description string
}

// FindOrphan returns the ARNs of the keys that carry our owner tag.
type FindOrphan func(ctx context.Context) ([]string, error)

// Resource is one key that the operator writes.
type Resource struct {
	kms   awsapi.KMS
	logs  awsapi.Logs
	alias string
	// arn is the key as far as it is known: from status, from a creation in this pass, or of a leftover.
	arn string
	// made is the ARN of the key that this pass has made, madeState its state then.
	made, madeState string
	// desired is nil for a key that is only to be deleted.
	desired    *Desired
	findOrphan FindOrphan
	principals *memo.Refusals
	// ours: status remembers the key as created or adopted.
	ours bool
}

var (
	_ resource.Resource = (*Resource)(nil)
	_ resource.Goner    = (*Resource)(nil)
	_ resource.Once     = (*Resource)(nil)
	_ resource.Maker    = (*Resource)(nil)
)

// New returns the Resource of a declared key. CreateKey has no idempotency token, so that a pass which is cut off
// between CreateKey and CreateAlias leaves a key that only its owner tag leads back to: findOrphan looks for it, and
// is called only when neither prior.ARN nor the alias leads to a key.
func New(client awsapi.KMS, logs awsapi.Logs, d Desired, prior resource.Prior, findOrphan FindOrphan) *Resource {
	ours := prior.Origin == resource.Created || prior.Origin == resource.Adopted
	return &Resource{kms: client, logs: logs, alias: d.Alias, arn: prior.ARN, desired: &d, findOrphan: findOrphan, ours: ours}
}

// Leftover returns the Resource of a key that is no longer declared and only waits for its deletion. Where the alias is
// not known, any other name will do; all aliases of the key go then.
func Leftover(client awsapi.KMS, logs awsapi.Logs, arn, alias string) *Resource {
	if !strings.HasPrefix(alias, "alias/") {
		alias = ""
	}
	return &Resource{kms: client, logs: logs, alias: alias, arn: arn}
}

// ID implements resource.Resource: the name is the alias, or the key's id where no alias is known.
func (r *Resource) ID() resource.ID {
	if r.alias == "" {
		return resource.ID{Kind: Kind, Name: keyID(r.arn)}
	}
	return resource.ID{Kind: Kind, Name: r.alias}
}

// Hash implements resource.Resource. The window and the description are not compared, so they make no edit.
func (r *Resource) Hash() string {
	if r.desired == nil {
		return ""
	}
	policy, err := canonical.Policy(r.desired.Policy)
	if err != nil {
		policy = r.desired.Policy
	}
	return canonical.Hash([]any{r.desired.Alias, policy, r.desired.RotationPeriodDays})
}

// Needs implements resource.Resource: a key needs nothing of the profile.
func (r *Resource) Needs() []resource.Ref { return nil }

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, _ resource.Values) []drift.Difference {
	if r.desired == nil {
		return nil
	}
	return diff(*r.desired, detailOf(o))
}

// Gone implements resource.Goner: a key pending deletion is as good as deleted once our alias is off it too.
func (r *Resource) Gone(o *resource.Observation) bool {
	d := detailOf(o)
	return !o.Exists || pending(d.key.State) && len(r.ownAliases(d)) == 0
}

// Made implements resource.Once.
func (r *Resource) Made() string { return r.made }

// AsMade implements resource.Maker.
func (r *Resource) AsMade() *resource.Observation {
	return &resource.Observation{Exists: true, ARN: r.made, State: r.madeState, Gives: map[string]string{resource.ARN: r.made}}
}

// Tag implements resource.Resource. KMS does not tag a key pending deletion: one that is still declared is taken
// back first.
func (r *Resource) Tag(ctx context.Context, o *resource.Observation, set map[string]string, remove []string) error {
	key := detailOf(o).key
	if len(set) > 0 {
		if err := r.cancelDeletion(ctx, key); err != nil {
			return err
		}
		_, err := r.kms.TagResource(ctx, &kms.TagResourceInput{KeyId: &key.ARN, Tags: tagList(set)})
		if err != nil {
			return r.doing("tagging", err)
		}
	}
	if len(remove) == 0 {
		return nil
	}
	_, err := r.kms.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &key.ARN, TagKeys: remove})
	return r.doing("removing tags", err)
}

func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{TagKey: aws.String(key), TagValue: aws.String(tags[key])})
	}
	return list
}

// doing says what was being done when err came.
func (r *Resource) doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", r.ID(), what, err)
}
