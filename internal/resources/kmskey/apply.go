// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Changes implements resource.Resource. A key is made usable first, since KMS changes little else on one that is disabled
// or pending deletion; the alias comes last.
func (r *Resource) Changes(o *resource.Observation, _ resource.Values) []resource.Change {
	if r.desired == nil {
		return nil
	}
	d := detailOf(o)
	var list []resource.Change
	for _, one := range []struct {
		differences []drift.Difference
		do          func(context.Context, detail) error
	}{
		{diffState(d.key), r.enable}, {diffPolicy(*r.desired, d.key), r.setPolicy},
		{diffRotation(*r.desired, d), r.setRotation}, {diffAlias(*r.desired, d.key), r.setAlias},
	} {
		for _, difference := range one.differences {
			list = append(list, resource.Change{
				Paths: []string{difference.Path}, Order: resource.Set, Do: func(ctx context.Context) error { return one.do(ctx, d) },
			})
		}
	}
	return list
}

// Create implements resource.Resource: it makes a key, then what needs its id. KMS is eventually consistent, so that the
// next call may not know the key yet (https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency).
func (r *Resource) Create(ctx context.Context, _ resource.Values, tags map[string]string) error {
	// The SDK must not repeat this call by itself: after a lost answer a repetition makes a second key. The owner tag
	// leads the next pass to the first one.
	once := func(o *kms.Options) { o.RetryMaxAttempts = 1 } // which leaves the pace of awsapi's retryer in force
	out, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{
		Policy:      &r.desired.Policy,
		Description: &r.desired.Description,
		KeySpec:     types.KeySpecSymmetricDefault,
		KeyUsage:    types.KeyUsageTypeEncryptDecrypt,
		Tags:        tagList(tags),
	}, once)
	if err = r.withPolicy("creating", err); err != nil {
		return err
	}
	key := facts(out.KeyMetadata)
	r.arn, r.made, r.madeState = key.ARN, key.ARN, key.State // the next read of this pass finds it, even before alias and tags are visible
	d := detail{key: key, rotates: true}
	if err = r.setAlias(ctx, d); err == nil {
		err = r.setRotation(ctx, d)
	}
	if awsapi.IsNotFound(err) {
		return &resource.Waiting{Reason: ReasonWaiting, Message: fmt.Sprintf("%s was created and is not known everywhere in KMS yet", r.ID())}
	}
	return err
}

// enable makes the key usable. Taking back a deletion leaves a key disabled:
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
func (r *Resource) enable(ctx context.Context, d detail) error {
	if err := r.cancelDeletion(ctx, d.key); err != nil {
		return err
	}
	_, err := r.kms.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &d.key.ARN})
	return r.doing("enabling", err)
}

func (r *Resource) cancelDeletion(ctx context.Context, key observed.Key) error {
	if !pending(key.State) {
		return nil
	}
	_, err := r.kms.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &key.ARN})
	return r.doing("taking back the deletion", err)
}

func (r *Resource) setPolicy(ctx context.Context, d detail) error {
	_, err := r.kms.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &d.key.ARN, PolicyName: aws.String("default"), Policy: &r.desired.Policy})
	return r.withPolicy("setting the policy", err)
}

// setRotation turns rotation on, or changes its period: both are EnableKeyRotation.
func (r *Resource) setRotation(ctx context.Context, d detail) error {
	in := &kms.EnableKeyRotationInput{KeyId: &d.key.ARN}
	if r.desired.RotationPeriodDays != 0 {
		in.RotationPeriodInDays = &r.desired.RotationPeriodDays
	}
	_, err := r.kms.EnableKeyRotation(ctx, in)
	return r.doing("turning on rotation", err)
}

func (r *Resource) setAlias(ctx context.Context, d detail) error {
	if d.key.AliasTarget == "" {
		_, err := r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &r.alias, TargetKeyId: &d.key.ID})
		return r.doing("creating the alias", err)
	}
	_, err := r.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: &r.alias, TargetKeyId: &d.key.ID})
	return r.doing("moving the alias back", err)
}
