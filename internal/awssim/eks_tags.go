// SPDX-License-Identifier: Apache-2.0

package awssim

import "net/http"

// eksTagged lists all EKS resources that can have tags here.
func (st *eksState) eksTagged() []taggedResource {
	var out []taggedResource
	for _, cluster := range st.clusters {
		out = append(out, taggedResource{cluster.ARN, "eks:cluster", cluster.Tags})
		for _, p := range cluster.profiles {
			out = append(out, taggedResource{p.ARN, "eks:fargateprofile", p.Tags})
		}
		for _, n := range cluster.nodegroups {
			out = append(out, taggedResource{n.ARN, "eks:nodegroup", n.Tags})
		}
	}
	return out
}

// eksTags returns the tags of the resource that a call names, to change.
func (s *Sim) eksTags(c *call) (map[string]string, error) {
	arn := c.Vars["resourceArn"]
	c.Resource = arn
	for _, r := range s.eks(c).eksTagged() {
		if r.ARN == arn {
			return r.Tags, nil
		}
	}
	return nil, errf(http.StatusNotFound, "NotFoundException", "Resource was not found for ARN %s", arn)
}

type eksTagInput struct {
	Tags map[string]string `json:"tags"`
}

// eksTagResource: TagResource has BadRequestException and NotFoundException
// where EKS's other operations have other names (EKS API reference).
func eksTagResource(s *Sim, c *call, in *eksTagInput) (any, error) {
	tags, err := s.eksTags(c)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 { // EKS API reference, TagResource: tags is required, and has at least one
		return nil, errf(http.StatusBadRequest, "BadRequestException", "Tags are required")
	}
	if problem := tagProblem(tags, in.Tags); problem != "" {
		return nil, errf(http.StatusBadRequest, "BadRequestException", "%s", problem)
	}
	addTags(tags, in.Tags)
	return nil, nil
}

func eksUntagResource(s *Sim, c *call, _ *noInput) (any, error) {
	tags, err := s.eksTags(c)
	if err != nil {
		return nil, err
	}
	keys := c.Params["tagKeys"]
	if len(keys) == 0 || len(keys) > maxTags { // EKS API reference, UntagResource: tagKeys
		return nil, errf(http.StatusBadRequest, "BadRequestException", "There must be 1 to %d tag keys, not %d", maxTags, len(keys))
	}
	removeTags(tags, keys)
	return nil, nil
}

func eksListTags(s *Sim, c *call, _ *noInput) (any, error) {
	tags, err := s.eksTags(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"tags": tags}, nil
}
