// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"
	"slices"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// leftovers lists AWS objects of ours that the spec does not declare: those that status remembers, and, when a search is
// asked for and not put off, those that carry our owner tag, so that a lost status loses and leaks nothing.
func (p *pass) leftovers(ctx context.Context, declared []resource.Resource, search bool) ([]resource.Resource, error) {
	list, known := p.remembered(declared)
	if !search {
		return list, nil
	}
	found, ok, err := p.search(ctx)
	if awsapi.OneRefused(err) {
		p.searchFailed = err
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	p.putOff = !ok
	for _, f := range found {
		if f.arn != "" && slices.Contains(known, f.arn) || f.arn == "" && (containsID(declared, f.ID) || containsID(list, f.ID)) {
			continue
		}
		if left := resources.Leftover(p.env.Env, f.Kind, f.Name, f.arn); left != nil {
			list = append(list, left)
		}
	}
	return list, nil
}

// remembered lists what status says to be ours and the spec does not declare, and the ARNs of all that status lists.
func (p *pass) remembered(declared []resource.Resource) (list []resource.Resource, known []string) {
	for _, r := range p.object.Found().Resources {
		if containsID(declared, resource.ID{Kind: r.Kind, Name: r.Name}) {
			known = append(known, r.ARN)
			continue
		}
		if r.Origin == v1alpha1.Origin(resource.Referenced) || r.Origin == "" {
			continue
		}
		if left := resources.Leftover(p.env.Env, r.Kind, r.Name, r.ARN); left != nil {
			list, known = append(list, left), append(known, r.ARN)
		}
	}
	return list, known
}

// found is an object that carries our owner tag; its ARN is "" for one that has none.
type found struct {
	resource.ID
	arn string
}

// search finds what carries our owner tag; false where somebody waits for this pass and others are in the midst of reading
// everything.
func (p *pass) search(ctx context.Context) (list []found, ok bool, err error) {
	arns, ok, err := p.env.View.Owned(ctx, p.env.Owner)
	if err != nil || !ok {
		return nil, false, err
	}
	for _, kind := range resources.Kinds {
		if kind.Search == nil {
			continue
		}
		names, ok, err := kind.Search(ctx, p.env.Env, p.env.Owner)
		if err != nil || !ok {
			return nil, false, err
		}
		for _, name := range names {
			list = append(list, found{ID: resource.ID{Kind: kind.Name, Name: name}})
		}
	}
	for _, arn := range arns {
		if kind, name := resources.OfARN(arn); kind != nil {
			list = append(list, found{resource.ID{Kind: kind.Name, Name: name}, arn})
		}
	}
	return list, true, nil
}

func containsID(list []resource.Resource, id resource.ID) bool {
	return slices.ContainsFunc(list, func(r resource.Resource) bool { return r.ID() == id })
}
