// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"net/http"
	"slices"
)

// kmsTag is a tag as KMS writes it. The value is required, and may be empty: KMS
// API reference, Tag.
type kmsTag struct {
	TagKey   string  `json:"TagKey"`
	TagValue *string `json:"TagValue"`
}

// kmsTags adds tags to a copy of those that a key has.
func kmsTags(have map[string]string, add []kmsTag) (map[string]string, error) {
	asked := map[string]string{}
	for _, tag := range add {
		if tag.TagValue == nil {
			return nil, kmsInvalid("1 validation error detected: Value null at 'tags.1.member.tagValue' failed to satisfy constraint: Member must not be null")
		}
		if _, twice := asked[tag.TagKey]; twice {
			return nil, errf(http.StatusBadRequest, "TagException", "Duplicate tag keys: %s", tag.TagKey)
		}
		asked[tag.TagKey] = *tag.TagValue
	}
	if problem := tagProblem(have, asked); problem != "" {
		return nil, errf(http.StatusBadRequest, "TagException", "%s", problem)
	}
	return addTags(maps.Clone(have), asked), nil
}

func listResourceTags(s *Sim, c *call, in *kmsListInput) (any, error) {
	key, err := s.key(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	return kmsPage(s, in, slices.Collect(maps.Keys(key.tags)), self, "Tags", 50, func(name string) any {
		value := key.tags[name]
		return kmsTag{TagKey: name, TagValue: &value}
	})
}

type kmsTagInput struct {
	KeyID string   `json:"KeyId"`
	Tags  []kmsTag `json:"Tags"`
}

func kmsTagResource(s *Sim, c *call, in *kmsTagInput) (any, error) {
	key, err := s.liveKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	if in.Tags == nil { // KMS API reference, TagResource: Tags is required
		return nil, kmsInvalid("1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null")
	}
	tags, err := kmsTags(key.tags, in.Tags)
	if err != nil {
		return nil, err
	}
	key.tags = tags
	return nil, nil
}

type kmsUntagInput struct {
	KeyID   string   `json:"KeyId"`
	TagKeys []string `json:"TagKeys"`
}

func kmsUntagResource(s *Sim, c *call, in *kmsUntagInput) (any, error) {
	key, err := s.liveKey(c, in.KeyID)
	if err != nil {
		return nil, err
	}
	if in.TagKeys == nil { // KMS API reference, UntagResource: TagKeys is required
		return nil, kmsInvalid("1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null")
	}
	removeTags(key.tags, in.TagKeys)
	return nil, nil
}

// kmsTagged lists all keys for the tagging API.
func (st *kmsState) kmsTagged() []taggedResource {
	var out []taggedResource
	for _, key := range st.keys {
		out = append(out, taggedResource{key.arn, "kms:key", key.tags})
	}
	return out
}
