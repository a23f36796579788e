// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"strings"
	"time"
)

// kmsState is what KMS keeps for one account in one Region.
type kmsState struct {
	keys    map[string]*kmsKey   // by key id
	aliases map[string]*kmsAlias // by name, with alias/
}

func newKMSState() *kmsState {
	return &kmsState{keys: map[string]*kmsKey{}, aliases: map[string]*kmsAlias{}}
}

// kmsKey is a customer managed key.
type kmsKey struct {
	id, arn, description string
	spec, usage          string
	state                string // Enabled, Disabled, PendingDeletion
	policy               string
	createdAt            time.Time
	deletionAt           time.Time // of a key in PendingDeletion
	rotation             bool
	rotationDays         int
	rotationSince        time.Time
	tags                 map[string]string
}

// kmsAlias is a name for a key.
type kmsAlias struct {
	name, arn, target    string
	createdAt, updatedAt time.Time
}

// registerKMS adds the KMS operations (awsJson1.1).
func (s *Sim) registerKMS() {
	s.registerProtocol("kms", json11)
	s.register("kms", map[string]operation{
		"CreateKey":            jsonOp(true, createKey),
		"DescribeKey":          jsonOp(false, describeKey),
		"ListKeys":             jsonOp(false, listKeys),
		"EnableKey":            jsonOp(true, enableKey),
		"DisableKey":           jsonOp(true, disableKey),
		"ScheduleKeyDeletion":  jsonOp(true, scheduleKeyDeletion),
		"CancelKeyDeletion":    jsonOp(true, cancelKeyDeletion),
		"GetKeyPolicy":         jsonOp(false, getKeyPolicy),
		"PutKeyPolicy":         jsonOp(true, putKeyPolicy),
		"GetKeyRotationStatus": jsonOp(false, getKeyRotationStatus),
		"EnableKeyRotation":    jsonOp(true, enableKeyRotation),
		"DisableKeyRotation":   jsonOp(true, disableKeyRotation),
		"CreateAlias":          jsonOp(true, createAlias),
		"UpdateAlias":          jsonOp(true, updateAlias),
		"DeleteAlias":          jsonOp(true, deleteAlias),
		"ListAliases":          jsonOp(false, listAliases),
		"ListResourceTags":     jsonOp(false, listResourceTags),
		"TagResource":          jsonOp(true, kmsTagResource),
		"UntagResource":        jsonOp(true, kmsUntagResource),
		"ListGrants":           jsonOp(false, listGrants),
	})
}

// kmsKeyARN is the ARN of a key.
func kmsKeyARN(region, account, id string) string { return arnIn("kms", region, account, "key/"+id) }

// kms returns the KMS state that a call is for, without the keys whose time is
// up: KMS developer guide, "Deleting AWS KMS keys"; their aliases go with them.
func (s *Sim) kms(c *call) *kmsState {
	st := s.regionOf(c).kms
	st.settle(s.now())
	return st
}

func (st *kmsState) settle(now time.Time) {
	for id, key := range st.keys {
		if key.state != "PendingDeletion" || now.Before(key.deletionAt) {
			continue
		}
		delete(st.keys, id)
		for name, alias := range st.aliases {
			if alias.target == id {
				delete(st.aliases, name)
			}
		}
	}
}

// find returns the key of an id, key ARN, alias name or alias ARN, or nil.
func (st *kmsState) find(ref string) *kmsKey {
	if strings.HasPrefix(ref, "arn:") {
		ref = ref[strings.LastIndex(ref, ":")+1:]
	}
	if alias := st.aliases[ref]; alias != nil {
		return st.keys[alias.target]
	}
	return st.keys[strings.TrimPrefix(ref, "key/")]
}

// anyKey returns the key that a call names by id, ARN or alias.
func (s *Sim) anyKey(c *call, ref string) (*kmsKey, error) {
	c.Resource = ref
	key := s.kms(c).find(ref)
	foreign := strings.HasPrefix(ref, "arn:") && key != nil && accountOfARN(ref) != accountOfARN(key.arn)
	switch {
	case ref == "":
		return nil, kmsInvalid("1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null")
	case key != nil && !foreign:
		c.Resource, c.keyARN = key.arn, key.arn
		return key, nil
	case strings.Contains(ref, "alias/"):
		arn := ref
		if !strings.HasPrefix(ref, "arn:") {
			arn = arnIn("kms", c.Region, c.Account, ref)
		}
		return nil, kmsNotFound("Alias %s is not found.", arn)
	case strings.HasPrefix(ref, "arn:"):
		return nil, kmsNotFound("Key '%s' does not exist", ref)
	}
	return nil, kmsNotFound("Key '%s' does not exist", kmsKeyARN(c.Region, c.Account, ref))
}

// key is anyKey for the many operations that take no alias: KMS API reference,
// the KeyId parameter of each.
func (s *Sim) key(c *call, ref string) (*kmsKey, error) {
	if strings.Contains(ref, "alias/") {
		return nil, errf(http.StatusBadRequest, "InvalidArnException", "Invalid keyId %s: %s takes a key ID or key ARN, not an alias", ref, c.Operation)
	}
	return s.anyKey(c, ref)
}

// liveKey is key for operations that a key in PendingDeletion refuses: KMS
// developer guide, "Key states of AWS KMS keys".
func (s *Sim) liveKey(c *call, ref string) (*kmsKey, error) {
	key, err := s.key(c, ref)
	if err == nil && key.state == "PendingDeletion" {
		return nil, kmsInvalidState("%s is pending deletion.", key.arn)
	}
	return key, err
}

// enabledKey is liveKey for operations that a disabled key refuses, too.
func (s *Sim) enabledKey(c *call, ref string) (*kmsKey, error) {
	key, err := s.liveKey(c, ref)
	if err == nil && key.state == "Disabled" {
		return nil, errf(http.StatusBadRequest, "DisabledException", "%s is disabled.", key.arn)
	}
	return key, err
}

func kmsNotFound(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "NotFoundException", format, args...)
}

func kmsInvalidState(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "KMSInvalidStateException", format, args...)
}

func kmsInvalid(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "ValidationException", format, args...)
}

// keyInput is the input of an operation that only names a key.
type keyInput struct {
	KeyID string `json:"KeyId"`
}

// kmsListInput is the paging part of the List operations.
type kmsListInput struct {
	KeyID  string `json:"KeyId"`
	Limit  *int   `json:"Limit"`
	Marker string `json:"Marker"`
}

// kmsPage cuts a page by Limit and Marker and answers it under a field name: KMS
// API reference, ListKeys, Limit. The pages of ListAliases, ListGrants and
// ListResourceTags have a lower limit, which the model does not have, and which
// is not enforced.
func kmsPage[T any](s *Sim, in *kmsListInput, items []T, key func(T) string, field string, most int, wire func(T) any) (any, error) {
	asked := 0
	if in.Limit != nil {
		asked = *in.Limit
		if asked < 1 || asked > 1000 {
			return nil, kmsInvalid("Limit must be between 1 and 1000, not %d", asked)
		}
	}
	items, next, ok := page(items, key, in.Marker, s.pageSize(asked, most))
	if !ok {
		return nil, errf(http.StatusBadRequest, "InvalidMarkerException", "The marker is not valid")
	}
	list := []any{}
	for _, item := range items {
		list = append(list, wire(item))
	}
	out := map[string]any{field: list, "Truncated": next != ""}
	if next != "" {
		out["NextMarker"] = next
	}
	return out, nil
}
