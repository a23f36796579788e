// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"regexp"
	"strings"
)

// aliasPattern: KMS API reference, CreateAlias.
var aliasPattern = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)

type aliasInput struct {
	AliasName   string `json:"AliasName"`
	TargetKeyID string `json:"TargetKeyId"`
}

// check wants a name that is alias/... and not one of AWS's: KMS API reference,
// CreateAlias; the code for alias/aws/ is unverified.
func (in *aliasInput) check(moved bool) error {
	switch {
	case !strings.HasPrefix(in.AliasName, "alias/"):
		return kmsInvalid("Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
	case strings.HasPrefix(in.AliasName, "alias/aws/"):
		return errf(http.StatusBadRequest, "NotAuthorizedException", "The alias prefix alias/aws/ is reserved for AWS managed keys")
	case !aliasPattern.MatchString(in.AliasName) && moved: // InvalidAliasNameException is one of CreateAlias only
		return kmsInvalid("Alias %s must have only letters, digits, slashes, underscores and hyphens", in.AliasName)
	case !aliasPattern.MatchString(in.AliasName):
		return errf(http.StatusBadRequest, "InvalidAliasNameException", "Alias %s must have only letters, digits, slashes, underscores and hyphens", in.AliasName)
	}
	return nil
}

// createAlias: KMS API reference, CreateAlias.
func createAlias(s *Sim, c *call, in *aliasInput) (any, error) {
	if err := in.check(false); err != nil {
		return nil, err
	}
	key, err := s.liveKey(c, in.TargetKeyID)
	if err != nil {
		return nil, err
	}
	st := s.kms(c)
	arn := arnIn("kms", c.Region, c.Account, in.AliasName)
	c.Resource = arn
	if st.aliases[in.AliasName] != nil {
		return nil, errf(http.StatusBadRequest, "AlreadyExistsException", "An alias with the name %s already exists", arn)
	}
	st.aliases[in.AliasName] = &kmsAlias{name: in.AliasName, arn: arn, target: key.id, createdAt: s.now(), updatedAt: s.now()}
	return nil, nil
}

// alias returns the alias that a call names.
func (s *Sim) alias(c *call, name string) (*kmsAlias, error) {
	c.Resource = arnIn("kms", c.Region, c.Account, name)
	alias := s.kms(c).aliases[name]
	if alias == nil {
		return nil, kmsNotFound("Alias %s is not found.", c.Resource)
	}
	if key := s.kms(c).keys[alias.target]; key != nil && c.keyARN == "" {
		c.keyARN = key.arn
	}
	return alias, nil
}

// updateAlias moves an alias to another key of the same kind: KMS API
// reference, UpdateAlias; the code for another kind is unverified.
func updateAlias(s *Sim, c *call, in *aliasInput) (any, error) {
	if err := in.check(true); err != nil {
		return nil, err
	}
	key, err := s.liveKey(c, in.TargetKeyID)
	if err != nil {
		return nil, err
	}
	alias, err := s.alias(c, in.AliasName)
	if err != nil {
		return nil, err
	}
	if old := s.kms(c).keys[alias.target]; old != nil && (old.usage != key.usage || (old.spec == "SYMMETRIC_DEFAULT") != (key.spec == "SYMMETRIC_DEFAULT")) {
		return nil, kmsInvalidState("Alias %s can only move to a key of the same type and key usage", in.AliasName)
	}
	alias.target, alias.updatedAt = key.id, s.now()
	return nil, nil
}

// deleteAlias: KMS API reference, DeleteAlias.
func deleteAlias(s *Sim, c *call, in *aliasInput) (any, error) {
	alias, err := s.alias(c, in.AliasName)
	if err != nil {
		return nil, err
	}
	delete(s.kms(c).aliases, alias.name)
	return nil, nil
}

// listAliases shows all aliases, or those of one key. AWS managed aliases
// (alias/aws/...) are not modelled.
func listAliases(s *Sim, c *call, in *kmsListInput) (any, error) {
	only := ""
	if in.KeyID != "" {
		key, err := s.key(c, in.KeyID)
		if err != nil {
			return nil, err
		}
		only = key.id
	}
	var aliases []*kmsAlias
	for _, alias := range s.kms(c).aliases {
		if only == "" || alias.target == only {
			aliases = append(aliases, alias)
		}
	}
	return kmsPage(s, in, aliases, func(a *kmsAlias) string { return a.name }, "Aliases", 50, func(a *kmsAlias) any {
		return map[string]any{
			"AliasName": a.name, "AliasArn": a.arn, "TargetKeyId": a.target,
			"CreationDate": epoch(a.createdAt), "LastUpdatedDate": epoch(a.updatedAt),
		}
	})
}
