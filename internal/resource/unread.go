// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// judgeable leaves out differences in fields that could not be read in this pass, or whose value comes from an object that
// could not be read: that AWS did not answer about the group is no sign that the policy names another one. It notes which
// fields they are.
func (p *pass) judgeable(it *item, diffs []drift.Difference) []drift.Difference {
	it.object.Unjudged = nil
	for _, u := range it.obs.Unread {
		if u.Path != "" {
			it.object.Unjudged = append(it.object.Unjudged, u.Path)
		}
	}
	var rest []drift.Difference
	for _, d := range diffs {
		switch {
		case it.object.Judged(d.Path) && p.unread(d.WaitsFor):
			it.object.Unjudged = append(it.object.Unjudged, d.Path)
		case it.object.Judged(d.Path):
			rest = append(rest, d)
		}
	}
	return rest
}

// Judged tells that the field could be compared.
func (o *Object) Judged(path string) bool {
	return !slices.ContainsFunc(o.Unjudged, func(prefix string) bool { return covers(prefix, path) })
}

// unread tells that the object of that Kind/name is declared and was not read.
func (p *pass) unread(name string) bool {
	for _, other := range p.items {
		if other.obs == nil && other.res.ID().String() == name {
			return true
		}
	}
	return false
}
