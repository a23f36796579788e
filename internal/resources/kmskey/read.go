// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// detail is a key as Observe saw it.
type detail struct {
	key observed.Key
	// rotates is false where KMS does not say whether the key rotates: one pending deletion always claims that it
	// does not, and some kinds of key cannot.
	rotates bool
	// aliases are all aliases of a leftover whose alias is not known.
	aliases []string
	// aliasOwner is the owner tag of the key that the alias points to, where that is another key.
	aliasOwner string
	// unread are the fields that AWS refused to show.
	unread []resource.Unread
}

// refused notes a field that could not be read. It returns the error where the key as a whole cannot be judged.
func (d *detail) refused(path string, err error) error {
	if err == nil || awsapi.IsNotFound(err) || !awsapi.OneRefused(err) {
		return err
	}
	d.unread = append(d.unread, resource.Unread{Path: path, Err: err})
	return nil
}

func detailOf(o *resource.Observation) detail {
	d, _ := o.Detail.(detail)
	return d
}

// describe returns a key by id, ARN or alias; nil when there is none.
func describe(ctx context.Context, client awsapi.KMS, ref string) (*types.KeyMetadata, error) {
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &ref})
	if awsapi.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key %s: %w", ref, err)
	}
	return out.KeyMetadata, nil
}

// facts are what the metadata of a key say.
func facts(meta *types.KeyMetadata) observed.Key {
	return observed.Key{
		ID:              aws.ToString(meta.KeyId),
		ARN:             aws.ToString(meta.Arn),
		State:           string(meta.KeyState),
		CustomerManaged: meta.KeyManager != types.KeyManagerTypeAws,
		Replica:         meta.MultiRegionConfiguration != nil && meta.MultiRegionConfiguration.MultiRegionKeyType == types.MultiRegionKeyTypeReplica,
		Symmetric:       meta.KeySpec == types.KeySpecSymmetricDefault && meta.KeyUsage == types.KeyUsageTypeEncryptDecrypt,
		Tags:            map[string]string{},
	}
}

// readPolicy returns the only policy that a key has, named default.
func readPolicy(ctx context.Context, client awsapi.KMS, arn string) (string, error) {
	out, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default")})
	if err != nil {
		return "", fmt.Errorf("reading the policy of the key %s: %w", arn, err)
	}
	return aws.ToString(out.Policy), nil
}

// readRotation fills in whether the key rotates. A key pending deletion says no whatever was set (KMS API reference,
// GetKeyRotationStatus), and imported or custom-store keys do not support the question.
func readRotation(ctx context.Context, client awsapi.KMS, d *detail) error {
	out, err := client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &d.key.ARN})
	switch code := awsapi.Code(err); {
	case code == "UnsupportedOperationException", code == "KMSInvalidStateException":
		return nil
	case err != nil:
		return fmt.Errorf("reading the rotation of the key %s: %w", d.key.ARN, err)
	}
	d.key.RotationEnabled = out.KeyRotationEnabled
	d.key.RotationPeriodDays = aws.ToInt32(out.RotationPeriodInDays)
	d.rotates = !pending(d.key.State)
	return nil
}

func readTags(ctx context.Context, client awsapi.KMS, arn string) (map[string]string, error) {
	tags := map[string]string{}
	pages := kms.NewListResourceTagsPaginator(client, &kms.ListResourceTagsInput{KeyId: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the tags of the key %s: %w", arn, err)
		}
		for _, tag := range page.Tags {
			tags[aws.ToString(tag.TagKey)] = aws.ToString(tag.TagValue)
		}
	}
	return tags, nil
}

// aliasesOf lists the aliases of a key.
func aliasesOf(ctx context.Context, client awsapi.KMS, arn string) ([]string, error) {
	var names []string
	pages := kms.NewListAliasesPaginator(client, &kms.ListAliasesInput{KeyId: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the aliases of the key %s: %w", arn, err)
		}
		for _, alias := range page.Aliases {
			names = append(names, aws.ToString(alias.AliasName))
		}
	}
	return names, nil
}

// pending tells that a key is on its way out, a multi-Region primary included.
func pending(state string) bool {
	return state == string(types.KeyStatePendingDeletion) || state == string(types.KeyStatePendingReplicaDeletion)
}

// keyID is the id in a key's ARN.
func keyID(arn string) string {
	_, id, found := strings.Cut(arn, ":key/")
	if !found {
		return arn
	}
	return id
}
