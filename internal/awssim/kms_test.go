// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const day = 24 * time.Hour

// newKMSKey makes a key over the API and returns its id.
func (r *rig) newKMSKey(t *testing.T, policy string) (id, arn string) {
	t.Helper()
	in := &kms.CreateKeyInput{Description: aws.String("d"), Tags: []kmstypes.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}}}
	if policy != "" {
		in.Policy = &policy
	}
	out, err := r.kms.CreateKey(ctx, in)
	ok(t, err)
	return *out.KeyMetadata.KeyId, *out.KeyMetadata.Arn
}

func (r *rig) describeKey(ref string) (*kmstypes.KeyMetadata, error) {
	out, err := r.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &ref})
	if err != nil {
		return nil, err
	}
	return out.KeyMetadata, nil
}

func TestKeyIsFoundByEachName(t *testing.T) {
	r := newRig(t, Options{})
	id, arn := r.newKMSKey(t, "")
	_, err := r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a/b"), TargetKeyId: &arn})
	ok(t, err)
	for _, ref := range []string{id, arn, "alias/a/b", "arn:aws:kms:eu-west-1:111122223333:alias/a/b"} {
		key, err := r.describeKey(ref)
		ok(t, err)
		wantEqual(t, "ARN", *key.Arn, "arn:aws:kms:eu-west-1:111122223333:key/"+id)
		wantEqual(t, "state", key.KeyState, kmstypes.KeyStateEnabled)
		wantEqual(t, "enabled", key.Enabled, true)
		wantEqual(t, "account", *key.AWSAccountId, DefaultAccount)
		wantEqual(t, "description", *key.Description, "d")
		wantEqual(t, "manager", key.KeyManager, kmstypes.KeyManagerTypeCustomer)
		wantEqual(t, "creation", key.CreationDate.UTC(), testTime)
	}
	for _, ref := range []string{"none", "alias/none", "arn:aws:kms:eu-west-1:444455556666:key/" + id} {
		_, err := r.describeKey(ref)
		wantError(t, err, "NotFoundException", 400)
	}
	_, err = r.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String("alias/a/b")})
	wantError(t, err, "InvalidArnException", 400)
}

func TestKeyDeletion(t *testing.T) {
	r := newRig(t, Options{})
	id, arn := r.newKMSKey(t, "")
	_, err := r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &id})
	ok(t, err)
	for _, days := range []int32{6, 31} {
		_, err := r.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: &days})
		wantError(t, err, "ValidationException", 400)
	}
	_, err = r.kms.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &id})
	wantError(t, err, "KMSInvalidStateException", 400)
	schedule := func() *kms.ScheduleKeyDeletionOutput {
		out, err := r.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: aws.Int32(7)})
		ok(t, err)
		return out
	}
	out := schedule()
	wantEqual(t, "ARN", *out.KeyId, arn)
	wantEqual(t, "state", out.KeyState, kmstypes.KeyStatePendingDeletion)
	wantEqual(t, "date", out.DeletionDate.UTC(), testTime.Add(7*day))
	key, err := r.describeKey(id)
	ok(t, err)
	wantEqual(t, "date", key.DeletionDate.UTC(), testTime.Add(7*day))
	wantEqual(t, "enabled", key.Enabled, false)
	for name, err := range r.changeKey(id) {
		t.Run(name, func(t *testing.T) { wantError(t, err, "KMSInvalidStateException", 400) })
	}
	_, err = r.kms.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &id})
	ok(t, err)
	key, err = r.describeKey(id)
	ok(t, err)
	wantEqual(t, "state", key.KeyState, kmstypes.KeyStateDisabled)
	schedule()
	r.clock.Advance(7*day - time.Second)
	_, err = r.describeKey("alias/a")
	ok(t, err)
	r.clock.Advance(time.Second)
	_, err = r.describeKey(id)
	wantError(t, err, "NotFoundException", 400)
	_, err = r.describeKey("alias/a")
	wantError(t, err, "NotFoundException", 400)
	aliases, err := r.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	ok(t, err)
	wantEqual(t, "aliases", len(aliases.Aliases), 0)
}

// changeKey tries everything that a key pending deletion refuses.
func (r *rig) changeKey(id string) map[string]error {
	out := map[string]error{}
	_, out["EnableKey"] = r.kms.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &id})
	_, out["DisableKey"] = r.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &id})
	_, out["EnableKeyRotation"] = r.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &id})
	_, out["DisableKeyRotation"] = r.kms.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &id})
	_, out["PutKeyPolicy"] = r.kms.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &id, Policy: aws.String("{}")})
	_, out["TagResource"] = r.kms.TagResource(ctx, &kms.TagResourceInput{KeyId: &id, Tags: []kmstypes.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
	_, out["UntagResource"] = r.kms.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &id, TagKeys: []string{"a"}})
	_, out["CreateAlias"] = r.kms.CreateAlias(ctx, &kms.CreateAliasInput{TargetKeyId: &id, AliasName: aws.String("alias/new")})
	_, out["UpdateAlias"] = r.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{TargetKeyId: &id, AliasName: aws.String("alias/a")})
	_, out["ScheduleKeyDeletion"] = r.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id})
	_, out["ListGrants"] = r.kms.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &id})
	return out
}

func TestDisabledKey(t *testing.T) {
	r := newRig(t, Options{})
	id, _ := r.newKMSKey(t, "")
	_, err := r.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &id})
	ok(t, err)
	_, err = r.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &id})
	wantError(t, err, "DisabledException", 400)
	_, err = r.kms.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &id})
	wantError(t, err, "DisabledException", 400)
	_, err = r.kms.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &id})
	ok(t, err)
	_, err = r.kms.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &id})
	ok(t, err)
	key, err := r.describeKey(id)
	ok(t, err)
	wantEqual(t, "enabled", key.Enabled, true)
	grants, err := r.kms.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &id})
	ok(t, err)
	wantEqual(t, "grants", len(grants.Grants), 0)
}

func TestKeyRotation(t *testing.T) {
	r := newRig(t, Options{})
	id, arn := r.newKMSKey(t, "")
	status := func() *kms.GetKeyRotationStatusOutput {
		t.Helper()
		out, err := r.kms.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &id})
		ok(t, err)
		return out
	}
	wantEqual(t, "rotation", status().KeyRotationEnabled, false)
	for _, days := range []int32{89, 2561} {
		_, err := r.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &id, RotationPeriodInDays: &days})
		wantError(t, err, "ValidationException", 400)
	}
	_, err := r.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &id})
	ok(t, err)
	wantEqual(t, "period", *status().RotationPeriodInDays, 365)
	_, err = r.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &id, RotationPeriodInDays: aws.Int32(90)})
	ok(t, err)
	r.clock.Advance(100 * day)
	got := status()
	wantEqual(t, "key", *got.KeyId, arn)
	wantEqual(t, "rotation", got.KeyRotationEnabled, true)
	wantEqual(t, "period", *got.RotationPeriodInDays, 90)
	wantEqual(t, "next", got.NextRotationDate.UTC(), testTime.Add(180*day))
	_, err = r.kms.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &id})
	ok(t, err)
	got = status()
	wantEqual(t, "rotation", got.KeyRotationEnabled, false)
	wantEqual(t, "has a period", got.RotationPeriodInDays != nil, false)
	rsa, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: kmstypes.KeySpecRsa2048, KeyUsage: kmstypes.KeyUsageTypeSignVerify})
	ok(t, err)
	_, err = r.kms.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: rsa.KeyMetadata.KeyId})
	wantError(t, err, "UnsupportedOperationException", 400)
}

func TestKeyPolicy(t *testing.T) {
	r := newRig(t, Options{})
	id, _ := r.newKMSKey(t, "")
	get := func() string {
		t.Helper()
		out, err := r.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id})
		ok(t, err)
		return *out.Policy
	}
	if !trusts(get(), principal{kind: "AWS", value: "arn:aws:iam::111122223333:user/any"}, "kms:Decrypt", nil) {
		t.Fatalf("the default policy is %s", get())
	}
	put := func(policy string) error {
		_, err := r.kms.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &id, Policy: &policy})
		return err
	}
	before := get()
	for name, policy := range map[string]string{
		"no JSON":      "{not json",
		"no statement": `{"Version":"2012-10-17"}`,
		"no principal": `{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`,
		"bad effect":   `{"Statement":[{"Effect":"Permit","Principal":"*","Action":"kms:*","Resource":"*"}]}`,
		"twice":        `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Bool":{"a:b":"c"}},"Condition":{}}]}`,
		"key twice":    `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Bool":{"a:b":"c","a:b":"d"}}}]}`,
		"element":      `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","condition":{}}]}`,
		"no effect":    `{"Statement":[{"Effect":"Allow","Principal":"*","Resource":"*"}]}`,
		"lockout":      `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/other"},"Action":"kms:*","Resource":"*"}]}`,
	} {
		t.Run(name, func(t *testing.T) { wantError(t, put(policy), "MalformedPolicyDocumentException", 400) })
	}
	wantError(t, put(strings.Repeat(" ", maxKeyPolicy+1)), "LimitExceededException", 400)
	wantEqual(t, "policy", get(), before)
	// A statement without Action is taken, and has no effect.
	mine := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["kms:*"],"Resource":"*"},{"Effect":"Deny","Principal":"*"}]}`
	ok(t, put(mine))
	wantEqual(t, "policy", get(), mine)
	_, err := r.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id, PolicyName: aws.String("other")})
	wantError(t, err, "NotFoundException", 400)
	_, err = r.kms.CreateKey(ctx, &kms.CreateKeyInput{Policy: aws.String("{")})
	wantError(t, err, "MalformedPolicyDocumentException", 400)
}

func TestAliases(t *testing.T) {
	r := newRig(t, Options{PageSize: 1})
	first, _ := r.newKMSKey(t, "")
	second, _ := r.newKMSKey(t, "")
	create := func(name, key string) error {
		_, err := r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &key})
		return err
	}
	ok(t, create("alias/a", first))
	ok(t, create("alias/b", first))
	wantError(t, create("alias/a", second), "AlreadyExistsException", 400)
	wantError(t, create("a", first), "ValidationException", 400)
	wantError(t, create("alias/aws/eks", first), "NotAuthorizedException", 400)
	wantError(t, create("alias/a.b", first), "InvalidAliasNameException", 400)
	wantError(t, create("alias/c", "none"), "NotFoundException", 400)
	_, err := r.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &second})
	ok(t, err)
	_, err = r.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/none"), TargetKeyId: &second})
	wantError(t, err, "NotFoundException", 400)
	list := func(key *string) string {
		t.Helper()
		pages := kms.NewListAliasesPaginator(r.kms, &kms.ListAliasesInput{KeyId: key})
		var got []string
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			ok(t, err)
			if len(out.Aliases) > 1 {
				t.Fatalf("a page has %d aliases", len(out.Aliases))
			}
			for _, a := range out.Aliases {
				got = append(got, *a.AliasName+"="+*a.TargetKeyId)
			}
		}
		return strings.Join(got, " ")
	}
	wantEqual(t, "aliases", list(nil), fmt.Sprintf("alias/a=%s alias/b=%s", second, first))
	wantEqual(t, "aliases of the first key", list(&first), "alias/b="+first)
	_, err = r.kms.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/a")})
	ok(t, err)
	_, err = r.kms.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/a")})
	wantError(t, err, "NotFoundException", 400)
	rsa, err := r.kms.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: kmstypes.KeySpecRsa2048, KeyUsage: kmstypes.KeyUsageTypeSignVerify})
	ok(t, err)
	_, err = r.kms.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/b"), TargetKeyId: rsa.KeyMetadata.KeyId})
	wantError(t, err, "KMSInvalidStateException", 400)
}

func TestListKeysInPages(t *testing.T) {
	r := newRig(t, Options{})
	want := map[string]bool{}
	for range 3 {
		id, _ := r.newKMSKey(t, "")
		want[id] = true
	}
	pages := kms.NewListKeysPaginator(r.kms, &kms.ListKeysInput{Limit: aws.Int32(2)})
	n := 0
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		ok(t, err)
		for _, key := range out.Keys {
			delete(want, *key.KeyId)
		}
		n++
	}
	wantEqual(t, "pages", n, 2)
	wantEqual(t, "keys not listed", len(want), 0)
	_, err := r.kms.ListKeys(ctx, &kms.ListKeysInput{Limit: aws.Int32(1001)})
	wantError(t, err, "ValidationException", 400)
	_, err = r.kms.ListKeys(ctx, &kms.ListKeysInput{Marker: aws.String("***")})
	wantError(t, err, "InvalidMarkerException", 400)
}

func TestKeyTags(t *testing.T) {
	r := newRig(t, Options{})
	id, _ := r.newKMSKey(t, "")
	tag := func(key, value string) error {
		_, err := r.kms.TagResource(ctx, &kms.TagResourceInput{KeyId: &id, Tags: []kmstypes.Tag{{TagKey: &key, TagValue: &value}}})
		return err
	}
	ok(t, tag("b", "2"))
	ok(t, tag("c", "3"))
	wantError(t, tag("aws:x", ""), "TagException", 400)
	_, err := r.kms.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &id, TagKeys: []string{"a"}})
	ok(t, err)
	out, err := r.kms.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &id, Limit: aws.Int32(1)})
	ok(t, err)
	wantEqual(t, "first page", asText(out.Tags), `[{"TagKey":"b","TagValue":"2"}]`)
	wantEqual(t, "truncated", out.Truncated, true)
	out, err = r.kms.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &id, Marker: out.NextMarker})
	ok(t, err)
	wantEqual(t, "second page", asText(out.Tags), `[{"TagKey":"c","TagValue":"3"}]`)
	for i := range 48 {
		ok(t, tag(fmt.Sprintf("more-%d", i), ""))
	}
	wantError(t, tag("one too many", ""), "TagException", 400)
}
