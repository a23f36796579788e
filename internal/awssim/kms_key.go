// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"slices"
	"time"
)

// kmsSpecs and kmsUsages: KMS API reference, CreateKey, KeySpec and KeyUsage.
var (
	kmsSpecs = []string{
		"SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
		"HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ECC_NIST_EDWARDS25519",
		"ML_KEM_512", "ML_KEM_768", "ML_KEM_1024",
	}
	kmsUsages = []string{"ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"}
)

type createKeyInput struct {
	Description           string   `json:"Description"`
	KeySpec               string   `json:"KeySpec"`
	CustomerMasterKeySpec string   `json:"CustomerMasterKeySpec"`
	KeyUsage              string   `json:"KeyUsage"`
	Origin                string   `json:"Origin"`
	Policy                string   `json:"Policy"`
	MultiRegion           bool     `json:"MultiRegion"`
	BypassLockoutCheck    bool     `json:"BypassPolicyLockoutSafetyCheck"`
	Tags                  []kmsTag `json:"Tags"`
}

// createKey makes a key: KMS API reference, CreateKey. Key material from
// elsewhere and multi-Region keys are not modelled.
func createKey(s *Sim, c *call, in *createKeyInput) (any, error) {
	tags, err := kmsTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if in.Policy != "" {
		if err := checkKeyPolicy(c, in.Policy, in.BypassLockoutCheck); err != nil {
			return nil, err
		}
	}
	setDefault(&in.KeySpec, in.CustomerMasterKeySpec)
	setDefault(&in.KeySpec, "SYMMETRIC_DEFAULT")
	setDefault(&in.KeyUsage, "ENCRYPT_DECRYPT")
	setDefault(&in.Origin, "AWS_KMS")
	if !slices.Contains(kmsSpecs, in.KeySpec) || !slices.Contains(kmsUsages, in.KeyUsage) {
		return nil, kmsInvalid("There is no key spec %s, or no key usage %s", in.KeySpec, in.KeyUsage)
	}
	if in.Origin != "AWS_KMS" || in.MultiRegion {
		return nil, errf(http.StatusBadRequest, "UnsupportedOperationException", "awssim has neither imported nor multi-Region keys")
	}
	key := s.newKey(c.Account, c.Region, s.uuid("kms"))
	key.description, key.spec, key.usage, key.tags = in.Description, in.KeySpec, in.KeyUsage, tags
	if in.Policy != "" {
		key.policy = in.Policy
	}
	s.kms(c).keys[key.id] = key
	c.Resource = key.arn
	return map[string]any{"KeyMetadata": key.metadata()}, nil
}

// newKey makes an enabled symmetric key with the default policy.
func (s *Sim) newKey(account, region, id string) *kmsKey {
	return &kmsKey{
		id: id, arn: kmsKeyARN(region, account, id), spec: "SYMMETRIC_DEFAULT", usage: "ENCRYPT_DECRYPT", state: "Enabled",
		policy: defaultKeyPolicy(region, account), createdAt: s.now(), tags: map[string]string{},
	}
}

// metadata is the key as KeyMetadata: KMS API reference.
func (key *kmsKey) metadata() map[string]any {
	out := map[string]any{
		"AWSAccountId": accountOfARN(key.arn), "Arn": key.arn, "KeyId": key.id, "CreationDate": epoch(key.createdAt),
		"Description": key.description, "Enabled": key.state == "Enabled", "KeyState": key.state, "KeyUsage": key.usage,
		"KeySpec": key.spec, "CustomerMasterKeySpec": key.spec, "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "MultiRegion": false,
	}
	if key.spec == "SYMMETRIC_DEFAULT" {
		out["EncryptionAlgorithms"] = []string{"SYMMETRIC_DEFAULT"}
	}
	if key.state == "PendingDeletion" {
		out["DeletionDate"] = epoch(key.deletionAt)
	}
	return out
}

type describeKeyInput struct {
	KeyID       string   `json:"KeyId"`
	GrantTokens []string `json:"GrantTokens"`
}

func describeKey(s *Sim, c *call, in *describeKeyInput) (any, error) {
	key, err := s.anyKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	return map[string]any{"KeyMetadata": key.metadata()}, nil
}

func listKeys(s *Sim, c *call, in *kmsListInput) (any, error) {
	var keys []*kmsKey
	for _, key := range s.kms(c).keys {
		keys = append(keys, key)
	}
	return kmsPage(s, in, keys, keyID, "Keys", 100, func(key *kmsKey) any {
		return map[string]string{"KeyId": key.id, "KeyArn": key.arn}
	})
}

func keyID(key *kmsKey) string { return key.id }

// enableKey and disableKey: KMS API reference; liveKey has the states.
func enableKey(s *Sim, c *call, in *keyInput) (any, error) {
	key, err := s.liveKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	key.state = "Enabled"
	return nil, nil
}

func disableKey(s *Sim, c *call, in *keyInput) (any, error) {
	key, err := s.liveKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	key.state = "Disabled"
	return nil, nil
}

type scheduleInput struct {
	KeyID               string `json:"KeyId"`
	PendingWindowInDays *int   `json:"PendingWindowInDays"`
}

// scheduleKeyDeletion: 7 to 30 days, 30 when absent: KMS API reference.
func scheduleKeyDeletion(s *Sim, c *call, in *scheduleInput) (any, error) {
	key, err := s.liveKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	days := 30
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, kmsInvalid("PendingWindowInDays must be between 7 and 30, not %d", days)
	}
	key.state = "PendingDeletion"
	key.deletionAt = s.now().Add(time.Duration(days) * 24 * time.Hour)
	return map[string]any{"KeyId": key.arn, "DeletionDate": epoch(key.deletionAt), "KeyState": key.state, "PendingWindowInDays": days}, nil
}

// cancelKeyDeletion leaves the key disabled: KMS API reference.
func cancelKeyDeletion(s *Sim, c *call, in *keyInput) (any, error) {
	key, err := s.key(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	if key.state != "PendingDeletion" {
		return nil, kmsInvalidState("%s is not pending deletion.", key.arn)
	}
	key.state, key.deletionAt = "Disabled", time.Time{}
	return map[string]any{"KeyId": key.arn}, nil
}

type listGrantsInput struct {
	kmsListInput
	GrantID                 string `json:"GrantId"`
	GranteePrincipal        string `json:"GranteePrincipal"`
	GranteeServicePrincipal string `json:"GranteeServicePrincipal"`
}

// listGrants has nothing to show: grants are not modelled.
func listGrants(s *Sim, c *call, in *listGrantsInput) (any, error) {
	if _, err := s.liveKey(c, in.KeyID); err != nil {
		return nil, err
	}
	return map[string]any{"Grants": []any{}, "Truncated": false}, nil
}
