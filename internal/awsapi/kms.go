// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// KMS is what the operator calls of AWS Key Management Service.
type KMS interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
	CreateKey(context.Context, *kms.CreateKeyInput, ...func(*kms.Options)) (*kms.CreateKeyOutput, error)
	GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error)
	PutKeyPolicy(context.Context, *kms.PutKeyPolicyInput, ...func(*kms.Options)) (*kms.PutKeyPolicyOutput, error)
	GetKeyRotationStatus(context.Context, *kms.GetKeyRotationStatusInput, ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error)
	EnableKeyRotation(context.Context, *kms.EnableKeyRotationInput, ...func(*kms.Options)) (*kms.EnableKeyRotationOutput, error)
	EnableKey(context.Context, *kms.EnableKeyInput, ...func(*kms.Options)) (*kms.EnableKeyOutput, error)
	ListResourceTags(context.Context, *kms.ListResourceTagsInput, ...func(*kms.Options)) (*kms.ListResourceTagsOutput, error)
	TagResource(context.Context, *kms.TagResourceInput, ...func(*kms.Options)) (*kms.TagResourceOutput, error)
	UntagResource(context.Context, *kms.UntagResourceInput, ...func(*kms.Options)) (*kms.UntagResourceOutput, error)
	CreateAlias(context.Context, *kms.CreateAliasInput, ...func(*kms.Options)) (*kms.CreateAliasOutput, error)
	UpdateAlias(context.Context, *kms.UpdateAliasInput, ...func(*kms.Options)) (*kms.UpdateAliasOutput, error)
	DeleteAlias(context.Context, *kms.DeleteAliasInput, ...func(*kms.Options)) (*kms.DeleteAliasOutput, error)
	ListAliases(context.Context, *kms.ListAliasesInput, ...func(*kms.Options)) (*kms.ListAliasesOutput, error)
	ListGrants(context.Context, *kms.ListGrantsInput, ...func(*kms.Options)) (*kms.ListGrantsOutput, error)
	ScheduleKeyDeletion(context.Context, *kms.ScheduleKeyDeletionInput, ...func(*kms.Options)) (*kms.ScheduleKeyDeletionOutput, error)
	CancelKeyDeletion(context.Context, *kms.CancelKeyDeletionInput, ...func(*kms.Options)) (*kms.CancelKeyDeletionOutput, error)
}

// kmsService is AWS Key Management Service. Error codes: the "Errors" of each operation in
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html. Each operation has a rate limit of its own:
// https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html.
var kmsService = service{
	id:           kms.ServiceID,
	client:       reflect.TypeFor[KMS](),
	connect:      func(sdk aws.Config, c *Clients) { c.KMS = kms.NewFromConfig(sdk) },
	prefix:       "kms",
	perOperation: true,
	codes: map[string]failure.Kind{
		"NotFoundException":          failure.NotFound,
		"AlreadyExistsException":     failure.Transient,
		"KMSInvalidStateException":   failure.Busy,
		"KMSInternalException":       failure.Transient,
		"DependencyTimeoutException": failure.Transient,
		"LimitExceededException":     failure.Quota,
	},
	exists: []string{"AlreadyExistsException"},
	policy: grants{
		deletes:   []string{"kms:ScheduleKeyDeletion"},
		deletable: []string{"arn:*:kms:*:*:key/*"},
		writes: []Statement{
			{
				Sid:      "CreateKeys",
				Why:      "New keys. The action knows no resources.",
				Action:   []string{"kms:CreateKey"},
				Resource: []string{everything},
			},
			{
				Sid:      "ManageKeys",
				Why:      "Key policy, rotation, alias and tags of keys. It takes effect where a key's policy lets the account's IAM policies decide, as the policy of every key that the operator makes does. Nothing here encrypts or decrypts.",
				Resource: []string{"arn:*:kms:*:*:alias/*", "arn:*:kms:*:*:key/*"},
			},
		},
	},
}
