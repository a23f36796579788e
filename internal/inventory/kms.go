// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// KeyType is the Tagging API's name of keys.
const KeyType = "kms:key"

// kmsKnown is what is known of KMS.
type kmsKnown struct {
	keys      *answers[*kms.DescribeKeyOutput]
	policies  *answers[*kms.GetKeyPolicyOutput]
	rotations *answers[*kms.GetKeyRotationStatusOutput]
}

func (v *View) newKMS() kmsKnown {
	return kmsKnown{
		keys: newAnswers[*kms.DescribeKeyOutput](v.now), policies: newAnswers[*kms.GetKeyPolicyOutput](v.now),
		rotations: newAnswers[*kms.GetKeyRotationStatusOutput](v.now),
	}
}

// OwnedKeys returns the ARNs of the keys among what Owned returns.
func (v *View) OwnedKeys(ctx context.Context, owner string) ([]string, error) {
	return v.ownedOf(ctx, owner, KeyType)
}

// kmsReads answers what reads of keys ask for. KMS lists nothing but ids, so keys are read one by one; only their tags
// come in a sweep.
type kmsReads struct {
	awsapi.KMS
	view *View
}

// DescribeKey implements awsapi.KMS. An alias leads to a key, and either can change.
func (r kmsReads) DescribeKey(ctx context.Context, in *kms.DescribeKeyInput, opts ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	ref := aws.ToString(in.KeyId)
	v := r.view
	objects := []events.Object{keyObject(ref)}
	if known, _, ok := v.kms.keys.last(ref); ok && known.KeyMetadata != nil {
		objects = append(objects, keyObject(aws.ToString(known.KeyMetadata.KeyId)))
	}
	return single(ctx, v, v.kms.keys, ref, events.SourceKMS, func(ctx context.Context) (*kms.DescribeKeyOutput, error) {
		out, err := r.KMS.DescribeKey(ctx, in, opts...)
		if err == nil {
			slimKey(out.KeyMetadata)
		}
		return out, err
	}, objects...)
}

// GetKeyPolicy implements awsapi.KMS.
func (r kmsReads) GetKeyPolicy(ctx context.Context, in *kms.GetKeyPolicyInput, opts ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return single(ctx, r.view, r.view.kms.policies, aws.ToString(in.KeyId), events.SourceKMS, func(ctx context.Context) (*kms.GetKeyPolicyOutput, error) {
		return r.KMS.GetKeyPolicy(ctx, in, opts...)
	}, keyObject(aws.ToString(in.KeyId)))
}

// GetKeyRotationStatus implements awsapi.KMS.
func (r kmsReads) GetKeyRotationStatus(ctx context.Context, in *kms.GetKeyRotationStatusInput, opts ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error) {
	return single(ctx, r.view, r.view.kms.rotations, aws.ToString(in.KeyId), events.SourceKMS, func(ctx context.Context) (*kms.GetKeyRotationStatusOutput, error) {
		return r.KMS.GetKeyRotationStatus(ctx, in, opts...)
	}, keyObject(aws.ToString(in.KeyId)))
}

// ListResourceTags implements awsapi.KMS.
func (r kmsReads) ListResourceTags(ctx context.Context, in *kms.ListResourceTagsInput, opts ...func(*kms.Options)) (*kms.ListResourceTagsOutput, error) {
	tags, err := r.view.tagsOf(ctx, aws.ToString(in.KeyId), keyObject(aws.ToString(in.KeyId)))
	if err != nil {
		return nil, err
	}
	if tags == nil {
		return r.KMS.ListResourceTags(ctx, in, opts...)
	}
	out := &kms.ListResourceTagsOutput{}
	for _, tag := range tags {
		out.Tags = append(out.Tags, types.Tag{TagKey: tag.Key, TagValue: tag.Value})
	}
	return out, nil
}

// keyObject is the key of an id, an ARN or an alias, as events name it.
func keyObject(ref string) events.Object {
	if strings.HasPrefix(ref, "alias/") {
		return events.Object{Kind: events.Alias, Name: ref}
	}
	return events.Object{Kind: events.Key, Name: ref[strings.LastIndex(ref, "/")+1:]}
}

// slimKey leaves out what no Resource reads.
func slimKey(k *types.KeyMetadata) {
	if k == nil {
		return
	}
	k.EncryptionAlgorithms, k.SigningAlgorithms, k.MacAlgorithms, k.KeyAgreementAlgorithms, k.EncapsulationAlgorithms = nil, nil, nil, nil, nil
	k.AWSAccountId, k.CurrentKeyMaterialId, k.Description = nil, nil, nil
}
