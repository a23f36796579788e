// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// maxText bounds what is shown of a selector.
const maxText = 200

// groupIDs returns the ids that the policy must name, in order and each once, and the first object whose id is not
// known yet (shown as drift.Unknown).
func (d *Desired) groupIDs(v resource.Values) (ids []string, waitsFor string) {
	for _, ref := range d.refs() {
		id := v.Text(ref.From, ref.Value)
		if id == drift.Unknown {
			if waitsFor == "" {
				waitsFor = ref.From.String()
			}
			id = ref.From.String() + " " + drift.Unknown
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, waitsFor
}

// diff compares a declared policy with the observed one. All groups of a policy apply together, so their order means nothing.
func diff(d Desired, have observed.PodSecurityGroups, v resource.Values) []drift.Difference {
	var out []drift.Difference
	ids, waitsFor := d.groupIDs(v)
	if want, is := canonical.List(ids), canonical.List(have.GroupIDs); want != is {
		out = append(out, drift.Difference{
			Path: "groupIDs", Desired: want, Observed: is,
			Severity: drift.High, Action: drift.Repair, Reason: ReasonGroups, WaitsFor: waitsFor,
		})
	}
	for _, s := range []struct{ path, want, is string }{
		{"podSelector", selectorText(d.PodSelector), have.PodSelector},
		{"serviceAccountSelector", selectorText(d.ServiceAccountSelector), have.ServiceAccountSelector},
	} {
		if s.want != s.is {
			out = append(out, drift.Difference{
				Path: s.path, Desired: canonical.Text(s.want, maxText), Observed: canonical.Text(s.is, maxText),
				Severity: drift.High, Action: drift.Repair, Reason: ReasonSelector,
			})
		}
	}
	return out
}
