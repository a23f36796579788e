// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Observe implements resource.Resource. A key that is known by its ARN is looked at wherever the alias points to;
// else the alias leads to the key, and whose that is the engine judges by its tags.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	meta, target, err := r.find(ctx)
	if err != nil {
		return nil, err
	}
	if meta == nil {
		return &resource.Observation{}, nil
	}
	d := detail{key: facts(meta)}
	d.key.Alias, d.key.AliasTarget = r.alias, target
	if d.key.CustomerManaged {
		if err := r.read(ctx, &d); err != nil {
			if awsapi.IsNotFound(err) { // deleted for good while it was read
				return &resource.Observation{}, nil
			}
			return nil, err
		}
	}
	return r.observation(d), nil
}

// find returns the key, and the id of the key that the alias points to.
func (r *Resource) find(ctx context.Context) (meta *types.KeyMetadata, target string, err error) {
	var byAlias *types.KeyMetadata
	if r.alias != "" {
		if byAlias, err = describe(ctx, r.kms, r.alias); err != nil {
			return nil, "", err
		}
	}
	if byAlias != nil {
		target = aws.ToString(byAlias.KeyId)
	}
	switch {
	case r.arn != "" && byAlias != nil && aws.ToString(byAlias.Arn) == r.arn:
		return byAlias, target, nil
	case r.arn != "":
		meta, err = describe(ctx, r.kms, r.arn)
	}
	if err != nil || meta != nil || r.desired == nil {
		return meta, target, err
	}
	if byAlias != nil {
		return byAlias, target, nil
	}
	meta, err = r.orphan(ctx)
	return meta, "", err
}

// orphan looks for a key that we made and did not get to name. One pending deletion was deleted on purpose.
func (r *Resource) orphan(ctx context.Context) (*types.KeyMetadata, error) {
	if r.findOrphan == nil {
		return nil, nil
	}
	arns, err := r.findOrphan(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for an earlier key of %s: %w", r.ID(), err)
	}
	for _, arn := range slices.Sorted(slices.Values(arns)) {
		meta, err := describe(ctx, r.kms, arn)
		if err != nil {
			return nil, err
		}
		if meta != nil && !pending(string(meta.KeyState)) {
			return meta, nil
		}
	}
	return nil, nil
}

// read fills in what the metadata do not say. Without its tags nobody knows whose the key is; without its policy or its
// rotation, the rest of it is judged.
func (r *Resource) read(ctx context.Context, d *detail) (err error) {
	if d.key.Tags, err = readTags(ctx, r.kms, d.key.ARN); err != nil {
		return err
	}
	if r.desired == nil {
		if r.alias == "" {
			d.aliases, err = aliasesOf(ctx, r.kms, d.key.ARN)
		}
		return err
	}
	d.key.Policy, err = readPolicy(ctx, r.kms, d.key.ARN)
	if err = d.refused(policyPath, err); err != nil {
		return err
	}
	if err = d.refused(rotationPath, readRotation(ctx, r.kms, d)); err != nil {
		return err
	}
	return r.readAliasOwner(ctx, d)
}

// readAliasOwner looks at whose the key is that the alias points to, where it is another one.
func (r *Resource) readAliasOwner(ctx context.Context, d *detail) error {
	if d.key.AliasTarget == "" || d.key.AliasTarget == d.key.ID {
		return nil
	}
	tags, err := readTags(ctx, r.kms, d.key.AliasTarget)
	if awsapi.IsNotFound(err) {
		return nil
	}
	d.aliasOwner = tags[resource.OwnerTag]
	return d.refused(aliasPath, err)
}

func (r *Resource) observation(d detail) *resource.Observation {
	key := d.key
	o := &resource.Observation{
		Exists: true,
		ARN:    key.ARN,
		State:  key.State,
		Tags:   key.Tags,
		Gives:  map[string]string{resource.ARN: key.ARN},
		Detail: d,
		Unread: d.unread,
	}
	if r.desired == nil {
		return o
	}
	if d.aliasOwner != "" && d.aliasOwner != key.Tags[resource.OwnerTag] {
		o.Problems = append(o.Problems, resource.Problem{Reason: ReasonAliasOwned, Path: aliasPath, Message: fmt.Sprintf(
			"%s: the alias points to the key %s, which belongs to %s (tag %s); choose another alias, or have the other one give it up",
			r.ID(), key.AliasTarget, d.aliasOwner, resource.OwnerTag)})
	}
	o.Record = func(s *observed.State) { s.Key = &key }
	if pending(key.State) && !r.ours && key.Tags[resource.OwnerTag] == "" {
		o.Caution = "somebody has scheduled its deletion, which its adoption takes back"
		o.Problems = append(o.Problems, resource.Problem{
			Reason: ReasonPendingDeletion, Path: statePath, Warning: true, Message: fmt.Sprintf("%s: %s", r.ID(), o.Caution),
		})
	}
	switch why := unusable(key); {
	case key.State == string(types.KeyStateCreating), key.State == string(types.KeyStateUpdating):
		o.Busy = &resource.Waiting{Reason: ReasonWaiting, Message: fmt.Sprintf("%s is in state %s", r.ID(), key.State)}
	case why != "":
		o.Problems = append(o.Problems, resource.Problem{Reason: ReasonUnusable, Message: fmt.Sprintf(
			"%s: the alias points to the key %s, which %s; choose another alias", r.ID(), key.ARN, why)})
	}
	return o
}

// unusable says why a key cannot encrypt log groups even when it is enabled, or "".
// CloudWatch Logs takes symmetric customer managed keys only:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func unusable(key observed.Key) string {
	switch {
	case !key.CustomerManaged:
		return "is managed by AWS"
	case !key.Symmetric:
		return "is not a symmetric encryption key"
	case key.State == string(types.KeyStatePendingImport), key.State == string(types.KeyStateUnavailable):
		return "is in state " + key.State
	default:
		return ""
	}
}
