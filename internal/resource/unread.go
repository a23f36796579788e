// SPDX-License-Identifier: Apache-2.0

package resource

import "github.com/fargate-security/fargate-security-operator/internal/drift"

// judgeable leaves out differences in fields whose value comes from an object that could not be read in this pass: that
// AWS did not answer about the group is no sign that the policy names another one. It notes which fields they are.
func (p *pass) judgeable(it *item, diffs []drift.Difference) []drift.Difference {
	it.object.Unjudged = nil
	var rest []drift.Difference
	for _, d := range diffs {
		if p.unread(d.WaitsFor) {
			it.object.Unjudged = append(it.object.Unjudged, d.Path)
			continue
		}
		rest = append(rest, d)
	}
	return rest
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
