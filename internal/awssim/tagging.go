// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// registerTagging adds the Resource Groups Tagging API (awsJson1.1).
func (s *Sim) registerTagging() {
	s.registerProtocol("tagging", json11)
	s.register("tagging", map[string]operation{"GetResources": jsonOp(false, getResources)})
}

type getResourcesInput struct {
	ResourceTypeFilters []string            `json:"ResourceTypeFilters"`
	ResourceARNList     []string            `json:"ResourceARNList"`
	TagFilters          []resourceTagFilter `json:"TagFilters"`
	ResourcesPerPage    *int                `json:"ResourcesPerPage"`
	PaginationToken     string              `json:"PaginationToken"`
}

type resourceTagFilter struct {
	Key    string   `json:"Key"`
	Values []string `json:"Values"`
}

type wireTag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

// getResources finds tagged resources of the Region: Resource Groups Tagging
// API reference, GetResources. IAM roles are not among the types it supports;
// compliance details and TagsPerPage are not modelled. The size of a page that
// nobody asked for is unverified.
func getResources(s *Sim, c *call, in *getResourcesInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	var found []taggedResource
	for _, r := range s.tagged(c) {
		if in.wants(r) {
			found = append(found, r)
		}
	}
	asked := 50
	if in.ResourcesPerPage != nil {
		asked = *in.ResourcesPerPage
	}
	found, next, ok := page(found, func(r taggedResource) string { return r.ARN }, in.PaginationToken, s.pageSize(asked, 100))
	if !ok {
		return nil, errf(http.StatusBadRequest, "PaginationTokenExpiredException", "The pagination token is not valid any more")
	}
	list := []any{}
	for _, r := range found {
		tags := []wireTag{}
		for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
			tags = append(tags, wireTag{key, r.Tags[key]})
		}
		list = append(list, map[string]any{"ResourceARN": r.ARN, "Tags": tags})
	}
	return map[string]any{"ResourceTagMappingList": list, "PaginationToken": next}, nil
}

// tagged lists what the tagging API knows of the call's account and Region.
func (s *Sim) tagged(c *call) []taggedResource {
	r := s.regionOf(c)
	return slices.Concat(s.eks(c).eksTagged(), s.kms(c).kmsTagged(), r.logs.logsTagged(), r.ec2.taggedResources(c.Region, c.Account))
}

// check: limits of the same page.
func (in *getResourcesInput) check() error {
	switch {
	case len(in.ResourceARNList) > 0 && (len(in.TagFilters) > 0 || len(in.ResourceTypeFilters) > 0 || in.ResourcesPerPage != nil):
		return taggingInvalid("ResourceARNList cannot be used together with ResourcesPerPage, TagFilters or ResourceTypeFilters")
	case len(in.ResourceARNList) > 100 || len(in.ResourceTypeFilters) > 100 || len(in.TagFilters) > 50:
		return taggingInvalid("At most 100 ARNs, 100 resource types and 50 tag filters can be given")
	case in.ResourcesPerPage != nil && (*in.ResourcesPerPage < 1 || *in.ResourcesPerPage > 100):
		return taggingInvalid("ResourcesPerPage must be between 1 and 100, not %d", *in.ResourcesPerPage)
	}
	for _, filter := range in.TagFilters {
		if filter.Key == "" || len(filter.Values) > 20 {
			return taggingInvalid("A tag filter must have a key and at most 20 values")
		}
	}
	return nil
}

func taggingInvalid(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "InvalidParameterException", format, args...)
}

// wants says whether a resource has tags and passes the filters. Filters are
// joined by AND, the values of one by OR; no values mean any value.
func (in *getResourcesInput) wants(r taggedResource) bool {
	if len(r.Tags) == 0 {
		return false
	}
	if len(in.ResourceARNList) > 0 {
		return slices.Contains(in.ResourceARNList, r.ARN)
	}
	service, _, _ := strings.Cut(r.Type, ":")
	if len(in.ResourceTypeFilters) > 0 && !slices.Contains(in.ResourceTypeFilters, r.Type) && !slices.Contains(in.ResourceTypeFilters, service) {
		return false
	}
	for _, filter := range in.TagFilters {
		value, has := r.Tags[filter.Key]
		if !has || (len(filter.Values) > 0 && !slices.Contains(filter.Values, value)) {
			return false
		}
	}
	return true
}
