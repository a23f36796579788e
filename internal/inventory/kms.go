// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// kmsReads answers what reads of keys ask for. KMS lists nothing but ids, so keys are read one by one; only their tags
// come in a sweep.
type kmsReads struct {
	awsapi.KMS
	query
}

// DescribeKey implements awsapi.KMS.
func (r kmsReads) DescribeKey(ctx context.Context, in *kms.DescribeKeyInput, opts ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	return r.view.keys.get(ctx, r.view.now, r.notBefore, aws.ToString(in.KeyId), func(ctx context.Context) (*kms.DescribeKeyOutput, error) {
		return r.KMS.DescribeKey(ctx, in, opts...)
	})
}

// GetKeyPolicy implements awsapi.KMS.
func (r kmsReads) GetKeyPolicy(ctx context.Context, in *kms.GetKeyPolicyInput, opts ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return r.view.policies.get(ctx, r.view.now, r.notBefore, aws.ToString(in.KeyId), func(ctx context.Context) (*kms.GetKeyPolicyOutput, error) {
		return r.KMS.GetKeyPolicy(ctx, in, opts...)
	})
}

// GetKeyRotationStatus implements awsapi.KMS.
func (r kmsReads) GetKeyRotationStatus(ctx context.Context, in *kms.GetKeyRotationStatusInput, opts ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error) {
	return r.view.rotations.get(ctx, r.view.now, r.notBefore, aws.ToString(in.KeyId), func(ctx context.Context) (*kms.GetKeyRotationStatusOutput, error) {
		return r.KMS.GetKeyRotationStatus(ctx, in, opts...)
	})
}

// ListResourceTags implements awsapi.KMS.
func (r kmsReads) ListResourceTags(ctx context.Context, in *kms.ListResourceTagsInput, opts ...func(*kms.Options)) (*kms.ListResourceTagsOutput, error) {
	tags, err := r.tagsOf(ctx, aws.ToString(in.KeyId))
	if err != nil {
		return nil, err
	}
	if tags == nil {
		return r.KMS.ListResourceTags(ctx, in, opts...)
	}
	out := &kms.ListResourceTagsOutput{}
	for k, v := range tags {
		out.Tags = append(out.Tags, types.Tag{TagKey: aws.String(k), TagValue: aws.String(v)})
	}
	return out, nil
}
