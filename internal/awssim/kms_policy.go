// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// maxKeyPolicy is a key policy's size in bytes: KMS resource quotas.
const maxKeyPolicy = 32 * 1024

// defaultKeyPolicy is what a key gets that is made without one: KMS developer
// guide, "Default key policy".
func defaultKeyPolicy(region, account string) string {
	root := "arn:" + partitionOf(region) + ":iam::" + account + ":root"
	text, _ := json.MarshalIndent(map[string]any{
		"Version": "2012-10-17",
		"Id":      "key-default-1",
		"Statement": []any{map[string]any{
			"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": map[string]any{"AWS": root}, "Action": "kms:*", "Resource": "*",
		}},
	}, "", "  ")
	return string(text)
}

// checkKeyPolicy wants a policy that is JSON, not too long, says nothing twice,
// has statements of known elements and a known effect with a principal, and
// leaves someone of the account in charge of it: KMS API reference,
// PutKeyPolicy, and the grammar of IAM's policy language. A statement without
// Action has no effect, but is taken (same page).
func checkKeyPolicy(c *call, policy string, bypassLockout bool) error {
	var doc policyDocument
	if len(policy) > maxKeyPolicy {
		return errf(http.StatusBadRequest, "LimitExceededException", "The key policy is longer than %d bytes", maxKeyPolicy)
	}
	if err := json.Unmarshal([]byte(policy), &doc); err != nil || len(doc.Statement) == 0 || !keyPolicyGrammar(policy) {
		return malformedKeyPolicy("Syntax errors in policy.")
	}
	for _, st := range doc.Statement {
		if (st.Effect != "Allow" && st.Effect != "Deny") || len(st.Principal) == 0 {
			return malformedKeyPolicy("Policy contains a statement with one or more invalid principals, actions or effects.")
		}
	}
	caller := principal{kind: "AWS", value: c.Caller}
	if !bypassLockout && !trusts(policy, caller, "kms:PutKeyPolicy", nil) {
		return malformedKeyPolicy("The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

// keyPolicyGrammar tells whether a policy has known elements only, and none of
// them twice.
func keyPolicyGrammar(policy string) bool {
	root, err := parseNode(policy)
	if err != nil || root.repeats() || !onlyFields(root, policyFields) {
		return false
	}
	return !slices.ContainsFunc(root.field("Statement").list(), func(st *node) bool { return !onlyFields(st, statementFields) })
}

func malformedKeyPolicy(message string) *apiError {
	return errf(http.StatusBadRequest, "MalformedPolicyDocumentException", "%s", message)
}

type keyPolicyInput struct {
	KeyID              string `json:"KeyId"`
	PolicyName         string `json:"PolicyName"`
	Policy             string `json:"Policy"`
	BypassLockoutCheck bool   `json:"BypassPolicyLockoutSafetyCheck"`
}

// checkName takes the only policy name that every key has: KMS API reference,
// GetKeyPolicy, PolicyName, with the answer for another one.
func (in *keyPolicyInput) checkName() error {
	if in.PolicyName != "" && in.PolicyName != "default" {
		return kmsNotFound("No such policy exists: %s; the only valid policy name is default", in.PolicyName)
	}
	return nil
}

func getKeyPolicy(s *Sim, c *call, in *keyPolicyInput) (any, error) {
	key, err := s.key(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	if err := in.checkName(); err != nil {
		return nil, err
	}
	return map[string]any{"Policy": key.policy, "PolicyName": "default"}, nil
}

func putKeyPolicy(s *Sim, c *call, in *keyPolicyInput) (any, error) {
	key, err := s.liveKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	if err := in.checkName(); err != nil {
		return nil, err
	}
	if err := checkKeyPolicy(c, in.Policy, in.BypassLockoutCheck); err != nil {
		return nil, err
	}
	key.policy = in.Policy
	return nil, nil
}

// getKeyRotationStatus works in each key state; a key pending deletion says
// that it does not rotate: KMS API reference.
func getKeyRotationStatus(s *Sim, c *call, in *keyInput) (any, error) {
	key, err := s.key(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	on := key.rotation && key.state != "PendingDeletion"
	out := map[string]any{"KeyId": key.arn, "KeyRotationEnabled": on}
	if on {
		out["RotationPeriodInDays"] = key.rotationDays
		out["NextRotationDate"] = epoch(key.nextRotation(s.now()))
	}
	return out, nil
}

// nextRotation counts periods from when rotation was turned on: KMS developer
// guide, "Rotate AWS KMS keys".
func (key *kmsKey) nextRotation(now time.Time) time.Time {
	period := time.Duration(key.rotationDays) * 24 * time.Hour
	next := key.rotationSince.Add(period)
	for next.Before(now) {
		next = next.Add(period)
	}
	return next
}

type enableRotationInput struct {
	KeyID                string `json:"KeyId"`
	RotationPeriodInDays *int   `json:"RotationPeriodInDays"`
}

// enableKeyRotation: 90 to 2560 days, 365 when absent, and only for symmetric
// encryption keys: KMS API reference.
func enableKeyRotation(s *Sim, c *call, in *enableRotationInput) (any, error) {
	key, err := s.rotatingKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	days := 365
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	if days < 90 || days > 2560 {
		return nil, kmsInvalid("RotationPeriodInDays must be between 90 and 2560, not %d", days)
	}
	key.rotation, key.rotationDays, key.rotationSince = true, days, s.now()
	return nil, nil
}

func disableKeyRotation(s *Sim, c *call, in *keyInput) (any, error) {
	key, err := s.rotatingKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	key.rotation, key.rotationDays = false, 0
	return nil, nil
}

// rotatingKey returns a key whose rotation can be changed: KMS API reference,
// EnableKeyRotation.
func (s *Sim) rotatingKey(c *call, ref string) (*kmsKey, error) {
	key, err := s.enabledKey(c, ref)
	if err == nil && key.spec != "SYMMETRIC_DEFAULT" {
		return nil, errf(http.StatusBadRequest, "UnsupportedOperationException", "%s is not a symmetric encryption key", key.arn)
	}
	return key, err
}
